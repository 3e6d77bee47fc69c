# %% [markdown] name="title"
r"""
# 10 · Multi-head attention

**Why look eight times at once?**

A decoder that looks at a sentence gets one average. The Transformer takes eight of them, each in a smaller space, and joins them. You build that, follow *The cat sat on the mat* through it step by step, and then take a trained layer apart, head by head.

You need lessons 01, 02, 04 and 09. It takes about fifty minutes, of which the machine needs one. Equations have the numbers of the survey that this course follows (see Sources).
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
from attention_course.data.grammar.words import NOUNS
from attention_course.data.vocabulary import BOS, Vocabulary, pad
from attention_course.decoding import align, translate
from attention_course.functional import masked_softmax, scaled_dot_product_attention
from attention_course.layers import MultiHeadAttention, prune_heads
from attention_course.layers.from_torch import from_torch
from attention_course.lessons.lesson_10.multi_head_translator import MultiHeadTranslator
from attention_course.lessons.lesson_10.step_panels import Grid, step_panels
from attention_course.masks import causal_mask
from attention_course.metrics import alignment_error_rate, hard_links
from attention_course.training import train
from attention_course.widgets import AttentionExplorer, predict

device.use_threads(1)

# %% [markdown] name="by-hand"
r"""
## Two questions, one average

Take three sentences about a cat, a mat and a dog, and two facts about each noun: is it the one who sits, and is it the place? Those two numbers are its **key**. Its **value** says what it is: (1, 0, 0) for the cat, (0, 1, 0) for the mat, (0, 0, 1) for the dog. The query (1, 1) asks for both facts at once, (1, 0) asks *who?* and (0, 1) *where?*
"""

# %% name="two-questions" tags=["nbval-check-output"]
keys = {"the cat sat on the mat by the dog": [[1, 0], [0, 1], [0, 0]],  # of cat, mat and dog: who, where
        "the mat sat on the cat by the dog": [[0, 1], [1, 0], [0, 0]],
        "the cat sat on the dog by the mat": [[1, 0], [0, 0], [0, 1]]}
values = torch.eye(3)  # what they are: cat, mat, dog
queries = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])  # both, who, where

for sentence, its_keys in keys.items():
    both, who, where = ((8 * queries @ torch.tensor(its_keys).float().T).softmax(-1) @ values).numpy().round(2).tolist()
    print(f"{sentence}: both {both}, who {who}, where {where}")

# %% [markdown] name="by-hand-text"
r"""
Asking for both takes the first two sentences for the same; asking only who sits takes the first and the third for the same. *Who* and *where*, kept side by side, tell all three apart. (The 8 makes the scores large, and the weights all but exact.) A single query could do it with uneven weights, (0.7, 0.3, 0) against (0.3, 0.7, 0). Keep that in mind.

## Query, key, value

In lesson 01 a vector was compared and averaged as it was. The Transformer gives every vector three roles, each through a learned matrix. As a **query** $W^Q x$ it says what it is looking for, as a **key** $W^K x$ what can be found here, and as a **value** $W^V x$ what is handed over if it is. A word can then be easy to find for one reason and tell something else. The score is the scaled dot product of lesson 02, and for all queries at once, rows of $Q$,

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
| $B, L, S$ | sentences in a batch, queries in each, words to look at | |
| $H$ | the number of heads | |
| $D$ | the size in which one head works, $E / H$ | |
| $W^Q_h, W^K_h, W^V_h$ | the $W^Q, W^K, W^V$ of head $h$ (in code `W_Q[h]` and so on) | (D, E) |
| $c_h$ | its context | (D) |
| $W_O$ | joins the heads | (E, H D) |

That $D$ is $E / H$ and not $E$ is a decision of Vaswani and others (2017): more heads, but smaller ones, at the same price.
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
The loop makes many small products. Stack the matrices of all heads on top of each other, and one product makes all queries at once. What comes out has the heads side by side in its last axis. Cut that axis in two, bring the heads to the front, and to the product they are one more batch.
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
assert torch.equal(layer(x)[0], layer(x, x, x)[0])  # in full: queries from, keys from, values from

# %% [markdown] name="sources-text"
r"""
Two arguments, because queries and keys need not come from one place. `layer(x, source)` is **cross-attention**, as between the French and the English side of a translator. `layer(x)` takes the queries' own words as its source, which is the self-attention of lesson 09.
"""

# %% name="guess-count"
guess = predict("From 1 head to 16, at the same size E: what happens to the number of parameters?",
                ["it stays the same", "about four times as many", "sixteen times as many"])

