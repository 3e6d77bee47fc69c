# %% [markdown] name="title"
r"""
# 17 · Sparse and local attention

**How little may a word look at, and still hear of everything?**

In self-attention every word looks at every other, and twice the text is four times the work. Here a word looks at eight others, however long the text is, and hears of the rest from those. You build this so that the cost really falls, draw who can know of whom, and find the place where a model goes blind, to the word.

You need lessons 09, 10 and 12. It takes about an hour, of which the machine needs one minute.
"""

# %% name="imports"
import math
import time

import torch
import torch.nn.functional as F

from attention_course import claims, device, plots, results
from attention_course.data.recall import COLOURS, WORDS, recall
from attention_course.efficient.blocks import BlockAttention
from attention_course.efficient.dilated import DilatedAttention
from attention_course.efficient.fixed import FixedAttention
from attention_course.efficient.global_tokens import GlobalTokenAttention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.reach import layers_needed
from attention_course.efficient.strided import StridedAttention
from attention_course.models.fitting import fit
from attention_course.models.recaller import Recaller
from attention_course.models.transformer import Config
from attention_course.widgets import explore, predict

torch.set_num_threads(1)

# %% [markdown] name="by-hand"
r"""
## Hearsay

Let every word look only at itself and at the word before it, with half of its weight on each. (The first word has only itself.) One word knows some news, written as 1. What has each of the six heard after one layer, two, three?
"""

# %% name="by-hand-code" tags=["nbval-check-output"]
sentence = "the cat sat on the mat".split()
news = torch.tensor([0.0, 1, 0, 0, 0, 0])  # the cat knows
weights = torch.tensor([[1.0, 0, 0, 0, 0, 0]] + [[0.5 * (j in (i - 1, i)) for j in range(6)] for i in range(1, 6)])

print(" " * 9 + "".join(f"{word:>7}" for word in sentence))
for layer in range(4):
    print(f"layer {layer}: " + "".join(f"{share:>7.3f}" for share in news))
    news = weights @ news

# %% [markdown] name="by-hand-after"
r"""
Each layer takes the news one word further, and no layer takes it two. After three, *the* has heard of the cat and *mat* has not. What arrives is also thin: one part in eight, for there is a single path to *the* and each step halves. The first is a wall. The second need not stay so, since trained weights are not even.

## Fewer keys

Let $A_i$ be the set of keys that query $i$ may see. Then attention is what it was in Eqs. (2) and (1) of lesson 01, over a smaller set (Child and others, 2019, write it so):

$$\alpha_{ij} = \frac{\exp(q_i^\top k_j / \sqrt{D})}{\sum_{j' \in A_i} \exp(q_i^\top k_{j'} / \sqrt{D})}, \qquad c_i = \sum_{j \in A_i} \alpha_{ij} v_j .$$

| | is | shape or number |
|---|---|---|
| $n$ | words in the text (the survey's $T$) | |
| $q_i, k_j, v_j$ | query, key and value | (D,) |
| $A_i$ | whom word $i$ may see: its **pattern** | of $k$ keys, on average |
| $w$ | size of a window: $A_i = \{i - w + 1, \dots, i\}$ | $k \approx w$ |
| $\alpha_{ij}, c_i$ | weight, and what comes back | $n \cdot k$ numbers; (D,) |

Full attention makes $n^2$ scores, a window $n \cdot w$. Written as a mask, though, it saves nothing:
"""

# %% name="definition"
def by_definition(Q, K, V, allowed):
    scores = Q @ K.mT / Q.shape[-1] ** 0.5  # all n x n of them
    return scores.masked_fill(~allowed, float("-inf")).softmax(-1) @ V


def window(n, w):
    i = torch.arange(n)
    behind = i[:, None] - i  # how far key j stands behind query i
    return (behind >= 0) & (behind < w)

# %% [markdown] name="chunks-text"
r"""
All scores are computed, and most are thrown away. To save, one must never make them. Cut the text into chunks of $w$ words. The window of a query begins in the chunk before its own at the earliest, so a chunk of queries needs two chunks of keys. That is $n / w$ small tables of $w \times 2w$, together $2nw$ scores: twice what the window asks for, but as a few matrix products, which processors like.
"""

