# %% [markdown] name="title"
r"""
# 12 · The Transformer

**What is left when the GRUs go?**

In lesson 10 attention stood between two GRUs, one that read English and one that wrote French. [Vaswani and others (2017)](https://arxiv.org/abs/1706.03762) let attention do all of it: read, write, and look from one side to the other. Here you put that machine together, teach it the grammar, break it on purpose, and then train it on the captions of lesson 04, beside the translators you have.

You need lessons 03, 04 and 09 to 11. It takes about an hour; the machine works for five minutes or so of it.
"""

# %% name="imports"
import copy
import random
import time
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from attention_course import claims, device, plots, results
from attention_course.data import grammar, multi30k
from attention_course.data.batches import encode_pairs
from attention_course.data.unavailable import DatasetUnavailable
from attention_course.data.vocabulary import BOS, Vocabulary, pad
from attention_course.decoding import beam, translate
from attention_course.functional import scaled_dot_product_attention
from attention_course.layers import MultiHeadAttention
from attention_course.masks import causal_mask, padding_mask
from attention_course.metrics import bleu_by_length, corpus_bleu
from attention_course.models.seq2seq import EncoderDecoder, RNNsearch
from attention_course.models.transformer import Config, Transformer
from attention_course.training import train
from attention_course.widgets import AttentionExplorer, predict

# %% [markdown] name="block-text"
r"""
## One block

Lesson 10 ended its eight steps with *residual and normalisation*: what attention found was added to the state, and the sum normalised. A Transformer does this again and again. Its **block** has two parts, three where there is a source to look at, and each part adds what it finds to what came in:

$$x \leftarrow x + \mathrm{MultiHead}\big(\mathrm{norm}(x)\big) \qquad x \leftarrow x + \mathrm{MultiHead}\big(\mathrm{norm}(x),\, h\big) \qquad x \leftarrow x + \max\big(0,\, \mathrm{norm}(x) W_1^\top\big) W_2^\top$$

The first is self-attention, the second cross-attention, both as in Eq. (14). The third is a small network of two layers, the **feed-forward network**, which works on every word by itself. The adding is called a **residual connection** (He and others 2016): a word's vector is a running sum, to which every part may add and which no part has to pass on.

| | is | shape |
|---|---|---|
| $x$ | the words of one side | (B, L, E) |
| $h$ | the states of the source, when the encoder is done | (B, S, E) |
| norm | takes away the mean of a vector's E numbers and divides by their standard deviation (the root of the mean squared deviation, with 1e-5 under the root), then scales and shifts each number by what it has learned (Ba, Kiros and Hinton 2016) | (B, L, E) → the same |
| $W_1, W_2$ | the feed-forward network, without its biases; in the code E is `size` and F is `hidden` | (F, E), (E, F) |

With a pencil: a sentence of a single word, $x = (3, 1)$. Its mean is 2 and its standard deviation 1, so norm$(x) = (1, -1)$. A single word can only look at itself, with weight 1. Say its value, times $W_O$, is $(0, 4)$. The sum is $(3, 5)$, its norm $(-1, 1)$. With $W_1 = 1$ and $W_2 = 2$ (times the identity) the feed-forward network makes $2 \max(0, (-1, 1)) = (0, 2)$ of it. Out comes $(3, 7)$, in which the $(3, 1)$ that went in is still a summand.

In the paper the norm comes after each sum. Put in front of each part, as here, it leaves the running sum alone, and training does without a slow start (Xiong and others 2020); lesson 13, to come, compares the two.
"""

# %% name="block"
class Block(nn.Module):
    def __init__(self, size, heads, hidden, has_source=False):
        super().__init__()
        self.norm_self_attention, self.self_attention = nn.LayerNorm(size), MultiHeadAttention(size, heads)
        if has_source:
            self.norm_cross_attention, self.cross_attention = nn.LayerNorm(size), MultiHeadAttention(size, heads)
        self.norm_mlp = nn.LayerNorm(size)
        self.mlp = nn.Sequential(nn.Linear(size, hidden), nn.ReLU(), nn.Linear(hidden, size))

    def forward(self, x, mask=None, h=None, h_mask=None):
        x = x + self.self_attention(self.norm_self_attention(x), mask=mask)[0]
        if h is not None:
            x = x + self.cross_attention(self.norm_cross_attention(x), h, mask=h_mask)[0]
        return x + self.mlp(self.norm_mlp(x))