# %% name="count" tags=["nbval-check-output"]
for heads in (1, 2, 4, 8, 16):
    layer = MultiHeadAttention(128, heads)
    print(f"{heads:>2} heads of {layer.head_size:>3}: {sum(p.numel() for p in layer.parameters()):,} parameters")

# %% name="reveal-count" jupyter={"source_hidden": true}
guess.reveal("it stays the same", "Four matrices of 128 by 128, and their biases; heads are a way of cutting them up. It is sometimes said that multi-head attention needs more parameters. It does against attention without matrices, as in lesson 01, and does not against one head that has them.")

# %% [markdown] name="trap-text"
r"""
## PyTorch's own, and a trap

PyTorch has this layer. With the same weights it gives the same numbers, and here is the trap. A Boolean mask for `F.scaled_dot_product_attention`, and everywhere in this course, says who **may** be looked at. The same mask for `nn.MultiheadAttention` says who may **not**.
"""

# %% name="trap"
theirs = nn.MultiheadAttention(16, 4, batch_first=True).eval()
ours = from_torch(theirs)  # MultiHeadAttention with the same weights

may = causal_mask(3)  # word 1 may look at itself, word 2 at words 1 and 2, word 3 at all three
output, weights = ours(x, mask=may)
expected, _ = theirs(x, x, x, attn_mask=~may)  # turned round
assert torch.allclose(output, expected, atol=1e-6)
_, trapped = theirs(x, x, x, attn_mask=may)  # as it is
silent, _ = theirs(x, x, x, attn_mask=may, need_weights=False)
for name, mean in {"ours": weights.mean(1)[0], "PyTorch's, same mask": trapped[0]}.items():
    print(f"{name:<20}", mean.detach().double().numpy().round(2).tolist())
print("PyTorch's output for word 3, without asking for weights:", silent[0, 2, :4].tolist(), "...")

# %% [markdown] name="trap-after"
r"""
With our mask, PyTorch's layer lets word 1 look at what comes after it and nowhere else: the future, which is all that was to be hidden. The last word may then look nowhere, and becomes NaN, which one notices. But layers that train seldom ask for the weights, and with `need_weights=False` recent versions of PyTorch give zeros there (the bias of $W_O$, which is zero here). Then nothing tells you except a loss that is too good.

The other classic slip is in the reshape. `view` can make the wanted shape at once, and does it by cutting the words into pieces:
"""

