# %% [markdown] name="title"
r"""
# 17 · Sparse and local attention

**How little may a word look at, and still hear of everything?**

In self-attention every word looks at every other, and twice the text is four times the work. Here a word looks at a few others, and hears of the rest from those. You build this so that the cost really falls, draw who can know of whom, and find the place where a model goes blind, to the word.

You need lessons 09, 10 and 12. It takes about an hour, of which the machine needs one minute.
"""

# %% name="imports"
import math
import time

import torch

from attention_course import claims, device, plots, results
from attention_course.efficient.blocks import BlockAttention
from attention_course.efficient.dilated import DilatedAttention
from attention_course.efficient.fixed import FixedAttention
from attention_course.efficient.global_tokens import GlobalTokenAttention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.reach import layers_needed
from attention_course.efficient.strided import StridedAttention
from attention_course.lessons.lesson_17.facts import COLOURS, WORDS, facts
from attention_course.lessons.lesson_17.long_range_qa import LongRangeQA
from attention_course.lessons.lesson_17.reach_grid import reach_grid
from attention_course.models.transformer import Config
from attention_course.training import train_classifier
from attention_course.widgets import explore, predict

device.use_threads(1)

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
Each layer takes the news one word further, and no layer takes it two. After three, *the* has heard of the cat and *mat* has not. What arrives is also thin: one part in eight, for there is a single path to *the* and each step halves. That news moves one word a layer is a wall; that it thins is not, since trained weights are uneven.

## Fewer keys

Let $A_i$ be the set of keys that query $i$ may see. Then attention is what it was in Eqs. (2) and (1) of lesson 01, over a smaller set (Child and others, 2019, write $S_i$ for our $A_i$):

$$\alpha_{ij} = \frac{\exp(q_i^\top k_j / \sqrt{D})}{\sum_{j' \in A_i} \exp(q_i^\top k_{j'} / \sqrt{D})}, \qquad c_i = \sum_{j \in A_i} \alpha_{ij} v_j .$$

| | is | shape or number |
|---|---|---|
| $n$ | words in the text | |
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
def chunk_before(x):  # (chunks, w, D): to each chunk the one before, to the first zeros
    return torch.cat([torch.zeros_like(x[:1]), x[:-1]])