# %% name="pencil" tags=["nbval-check-output"]
by_hand, eye = Block(2, 1, 2), torch.eye(2)
to_query, to_key, to_value, to_output = by_hand.self_attention.projections
first, _, second = by_hand.mlp
with torch.no_grad():
    for layer, W in [(to_value, torch.tensor([[1.0, 1.0], [1.0, -3.0]])), (to_output, eye), (first, eye), (second, 2 * eye)]:
        layer.weight.copy_(W)
        layer.bias.zero_()
    print([round(number, 2) for number in by_hand(torch.tensor([[[3.0, 1.0]]]))[0, 0].tolist()])

# %% [markdown] name="stacks-text"
r"""
## Two stacks

The **encoder** is a stack of blocks over the English words, in which every word looks at all words. The **decoder** is a stack over the French words so far; each looks at itself and those before it, and then at what the encoder made of the English ones. A word goes in as its embedding, to which lesson 11 adds its position. Each stack ends with a norm, for nothing in the blocks normalises the running sum itself. What comes out is compared with the embedding of every French word: reading and writing share one matrix, and are said to be **tied** (Press and Wolf 2017).

A vector from the last norm has length $\sqrt{E}$ at first. The embeddings start with length 1, so that their products with it are about 1. Beside the sinusoids, whose length is $\sqrt{E/2}$, such words would be small; on the way in they are multiplied by $\sqrt{E}$. (The paper does so and gives no reason. This one is ours.)
"""

# %% name="stacks"
def embed(stack, tokens):
    return stack.positions(stack.embedding(tokens) * stack.embedding.embedding_dim**0.5)


def read(encoder, source):
    x = embed(encoder, source)
    for block in encoder.blocks:
        x = block(x, padding_mask(source))  # all look at all words, and none at the padding
    return encoder.norm(x)  # (B, S, E)


def write(decoder, previous, h, h_mask):
    y = embed(decoder, previous)
    for block in decoder.blocks:  # padding stands at the end, so the causal mask hides it from all true words
        y = block(y, causal_mask(previous.shape[1]), h, h_mask)  # none looks ahead
    return F.linear(decoder.norm(y), decoder.embedding.weight, decoder.bias)  # (B, L, French words)

# %% [markdown] name="same-text"
r"""
That is all of it. The package's `Transformer` has the same parts by the same names, and besides them dropout, weights to look at, a cache, and room for other positions and other attention. With our blocks in the place of its own:
"""

# %% name="same-as-package"
device.seed_everything(0)
theirs = Transformer(12, 11, Config(size=16, heads=4, hidden=32, layers=2, dropout=0.0))  # 12 English, 11 French words
ours = copy.deepcopy(theirs)
for stack, has_source in [(ours.encoder, False), (ours.decoder, True)]:
    blocks = [Block(16, 4, 32, has_source) for _ in stack.blocks]
    for block, its in zip(blocks, stack.blocks):
        block.load_state_dict(its.state_dict())
    stack.blocks = nn.ModuleList(blocks)

source, previous = pad([[5, 4, 9, 11], [8, 3]]), pad([[BOS, 7, 4], [BOS, 10]])
logits = write(ours.decoder, previous, read(ours.encoder, source), padding_mask(source))
assert torch.allclose(logits, theirs(source, previous)[0], atol=1e-5)

# %% [markdown] name="shift-text"
r"""
## All words at once

A decoder with a GRU learns word by word, for it needs its own last state. This one needs none. In training it is given the true French sentence, moved one place to the right, and guesses at every place the next word, in one pass:
"""

# %% name="shift" tags=["nbval-check-output"]
pair = grammar.the_cat_sat_on_the_mat()
given, wanted = ["<bos>", *pair.french], [*pair.french, "<eos>"]
print("is given   ", "  ".join(f"{word:<6}" for word in given))
print("is to write", "  ".join(f"{word:<6}" for word in wanted))
print("\nmay look at (1)                         while it writes")
print("".join(f"{word:>6}" for word in given))
for row, word in zip(causal_mask(len(given)).int().tolist(), wanted):
    print("".join(f"{may:>6}" for may in row), "  ", word)