# %% name="view-bug" tags=["nbval-check-output"]
def wrong_split(x, H):
    B, L, E = x.shape
    return x.view(B, H, L, E // H)  # the right shape, and the wrong numbers


words = torch.arange(1, 4).view(1, 3, 1).expand(1, 3, 4).contiguous()  # words 1, 2 and 3, of four numbers each
print("right, head 1 sees at each place:", split(words, 2)[0, 0].tolist())
print("wrong, head 1 sees at each place:", wrong_split(words, 2)[0, 0].tolist())
print("wrong, head 2 sees at each place:", wrong_split(words, 2)[0, 1].tolist())

# %% [markdown] name="view-bug-text"
r"""
Head 1 should have two numbers of each of the three words. After `view` it has both halves of word 1, half of word 2, and nothing of word 3. If the way back is the right one, head 2 even reads the future under a causal mask: what it finds at the first place, half of word 2, goes to word 1. With `view` on the way back as well nothing leaks, but a head then looks only within its own stretch of the sentence.

## A translator with eight heads

We take the translator of lesson 04, two GRUs that read English and one that writes French, and put multi-head attention between them. The state $s_t$, which has read the French words so far, asks; the English annotations are the source; and what is found is *added* to the state and the sum normalised, as in the Transformer. Since the writing GRU does not wait for what was found, all words of a sentence ask at once in training.
"""

# %% name="train"
pairs, unseen = grammar.pairs(30_000, part="train"), grammar.pairs(200, part="test")
english, french = Vocabulary(pair.english for pair in pairs), Vocabulary(pair.french for pair in pairs)
examples = encode_pairs([(pair.english, pair.french) for pair in pairs], english, french)

device.seed_everything(0)
model = MultiHeadTranslator(len(english), len(french), heads=8)  # E = 128, so D = 16
run = train(model, examples, target_tokens=300_000, batch_tokens=320, learning_rate=6e-3)
print(f"{run.used:,} French words in {run.seconds:.0f} s on {run.device}; loss from {run.losses[0]:.1f} to {run.losses[-1]:.2f}")

# %% name="exact"
sources, targets = (pad(side) for side in zip(*encode_pairs([(p.english, p.french) for p in unseen], english, french)))
previous_words, next_words = targets[:, :-1], targets[:, 1:]


def exact(model):  # the share of unseen sentences translated word for word as the grammar does
    written = translate(model, [p.english for p in unseen], english, french)
    return sum(t.words == list(p.french) for t, p in zip(written, unseen)) / len(unseen)


@torch.no_grad()
def hits(model):  # 1 for every word that is right after the true words before it, and 0 for the others
    return (model(sources, previous_words)[0].argmax(-1) == next_words)[next_words != 0].float()

# %% name="exact-whole"
whole, words_right = exact(model), hits(model).mean()
print(f"{whole:.0%} of {len(unseen)} unseen sentences exactly right; after the true words before it, {words_right:.1%} of the words")
assert whole > 0.6

# %% [markdown] name="steps-text"
r"""
## Eight steps

A glossary article from which this course takes many of its claims tells attention in eight steps, and ends with an example: translating *The cat sat on the mat* into French, the decoder looks at *cat* when it writes *chat*. Let us do just that, without calling the layer; as in training, the decoder is given the French words before.

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
print(f"head {sharpest + 1}: largest score {scores[0, sharpest].abs().max():.1f}, scaled {scaled[0, sharpest].abs().max():.1f}")
print("weight of “cat” in “chat”, head by head:", "  ".join(f"{w:.2f}" for w in weights[0, :, chat, cat]))

# %% [markdown] name="steps-end-text"
r"""
**7, several heads** side by side through $W_O$. **8, residual connection and normalisation:** what was found is added to the state that asked, and the sum is brought to one scale. From there the next word is read off; it has to be what the model itself computes.
"""

# %% name="steps-7-8"
with torch.no_grad():
    found = to_output(contexts.transpose(1, 2).flatten(2))  # step 7: (1, 10, 128)
    x = model.norm(states + found)  # step 8
    logits = model.words(x)
    assert torch.allclose(logits, model(source, previous)[0], atol=1e-5)
print("read off, after the true words:", " ".join(french.decode(logits[0].argmax(-1).tolist())))
assert logits[0, chat].argmax() == french.encode(["chat"])[0]
assert weights.mean(1)[0, chat].argmax() == cat

# %% name="eight-steps-figure"
h, limit, reach = sharpest, scores[0, sharpest].abs().max(), V.abs().max()  # greys of 3 and 4; of values and contexts
same = {"limit": reach}
heads, row, one = [f"head {i + 1}" for i in range(8)], slice(chat, chat + 1), {"marked": chat}
step_panels({
    "1  Embedding, the English side": [Grid(embedded[0], pair.english, name="64 numbers a word")],
    f"2  Linear maps of what the GRUs read, head {h + 1}": [
        Grid(Q[0, h], words, name="queries", **one), Grid(K[0, h], pair.english, name="keys"),
        Grid(V[0, h], pair.english, name=f"values, ±{reach:.1f}", **same)],
    "3  Compatibility": [Grid(scores[0, h], words, pair.english, name=f"scores, −{limit:.0f} to {limit:.0f}", limit=limit, **one)],
    "4  Scaling": [Grid(scaled[0, h], words, pair.english, name="divided by 4, same greys", limit=limit, **one)],
    "5  Softmax": [Grid(weights[0, h], words, pair.english, name="weights, 0 to 1", weights=True, **one)],
    "6  Weighted sum": [Grid(contexts[0, h], words, name=f"contexts, ±{reach:.1f}", **one, **same)],
    "7  Eight heads, for “chat”": [Grid(weights[0, :, chat], heads, pair.english, name="weights", weights=True, marked=h),
                                   Grid(contexts[0, :, chat], heads, name=f"contexts, ±{reach:.1f}", marked=h, **same),
                                   Grid(found[0, row], ["found"], name="W_O times all of them: 128 numbers")],
    "8  Residual and normalisation, for “chat”": [
        Grid(torch.cat([states[0, row], found[0, row], x[0, row]]), ["state", "found", "norm of sum"], name="128 numbers each")],
})

# %% [markdown] name="figure-text"
r"""
Follow the framed row. Before *chat* is written, the state has read *le*. Its query fits one key best (3), softmax turns that into a weight (5), and the value of that word is nearly all that head hands over (6). In 7, $W_O$ makes 128 numbers of all contexts. Vectors are in greys, dark above zero and light below (each in greys of its own where no range is given); weights are in blue.

## What the heads look at

Choose a head, then a French word.
"""

# %% name="explorer"
AttentionExplorer(weights[0], words, pair.english, head=sharpest, query=chat, query_label="French", key_label="English")

# %% [markdown] name="look-text"
r"""
Multi-head attention is often said to look at a sentence from several points of view, one head at one kind of relation, another at another. Here one staircase appears again and again, blurred and broken in different places. But look where *le* looks, an article whose form depends on a noun that is still to come. Let us count both; the alignment error rate is that of lesson 04, lower is better.
"""

# %% name="heads-measured"
with torch.no_grad():
    _, maps = model.heads(sources, previous_words)  # (200, 8, L, S)
largest = maps.argmax(-1).transpose(0, 1)[:, next_words != 0]  # where every word looks most: (8, words)
apart = torch.tensor([[(a != b).float().mean() for b in largest] for a in largest])
print(f"two heads look at different words {apart.sum() / 56:.0%} of the time: {apart[apart > 0].min():.0%} for the most alike, {apart.max():.0%} for the least")


def error_rate(model):
    found = align(model, [(p.english, p.french) for p in unseen], english, french)
    return alignment_error_rate([hard_links(w) for w in found], [p.links for p in unseen])


print(f"alignment error rate of the mean of the eight maps: {error_rate(model):.3f}")

# %% name="articles"
ARTICLES = ["le", "la", "un", "une"]
nouns = {noun.french.split()[0] for noun in NOUNS.values()}


def look_of_articles(rows):  # directly before a noun: at their own English word, and at the noun's
    seen = [(int(weights[place].argmax()), place, p.links) for p, weights in zip(unseen, rows)
            for place, (word, after) in enumerate(zip(p.french, p.french[1:])) if word in ARTICLES and after in nouns]
    own, ahead = ([(word, place + step) in links for word, place, links in seen] for step in (0, 1))
    return np.mean(own), np.mean(ahead)


looks = [look_of_articles(maps[:, h]) for h in range(8)]
for h, (own, ahead) in enumerate(looks):
    print(f"head {h + 1}: articles look at their own English word {own:>4.0%}, at the noun's {ahead:>4.0%} of the time")
assert max(own for own, _ in looks) > 0.6 and max(ahead for _, ahead in looks) > 0.3

# %% [markdown] name="articles-text"
r"""
So there is a second point of view after all. Most heads look at the article's own English word, *the* or *a*. Head 1 looks ahead to the noun, on which *le* or *la* depends, and head 4 does so about half of the time. Whether that is of any use, a map cannot tell.

## Taking heads away

To remove head $h$ is to leave $c_h$ out of Eq. (14), and so to take its rows out of $W^Q$, $W^K$ and $W^V$ and its columns out of $W_O$.
"""

# %% name="prune"
def with_heads(keep):
    smaller = copy.deepcopy(model)
    smaller.attention = prune_heads(model.attention, keep)
    return smaller


stays = torch.tensor([h != 3 for h in range(8)])  # all but head 4; code counts from 0
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
kept = [(exact(a), hits(a).mean(), error_rate(a)) for a in alone]
is_article = torch.isin(next_words[next_words != 0], torch.tensor(french.encode(ARTICLES)))

print("          without it: sentences  words  articles wrong   |   alone: sentences  words  alignment errors")
for name, model_without, (sentences, words_alone, errors) in zip(
        ["all heads", *heads], [model, *without], [(whole, words_right, error_rate(model)), *kept]):
    right = hits(model_without)
    print(f"{name:<9} {exact(model_without):>22.0%} {right.mean():>6.1%} {int((1 - right[is_article]).sum()):>9} of {int(is_article.sum())}"
          f"   |   {sentences:>16.0%} {words_alone:>6.1%} {errors:>11.3f}")

# %% name="reveal-alone" jupyter={"source_hidden": true}
best = min(range(8), key=lambda h: kept[h][2])
share = kept[best][0] / whole
guess.reveal("nearly as many" if share > 0.75 else "about half as many" if share > 0.25 else "hardly any",
             f"Head {best + 1} aligns with an error rate of {kept[best][2]:.3f} by itself, and gets {kept[best][0]:.0%} of the sentences and {kept[best][1]:.0%} of the words right.")

# %% [markdown] name="two-readings"
r"""
Some heads go at almost no cost, the dearest at more than ten points. Is head 1 dear because it looks ahead? Without it a few more articles are wrong, and with them many other words; with so few articles that stays open. And head 8 costs nearly as much.

No head can stay alone. A single wrong word spoils a sentence, so look at the words: about half of them survive, though the best head's map is what it was, with a third more errors than the mean of all eight.

A head does two things. It chooses where to look, and through its own $W^V$ what to bring from there: sixteen numbers. To separate the two, keep all eight values and let all heads look with one map. (The package's layer takes another attention function for the asking.) And since what is added to the state has also become smaller without seven heads, try the one that is left with its context two, three and eight times as large.
"""

# %% name="one-map"
def one_map_for_all(which):
    def attend(Q, K, V, mask=None, causal=False, need_weights=True):
        weights = masked_softmax(Q @ K.mT / Q.shape[-1] ** 0.5, mask)
        weights = which(weights).expand_as(weights)
        return weights @ V, weights

    sharing = copy.deepcopy(model)
    sharing.attention.attend = attend
    return sharing


def times(factor):  # the best head alone, its context made larger
    louder = copy.deepcopy(alone[best])
    louder.attention.project_output.weight.data *= factor
    return louder

# %% name="one-map-numbers"
mean_map = one_map_for_all(lambda w: w.mean(1, keepdim=True))
maps_of_one = [one_map_for_all(lambda w, h=h: w[:, h : h + 1]) for h in range(8)]
tried = {"eight maps, eight values": model, "one map, the mean of the eight, and eight values": mean_map}
tried |= {f"one map, that of head {h + 1}, and eight values": maps_of_one[h] for h in range(8)}
tried |= {f"head {best + 1} alone, map and values, its context times {n}": times(n) for n in (1, 2, 3, 8)}
for name, tried_model in tried.items():
    print(f"{name:<57} {exact(tried_model):>4.0%} of the sentences, {hits(tried_model).mean():.1%} of the words")

shared, bests = hits(mean_map).mean(), hits(maps_of_one[best]).mean()
loudest = max(hits(times(n)).mean() for n in (1, 2, 3, 8))
assert exact(alone[best]) < whole / 4 < whole / 2 < exact(mean_map) and loudest < bests - 0.1 < shared

# %% [markdown] name="one-map-text"
r"""
With the best head's map for all eight values few words are lost. But one wrong word spoils a sentence, and so many sentences are lost. With its values alone a great many words are lost, and making them louder brings back some. So in this translator most of the words are lost with the values: what the other seven bring, even from the same word, is missed more than their maps. The maps count as well. The mean of the eight serves better than any single one.

## One head from the start

There is another way to have one head: train with one. At the same size and with the same number of parameters it has all 128 numbers to itself.

Beforehand we trained translators with 1, 2, 4, 8 and 16 heads, all of one size and with one learning rate, on half a million words each, from five random starts, and measured them on 1,000 unseen sentences.
"""

# %% name="guess-one"
measured = results.load("10_multi_head_attention")
counts, removed = measured["heads"], np.array(measured["exact_removed"]["8"])
mean = {n: np.mean(measured["exact"][str(n)]) for n in counts}
guess = predict(f"Those with eight heads of 16 get {mean[8]:.1%} of the sentences right. How many do those get that are trained with one head of 128?",
                ["less than a tenth of them", "10 to 80 %", "a few points less than with eight", "as many, or more"])

# %% [markdown] name="experiment-text"
r"""
Those with eight heads then lost one head after the other, always the one whose loss cost least on 300 other sentences. Each dot and each line is one training, bars are means, and the left axis is a small part of the right one.
"""

# %% name="experiment"
figure = plots.Picture((10, 3.6))
left, right = figure.subplots(1, 2)
for place, n in enumerate(counts):
    seeds = measured["exact"][str(n)]
    left.plot(np.linspace(-0.15, 0.15, len(seeds)) + place, seeds, "o", color="#2a598c", markersize=5, alpha=0.7)
    left.plot([place - 0.25, place + 0.25], [mean[n]] * 2, color="black", linewidth=1.5)
left.set(xticks=range(len(counts)), xticklabels=counts, xlabel="heads in training", ylabel="sentences exactly right", ylim=(0.85, 0.96))
for seed in removed:
    right.plot(range(8, 0, -1), seed, "-o", color="#2a598c", markersize=3, linewidth=1, alpha=0.7)
right.set(xlabel="heads left, of eight in training", xlim=(8.3, 0.7), ylim=(0, 1))
for ax, title in [(left, "Trained with 1 to 16 heads"), (right, "Trained with eight, then removed one by one")]:
    ax.set_title(title, loc="left", fontsize=10)
    ax.grid(axis="y", color="#dddddd", linewidth=0.5)
    ax.spines[["top", "right"]].set_visible(False)
figure.alt = ("Two panels of sentences exactly right. Left, by the heads in training, means: " + ", ".join(f"{n} {m:.3f}" for n, m in mean.items())
              + ". Right, by the heads left of eight, means: " + ", ".join(f"{8 - i} {m:.2f}" for i, m in enumerate(removed.mean(0))) + ".")
print(measured.provenance)
figure

# %% name="reveal-one" jupyter={"source_hidden": true}
less = results.interval(measured["eight_less_one"])
guess.reveal("less than a tenth of them" if mean[1] < 0.1 else "10 to 80 %" if mean[1] < 0.8 else "a few points less than with eight" if less.low > 0 else "as many, or more",
             f"{mean[1]:.1%}. Of eight that are trained together, the last that is left by itself: {removed.mean(0)[-1]:.1%}.")

# %% name="experiment-numbers"
for n in counts[1:]:
    exact_then, without, alone, together = (np.array(measured[key][str(n)]) for key in ("exact", "exact_without", "exact_alone", "exact_one_map"))
    loss, shared = 100 * (exact_then[:, None] - without), 100 * (exact_then - together).mean()
    print(f"{n:>2} heads: {exact_then.mean():.1%} right; one removed costs {loss.mean():.1f} points on average, {loss.max():.1f} at most, all singly "
          f"{loss.sum(1).mean():.0f} in sum; one map for all costs {shared:.1f}, {shared / n:.1f} a head; one alone, on average {alone.mean():.1%} right")
print(f" 8 heads: seven removed one after the other cost {100 * (removed[:, 0] - removed[:, -1]).mean():.0f} points")

# %% [markdown] name="experiment-after"
r"""
Eight heads are a little better here than one. The means rise from step to step, while neighbours overlap. To give all heads one map costs about one point for each of them, however many there are. Vaswani and others (2017), with 1 to 32 heads, found one head 0.9 BLEU behind the best, and too many worse as well.

On the right the cheapest head goes first, at almost no cost, and then it falls. What the eight cost one at a time adds up to about a quarter of what seven cost together. Whether that is because heads repeat each other, or because a sentence survives one small loss and not many, these numbers leave open.

Michel, Levy and Neubig (2019) removed heads from large Transformers after training. One at a time, most could go without significant loss, and some layers could be cut to a single head; together, about 20 % of a translator's heads and 40 % of BERT's could go before quality fell steeply. The attention from decoder to encoder, the kind we have here, depended most on having several. Voita and others (2019) *trained* gates to close, so that the rest could adjust, and took out 38 of the 48 heads of the encoder's self-attention for 0.15 BLEU. What was left had roles that could be named: neighbours, syntax, rare words.

The first claim below counts where heads look most, and misses what heads at one word bring differently. The share printed above was higher, from a translator that had read fewer words.
"""

# %% name="claim-different"
claims.verdict("heads-look-at-different-things")

# %% name="claim-better"
claims.verdict("several-heads-are-better")

# %% [markdown] name="next"
r"""
## Where to go next

The survey says that the heads of Eq. (14) learn independently. They have no $W^Q, W^K, W^V$ in common, but one loss trains them all.

The [exercises](exercises/10_multi_head_attention.ipynb) let you cut heads out of another layout, carry a mask over to PyTorch, prune, and rank heads by a single backward pass (six problems, about an hour). The translator here still has GRUs on both sides, which tell it what stands where. To get rid of them, attention needs another way to know about order: **11 · Positions**.

### Sources

Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin: Attention is all you need. NIPS 2017, [arXiv:1706.03762](https://arxiv.org/abs/1706.03762), sections 3.2 and 6.2 · Michel, Levy, Neubig: Are sixteen heads really better than one? NeurIPS 2019, [arXiv:1905.10650](https://arxiv.org/abs/1905.10650) · Voita, Talbot, Moiseev, Sennrich, Titov: Analyzing multi-head self-attention: specialized heads do the heavy lifting, the rest can be pruned. ACL 2019, [arXiv:1905.09418](https://arxiv.org/abs/1905.09418) · Nishida, Saito: Latest trends of attention mechanisms in deep learning (西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向). 電子情報通信学会誌 101 (2018), in Japanese, section 3.2 · the glossary article アテンションメカニズム (Attention mechanism, 2025), in Japanese.
"""
