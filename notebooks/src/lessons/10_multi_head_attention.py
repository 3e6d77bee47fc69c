# %% [markdown] name="title"
r"""
# 10 · Multi-head attention

**Why look eight times at once?**

A decoder that looks at a sentence gets one average. The Transformer takes eight of them, each in a smaller space, and joins them. In this lesson you build that, first as a loop and then as one product, follow *The cat sat on the mat* through it number by number, and then take a trained layer apart, head by head.

You need lessons 01, 02 and 04. It takes about fifty minutes; the machine needs one.
"""

# %% name="imports"
import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from attention_course import claims, device, plots, results
from attention_course.data import grammar
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import BOS, Vocabulary, pad
from attention_course.decoding import align, translate
from attention_course.functional import masked_softmax, scaled_dot_product_attention
from attention_course.layers import MultiHeadAttention, prune_heads
from attention_course.masks import causal_mask
from attention_course.metrics import alignment_error_rate, hard_links
from attention_course.models.multi_head_translator import MultiHeadTranslator
from attention_course.plots import Block
from attention_course.training import train
from attention_course.widgets import AttentionExplorer, predict

torch.set_num_threads(1)

# %% [markdown] name="by-hand"
r"""
## Two questions, one average

Take *the cat sat on the mat* and *the mat sat on the cat*, and two facts about each noun: is it the one who sits, and is it the place? Those two numbers are its **key**. Its **value** says what it is, (1, 0) for *cat* and (0, 1) for *mat*. A reader who wants to know both who sits and where asks with the query (1, 1). In each sentence both nouns answer half of the question, so both have the same score and the same weight, one half, and the average is (½, ½). In both sentences.

Now ask twice. *Who?* is the query (1, 0), *where?* is (0, 1), and each gets an average of its own:
"""

# %% name="two-questions" tags=["nbval-check-output"]
who_sits = {"the cat sat on the mat": torch.tensor([[1.0, 0.0], [0.0, 1.0]]),  # the keys of cat and mat: who, where
            "the mat sat on the cat": torch.tensor([[0.0, 1.0], [1.0, 0.0]])}
values = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # what they are: cat, mat
one, two = torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])

for sentence, keys in who_sits.items():
    once = (8 * one @ keys.T).softmax(-1) @ values
    twice = (8 * two @ keys.T).softmax(-1) @ values
    print(f"{sentence}: one look {once.numpy().round(2).tolist()}, two looks {twice.numpy().round(2).tolist()}")

# %% [markdown] name="by-hand-text"
r"""
One look cannot tell the sentences apart; two can, because their averages are kept side by side. (The 8 only makes the scores large, so that a look takes nearly all it gets from one word.) A clever single query could help itself with uneven weights, (0.7, 0.3) for one sentence and (0.3, 0.7) for the other. Keep that in mind. What a mechanism makes easy and what a trained network needs may be two things.

## Query, key, value

In lesson 01 a vector was compared and averaged as it was. The Transformer gives every vector three roles, each through a learned matrix of its own. As a **query** $W^Q x$ it says what it is looking for, as a **key** $W^K x$ what can be found here, and as a **value** $W^V x$ what is handed over if it is. A word can then be easy to find for one reason and tell something else. The score is the scaled dot product of lesson 02, and for all queries at once, rows of $Q$,

$$\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{D}}\right) V ,$$

with $D$ the size of a query and of a key.
"""

# %% name="scaled"
def attention(Q, K, V):
    scores = Q @ K.mT / Q.shape[-1] ** 0.5  # (..., L, S)
    weights = scores.softmax(-1)
    return weights @ V, weights


device.seed_everything(0)
Q, K, V = torch.randn(3, 4, 8), torch.randn(3, 5, 8), torch.randn(3, 5, 6)
assert torch.allclose(attention(Q, K, V)[0], F.scaled_dot_product_attention(Q, K, V), atol=1e-6)
assert torch.allclose(attention(Q, K, V)[1], scaled_dot_product_attention(Q, K, V)[1], atol=1e-6)