# %% name="train-grammar"
device.use_threads(1)  # so small a model gains little from a second core
pairs, unseen = grammar.pairs(20_000, part="train"), grammar.pairs(300, part="test")
english, french = Vocabulary(p.english for p in pairs), Vocabulary(p.french for p in pairs)
examples = encode_pairs([(p.english, p.french) for p in pairs], english, french)
del pairs
small = Config(size=64, heads=4, hidden=128, layers=2, dropout=0.0)


def taught(words, **configs):  # a Transformer that has seen so many French words
    device.seed_everything(0)
    model = Transformer(len(english), len(french), **configs)
    return model, train(model, examples, target_tokens=words, batch_tokens=320, learning_rate=6e-3)


def exact(model):  # the share of unseen sentences translated word for word as the grammar does
    written = translate(model, [p.english for p in unseen], english, french)
    return sum(t.words == list(p.french) for t, p in zip(written, unseen)) / len(unseen)

# %% name="train-grammar-run"
model, run = taught(500_000, config=small)
right = exact(model)
print(f"{run.used:,} French words in {run.seconds:.0f} s on {run.device}; loss {np.mean(run.losses[-50:]):.3f}; {right:.0%} of {len(unseen)} unseen sentences exact")
assert right > 0.7

# %% [markdown] name="maps-text"
r"""
## Three ways of looking

Each block of the encoder looks in one way, each of the decoder in two. For *The cat sat on the mat*, in the last block of each, here is the mean of the four heads, white for 0 and dark blue for 1; a ring is a link of the grammar. A row of the middle map is the last word read, a row on the right the word to be written: *chat* on the right is *le* in the middle.
"""

# %% name="maps"
source, previous = pad([english.encode(pair.english)]), pad([[BOS, *french.encode(pair.french)]])
with torch.no_grad():
    _, reading = model.encoder(source, need_weights=True)
    memory, _ = model.encode(source)
    _, writing = model.decoder(previous, memory, need_weights=True)

figure = plots.Picture((13, 4.4))
left, middle, right_side = figure.subplots(1, 3)
quiet = {"colour_bar": False}
plots.attention_map(reading.self_attention[-1][0].mean(0), pair.english, pair.english, query_label="English", key_label="English: the encoder", ax=left, **quiet)
plots.attention_map(writing.self_attention[-1][0].mean(0), given, given, query_label="last word read", key_label="French: the decoder", ax=middle, **quiet)
across = writing.cross_attention[-1][0, :, : len(pair.french)]  # (heads, French, English)
plots.attention_map(across.mean(0), pair.french, pair.english, links=pair.links, query_label="word to be written", key_label="English: across", ax=right_side)
figure

# %% name="chat-at-cat"
chat, cat = pair.french.index("chat"), pair.english.index("cat")
print("chat looks at", ", ".join(f"{word} {weight:.2f}" for word, weight in zip(pair.english, across.mean(0)[chat].tolist())))
assert across.mean(0)[chat].argmax() == cat

# %% [markdown] name="explorer-text"
r"""
Across, each French word finds its own, and *chat* looks at *cat*. Among the English words, in the training that you see here, each *the* looks most at its noun, whose gender the French article needs. The French words look mostly at the last few and at `<bos>`. (In the last block its vector is no empty one: it has looked across at the English already, and is to write the first word.)

Now all heads of all blocks: first the encoder, then the decoder at its own words, then across. Choose a layer, a head, a word. Across, in the first block, which heads let each *le* look at its noun?
"""

# %% name="explore-encoder"
def all_heads(blocks):  # (layers, heads, queries, keys)
    return torch.stack([weights[0] for weights in blocks])


layers = ["first block", "second block"]
AttentionExplorer(all_heads(reading.self_attention), pair.english, layers=layers, layer=1, query=cat, query_label="English", key_label="English")