# %% name="chunks"
def in_chunks(Q, K, V, w):  # w divides n
    n, D = Q.shape
    Q, K, V = (x.view(n // w, w, -1) for x in (Q, K, V))  # (chunks, w, D)
    K, V = (torch.cat([F.pad(x, (0, 0, 0, 0, 1, 0))[:-1], x], 1) for x in (K, V))  # with the chunk before: (chunks, 2 w, D)
    query, key = torch.arange(w)[:, None], torch.arange(-w, w)  # places, counted from where the chunk begins
    allowed = (key <= query) & (query - key < w) & (torch.arange(0, n, w)[:, None, None] + key >= 0)
    scores = Q @ K.mT / D**0.5  # (chunks, w, 2 w)
    return (scores.masked_fill(~allowed, float("-inf")).softmax(-1) @ V).view(n, -1)


device.seed_everything(0)
Q, K, V = torch.randn(3, 64, 16)
output = in_chunks(Q, K, V, 8)
assert torch.allclose(output, by_definition(Q, K, V, window(64, 8)), atol=1e-5)
assert torch.allclose(output[None], LocalAttention(8)(Q[None], K[None], V[None])[0], atol=1e-5)  # the package's

# %% [markdown] name="cost-text"
r"""
The package's `LocalAttention` takes windows and chunks of any size, and windows to both sides. What do the two ways cost?
"""

# %% name="cost"
def milliseconds(compute, *given):
    best = math.inf
    for _ in range(3):
        start = time.process_time()
        compute(*given)
        best = min(best, time.process_time() - start)
    return 1000 * best


for n in (512, 1024, 2048):
    Q, K, V = torch.randn(3, n, 32)
    masked, chunked = milliseconds(by_definition, Q, K, V, window(n, 64)), milliseconds(in_chunks, Q, K, V, 64)
    print(f"{n:>5} words: {n * n:>9,} scores under a mask, {masked:>5.1f} ms; {2 * n * 64:>7,} in chunks, {chunked:>4.1f} ms")
assert masked > 2 * chunked

# %% [markdown] name="patterns-text"
r"""
## Who knows of whom

A window is the simplest pattern. These are those of three papers, each with about eight keys a query on a text of 64 words:

- **Window** and **dilated** window (Longformer, Beltagy, Peters and Cohan 2020). With gaps, eight keys stretch over 57 words. The lowest layer has none, and looks closely.
- **Strided** (Sparse Transformer, Child and others 2019): the last eight words, and before them every eighth. Write the text in rows of eight, and the far keys of a word are the column above it.
- **Fixed** (the same paper): the words of one's own block of eight, and the last word of each earlier block, which may learn to sum its block up.
- **Global token** (Longformer): a window to both sides, and one word, here the first, that all see and that sees all.
- **Random blocks** (BigBird, Zaheer and others 2020): the text in small blocks, each of which sees its neighbours and another that is drawn once and then kept. BigBird puts random, window and global together.

In the second layer a word asks words that have asked others. Who knows of whom after each layer is a product of Boolean matrices:
"""

# %% name="heard"
def heard(patterns):  # who may see whom, the lowest layer first
    known = torch.eye(len(patterns[0])).bool()
    for pattern in patterns:
        known = known | (pattern.float() @ known.float() > 0)  # what I knew, and what those I see knew
    return known


STACKS = {
    "window": [LocalAttention(8)] * 3,
    "dilated": [LocalAttention(8), DilatedAttention(8, 8), DilatedAttention(8, 8)],
    "strided": [StridedAttention(8)] * 3,
    "fixed": [FixedAttention(8)] * 3,
    "global token": [GlobalTokenAttention(4)] * 3,
    "random blocks": [BlockAttention(2, everywhere=0, random=1, seed=layer) for layer in range(3)],
    "window, global, random": [BlockAttention(2, everywhere=1, random=1, seed=layer) for layer in range(3)],
}
patterns = {name: [attend.allowed(64, 64) for attend in stack] for name, stack in STACKS.items()}

# %% name="patterns"
needed = {"full": torch.ones(64, 64), **{name: layers_needed(stack) for name, stack in patterns.items()}}
for name, stack in patterns.items():
    for depth in (1, 2, 3):
        assert ((needed[name] >= 0) & (needed[name] <= depth)).equal(heard(stack[:depth]))
plots.reach_grid(needed)

# %% [markdown] name="patterns-after"
r"""
Each square is a text. A row is a word; the dark cells in it are whom it sees, the lighter ones whom it has heard of after two layers and after three. The window creeps. The others jump: dilated, strided and fixed know all of the past after two layers, and one global token does it for both directions. Random blocks are not through after three, though their ways are many and nobody planned them.

All of these are in the package twice, as a mask and as a computation that never makes the square.
"""

# %% name="twice"
Q, K, V = torch.randn(3, 1, 61, 16)  # 61 is no multiple of anything
for name, (_, attend, _) in STACKS.items():
    output, _ = attend(Q, K, V)
    assert torch.allclose(output, by_definition(Q, K, V, attend.allowed(61, 61)), atol=1e-5)
    print(f"{name:<23} {attend.allowed(64, 64).sum():>5,} of {64 * 64:,} scores, {attend.allowed(64, 64).sum() / 64:>4.1f} keys a query")

# %% name="explorer"
MAKE = {
    "window": lambda size: LocalAttention(size),
    "dilated, gaps of four": lambda size: DilatedAttention(size, 4),
    "strided": lambda size: StridedAttention(size),
    "fixed": lambda size: FixedAttention(size),
    "global token": lambda size: GlobalTokenAttention(size),
    "random blocks": lambda size: BlockAttention(size, everywhere=0),
}


def look(pattern, size, layers):
    allowed = MAKE[pattern](size).allowed(64, 64)
    return plots.reach_grid({f"{pattern}, {size}": layers_needed([allowed] * layers)}, layers=layers)


explore(look, pattern=list(MAKE), size=(2, 16, 8), layers=(1, 6, 3), describe={"size": "window, stride or block"})

# %% [markdown] name="depth-text"
r"""
How deep must a model be? On 512 words, with windows and strides of 16, of how many others has the last word heard?
"""

# %% name="depth"
deep = {
    "window": [LocalAttention(16)] * 10,
    "random blocks": [BlockAttention(4, everywhere=0, random=1, seed=layer) for layer in range(10)],
    "strided": [StridedAttention(16)] * 10,
}
depths = range(11)
curves = {}
for name, stack in deep.items():
    row = layers_needed([attend.allowed(512, 512) for attend in stack])[-1]
    curves[name] = [[int(((row >= 0) & (row <= depth)).sum()) - 1] * 3 for depth in depths]
plots.bands(depths, curves, x_label="layers", y_label="words that the last one has heard of")

# %% [markdown] name="gradient-text"
r"""
A window of $w$ reaches $w - 1$ words further with every layer: $L$ layers, $L (w - 1)$ words, a straight line. Random ways spread like a rumour, each layer multiplying those who know.

These were paths on paper. A gradient takes the same ones: nudge a word in front of a real stack of Transformer blocks, and see whether the last state feels it.
"""

# %% name="gradient"
def felt(stack):  # which words the last state depends on
    device.seed_everything(0)
    model = Recaller(len(WORDS), len(COLOURS), Config(16, heads=2, hidden=32, layers=3, dropout=0.0, attend=iter(stack).__next__))
    x = torch.randn(1, 64, 16, requires_grad=True)
    states = x
    for block in model.blocks:
        states, _, _ = block(states)
    states[0, -1].square().sum().backward()
    return x.grad[0].norm(dim=-1)


for name, stack in STACKS.items():
    felt_from = felt(stack)
    assert (felt_from > 0).equal(heard(patterns[name])[-1])
    print(f"{name:<23} {int((felt_from > 0).sum()):>2} of 64 words felt, exactly those on paper")

# %% [markdown] name="task-text"
r"""
(`attend=` of the `Config` from lesson 12 makes the attention function of one block after the other.)

## Asked for what was said before

Somewhere in a text it is said, once, who has which colour. So many words later it is asked. The distance is a dial.
"""

# %% name="task"
(words, asked), colours = recall(2, distance=10, generator=torch.Generator().manual_seed(4), length=64)
for text, colour in zip(words, colours):
    print(" ".join(WORDS[word] for word in text), "→", COLOURS[colour], "\n")

# %% [markdown] name="train-text"
r"""
Sixteen people and eight colours, so guessing gets one in eight. A small Transformer of two layers, in each a window of eight words that looks back, trains on all distances from 1 to 63 at once. Each text has one fact.
"""

# %% name="guess-cliff"
guess = predict(
    "Up to which distance will it answer?",
    ["up to 7, as far as a window sees", "up to 14, and then no more at all", "it fades slowly, from 7 on", "any distance, if poorly"],
)

# %% name="train"
STEPS, LENGTH = 400, 64


def trained(layers, facts, steps):
    device.seed_everything(0)
    config = Config(size=32, heads=4, hidden=64, layers=2, dropout=0.0, attend=iter(layers).__next__)
    model, generator = Recaller(len(WORDS), len(COLOURS), config), torch.Generator().manual_seed(0)

    def draw():
        distances = torch.randint(facts, LENGTH - facts + 1, (32,), generator=generator)
        return recall(32, distances, generator, facts=facts, length=LENGTH)

    fit(model, draw, steps=steps, learning_rate=3e-3)
    return model


@torch.no_grad()
def right(model, distance, texts=300):
    inputs, colours = recall(texts, distance, torch.Generator().manual_seed(10_000), length=LENGTH)
    return (model(*inputs)[0].argmax(-1) == colours).float().mean().item()


model = trained([LocalAttention(8), LocalAttention(8)], facts=1, steps=STEPS)

# %% name="cliff"
dial = [*range(1, 21), 24, 28, 32, 40, 48, 56, 63]
shares = [right(model, distance) for distance in dial]
near, beyond = ([s for s, d in zip(shares, dial) if (d <= 14) == inside] for inside in (True, False))
assert min(near) > 0.8 and max(beyond) < 0.25
plots.lines(dial, {"a window of 8, two layers": shares}, x_label="words from the fact to the question", y_label="share right")

# %% name="reveal-cliff" jupyter={"source_hidden": true}
guess.reveal("up to 14, and then no more at all", f"At 14 it is right in {right(model, 14):.0%} of 300 texts, at 15 in {right(model, 15):.0%}. Two layers of 8 - 1 steps are 14.")

# %% [markdown] name="cliff-after"
r"""
A wall, where the arithmetic put it. One word further, and the answer is a guess; no training can mend that. On this side of the wall hearsay is as good as seeing: some word between fact and question has picked the fact up and handed it on.

## One more column

To get over the wall one may add layers, or a better pattern. Beforehand we trained the same model with each pattern, two layers and some eight keys a query (strided eleven), from three random starts. Bands go from the worst to the best; the others are in the table.
"""

# %% name="one-fact"
measured = results.load("17_sparse_and_local")


def curves(facts, names):
    rows = {name: zip(*measured["right"][str(facts)][name]) for name in names}
    return {name: [(sum(s) / len(s), min(s), max(s)) for s in distances] for name, distances in rows.items()}


print(measured.provenance)
plots.bands(measured["distances"]["1"], curves(1, ["window", "strided", "global token", "random blocks"]),
            x_label="words from the fact to the question", y_label="share right, one fact")

# %% name="one-fact-table"
def table(facts, names, least):
    print(f"{facts} fact{'s' * (facts > 1)}, asked {least} words later or more")
    for name in names:
        far = [[s for s, d in zip(seed, measured["distances"][str(facts)]) if d >= least] for seed in measured["right"][str(facts)][name]]
        print(f"    {name:<17}" + "  ".join(f"{sum(shares) / len(shares):.2f}" for shares in far))


table(1, measured["right"]["1"], 15)

# %% [markdown] name="one-fact-after"
r"""
ONE FACT AFTER
"""

# %% name="guess-sixteen"
guess = predict(
    "Now each text holds sixteen facts, all asked for later. What becomes of the model with one global token?",
    ["nothing: everything is in reach", "it loses a little", "it gets about half right", "it gets hardly more than by guessing"],
)

# %% name="sixteen-facts"
plots.bands(measured["distances"]["16"], curves(16, ["full", "strided", "16 global tokens", "global token", "window"]),
            x_label="words from each fact to its question", y_label="share right, sixteen facts")

# %% name="sixteen-table"
table(16, measured["right"]["16"], 16)

# %% name="reveal-sixteen" jupyter={"source_hidden": true}
seeds = [sum(seed) / len(seed) for seed in measured["right"]["16"]["global token"]]
mean = sum(seeds) / len(seeds)
guess.reveal(
    "nothing: everything is in reach" if mean > 0.95 else "it loses a little" if mean > 0.75 else "it gets about half right" if mean > 0.3 else "it gets hardly more than by guessing",
    f"{mean:.0%} right on average over all distances ({min(seeds):.0%} to {max(seeds):.0%}); guessing gets 12 %.",
)

# %% [markdown] name="relays-text"
r"""
SIXTEEN AFTER
"""

# %% name="relays"
def relays(below, above):  # words that the last one sees, and that see what it does not see itself, 15 places back or more
    hidden = ~above[-1]
    hidden[-15:] = False
    return int((above[-1] & below[:, hidden].any(1)).sum())


some = {name: patterns[name] for name in ("window", "dilated", "strided", "fixed", "global token")}
sixteen = GlobalTokenAttention(4, range(0, 64, 4)).allowed(64, 64)
for name, (below, above, *_) in (some | {"16 global tokens": [sixteen, sixteen]}).items():
    print(f"{name:<17} {relays(below, above):>2}")

# %% [markdown] name="sixteen-after"
r"""
RELAYS AFTER

## What it costs

Time for one text with four heads of 32, forwards and backwards, measured beforehand, one processor. The exponent $p$ is that of $n^p$ fitted to the times.
"""

# %% name="times"
print(" " * 15 + "".join(f"{n:>9,}" for n in measured["lengths"]) + " words    exponents of three repetitions")
for name, repetitions in measured["seconds"].items():
    best = [min(at) for at in zip(*repetitions)]
    exponents = "  ".join(f"{p:.2f}" for p in measured["exponents"][name])
    print(f"{name:<15}" + "".join(f"{seconds:>7.2f} s" for seconds in best).ljust(45) + f"          {exponents}")
print("\nkeys a query, on average")
for name, keys in measured["keys_seen"].items():
    print(f"{name:<15}" + "".join(f"{k:>9.0f}" for k in keys))

# %% [markdown] name="times-after"
r"""
TIMES AFTER

What the glossary, from whose table of attention types this course takes many claims, says of local and sparse attention, against thresholds set beforehand:
"""

# %% name="claims"
claims.table("17_sparse_and_local")

# %% [markdown] name="claims-after"
r"""
CLAIMS AFTER
"""

# %% name="stream"
@torch.no_grad()
def word_by_word(Q, K, V, w):
    kept, found = (K[:0], V[:0]), []
    for query, key, value in zip(Q, K, V):
        kept = tuple(torch.cat([old, new[None]])[-w:] for old, new in zip(kept, (key, value)))  # the last w, and no more
        keys, values = kept
        found.append((keys @ query / len(query) ** 0.5).softmax(0) @ values)
    return torch.stack(found), len(keys)


Q, K, V = torch.randn(3, 200, 16)
found, kept = word_by_word(Q, K, V, 8)
assert torch.allclose(found, by_definition(Q, K, V, window(200, 8)), atol=1e-5)
print(f"after 200 words {kept} keys and values are kept")

# %% [markdown] name="papers"
r"""
## What the papers did

Child and others (2019) factored attention so that $k \approx \sqrt{n}$, gave some heads or layers one half of a pattern and some the other, and trained on images, text and raw audio, in sequences of tens of thousands. The strided form suited data with a period, such as rows of pixels; for text they took the fixed one, and found a single summary position a block too few: they use 8 to 32. Longformer let windows grow from layer to layer, put gaps into two heads of the upper ones, and wrote a kernel of its own for them; for reading tasks it started from a trained RoBERTa, with windows of 512, and made the words of the question global, with projections of their own. BigBird worked in blocks, as here, because gathering single keys is slow. Its authors proved that with a global token such a pattern can approximate every continuous function of a sequence, as full attention can. They also describe a task that one layer of full attention solves and for which any sparse pattern, if a common conjecture about complexity is right, needs nearly $n$ layers.

Everything here is small: 64 words, two layers, one pattern for all heads, an artificial question. It shows what cannot get through; what natural text needs is another question.

## Where to go next

The [exercises](exercises/17_sparse_and_local.ipynb) let you write a window to both sides without a square, and build a stack of patterns of your own (five problems, about an hour). A pattern decides by place alone who is worth seeing. Lesson 18 keeps everybody in view and gives up the softmax; lesson 19 lets the words themselves decide.

### Sources

Child, Gray, Radford, Sutskever: Generating long sequences with sparse Transformers. 2019, [arXiv:1904.10509](https://arxiv.org/abs/1904.10509) · Beltagy, Peters, Cohan: Longformer: the long-document Transformer. 2020, [arXiv:2004.05150](https://arxiv.org/abs/2004.05150) · Zaheer, Guruganesh, Dubey, Ainslie, Alberti, Ontañón, Pham, Ravula, Wang, Yang, Ahmed: Big Bird: Transformers for longer sequences. NeurIPS 2020, [arXiv:2007.14062](https://arxiv.org/abs/2007.14062).
"""