# %% [markdown] name="equation"
r"""
## Heads

A **head** is one such attention with three matrices of its own. The survey takes $H$ of them, which give the context vectors $c_1, \dots, c_H$, and joins these with one more matrix:

$$c' = W_O \, [c_1^\top, \dots, c_H^\top]^\top \qquad (14)$$

| | is | shape |
|---|---|---|
| $E$ | the size of the vectors that come and go (the survey's $d_{model}$) | |
| $H$ | the number of heads | |
| $D$ | the size in which one head works, $E / H$ | |
| $W^Q_h, W^K_h, W^V_h$ | what head $h$ makes of a vector | (D, E) |
| $c_h$ | its context | (D) |
| $W_O$ | joins the heads | (E, H D) |

That $D$ is $E / H$ and not $E$ is a decision of Vaswani and others (2017): more heads, but smaller ones, at the same price. Here it is as the equation says it.
"""

# %% name="loop"
def multi_head_loop(x, source, W_Q, W_K, W_V, W_O):  # W_Q, W_K, W_V hold one matrix a head: (H, D, E)
    contexts = []
    for q, k, v in zip(W_Q, W_K, W_V):
        context, _ = attention(x @ q.T, source @ k.T, source @ v.T)
        contexts.append(context)  # (B, L, D)
    return torch.cat(contexts, -1) @ W_O.T  # (B, L, H D) -> (B, L, E)

# %% [markdown] name="batched-text"
r"""
A loop of small products wastes a processor's time. Stack the matrices of all heads on top of each other, and one product makes all queries at once. What comes out has the heads side by side in its last axis. Cut that axis in two, bring the heads to the front, and to the product they are one more batch.
"""

# %% name="batched"
def split(x, H):
    return x.unflatten(-1, (H, -1)).transpose(1, 2)  # (B, L, H D) -> (B, L, H, D) -> (B, H, L, D)


def multi_head(x, source, W_Q, W_K, W_V, W_O):
    H, D, E = W_Q.shape
    Q, K, V = (split(y @ W.reshape(H * D, E).T, H) for y, W in [(x, W_Q), (source, W_K), (source, W_V)])
    contexts, weights = attention(Q, K, V)  # (B, H, L, D) and (B, H, L, S)
    return contexts.transpose(1, 2).flatten(2) @ W_O.T, weights  # the way back: (B, L, H D)


x, source = torch.randn(2, 3, 16), torch.randn(2, 5, 16)  # (B, L, E), (B, S, E)
matrices = [torch.randn(4, 4, 16) / 4 for _ in range(3)] + [torch.randn(16, 16) / 4]  # H = 4, D = 4
output, weights = multi_head(x, source, *matrices)
assert torch.allclose(output, multi_head_loop(x, source, *matrices), atol=1e-5)

# %% name="package"
layer = MultiHeadAttention(16, heads=4, bias=False)
with torch.no_grad():
    for projection, W in zip(layer.projections, matrices):
        projection.weight.copy_(W.reshape(16, 16))
assert torch.allclose(layer(x, source)[0], output, atol=1e-5)
assert torch.allclose(layer(x, source)[1], weights, atol=1e-5)
assert torch.equal(layer(x)[0], layer(x, x, x)[0])

# %% [markdown] name="sources-text"
r"""
Two arguments, because queries and keys need not come from one place. `layer(x, source)` is **cross-attention**, as between the French and the English side of a translator. `layer(x)` takes the queries' own words as its source, which is the self-attention of lesson 09. It is one function; what changes is what it is handed.

How many numbers does it learn?
"""

# %% name="guess-count"
guess = predict("From 1 head to 16, at the same size E: what happens to the number of parameters?",
                ["sixteen times as many", "about four times as many", "it stays the same"])

# %% name="count" tags=["nbval-check-output"]
for heads in (1, 2, 4, 8, 16):
    layer = MultiHeadAttention(128, heads)
    print(f"{heads:>2} heads of {layer.head_size:>3}: {sum(p.numel() for p in layer.parameters()):,} parameters")

# %% name="reveal-count" jupyter={"source_hidden": true}
guess.reveal("it stays the same", "Four matrices of 128 by 128, and their biases. Heads are a way of cutting them up. Compared with no matrices at all, of course, it is more.")

# %% [markdown] name="trap-text"
r"""
## PyTorch's own, and a trap

PyTorch has this layer. With the same weights it gives the same numbers, and here is the trap. A Boolean mask for `F.scaled_dot_product_attention`, and everywhere in this course, says who **may** be looked at. The same mask for `nn.MultiheadAttention` says who may **not**. Neither complains.
"""