# %% name="explore-decoder"
AttentionExplorer(all_heads(writing.self_attention), given, layers=layers, layer=1, query=chat, query_label="last word read", key_label="French so far")

# %% name="explore-across"
AttentionExplorer(all_heads(writing.cross_attention)[:, :, : len(pair.french)], pair.french, pair.english, layers=layers, layer=0, query=0,
                  query_label="word to be written", key_label="English")

# %% name="le-at-its-noun"
for head, looks in enumerate(writing.cross_attention[0][0], 1):  # (French, English)
    print(f"head {head}:", ", ".join(f"le {i + 1} most at {pair.english[looks[i].argmax()]} ({looks[i].max():.2f})" for i, word in enumerate(pair.french) if word == "le"))

# %% [markdown] name="le-after"
r"""
A head in the first block need not be right: in our training the fourth sends the second *le*, too, rather more to *cat* than to *mat*. The others, and the second block, make up for it.
"""

# %% [markdown] name="leak-text"
r"""
## A loss that is too good

Suppose the causal mask is forgotten. At every place the decoder is asked for the next word, and that stands in its input, one place to the right.

`Config(attend=...)` takes the attention function of a self-attention. The decoder calls it with `causal=True`: no word may look ahead. The encoder does not. So we hand the decoder plain attention that does not listen. (`encoder=small` leaves the encoder as it is.)
"""

# %% name="guess-leak"
guess = predict(
    "Trained without the causal mask on 100,000 words, how will it stand beside one trained with it on as many?",
    ["a higher loss, and worse translations", "a lower loss, and better translations", "a lower loss, and hardly any right translation"],
)

# %% name="leak"
def looks_ahead(queries, keys, values, mask=None, causal=False, need_weights=True):
    return scaled_dot_product_attention(queries, keys, values, mask, causal=False, need_weights=need_weights)  # whatever it was told


cheat, cheating = taught(100_000, config=replace(small, attend=lambda: looks_ahead), encoder=small)
honest, learning = taught(100_000, config=small)

# %% name="leak-result"
losses = [np.mean(its.losses[-50:]) for its in (learning, cheating)]
shares = [exact(honest), exact(cheat)]
for name, loss, share in zip(["with the mask", "without it"], losses, shares):
    print(f"{name:<14} loss {loss:.2f}, {share:.0%} of the sentences exact")
written = translate(cheat, [p.english for p in unseen], english, french)
print(f"without it, {sum(not t.words for t in written)} of {len(unseen)} translations are empty")
assert losses[1] < losses[0] and shares[1] < 0.1 < shares[0]

# %% name="reveal-leak" jupyter={"source_hidden": true}
guess.reveal("a lower loss, and hardly any right translation",
             "It has learned to copy the word to its right. Only the last word of a sentence had none there, and had to be answered by <eos>. When the model writes for itself, <bos> has none there either, and so it ends before it has begun.")

# %% [markdown] name="parallel-text"
r"""
No error was raised. So be wary of a loss that falls too soon, and test the mask itself: change a later word, and no earlier output may change. You write such a test in the exercises.

## One pass

"All at once" can be counted. Every operation of a forward pass leaves a node in PyTorch's graph of gradients, tied to those whose results it needed. The longest chain in that graph is the number of operations that have to wait for one another, however many processors there are.
"""

# %% name="chain"
def longest_chain(result):
    depth, waiting = {}, [result.grad_fn]
    while waiting:
        needed = [node for node, _ in waiting[-1].next_functions if node is not None]
        if missing := [node for node in needed if node not in depth]:
            waiting += missing
        else:
            depth[waiting.pop()] = 1 + max((depth[node] for node in needed), default=0)
    return depth[result.grad_fn]


def chain(model, words):
    sentence = torch.randint(4, 50, (1, words))
    return longest_chain(model(sentence, sentence)[0].sum())

# %% name="guess-chain"
guess = predict("A sentence of five words, in training. Whose chain is the longest?",
                ["one vector's (lesson 03)", "RNNsearch's (lesson 04)", "the Transformer's, with three blocks on each side"])