def in_chunks(Q, K, V, w):  # w divides n
    n, D = Q.shape
    Q, K, V = (x.view(n // w, w, -1) for x in (Q, K, V))  # (chunks, w, D)
    K, V = (torch.cat([chunk_before(x), x], 1) for x in (K, V))  # (chunks, 2 w, D)
    query, key = torch.arange(w)[:, None], torch.arange(-w, w)  # (w, 1) and (2 w,): places, counted from the chunk's start
    start = torch.arange(0, n, w)[:, None, None]  # (chunks, 1, 1): where in the text that is
    allowed = (key <= query) & (query - key < w) & (start + key >= 0)  # (chunks, w, 2 w); nothing stands before the text
    scores = Q @ K.mT / D**0.5  # (chunks, w, 2 w)
    return (scores.masked_fill(~allowed, float("-inf")).softmax(-1) @ V).view(n, -1)

# %% name="chunks-agree"
device.seed_everything(0)
Q, K, V = torch.randn(3, 64, 16)
output = in_chunks(Q, K, V, 8)
assert torch.allclose(output, by_definition(Q, K, V, window(64, 8)), atol=1e-5)
assert torch.allclose(output[None], LocalAttention(8)(Q[None], K[None], V[None], causal=True)[0], atol=1e-5)  # the package's

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

# %% [markdown] name="patterns-text"
r"""
## Who knows of whom

A window is the simplest pattern. Three papers have these, here on a text of 64 words:

- **Window** and **dilated** window (Longformer, Beltagy, Peters and Cohan 2020). With gaps of eight, eight keys stretch over 57 words. The lowest layer has none, and looks closely.
- **Strided** (Sparse Transformer, Child and others 2019): the last eight words, and before them every eighth. Write the text in rows of eight, and the far keys of a word are the column above it.
- **Fixed** (the same paper): the words of one's own block of eight, and the last word of each earlier block, which may learn to sum its block up.
- **Global token** (Longformer): a window to both sides, and one word, here the first, that all see and that sees all.
- **Random blocks** (BigBird, Zaheer and others 2020): the text in small blocks, each of which sees its neighbours and another that is drawn once for each layer and then kept. (Ours is drawn from the first 2, 4, 8, 16, … blocks, as many as first take in the block itself: so a longer text, or padding, changes nothing in the draw.) BigBird puts random, window and global together.

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
BOTH_WAYS = {"global token", "random blocks", "window, global, random"}  # the others look back
patterns = {name: [attend.allowed(64, 64, causal=name not in BOTH_WAYS) for attend in stack] for name, stack in STACKS.items()}

# %% name="patterns"
needed = {"full": torch.ones(64, 64), **{name: layers_needed(stack) for name, stack in patterns.items()}}
for name, stack in patterns.items():
    for depth in (1, 2, 3):
        assert ((needed[name] >= 0) & (needed[name] <= depth)).equal(heard(stack[:depth]))
reach_grid(needed)

# %% [markdown] name="patterns-after"
r"""
Each square is a text. A row is a word; the dark cells in it are whom it sees, the lighter ones whom it has heard of after two layers and after three. The window creeps. The others jump: dilated, strided and fixed know all of the past after two layers, and one global token does it for both directions. Random blocks are not through after three.

All of these are in the package twice, as a mask and as a computation that never makes the square. With gaps of eight, every eighth word belongs to a text of its own, eight texts with a window and no gaps. Strides take the window in chunks and the columns as small tables, and one softmax over both; the fixed pattern does so with its blocks and their last words. A global token is one key more for every chunk, and one full row. Random blocks gather for each block its few blocks of keys.
"""

# %% name="twice"
Q, K, V = torch.randn(3, 1, 61, 16)  # 61 is no multiple of anything
for name, (_, attend, _) in STACKS.items():
    causal, scores = name not in BOTH_WAYS, patterns[name][1].sum()
    output, _ = attend(Q, K, V, causal=causal)
    assert torch.allclose(output, by_definition(Q, K, V, attend.allowed(61, 61, causal)), atol=1e-5)
    print(f"{name:<23} {scores:>5,} of {64 * 64:,} scores, {scores / 64:>4.1f} keys a query")

# %% [markdown] name="explorer-text"
r"""
With which size does the fixed pattern reach all of the past in two layers with the fewest keys?
"""

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
    allowed = MAKE[pattern](size).allowed(64, 64, causal=pattern not in BOTH_WAYS)
    name = f"{pattern}, {size}: {allowed.sum() / 64:.1f} keys a query"
    return reach_grid({name: layers_needed([allowed] * layers)}, layers=layers)


explore(look, pattern=list(MAKE), size=(2, 16, 8), layers=(1, 6, 3), describe={"size": "window, stride or block"})

# %% [markdown] name="depth-text"
r"""
How deep must a model be? On 512 words, with windows and strides of 16 (strides then show a word twice as many keys as the other two patterns do), of how many others has the last word heard?
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
    row = layers_needed([attend.allowed(512, 512, causal=name not in BOTH_WAYS) for attend in stack])[-1]
    counts = [int(((row >= 0) & (row <= depth)).sum()) - 1 for depth in depths]
    curves[name] = list(zip(counts, counts, counts))  # mean, lowest and highest are one
plots.bands(depths, curves, x_label="layers", y_label="words that the last one has heard of")

# %% [markdown] name="gradient-text"
r"""
A window of $w$ reaches $w - 1$ words further with every layer: $L$ layers, $L (w - 1)$ words, a straight line. Random ways spread like a rumour, each layer multiplying those who know, until most do.

These were paths on paper. A gradient takes the same ones: nudge a word in front of a real stack of Transformer blocks, and see whether the last state feels it.
"""

# %% name="gradient"
def felt(stack, causal):  # which words the last state depends on
    device.seed_everything(0)
    model = LongRangeQA(len(WORDS), len(COLOURS), Config(16, heads=2, hidden=32, layers=3, dropout=0.0, attend=iter(stack).__next__))
    x = torch.randn(1, 64, 16, requires_grad=True)
    states = x
    for block in model.blocks:
        states, _ = block(states, causal=causal)
    states[0, -1].square().sum().backward()
    return x.grad[0].norm(dim=-1)


for name, stack in STACKS.items():
    felt_from = felt(stack, causal=name not in BOTH_WAYS)
    assert (felt_from > 0).equal(heard(patterns[name])[-1])
    print(f"{name:<23} {int((felt_from > 0).sum()):>2} of 64 words felt, exactly those on paper")

# %% [markdown] name="task-text"
r"""
(`attend=` of the `Config` from lesson 12 is called once per block, and hands it its attention function. `LongRangeQA` is that lesson's encoder with sinusoidal positions, and a linear layer that reads answers off the states at given places.)

## Asked for what was said before

Somewhere in a text it is said, once, who has which colour. So many words later it is asked. The distance is a dial. `Ben=pink` is one word of the vocabulary, and `Ben?` is another; the answer is read off the state at `Ben?`.
"""

# %% name="task"
(words, asked), colours = facts(2, distance=10, generator=torch.Generator().manual_seed(4), length=64)
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


def trained(layers, per_text, steps):
    device.seed_everything(0)
    config = Config(size=32, heads=4, hidden=64, layers=2, dropout=0.0, attend=iter(layers).__next__)
    model, generator = LongRangeQA(len(WORDS), len(COLOURS), config, causal=True), torch.Generator().manual_seed(0)

    def draw():
        distances = torch.randint(per_text, LENGTH - per_text + 1, (32,), generator=generator)
        return facts(32, distances, generator, per_text=per_text, length=LENGTH)

    train_classifier(model, draw, steps=steps, learning_rate=3e-3)
    return model


@torch.no_grad()
def right(model, distance, texts=300):
    inputs, colours = facts(texts, distance, torch.Generator().manual_seed(10_000), length=LENGTH)
    return (model(*inputs)[0].argmax(-1) == colours).float().mean().item()


model = trained([LocalAttention(8), LocalAttention(8)], per_text=1, steps=STEPS)

# %% name="cliff"
dial = [*range(1, 21), 24, 28, 32, 40, 48, 56, 63]
shares = [right(model, distance) for distance in dial]
near, beyond = ([s for s, d in zip(shares, dial) if (d <= 14) == inside] for inside in (True, False))
assert min(near) > 0.7 and max(beyond) < 0.25
figure = plots.bands(dial, {"window": list(zip(shares, shares, shares))}, x_label="words from the fact to the question", y_label="share right")
figure.axes[0].set_ylim(0, 1.05)
figure

# %% name="reveal-cliff" jupyter={"source_hidden": true}
guess.reveal("up to 14, and then no more at all", f"At 14 it is right in {right(model, 14):.0%} of 300 texts, at 15 in {right(model, 15):.0%}. Two layers of 8 - 1 steps are 14.")

# %% [markdown] name="cliff-after"
r"""
A wall, where the arithmetic put it. One word further, and the answer is a guess; no training can mend that. On this side hearsay serves about as well as seeing: some word between fact and question has picked the fact up and handed it on. Neither is perfect, even next door. A path is what a model can know; what it does with it, training decides.

## One more row and column

To get over the wall one may add layers, or a better pattern. Beforehand we trained the same model with two layers of each pattern above, from three random starts. Window, gaps, strides and fixed blocks look back only; a global token and random blocks look both ways. Bands go from the worst to the best; the others are in the table.
"""

# %% name="one-fact"
measured = results.load("17_sparse_and_local")


def curves(facts, names):
    rows = {name: zip(*measured["right"][str(facts)][name]) for name in names}
    return {name: [(sum(s) / len(s), min(s), max(s)) for s in distances] for name, distances in rows.items()}


print(measured.provenance)
figure = plots.bands(measured["distances"]["1"], curves(1, ["window", "strided", "global token", "random blocks"]),
                     x_label="words from the fact to the question", y_label="share right, one fact")
figure.axes[0].set_ylim(0, 1.05)
figure

# %% name="one-fact-table"
def table(facts, names, least):
    print(f"{facts} fact{'s' * (facts > 1)}, asked {least} words later or more")
    for name in names:
        far = [[s for s, d in zip(seed, measured["distances"][str(facts)]) if d >= least] for seed in measured["right"][str(facts)][name]]
        print(f"    {name:<17}" + "  ".join(f"{sum(shares) / len(shares):.2f}" for shares in far))


table(1, measured["right"]["1"], 15)

# %% [markdown] name="one-fact-after"
r"""
Every pattern with a path from all facts to all questions answers nearly all of them, at any distance. A single global token does as well as strides and gaps: word 0 hears everybody in the first layer (its row) and tells everybody in the second (its column), where windows alone would take nine layers.

Random blocks have a path to some facts and none to others. Suppose a model is right wherever there is a path, and guesses elsewhere. Then its score can be computed from the pattern, before any training:
"""

# %% name="paths-predict"
ways = layers_needed(patterns["random blocks"][:2]) >= 0  # seeds 0 and 1, as in the experiment
trained_right = torch.tensor(measured["right"]["1"]["random blocks"]).mean(0)
generator = torch.Generator().manual_seed(10_000)
print("words from fact to question   right, if paths decide   right, mean of three trainings")
for distance, share in zip(measured["distances"]["1"], trained_right):
    (_, asked), _ = facts(200, distance, generator, length=LENGTH)  # the texts that were asked
    with_path = ways[asked, asked - distance].float().mean()
    computed = with_path + (1 - with_path) / 8
    print(f"{distance:>26}   {computed:>23.2f}   {share:>30.2f}")
    assert abs(computed - share) < (0.05 if distance > 5 else 0.15)

# %% [markdown] name="paths-after"
r"""
From six words on the two columns differ by less than five hundredths. Nearer there is always a path, and the trained models still miss some. The pattern has told, before the first step of training, what the model can know.

Reach, it seems, is all that matters. Is it?
"""

# %% name="sixteen-text"
(words, _), _ = facts(1, distance=20, generator=torch.Generator().manual_seed(0), per_text=16, length=LENGTH)
print(" ".join(WORDS[word] for word in words[0]))

# %% [markdown] name="sixteen-task"
r"""
Now a text holds sixteen facts, one on each person, and asks for all of them. The order is random, and every question stands equally far behind its fact, here twenty words, in training from 16 to 48. (All facts come before the first question, so it cannot be less than 16.) Full attention looks both ways, too. The score is the share of right answers among all.
"""

# %% name="guess-sixteen"
guess = predict(
    "What becomes of the model with one global token?",
    ["nothing: everything is in reach", "it loses a little", "it gets about half right", "it gets hardly more than by guessing"],
)

# %% name="sixteen-facts"
figure = plots.bands(measured["distances"]["16"], curves(16, ["full", "dilated", "strided", "16 global tokens", "global token"]),
                     x_label="words from each fact to its question", y_label="share right, sixteen facts")
figure.axes[0].set(ylim=(0, 1.05), xticks=range(16, 49, 8))
figure

# %% name="sixteen-table"
table(16, measured["right"]["16"], 16)

# %% name="reveal-sixteen" jupyter={"source_hidden": true}
seeds = [sum(seed) / len(seed) for seed in measured["right"]["16"]["global token"]]
mean = sum(seeds) / len(seeds)
from_least = {0.95: "nothing: everything is in reach", 0.75: "it loses a little", 0.3: "it gets about half right", 0: "it gets hardly more than by guessing"}
guess.reveal(
    next(option for least, option in from_least.items() if mean > least),
    f"{mean:.0%} right on average over all distances ({min(seeds):.0%} to {max(seeds):.0%}); guessing gets 12 %.",
)

# %% [markdown] name="direct-text"
r"""
In the squares nothing has changed: there is still a path from every fact to its question, and full attention shows that the task itself is easy. But part of each score needs no hearsay. With strides and gaps a question sees its fact wherever the distance is a multiple of eight; there the curves have teeth. Sixteen global tokens see all and are seen by all, so it is enough that question or fact is one (at multiples of four both are or neither, which leaves fewer such pairs). What would a model get that is right where a question sees its fact directly, and guesses elsewhere? And what do the trained models get on pairs that do not see each other, also after four times as many steps?
"""

# %% name="direct"
short, long = (measured["by_sight"][str(steps)] for steps in (measured["steps"]["16"], measured["longer"]))


def seeds(shares):
    return "  ".join(f"{share:.2f}" for share in shares)


print("                   seen       right, if   right,   right where not seen,  the same after     right where seen,")
print("                   directly   only that   mean     each training          2,400 steps        after 2,400 steps")
for name, direct in measured["in_sight"].items():
    share = torch.tensor(measured["right"]["16"][name]).mean()
    print(f"{name:<17}{direct:>8.2f}{direct + (1 - direct) / 8:>12.2f}{share:>10.2f}       {seeds(short[name]['unseen'])}"
          f"       {seeds(long[name]['unseen'])}   {seeds(long[name]['seen'])}")
assert min(share for by_sight in short.values() for share in by_sight["unseen"]) > 1 / 8

# %% [markdown] name="sixteen-after"
r"""
More than half of what sixteen global tokens get right is seen directly. Of the pairs that must rely on hearsay no pattern has half right after 600 steps, in which full attention learns the task almost perfectly. And the teeth stay below one: at first, even direct sight did not suffice for these models.

Patience helps. After four times as many steps each pattern gets more of the unseen pairs, though none comes near all. One global token is last, and through it far news goes as a single vector of 32 numbers; that may be why. Child and others met something like it with the fixed pattern: a single summary position a block limited their networks. But the patterns differ in more than the number of vectors through which news must pass (for the last word these are seven with gaps and seven with fixed blocks, and the two do not get the same), and we have not separated the causes.

So a path is needed, and a path is not enough: what can be learned in principle may take far more training. What no training brings is what the window lacks.

## What it costs

Time for one text with four heads of 32, forwards and backwards, measured beforehand, one processor. Windows have 128 keys, gaps are sixteen words wide, the global token stands in a window of 64 to each side, random blocks have 32 words, strides and fixed blocks $\sqrt{n}$. The exponent $p$ is that of $n^p$ fitted to the times.
"""

# %% name="times"
print(f"{'milliseconds':<15}" + "".join(f"{n:>9,}" for n in measured["lengths"]) + " words    exponents of three repetitions")
for name, repetitions in measured["seconds"].items():
    best = [min(seconds) for seconds in zip(*repetitions)]
    exponents = "  ".join(f"{p:.2f}" for p in measured["exponents"][name])
    print(f"{name:<15}" + "".join(f"{1000 * seconds:>9.0f}" for seconds in best).ljust(45) + f"          {exponents}")
print("\nkeys a query, on average")
for name, keys in measured["keys_seen"].items():
    print(f"{name:<15}" + "".join(f"{k:>9.0f}" for k in keys))

# %% [markdown] name="times-after"
r"""
Full attention grows with the square, as it must. Windows, gaps, a global token and random blocks grow little faster than the text. Strides and blocks of $\sqrt{n}$ should cost $n \sqrt{n}$, the exponent 1.5, and averaged over the range do a little worse; the fit hides a bend. At one doubling each of them takes more than four times as long, presumably because its tables have outgrown the processor's cache. Time follows the scores that are computed, padding included, rather than the keys that are seen: gaps of sixteen see few keys in a short text, and cost what a window costs.

At 1,024 words a window takes somewhat less than half of the time; at 4,096, about a ninth. (The first comparison showed more: its window was half as wide, it only went forwards, and the square carried a mask, which full attention does not need here.)

Memory is less simple. A whole text at once needs its $n$ queries, keys, values and outputs, and the chunks that are cut from them; all of that grows with the text. Where words come one by one, though, as in writing or listening, a window of $w$ needs the last $w$ keys and values and may forget the rest:
"""

# %% name="stream"
def word_by_word(Q, K, V, w):
    keys, values, found = K[:0], V[:0], []
    for query, key, value in zip(Q, K, V):
        keys, values = (torch.cat([old, new[None]])[-w:] for old, new in ((keys, key), (values, value)))  # the last w
        found.append((keys @ query / len(query) ** 0.5).softmax(0) @ values)
    return torch.stack(found), len(keys)


Q, K, V = torch.randn(3, 200, 16)
found, kept = word_by_word(Q, K, V, 8)
assert torch.allclose(found, by_definition(Q, K, V, window(200, 8)), atol=1e-5)
print(f"after 200 words {kept} keys and values are kept")

# %% [markdown] name="claims-text"
r"""
What stays constant here is the cache; the cell itself keeps all words and all outputs, to compare them. Below, memory was measured without either.

This is what the glossary, from which the course takes many claims, says of local and sparse attention in its table of attention types, against thresholds set beforehand:
"""

# %% name="claims"
claims.table("17_sparse_and_local")

# %% [markdown] name="claims-after"
r"""
That the context is "limited by its window" holds as measured, two layers deep; taken literally it is false for more than one layer, where the limit is $L(w - 1)$. "Constant memory" is false for a text at once and true word by word. The last claim says *may*, and a task made to miss something shows that it can, even where everything is in reach; it does not say how often a natural text asks for it.
"""

# %% [markdown] name="papers"
r"""
## What the papers did

Child and others (2019) factored attention so that $k \approx \sqrt{n}$, gave some heads or layers one half of a pattern and some the other, or both to one head as here, and trained on images, text and raw audio, in sequences of tens of thousands. The strided form suited data with a period, such as rows of pixels; for text they took the fixed one, and found a single summary position a block too few: they use 8 to 32. Longformer let windows grow from layer to layer, put gaps into two heads of the upper ones, and wrote a kernel of its own for them; for reading tasks it started from a trained RoBERTa, with windows of 512, and made the words of the question global, with projections of their own. BigBird worked in blocks, as here, because gathering single keys is slow. Its authors proved that with a global token such a pattern can approximate every continuous function of sequences of a fixed length and a bounded range, as full attention can. They also describe a task that one layer of full attention solves and for which any pattern with about $n$ scores a layer, if a common conjecture about complexity is right, needs nearly $n$ layers.

Everything here is small: 64 words, two layers, one pattern for all heads, an artificial question. It shows what cannot get through; what natural text needs is another question.

## Where to go next

The [exercises](exercises/17_sparse_and_local.ipynb) let you write a window to both sides without a square, and build a stack of patterns of your own (five problems, about an hour). A pattern decides by place alone who is worth seeing. Lesson 18 keeps everybody in view and gives up the softmax; lesson 19 lets the words themselves decide.

### Sources

Child, Gray, Radford, Sutskever: Generating long sequences with sparse Transformers. 2019, [arXiv:1904.10509](https://arxiv.org/abs/1904.10509) · Beltagy, Peters, Cohan: Longformer: the long-document Transformer. 2020, [arXiv:2004.05150](https://arxiv.org/abs/2004.05150) · Zaheer, Guruganesh, Dubey, Ainslie, Alberti, Ontañón, Pham, Ravula, Wang, Yang, Ahmed: Big Bird: Transformers for longer sequences. NeurIPS 2020, [arXiv:2007.14062](https://arxiv.org/abs/2007.14062) · the glossary article アテンションメカニズム (Attention mechanism, 2025), in Japanese.
"""