# %% name="trap"
theirs = nn.MultiheadAttention(16, 4, batch_first=True).eval()
ours = MultiHeadAttention(16, 4)
with torch.no_grad():
    for mine, weight, bias in zip(ours.projections, [*theirs.in_proj_weight.chunk(3), theirs.out_proj.weight],
                                  [*theirs.in_proj_bias.chunk(3), theirs.out_proj.bias]):
        mine.weight.copy_(weight)
        mine.bias.copy_(bias)

may = causal_mask(3)  # word 1 may look at itself, word 2 at words 1 and 2, word 3 at all three
output, weights = ours(x, mask=may)
expected, _ = theirs(x, x, x, attn_mask=~may)  # turned round
assert torch.allclose(output, expected, atol=1e-6)
_, trapped = theirs(x, x, x, attn_mask=may)  # as it is
for name, mean in {"ours": weights.mean(1)[0], "PyTorch's, same mask": trapped[0]}.items():
    print(f"{name:<20}", mean.detach().double().numpy().round(2).tolist())

# %% [markdown] name="trap-after"
r"""
With our mask, PyTorch's layer lets word 1 look at what comes after it and nowhere else: the future, which is all that was to be hidden. Word 3 may look nowhere, and becomes NaN. If your loss is NaN after the first step, or is wonderful after the second, look at the mask.

The other classic slip is in the reshape. The heads lie in the last axis, so they have to be cut from there and then moved. `view` can make the wanted shape at once, and does it by cutting the words into pieces:
"""