# %% name="chains"
lengths = [5, 10, 20, 40]
contenders = {"one vector": EncoderDecoder(50, 50), "RNNsearch": RNNsearch(50, 50), "Transformer": Transformer(50, 50)}
chains = {name: [chain(contender, n) for n in lengths] for name, contender in contenders.items()}
for name, counted in chains.items():
    print(f"{name:<12}", ", ".join(f"{n} words: {c:>4}" for n, c in zip(lengths, counted)))
assert max(chains["Transformer"]) < 1.2 * min(chains["Transformer"]) and chains["RNNsearch"][-1] > 5 * chains["RNNsearch"][0]

# %% name="reveal-chain" jupyter={"source_hidden": true}
longest = max(chains, key=lambda name: chains[name][0])
names = {"one vector": "one vector's (lesson 03)", "RNNsearch": "RNNsearch's (lesson 04)", "Transformer": "the Transformer's, with three blocks on each side"}
guess.reveal(names[longest], f"{chains['Transformer'][0]} operations against {chains['RNNsearch'][0]}. But its chain does not grow with the sentence, and theirs do.")

# %% [markdown] name="speed-text"
r"""
What is a short chain worth? The paper argues with it (its Table 1), and trained its smaller model in twelve hours on eight graphics processors. We measured on one thread of an ordinary processor, where nothing is parallel and all that can be saved is the overhead of many small operations: words a second in training, not the time to a given quality, with models of about as many parameters on the same batches of captions in turns, five rounds.
"""

# %% name="speed"
measured = results.load("12_transformer")
speeds = measured["speeds"]
for name, key in {"one vector": "without", "Transformer": "transformer"}.items():
    ratios = np.array(speeds[key]) / speeds["with"]
    print(f"{name:<12} {speeds['parameters'][key] / 1e6:.1f} million parameters, {ratios.mean():.2f} times the words a second of RNNsearch ({ratios.min():.2f} to {ratios.max():.2f})")

# %% name="claim-time"
claims.verdict("attention-trains-in-less-time")

# %% [markdown] name="time-after"
r"""
On one thread, that is. What many cores make of the short chain we could not measure.
"""

# %% [markdown] name="gradient-text"
r"""
## How far a gradient reaches

The way back is the way there, reversed. In a recurrent network the gradient from a word to one $n$ words earlier passes $n$ steps, and shrinks or grows at each. With attention it takes one step, whatever $n$ is. Lesson 09 saw what that does for learning; here is the gradient itself. Send one back from the last word, and measure how much of it arrives 32 words earlier, beside what arrives at the last itself:
"""

# %% name="gradient"
def reach(network, distances, words, size=128):  # of a sentence of so many words
    torch.manual_seed(0)
    x = torch.randn(16, words, size, requires_grad=True)
    last = network(x)[:, -1]
    (gradient,) = torch.autograd.grad((last * torch.randn_like(last)).sum(), x)
    lengths = gradient.norm(dim=-1).mean(0)  # (words,)
    return [(lengths[-1 - distance] / lengths[-1]).item() for distance in distances]


device.seed_everything(0)
gru, blocks = nn.GRU(128, 128, batch_first=True), [Block(128, 8, 256) for _ in range(3)]


def three_blocks(x):
    for block in blocks:
        x = block(x, causal_mask(x.shape[1]))
    return F.layer_norm(x, x.shape[-1:])


print(f"from the first of 33 words: GRU {reach(lambda x: gru(x)[0], [32], 33)[0]:.1e}, three blocks {reach(three_blocks, [32], 33)[0]:.2f}")
for distance, arrives in zip([1, 32, 64], reach(three_blocks, [1, 32, 64], 129)):
    print(f"{distance:>2} words before the last of 129: three blocks {arrives:.3f}")

# %% name="gradient-figure"
near = [d for d in measured["distances"] if d <= 64]
curves = {name: [(np.mean(at), min(at), max(at)) for at in zip(*measured["reach"][key])][: len(near)] for name, key in {"three blocks": "Transformer", "GRU": "GRU"}.items()}
figure = plots.bands(near, curves, x_label="words between the first and the last", y_label="gradient at the first / at the last word", log="xy")
figure

# %% [markdown] name="gradient-after"
r"""
Both axes are logarithmic; the bands span three random starts. Nothing here has been trained, and the GRU starts as PyTorch makes it. It can learn to hold on to things, and can be started so that it does; but it has to learn that from a gradient that hardly arrives.

Through the blocks it arrives, and how much does not depend on the distance: among 129 words one that stands next to the last gets no more than one 64 words before. It depends on how many words share, for as yet they look at all nearly alike. The first word, which the figure shows, gets more than its share: all words after it see it, those at the beginning with few others, and hand it on.
"""

# %% name="claim-gradient"
claims.verdict("attention-lets-gradients-flow")  # untrained; the first of 65 words, more than any caption of the test has

# %% [markdown] name="real-text"
r"""
## Real sentences

Now Multi30k, as in lesson 04: the same captions, batches and label smoothing, and a Transformer with about as many parameters as the translator there. Its learning rate is the first that we tried. It is a small one: the smaller model of the paper has six blocks on each side, E = 512, F = 2,048, and learned from 4.5 million pairs. This is the long cell of the lesson.
"""

# %% name="real"
del examples, model, cheat, honest
device.give_back_memory()
try:
    captions, test = multi30k.pairs("train"), multi30k.pairs("test_2016_flickr")
    corpus = "Multi30k"
except DatasetUnavailable as why:
    print(f"Multi30k cannot be had here ({str(why).splitlines()[0]}), so we go on with the grammar.")
    captions, test = ([(list(p.english), list(p.french)) for p in some] for some in (grammar.pairs(10_000, part="train"), unseen))
    corpus = "the grammar"

english_words, french_words = Vocabulary((e for e, _ in captions), minimum=2), Vocabulary((f for _, f in captions), minimum=2)
print(f"{corpus}: {len(captions):,} pairs to learn from, {len(test):,} to test; {len(english_words):,} English and {len(french_words):,} French words")

# %% name="train"
from attention_course.size import pick

TARGET_WORDS = {"Multi30k": pick(700_000, large=3_700_000), "the grammar": 300_000}[corpus]
usual = Config(size=128, heads=8, hidden=256, layers=3)
large = Config(size=256, heads=8, hidden=512, layers=3, dropout=0.1)  # for a GPU

device.use_threads()
device.seed_everything(0)
translator = Transformer(len(english_words), len(french_words), pick(usual, large))
examples = encode_pairs(captions, english_words, french_words)
del captions
settings = {"batch_tokens": 500, "learning_rate": pick(3e-3, large=1.5e-3), "label_smoothing": 0.1}
run = train(translator, examples, target_tokens=TARGET_WORDS, **settings)
print(f"{run.used:,} French words in {run.seconds:.0f} s, in {run.precision} on {run.device}")

# %% name="bleu"
sources, references = [source for source, _ in test], [target for _, target in test]
translations = translate(translator, sources, english_words, french_words, batch=100)
bleu = corpus_bleu([t.words for t in translations], references)
print(bleu)
for quarter in bleu_by_length([t.words for t in translations], references, [len(source) for source in sources]):
    print(f"{quarter.shortest:>2} to {quarter.longest} English words: BLEU {quarter.score:.1f}")
assert bleu.score >= {"Multi30k": pick(38, large=53), "the grammar": 60}[corpus]

# %% [markdown] name="guess-beside-text"
r"""
Beforehand we trained it three times on as many French words as RNNsearch got in lesson 04. The model without attention had more there, as many as the same time allowed.
"""

# %% name="guess-beside"
before = results.load("04_translation")
budgets = {"Transformer": measured["budget"], "RNNsearch": before["budgets"]["with"], "one vector": before["budgets"]["without"]}
in_its_time = budgets["RNNsearch"] * np.mean(measured["speed_over_rnnsearch"])
print("French words:", ", ".join(f"{name} {words:,}" for name, words in budgets.items()))
print(f"in RNNsearch's time the Transformer would have had about {round(in_its_time, -4):,.0f}")
guess = predict(
    f"RNNsearch reached BLEU {np.mean(before['bleu_with']):.1f}. Every word of the Transformer reaches every other in one step. Where is it ahead of RNNsearch, if anywhere?",
    ["on short captions only", "on long captions only", "on all alike", "on all but the longest", "nowhere"],
)