# %% name="view-bug" tags=["nbval-check-output"]
def wrong_split(x, H):
    B, L, E = x.shape
    return x.view(B, H, L, E // H)  # the right shape, and the wrong numbers


words = torch.arange(3).view(1, 3, 1).expand(1, 3, 4).contiguous()  # word 0, 1 and 2, of four numbers each
print("right, head 0 sees of each word:", split(words, 2)[0, 0].tolist())
print("wrong, head 0 sees of each word:", wrong_split(words, 2)[0, 0].tolist())

# %% [markdown] name="view-bug-text"
r"""
Head 0 should have two numbers of each of the three words. After `view` it has both halves of word 0, half of word 1, and nothing of word 2. Nothing complains. And under a causal mask head 1, which finds half of word 1 in the first place, reads the future.

## A translator with eight heads

Now let heads do something. We take the translator of lesson 04, two GRUs that read English and one that writes French, and put multi-head attention between them. The state $s_t$, which has read the French words so far, asks; the English annotations are the source; and what is found is *added* to the state and the sum normalised, as in the Transformer. Since the writing GRU does not wait for what was found, all words of a sentence ask at once.
"""

# %% name="train"
pairs, unseen = grammar.pairs(30_000, part="train"), grammar.pairs(200, part="test")
english, french = Vocabulary(pair.english for pair in pairs), Vocabulary(pair.french for pair in pairs)
examples = encode_pairs([(pair.english, pair.french) for pair in pairs], english, french)

device.seed_everything(0)
model = MultiHeadTranslator(len(english), len(french), heads=8)  # E = 128, so D = 16
run = train(model, examples, target_tokens=300_000, batch_tokens=320, learning_rate=6e-3)
print(f"{run.target_tokens:,} French words in {run.seconds:.0f} s; loss from {run.losses[0]:.1f} to {run.losses[-1]:.2f}")

# %% name="exact"
def exact(model):  # the share of unseen sentences translated word for word as the grammar does
    written = translate(model, [pair.english for pair in unseen], english, french)
    return sum(t.words == list(pair.french) for t, pair in zip(written, unseen)) / len(unseen)


whole = exact(model)
print(f"{whole:.0%} of {len(unseen)} unseen sentences exactly right")
assert whole > 0.6

# %% [markdown] name="steps-text"
r"""
## Eight steps

The glossary that this course follows beside the survey tells attention in eight steps, and ends with an example: translating *The cat sat on the mat* into French, the decoder looks at *cat* when it writes *chat*. Let us do just that, step by step, without calling the layer.

**1, embedding.** Every word becomes a vector. In this translator GRUs read the vectors on each side before attention sees them. **2, linear maps** to queries, keys and values, cut into heads.
"""

# %% name="steps-1-2"
pair = grammar.the_cat_sat_on_the_mat()
source = pad([english.encode(pair.english)])  # (1, 7)
previous = pad([[BOS, *french.encode(pair.french)]])  # (1, 10): before each French word stands the one before it

with torch.no_grad():
    embedded = model.encoder.embedding(source)  # step 1: (1, 7, 64)
    annotations, first = model.read(source)  # what the reading GRUs make of them: (1, 7, 128)
    states, _ = model.rnn(model.embedding(previous), first.unsqueeze(0))  # the writing GRU: (1, 10, 128)

    to_query, to_key, to_value, to_output = model.attention.projections
    Q, K, V = (split(y, 8) for y in (to_query(states), to_key(annotations), to_value(annotations)))  # step 2
print("Q", tuple(Q.shape), "  K", tuple(K.shape), "  V", tuple(V.shape))

# %% [markdown] name="steps-middle-text"
r"""
**3, compatibility:** every query with every key. **4, scaling** by $\sqrt{16} = 4$. **5, softmax**, which turns each row of scores into weights. **6, the weighted sum** of the values.
"""

# %% name="steps-3-6"
with torch.no_grad():
    scores = Q @ K.mT  # step 3: (1, 8, 10, 7)
    scaled = scores / 16**0.5  # step 4
    weights = scaled.softmax(-1)  # step 5
    contexts = weights @ V  # step 6: (1, 8, 10, 16)

words = [*pair.french, "(end)"]
chat, cat = words.index("chat"), pair.english.index("cat")
sharpest = int(weights[0, :, chat, cat].argmax())  # the head that looks hardest at “cat”
print(f"largest score {scores.abs().max():.1f}, scaled {scaled.abs().max():.1f}")
print("weight of “cat” in “chat”, head by head:", "  ".join(f"{w:.2f}" for w in weights[0, :, chat, cat]))

# %% [markdown] name="steps-end-text"
r"""
**7, several heads** side by side through $W_O$. **8, residual connection and normalisation:** what was found is added to the state that asked, and the sum is brought to one scale. From there the next word is read off, and it has to be what the model itself computes.
"""

# %% name="steps-7-8"
with torch.no_grad():
    found = to_output(contexts.transpose(1, 2).flatten(2))  # step 7: (1, 10, 128)
    x = model.norm(states + found)  # step 8
    logits = model.words(x)
    assert torch.allclose(logits, model(source, previous)[0], atol=1e-5)
print("read off:", " ".join(french.decode(logits[0].argmax(-1).tolist())))
assert logits[0, chat].argmax() == french.encode(["chat"])[0]
assert weights.mean(1)[0, chat].argmax() == cat

# %% name="eight-steps-figure"
h, limit = sharpest, scores[0, sharpest].abs().max()
heads, row, one = [f"head {i + 1}" for i in range(8)], slice(chat, chat + 1), {"marked": chat}
plots.steps({
    "1  Embedding": [Block(embedded[0], pair.english, name="64 numbers a word")],
    f"2  Linear maps, those of head {h + 1}": [
        Block(Q[0, h], words, name="queries", **one), Block(K[0, h], pair.english, name="keys"), Block(V[0, h], pair.english, name="values")],
    "3  Compatibility": [Block(scores[0, h], words, pair.english, name=f"scores, −{limit:.0f} to {limit:.0f}", limit=limit, **one)],
    "4  Scaling": [Block(scaled[0, h], words, pair.english, name="divided by 4, same greys", limit=limit, **one)],
    "5  Softmax": [Block(weights[0, h], words, pair.english, name="weights, 0 to 1", weights=True, **one)],
    "6  Weighted sum": [Block(contexts[0, h], words, name="contexts", **one)],
    "7  Eight heads, for “chat”": [Block(weights[0, :, chat], heads, pair.english, name="weights", weights=True, marked=h),
                                   Block(contexts[0, :, chat], heads, name="contexts", marked=h)],
    "8  Residual and normalisation, for “chat”": [
        Block(torch.cat([states[0, row], found[0, row], x[0, row]]), ["state", "found", "norm of sum"], name="128 numbers each")],
})

# %% [markdown] name="figure-text"
r"""
Follow the framed row. Before *chat* is written, the state has read *le*. Its query fits one key best (3), softmax turns that into a weight (5), and the value of that word is nearly all that head hands over (6). In 7 the eight heads have each handed over their sixteen numbers. The vectors are in greys, dark above zero and light below, since nobody can read them; the weights are in blue.

## What the heads look at

Here are all ten words and all eight heads. Choose a head, then a French word.
"""

# %% name="explorer"
AttentionExplorer(weights[0], words, pair.english, head=sharpest, query=chat, query_label="French", key_label="English")

# %% [markdown] name="look-text"
r"""
Multi-head attention is often said to look at a sentence from several points of view, one head at one kind of relation, another at another. Here one and the same staircase appears again and again, blurred and broken in different places, with some differences of opinion: look where *le* looks, which is an article whose form depends on a noun that is still to come. Let us put numbers on both.
"""

# %% name="heads-measured"
with torch.no_grad():
    sources, previouses = pad([english.encode(p.english) for p in unseen]), pad([[BOS, *french.encode(p.french)] for p in unseen])
    _, maps = model.heads(sources, previouses)  # (200, 8, L, S)
largest = maps.argmax(-1).transpose(0, 1)[:, previouses != 0]  # where every word looks most: (8, words)
apart = torch.tensor([[(a != b).float().mean() for b in largest] for a in largest])
print(f"two heads look at different words {apart.sum() / 56:.0%} of the time: {apart[apart > 0].min():.0%} for the most alike, {apart.max():.0%} for the least")


def error_rate(model):
    found = align(model, [(p.english, p.french) for p in unseen], english, french)
    return alignment_error_rate([hard_links(w) for w in found], [p.links for p in unseen])


print(f"alignment error rate of the mean of the eight maps: {error_rate(model):.3f}")

# %% name="articles"
def look_of_articles(rows):  # at their own English word, and at that of the French word after them
    seen = [(int(weights[place].argmax()), place, pair.links) for pair, weights in zip(unseen, rows)
            for place, word in enumerate(pair.french) if word in ("le", "la", "un", "une")]
    own, ahead = ([(word, place + step) in links for word, place, links in seen] for step in (0, 1))
    return np.mean(own), np.mean(ahead)


looks = [look_of_articles(maps[:, h]) for h in range(8)]
for h, (own, ahead) in enumerate(looks):
    print(f"head {h + 1}: articles look at their own English word {own:>4.0%}, at the next French word's {ahead:>4.0%} of the time")
assert max(own for own, _ in looks) > 0.6 and max(ahead for _, ahead in looks) > 0.3

# %% [markdown] name="articles-text"
r"""
So there is a second point of view after all. Most heads look at the article's own English word, *the* or *a*. At least one looks ahead, at the English of the French word to come, which is the noun or stands before it: that is what *le* or *la* depends on. Nobody has told it to. Is it of any use? A map cannot tell. Taking heads away can.
"""

# %% [markdown] name="prune-text"
r"""
## Taking heads away

To remove head $h$ is to leave $c_h$ out of Eq. (14), and so to take its rows out of $W^Q$, $W^K$ and $W^V$ and its columns out of $W_O$. What is left is a smaller layer.
"""

# %% name="prune"
def with_heads(keep):
    smaller = copy.deepcopy(model)
    smaller.attention = prune_heads(model.attention, keep)
    return smaller


stays = torch.tensor([head != 3 for head in range(8)])
with torch.no_grad():  # leaving a head out by a mask and removing its columns is the same
    masked, _ = model.attention(states, annotations, head_mask=stays)
    pruned, _ = with_heads([0, 1, 2, 4, 5, 6, 7]).attention(states, annotations)
assert torch.allclose(masked, pruned, atol=1e-5)

# %% name="guess-alone"
guess = predict(
    f"The whole translator gets {whole:.0%} right. Remove all heads but the one that aligns best: how many sentences are still right?",
    ["nearly as many", "about half as many", "hardly any"],
)

# %% name="each-head"
alone = [with_heads([h]) for h in range(8)]
without = [with_heads([i for i in range(8) if i != h]) for h in range(8)]
kept = [(exact(a), exact(w), error_rate(a)) for a, w in zip(alone, without)]
print("        without it     alone   its alignment error rate alone")
for h, (by_itself, missing, aligned) in enumerate(kept):
    print(f"head {h + 1}        {missing:>4.0%}      {by_itself:>4.0%}      {aligned:.3f}")
dearest = min(range(8), key=lambda h: kept[h][1])
print(f"dearest to lose: head {dearest + 1}; looking ahead most at articles: head {max(range(8), key=lambda h: looks[h][1]) + 1}")

# %% name="reveal-alone" jupyter={"source_hidden": true}
best = min(range(8), key=lambda h: kept[h][2])
share = kept[best][0] / whole
guess.reveal("nearly as many" if share > 0.75 else "about half as many" if share > 0.25 else "hardly any",
             f"Head {best + 1} aligns with an error rate of {kept[best][2]:.3f} by itself, and gets {kept[best][0]:.0%} of the sentences right.")

# %% [markdown] name="two-readings"
r"""
Any one head can go, at next to no cost or at some. None can stay alone, though the best of them still looks at the right word nearly as often as all eight together. How can a translator that looks at the right words be so lost?

A head does two things. It chooses where to look, and through its own $W^V$ it chooses what to bring from there: sixteen numbers. To separate the two, keep all eight values and take away the choice. Let all heads look with one and the same map. (The package's layer takes another attention function for the asking, and later lessons will put much into that place.)
"""

# %% name="one-map"
def one_map_for_all(which):
    def attend(Q, K, V, mask=None, need_weights=True):
        weights = masked_softmax(Q @ K.mT / Q.shape[-1] ** 0.5, mask)
        weights = which(weights).expand_as(weights)
        return weights @ V, weights

    sharing = copy.deepcopy(model)
    sharing.attention.attend = attend
    return sharing


shared = exact(one_map_for_all(lambda w: w.mean(1, keepdim=True)))
bests = exact(one_map_for_all(lambda w: w[:, best : best + 1]))
print(f"eight maps, eight values: {whole:.0%} exactly right")
print(f"one map, the mean of the eight, and eight values: {shared:.0%}")
print(f"one map, that of head {best + 1}, and eight values: {bests:.0%}")
print(f"one map, that of head {best + 1}, and its own values alone: {kept[best][0]:.0%}")
assert kept[best][0] < whole / 4 < whole / 2 < shared

# %% [markdown] name="one-map-text"
r"""
Most of the loss was in the values. With one map for all, more sentences survive by far than with one head for all: the eight heads had divided among themselves what is carried more than where it is fetched. The rest was in the maps. A single head's map is not good enough for all eight values, and the mean of the maps does better than the best of them. Heads that err in different places make good for each other.

## One head from the start

There is another way to have one head: train with one. At the same size and with the same number of parameters it has all 128 numbers to itself.
"""

# %% name="guess-one"
guess = predict("Trained from the start with one head of 128 instead of eight of 16, how many sentences does a translator get right?",
                ["hardly any", "clearly fewer than with eight, more than a tenth of them", "a few in a hundred fewer", "as many, or more"])

# %% [markdown] name="experiment-text"
r"""
Beforehand we trained translators with 1, 2, 4, 8 and 16 heads, all of one size, on half a million words each, from five random starts. Those with eight heads then lost one head after the other, always the one whose loss cost least on 300 other sentences. Each dot and each line is one training.
"""

# %% name="experiment"
measured = results.load("10_multi_head_attention")
counts, removed = measured["heads"], np.array(measured["exact_removed"]["8"])
figure = plots.Picture((10, 3.6))
left, right = figure.subplots(1, 2, sharey=True)
for place, heads in enumerate(counts):
    seeds = measured["exact"][str(heads)]
    left.plot(np.linspace(-0.15, 0.15, len(seeds)) + place, seeds, "o", color="#2a598c", markersize=5, alpha=0.7)
left.set(xticks=range(len(counts)), xticklabels=counts, xlabel="heads in training", ylabel="sentences exactly right", ylim=(0, 1))
for seed in removed:
    right.plot(range(8, 0, -1), seed, "-o", color="#2a598c", markersize=3, linewidth=1, alpha=0.7)
right.set(xlabel="heads left, of eight in training", xlim=(8.3, 0.7))
for ax in (left, right):
    ax.grid(axis="y", color="#dddddd", linewidth=0.5)
    ax.spines[["top", "right"]].set_visible(False)
mean = {heads: np.mean(measured["exact"][str(heads)]) for heads in counts}
figure.alt = ("Two panels of sentences exactly right. Left, by the heads in training, means: " + ", ".join(f"{n} {m:.3f}" for n, m in mean.items())
              + ". Right, by the heads left of eight, means: " + ", ".join(f"{8 - i} {m:.2f}" for i, m in enumerate(removed.mean(0))) + ".")
print(measured.provenance)
figure

# %% name="reveal-one" jupyter={"source_hidden": true}
less = results.interval(measured["eight_less_one"])
guess.reveal("hardly any" if mean[1] < 0.1 else "clearly fewer than with eight, more than a tenth of them" if less.mean > 0.1 * mean[8] else "a few in a hundred fewer" if less.low > 0 else "as many, or more",
             f"{mean[1]:.1%} against {mean[8]:.1%}. One of eight that are trained together, left alone: {removed.mean(0)[-1]:.1%}.")

# %% name="experiment-numbers"
for heads in counts[1:]:
    exact_then, without, alone, together = (np.array(measured[key][str(heads)]) for key in ("exact", "exact_without", "exact_alone", "exact_one_map"))
    loss = exact_then[:, None] - without
    print(f"{heads:>2} heads: {exact_then.mean():.1%} right; one head removed costs {100 * loss.mean():.1f} points on average, {100 * loss.max():.1f} at most; "
          f"one map for all {together.mean():.1%}; one head alone {alone.mean():.1%}")

# %% [markdown] name="experiment-after"
r"""
More heads are a little better here, from 1 to 16, and each step is small. The lines of numbers add that with more heads a single one matters less, and its own map more: to give all heads one map costs most where there are sixteen. That is one task with short sentences; Vaswani and others, whose heads numbered 1 to 32, found one head 0.9 BLEU behind the best, and too many worse as well.

The right panel is the other side of it. The first head goes at almost no price and the second at a small one. Then it falls, and the last head left translates next to nothing. That each head is dispensable does not make all of them so: they stand in for each other, as long as there are others.

Michel, Levy and Neubig (2019) removed heads from large Transformers after training. Most heads could go, and some layers could be cut down to a single one; the attention from decoder to encoder, which is the kind we have here, depended more on having several. Voita and others (2019) *trained* gates to close, so that the rest could adjust, and took out 38 of 48 encoder heads for 0.15 BLEU. What was left had roles that could be named: neighbours, syntax, rare words. So heads with a trade of their own exist, as the one here that looks ahead at articles; and large models have more for them to do.
"""

# %% name="claim-different"
claims.verdict("heads-look-at-different-things")

# %% name="claim-parameters"
claims.verdict("more-heads-more-parameters")

# %% name="claim-better"
claims.verdict("several-heads-are-better")

# %% [markdown] name="next"
r"""
## Where to go next

The survey says that the heads of Eq. (14) learn independently. They have no matrix in common, but one loss trains them all, and what a head has learned is to be one of eight.

The [exercises](exercises/10_multi_head_attention.ipynb) let you cut and join heads, carry a mask over to PyTorch, prune, and rank heads by a single backward pass (six problems, about an hour). The translator here still has GRUs on both sides, which tell it what stands where. To get rid of them, attention needs another way to know about order: **11 · Positions**.

### Sources

Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin: Attention is all you need. NIPS 2017, [arXiv:1706.03762](https://arxiv.org/abs/1706.03762), sections 3.2 and 6.2 · Michel, Levy, Neubig: Are sixteen heads really better than one? NeurIPS 2019, [arXiv:1905.10650](https://arxiv.org/abs/1905.10650) · Voita, Talbot, Moiseev, Sennrich, Titov: Analyzing multi-head self-attention: specialized heads do the heavy lifting, the rest can be pruned. ACL 2019, [arXiv:1905.09418](https://arxiv.org/abs/1905.09418) · Nishida, Saito: Latest trends of attention mechanisms in deep learning (西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向). 電子情報通信学会誌 101 (2018), in Japanese, section 3.2.
"""