# %% name="beside"
rows = {"Transformer": measured["by_length_multi30k"], "RNNsearch": before["by_length_with"], "one vector": before["by_length_without"]}
for name, scores in {"Transformer": measured["bleu_multi30k"], "RNNsearch": before["bleu_with"], "one vector": before["bleu_without"]}.items():
    print(f"{name:<12} BLEU {np.mean(scores):.1f}   (each: {', '.join(f'{score:.1f}' for score in scores)})")
for name in ("Transformer", "RNNsearch"):
    print(f"longest quarter, {name}: {', '.join(f'{run[-1][3]:.1f}' for run in rows[name])}")

# %% name="beside-figure"
curves = {name: [results.interval([group[3] for group in quarter]) for quarter in zip(*runs)] for name, runs in rows.items()}
figure = plots.bands(range(1, 5), curves, x_label="English words, in quarters of the captions", y_label="BLEU (bands: 95 %, 3 trainings)")
figure.axes[0].set_xticks(range(1, 5), [f"{group[0]} to {group[1]}" for group in rows["Transformer"][0]])
figure

# %% name="reveal-beside" jupyter={"source_hidden": true}
leads = [np.mean([ours[place][3] for ours in rows["Transformer"]]) - np.mean([theirs[place][3] for theirs in rows["RNNsearch"]]) for place in range(4)]
assert min(leads[:3]) > 0 > leads[3]
guess.reveal("on all but the longest", f"From the shortest quarter to the longest it leads by {', '.join(f'{lead:+.1f}' for lead in leads)} BLEU.")

# %% name="claim-alone"
claims.verdict("attention-alone-translates-better")

# %% [markdown] name="long-text"
r"""
The paper measured on millions of pairs; here are 29,000 captions, and on the whole no lead: the means are closer than the trainings are to each other. But the curves cross. In the longest quarter each of the three trainings is below each of RNNsearch's, as the six numbers say. The bands overlap all the same, for an interval from three values that differ is wide. (The quarters are equal in number, so that captions of ten words stand in two of them.)

What goes wrong with long ones? For the translator that was trained above, how much it writes, and how often a caption says the same three words twice, beside the references:
"""

# %% name="long"
def written_and_wanted(places):
    return [[translations[i].words for i in places], [references[i] for i in places]]


order = sorted(range(len(test)), key=lambda i: len(sources[i]))
for quarter in np.array_split(order, 4):
    written, wanted = ([len(words) for words in side] for side in written_and_wanted(quarter))
    again, in_reference = (np.mean([len(set(zip(w, w[1:], w[2:]))) < len(w) - 2 for w in side]) for side in written_and_wanted(quarter))
    print(f"{len(sources[quarter[0]]):>2} to {len(sources[quarter[-1]])} words: writes {sum(written) / sum(wanted):.2f} words for each of the reference; three words again in {again:.0%} of the captions, of the references {in_reference:.0%}")
lengths = [len(words) for words, _ in examples]
print(f"to learn from: {np.mean([n > 15 for n in lengths]):.0%} have more than 15 words, {np.mean([n > 20 for n in lengths]):.0%} more than 20")

# %% [markdown] name="long-after"
r"""
It writes neither too much nor too little, but in long captions it repeats itself, far more than their references do. That a word can look anywhere in one step does not tell it where to look. A GRU's state changes with every word it has written; this decoder has to see from positions and earlier words how far it has come, and only a few of the captions that it learns from have more than 20 words. That is a suspicion, from one model: we have not counted RNNsearch's repetitions, nor tried the relative positions of lesson 11, for which `Config` has a place. More to learn from helps: in the benchmark beside this course (`benchmarks/results/translation.md`) a larger Transformer, after five times as many words, is ahead of a larger RNNsearch in the longest quarter, too.
"""

# %% [markdown] name="cache-text"
r"""
## Writing

In training all words are there at once. In writing they are not: the next word needs the last one. To go through the whole sentence again for every word would be a waste, for no earlier word's vector changes; it could not see the new word. All that the new word wants of them are their keys and values, in each block. So these are kept, in a **cache**. (In lesson 04 the sentence so far was kept in one state; here what is kept grows with it.)
"""

# %% name="cache"
@torch.no_grad()
def write_on(model, source, words, cached):
    memory, past = model.encode(source)  # the source's keys and values with their mask; nothing is written yet
    said = torch.full((1, 1), BOS)
    for _ in range(words):
        if cached:
            logits, past, _ = model.step(said[:, -1], past, memory)  # one word, and the cache of the others
        else:
            logits = model.decoder(said, memory)[0][:, -1]  # no cache: all words again
        said = torch.cat([said, logits.argmax(-1, keepdim=True)], 1)
    return said


caption = pad([english_words.encode(sources[0])])
for cached in (True, False):
    start = time.perf_counter()
    said = write_on(translator, caption, 300, cached)  # on past <eos>, only for the clock
    print(f"300 words {'with' if cached else 'without'} a cache: {time.perf_counter() - start:.1f} s")
assert write_on(translator, caption, 30, True).equal(write_on(translator, caption, 30, False))

# %% [markdown] name="beam-text"
r"""
`greedy` and `beam` of lesson 04 ask a model for `encode` and `step`, and so they take this one as they took the others. With a beam of four, on 200 of the captions (one sample, one model), beside what RNNsearch gained in lesson 04:
"""

# %% name="beam"
some = random.Random(0).sample(range(len(test)), min(200, len(test)))
best = []
for start in range(0, len(some), 25):  # each beginning in the beam has a cache, so few sentences at a time
    found = beam(translator, pad([english_words.encode(sources[i]) for i in some[start : start + 25]]), width=4)
    best += [french_words.decode(hypotheses[0].words) for hypotheses in found]
scores = [corpus_bleu(written, [references[i] for i in some]).score for written in ([translations[i].words for i in some], best)]
print(f"greedy {scores[0]:.1f}, beam of four {scores[1]:.1f} BLEU")
gains = [next(b["bleu"] for b in beams if b["width"] == 4 and b["power"] == 1) - greedily for beams, greedily in zip(before["beam_with"], before["bleu_with"])]
print("RNNsearch, all captions, three trainings:", ", ".join(f"{gain:+.1f}" for gain in gains))

# %% [markdown] name="own-text"
r"""
A sentence of your own, with the mean over the heads of the last block, across. In our training the full stop spreads its weight over several words; a map of weights explains no more than where was looked.
"""

# %% name="own-sentence"
mine = "two children are playing with a brown dog on the beach ."

words = multi30k.tokenize(mine, "en")
[translation] = translate(translator, [words], english_words, french_words)
plots.attention_map(translation.weights, translation.words, words, query_label="French", key_label="English")

# %% [markdown] name="next"
r"""
## Where to go next

The [exercises](exercises/12_transformer.ipynb) let you write a block and a step with a cache, count parameters, and catch a decoder that looks ahead (six problems, about an hour). What every word looking at every word costs, and how to pay less, begins with [lesson 17](17_sparse_and_local.ipynb); how deep stacks are trained is the subject of lesson 13, to come.

### Sources

Ba, Kiros, Hinton: Layer normalization. 2016, [arXiv:1607.06450](https://arxiv.org/abs/1607.06450) · He, Zhang, Ren, Sun: Deep residual learning for image recognition. CVPR 2016, [arXiv:1512.03385](https://arxiv.org/abs/1512.03385) · Press, Wolf: Using the output embedding to improve language models. EACL 2017, [arXiv:1608.05859](https://arxiv.org/abs/1608.05859) · Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin: Attention is all you need. NIPS 2017, [arXiv:1706.03762](https://arxiv.org/abs/1706.03762), sections 3 to 6 · Xiong et al.: On layer normalization in the Transformer architecture. ICML 2020, [arXiv:2002.04745](https://arxiv.org/abs/2002.04745) · the glossary article アテンションメカニズム (Attention mechanism, 2025), in Japanese.

Captions: Multi30k (see lesson 04), derived from Flickr30k, for non-commercial research and education.
"""
