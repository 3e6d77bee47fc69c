# %% [markdown] name="title"
r"""
# 20 · Exact and cheaper

**What does attention have to remember?**

Lessons 17 to 19 made attention cheaper by computing something else. Here nothing is approximated at first: the same softmax over all words, without ever holding its matrix of weights. (Exact in the mathematics, that is; sums in another order round differently.) Then the question is asked again of a decoder that writes word after word, where reading what it remembers takes more and more of the time.

You need lessons 02, 10 and 12, and of lesson 17 the sliding window. It takes about fifty minutes; the machine needs less than one.
"""

# %% name="imports"
import copy
import time
import warnings
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from attention_course import claims, device, plots, results
from attention_course.data import grammar
from attention_course.data.vocabulary import Vocabulary
from attention_course.efficient.grouped_query import GroupedQueryAttention, grouped, grouped_attention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.tiled import TiledAttention, tiled_attention
from attention_course.functional import scaled_dot_product_attention
from attention_course.lessons.lesson_20.running_softmax import running_softmax
from attention_course.masks import causal_mask
from attention_course.models.transformer import Config, TransformerDecoder
from attention_course.widgets import explore, predict

device.use_threads(1)
device.seed_everything(0)

# %% [markdown] name="by-hand"
r"""
## A softmax in one pass

To divide by the sum of the exponentials one has to have seen all scores. And there is a first pass before that: the exponential of 1,000 overflows, so softmax subtracts the largest score from all of them, and which one is the largest is known at the end.

Let the scores come one at a time, and keep what can be known so far. Take *the cat sat*, with scores of which the exponentials are 1, 8 and 2, and values 10, 20 and 30.

| read | largest so far $m$ | sum of $e^{s-m}$, $\ell$ | sum of $e^{s-m} v$, $o$ |
|---|---|---|---|
| *the* | log 1 | 1 | 10 |
| *cat* | log 8 | 1/8 + 1 | 10/8 + 20 |
| *sat* | log 8 | 1/8 + 1 + 2/8 | 10/8 + 20 + 60/8 |

At *cat* the largest score changes. What has been added up was divided by 1, and should have been divided by 8. But all of it should: one factor for both sums, 1/8, mends everything at once, and the words that were summed need not be seen again. In the end $o/\ell$ is $(10 + 8 \cdot 20 + 2 \cdot 30) / 11$, which is softmax's own answer.
"""

# %% name="by-hand-code" tags=["nbval-check-output"]
scores, values = torch.tensor([1.0, 8.0, 2.0]).log(), torch.tensor([10.0, 20.0, 30.0])

m, ell, o = torch.tensor(-torch.inf), 0.0, 0.0
for word, s, v in zip("the cat sat".split(), scores, values):
    now = torch.maximum(m, s)
    shrink = (m - now).exp()  # 1 where the largest stays what it was
    ell = ell * shrink + (s - now).exp()
    o = o * shrink + (s - now).exp() * v
    m = now
    print(f"{word}: m = log {m.exp():.0f}, l = {ell:.3f}, o = {o:.2f}, all before was multiplied by {shrink:.3f}")
print(f"{o / ell:.3f}, and at once {scores.softmax(0) @ values:.3f}")

# %% [markdown] name="equations"
r"""
Why it is exact: suppose that after $j$ scores $\ell = \sum_{i \le j} e^{s_i - m}$ and $o = \sum_{i \le j} e^{s_i - m}\, v_i$. With the next one, $m' = \max(m, s_{j+1})$,

$$\ell' = \ell\, e^{m - m'} + e^{s_{j+1} - m'} = \sum_{i \le j+1} e^{s_i - m'}, \qquad o' = o\, e^{m - m'} + e^{s_{j+1} - m'}\, v_{j+1},$$

since $e^{s_i - m} e^{m - m'} = e^{s_i - m'}$, and $o'$ is such a sum as well. So what is right after $j$ scores is right after $j + 1$, and in the end $o / \ell$ is the context vector of lesson 01, Eqs. (1) and (2). With $m$ and $\ell$ this is the **online softmax** (Milakov and Gimelshein 2018); Rabe and Staats (2021) carried $o$ along. Scores need not come singly: a **tile** of many is one step, in which $m'$ is the largest of all so far.

| | is | shape for $L$ queries |
|---|---|---|
| $m$ | the largest score so far | (L, 1) |
| $\ell$ | the sum of $e^{s - m}$ so far | (L, 1) |
| $o$ | the sum of $e^{s - m} v$ so far | (L, D) |

Below *it* asks a longer sentence, with scores made up as usual. Follow the black layer: what the first tile has brought is counted with a provisional $m$, and shrinks when *mat* comes.
"""

# %% name="explorer"
sentence = "the cat sat on the mat because it was so very warm".split()
it_asks = [0.5, 1.6, 0.9, 0.2, 0.4, 2.9, 0.3, 1.0, 0.6, 0.1, 0.8, 2.2]


def look(tile, mat):
    return running_softmax([mat if word == "mat" else s for word, s in zip(sentence, it_asks)], sentence, tile)


explore(look, tile=(1, 12, 4), mat=(0.0, 5.0, 2.9), describe={"mat": "score of “mat”"})

# %% [markdown] name="tiled-text"
r"""
Move *mat* below 1.6: now nothing shrinks at the second tile, but *warm* makes everything shrink at the third. Move the tile to 12: one tile is the softmax as you know it.

## Attention in tiles

For all queries at once the scores of one tile are a small matrix, (L, tile), and the next tile's may take its place. (With a mask, a first tile that is masked throughout would make $-\infty - (-\infty)$; the package begins with the smallest finite number for $m$.)
"""

# %% name="forward"
def forward(Q, K, V, tile=64):
    m = torch.full((*Q.shape[:-1], 1), -torch.inf)
    ell, o = torch.zeros_like(m), torch.zeros(*Q.shape[:-1], V.shape[-1])
    for start in range(0, K.shape[-2], tile):
        k, v = K[..., start : start + tile, :], V[..., start : start + tile, :]
        scores = Q @ k.mT / Q.shape[-1] ** 0.5  # (..., L, tile)
        now = torch.maximum(m, scores.amax(-1, keepdim=True))
        shrink, exponentials = (m - now).exp(), (scores - now).exp()
        ell = ell * shrink + exponentials.sum(-1, keepdim=True)
        o = o * shrink + exponentials @ v
        m = now
    return o / ell, m + ell.log()


Q, K, V = torch.randn(3, 2, 8, 300, 16).requires_grad_().unbind(0)  # (B, H, L, D) each
output, log_sums = forward(Q, K, V)
assert torch.allclose(output, scaled_dot_product_attention(Q, K, V)[0], atol=1e-6)
assert torch.allclose(output, tiled_attention(Q, K, V, tile=64), atol=1e-6)

# %% [markdown] name="forward-after"
r"""
FlashAttention (Dao and others 2022) is this as one program for a GPU, which has a large slow memory and, beside the arithmetic, a small fast one. It cuts both queries and keys so that a tile of scores fits into the small one, where scores are made, used and forgotten. So it saves memory; and time as well, although in the backward pass it computes more: what takes a GPU the time in written-out attention is less the arithmetic than carrying the whole matrix to the slow memory and back, several times.

## Going back

The backward pass is the harder half. The gradient of a softmax is made of its weights, and autograd keeps them for this: it keeps the whole matrix. The loop above would help little, since autograd would keep the weights of every tile.
"""

# %% name="guess-backward"
guess = predict(
    "To compute exact gradients without the matrix, in a single pass in which scores may be computed once more, tile by tile: what is the least to keep, besides Q, K, V and the output?",
    ["the largest score and the sum of every tile", "one number for each query", "one number for each query and tile", "it cannot be done exactly"],
)

# %% [markdown] name="backward-text"
r"""
Computing the scores again costs a second $QK^\top$. To make weights of them one needs what they are divided by. With $\lambda = m + \log \ell$, the logarithm of the sum of all exponentials, the weight is $p_j = e^{s_j - \lambda}$ straight away, tile by tile and in any order. (`forward` returned it.)

Let $g$ be the gradient of the loss with respect to a query's output $c = \sum_j p_j v_j$. This query's share of the gradient of $v_j$ is $p_j\, g$; that of $p_j$ is $g \cdot v_j$, and through the softmax that of the score

$$\frac{\partial\,\text{loss}}{\partial s_j} = p_j \Big( g \cdot v_j - \sum_i p_i \, (g \cdot v_i) \Big).$$

The sum runs over all tiles, which looks as if it took a pass of its own. But $\sum_i p_i\, (g \cdot v_i) = g \cdot \sum_i p_i v_i = g \cdot c$, and $c$ is the output, which is there. A score is $q \cdot k_j / \sqrt D$, so its gradient goes on to $q$ times $k_j / \sqrt D$, and to $k_j$ times $q / \sqrt D$. ($g \cdot c$ is in Appendix B of Dao and others 2022; the one number in the place of $m$ and $\ell$ is in FlashAttention-2, Dao 2023.)
"""

# %% name="backward"
def backward(Q, K, V, output, log_sums, g, tile=64):
    scale = Q.shape[-1] ** -0.5
    dQ, dK, dV = torch.zeros_like(Q), torch.zeros_like(K), torch.zeros_like(V)
    along = (g * output).sum(-1, keepdim=True)  # g . c: (..., L, 1)
    for start in range(0, K.shape[-2], tile):
        part = slice(start, start + tile)
        weights = (Q @ K[..., part, :].mT * scale - log_sums).exp()  # once more: (..., L, tile)
        dV[..., part, :] = weights.mT @ g
        d_scores = weights * (g @ V[..., part, :].mT - along)
        dK[..., part, :] = d_scores.mT @ Q * scale
        dQ += d_scores @ K[..., part, :] * scale
    return dQ, dK, dV


g = torch.randn_like(output)
with torch.no_grad():
    ours = backward(Q, K, V, output, log_sums, g)
for mine, theirs in zip(ours, torch.autograd.grad(scaled_dot_product_attention(Q, K, V)[0], (Q, K, V), g)):
    assert torch.allclose(mine, theirs, atol=1e-5)

# %% name="reveal-backward" jupyter={"source_hidden": true}
guess.reveal("one number for each query", f"Here {log_sums.numel():,} numbers in the place of {Q.shape[0] * Q.shape[1] * Q.shape[2] * K.shape[2]:,} weights, and the gradients are autograd's.")

# %% [markdown] name="package-text"
r"""
In the package the two are one `torch.autograd.Function`, `efficient/tiled.py`, with what a model needs besides: masks; a causal form in which a tile ahead of a query is not computed, and no causal matrix is made; zeros for a query that may look nowhere (its $\lambda$ is set to $+\infty$, so that $e^{s - \lambda}$ is 0).

## What it saves

2,048 words, one head of 64, forward and backward: the most memory that a fresh process has had, less the most that it had had before, by when it had warmed up on 300 words and made the inputs. The fourth is a trap that is coming up.
"""

# %% name="memory-live"
program = """
import sys, torch, torch.nn.functional as F
from attention_course.device import peak_memory, use_threads
from attention_course.efficient.tiled import tiled_attention
from attention_course.functional import scaled_dot_product_attention
use_threads(1)
form, axes = sys.argv[1], int(sys.argv[2])
attend = {"written out": lambda *x: scaled_dot_product_attention(*x)[0], "in tiles": tiled_attention, "PyTorch's": F.scaled_dot_product_attention}[form]
for words in (300, 2048):  # the first call loads what it needs
    x = [torch.randn(*[1] * (axes - 2), words, 64, requires_grad=True) for _ in range(3)]
    before = peak_memory()
    attend(*x).sum().backward()
print((peak_memory() - before) / 1e6)
"""

# %% name="memory-live-process"
import os
import subprocess
import sys


def megabytes(form, axes):  # freed memory is to be given back at once, or it would be counted as well
    run = subprocess.run([sys.executable, "-c", program, form, str(axes)], capture_output=True, text=True, check=True,
                         env=os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"})
    return float(run.stdout)

# %% name="memory-live-numbers"
if Path("/proc/self/status").exists():  # Linux says what a process has had at most
    live = {name: megabytes(*name) for name in [("written out", 4), ("in tiles", 4), ("PyTorch's", 4), ("PyTorch's", 3)]}
    for (form, axes), mb in live.items():
        print(f"{form:<12} inputs with {axes} axes: {mb:>5.1f} MB   (one matrix of weights has {2048**2 * 4 / 1e6:.1f})")
    assert live["in tiles", 4] < 0.5 * live["written out", 4]

# %% [markdown] name="memory-text"
r"""
Written out, three matrices are held at once: the weights, their gradients, and those of the scores. Beforehand, at more lengths, three fresh processes each:
"""

# %% name="memory-figure"
measured = results.load("20_exact_and_cheaper")
print(measured.provenance)
figure = plots.Picture((7.2, 3.8))
ax = figure.subplots()
for (name, runs), (style, colour) in zip(measured["megabytes"].items(), [("-o", "#2a598c"), ("--s", "#c4622d"), (":^", "#4d4d4d")]):
    lengths, means = measured["lengths"][: len(runs)], [np.mean(run) for run in runs]
    ax.plot(lengths, means, style, color=colour, linewidth=2)
    ax.annotate(f"{name}: {means[-1]:,.0f} MB", (lengths[-1], means[-1]), xytext=(-4, 8), textcoords="offset points", ha="right")
ax.set(xscale="log", yscale="log", xlabel="words", ylabel="extra memory, MB", xticks=measured["lengths"], xticklabels=[f"{n:,}" for n in measured["lengths"]])
ax.minorticks_off()
ax.spines[["top", "right"]].set_visible(False)
ax.margins(y=0.2)
figure.alt = "Extra memory of a forward and backward pass against the length, both logarithmic: " + "; ".join(
    f"{name} {np.mean(runs[0]):.1f} MB at {measured['lengths'][0]:,} words, {np.mean(runs[-1]):,.0f} at {measured['lengths'][len(runs) - 1]:,}" for name, runs in measured["megabytes"].items()) + "."
figure

# %% name="memory-claim"
claims.verdict("tiles-need-linear-memory")

# %% [markdown] name="memory-after"
r"""
Double the words, and the upper line rises to four times, the middle one to twice its height. The upper line ends at 8,192 words because its next point would want more than 3,000 MB.

Why do the tiles take so much more than PyTorch's own, which is the same algorithm?
"""

# %% name="memory-rest"
longest = measured["lengths"][-1]
needed, one_tile = 5 * longest * 64 * 4 / 1e6, longest * 256 * 4 / 1e6
print(f"{longest:,} words: the output, its gradient and those of the inputs have {needed:.1f} MB; all queries with one tile of 256 keys {one_tile:.1f} MB")
for name in ("in tiles", "PyTorch's"):
    rest = np.mean(measured["megabytes"][name][-1]) - needed
    print(f"{name:<10} {rest:>5.1f} MB besides, {rest / one_tile:.1f} such tiles")

# %% [markdown] name="time-ask"
r"""
Our loop cuts the keys alone and holds several tiles at once: the scores, their exponentials, the gradients. PyTorch's kernel cuts the queries, too.

And the time? By turns, in this process:
"""

# %% name="time-numbers"
def seconds(function, *arguments, **options):
    start = time.process_time()
    function(*arguments, **options)
    return time.process_time() - start


def there_and_back(form):
    form(*x).sum().backward()


forms = {"written out": lambda *x: scaled_dot_product_attention(*x)[0], "in tiles": tiled_attention, "PyTorch's": F.scaled_dot_product_attention}
x, times = torch.randn(3, 1, 1, 2_048, 64).requires_grad_().unbind(0), {name: [] for name in forms}
for _ in range(6):
    for name, form in forms.items():
        times[name].append(seconds(there_and_back, form))
for name, taken in times.items():  # without the first, which warms up
    ratios = np.array(taken[1:]) / times["written out"][1:]
    print(f"{name:<12} {np.median(ratios):.2f} times the time of the written form ({ratios.min():.2f} to {ratios.max():.2f})")

# %% [markdown] name="time-text"
r"""
In Python, on this processor, tiles are no sure gain in time. PyTorch's own kernel is the same algorithm in C++, and has the smallest median of the three: for speed the loop has to be written close to the hardware.

The glossary article of lesson 00 recommends three savings together; here is each alone, on several layers. Checkpointing forgets what a layer has computed and computes it again on the way back, so one layer's matrices are held instead of all layers'. In bfloat16 every number is half as wide. Mixed precision, which the article means, has some in bfloat16 and some in float32, and PyTorch's `autocast` decides which: on a CPU it leaves the softmax in bfloat16, on a GPU it has it in float32. The latter is imitated here by casting.
"""

# %% name="stack-numbers"
for name, runs in measured["stack_mb"].items():
    print(f"{measured['stack']} layers over {measured['stacked']:,} words, {name:<17} {np.mean(runs):>6.1f} MB")

# %% name="memory-claim-three"
claims.verdict("three-ways-to-save-memory")

# %% [markdown] name="bfloat16-text"
r"""
As it is, six matrices of 16.8 MB are held at once, the weights of four layers and on the way back the two of one. Checkpointing and tiles save, and so does autocast as a CPU has it. As a GPU has it, it needs more than without: each layer keeps its weights in float32, for the way back through the softmax, and a copy in bfloat16, for that through the product with the values. Here the matrices are all there is. What mixed precision saves in the linear layers of a whole model was not measured; and beside tiles, as the article has it, there is no matrix to be kept twice.

Checkpointing and tiles are paid for in time, which the table does not show. Accuracy is given up by narrow numbers alone. How much, against float64?
"""

# %% name="bfloat16"
wide = torch.randn(3, 1, 8, 300, 64, dtype=torch.float64).unbind(0)
exact = scaled_dot_product_attention(*wide)[0]
for dtype in (torch.float32, torch.bfloat16):
    for name, form in forms.items():
        error = form(*(x.to(dtype) for x in wide)).double() - exact
        print(f"{dtype!s:<15} {name:<12} off by {(error.norm() / exact.norm()):.1e} of the output")

# %% [markdown] name="train-text"
r"""
## A small decoder to work with

Exact also means that training does not notice. The decoder of lesson 12 reads the English side of our grammar, one sentence after the other in excerpts of 256 words, and predicts the next word. One is trained with plain attention, one with tiles; both start from the same seed.
"""

# %% name="data"
STEPS, EXCERPT = 90, 256
english_sentences = [pair.english for pair in grammar.pairs(6_000)]
english = Vocabulary(english_sentences)
text = torch.tensor([number for words in english_sentences for number in english.encode(words)])
unseen = text[-7 * (EXCERPT + 1) :].view(7, EXCERPT + 1)  # the last seven excerpts are not trained on


def loss_of(model, words):
    logits = model(words[:, :-1])[0]
    return F.cross_entropy(logits.flatten(0, 1), words[:, 1:].flatten())


@torch.no_grad()
def held_out(model):
    return loss_of(model, unseen).item()

# %% name="training"
def train(model, steps, rate=5e-3, seed=0):
    where = device.pick_device(model)  # a GPU, where there is one and it pays
    model.to(where)
    optimizer, generator, losses = torch.optim.Adam(model.parameters(), rate), torch.Generator().manual_seed(seed), []
    for _ in range(steps):
        starts = torch.randint(len(text) - unseen.numel() - EXCERPT, (3, 1), generator=generator)
        loss = loss_of(model, text[starts + torch.arange(EXCERPT + 1)].to(where))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.to("cpu")
    return losses

# %% name="train"
def new_decoder(**options):
    device.seed_everything(0)
    return TransformerDecoder(len(english), Config(size=64, heads=8, hidden=128, layers=2, dropout=0.0, **options))


decoder, in_tiles = new_decoder(), new_decoder(attend=lambda: TiledAttention(tile=64))
plain_losses, tiled_losses = train(decoder, STEPS), train(in_tiles, STEPS)
for step in (0, STEPS // 2, STEPS - 1):
    print(f"step {step + 1:>3}: loss {plain_losses[step]:.4f} plain, {tiled_losses[step]:.4f} in tiles")
print(f"unseen sentences: {held_out(decoder):.3f} nats a word; even guessing would be {np.log(len(english)):.3f}")
assert max(abs(a - b) for a, b in zip(plain_losses, tiled_losses)) < 0.02 and held_out(decoder) < 4.2

# %% [markdown] name="torch-text"
r"""
## PyTorch's own

`F.scaled_dot_product_attention` chooses between kernels, and the choice is silent. On a CPU there are two: the tiled one and the written-out one. The tiled one wants four axes, (B, H, L, D); with three the other is taken, which is what the fourth row of the memory table showed. Asked by `sdpa_kernel` for the tiled one alone, it says why. The remedy is an axis more, by `unsqueeze`.
"""

# %% name="kernels"
q, k, v = torch.randn(3, 1, 8, 5, 16).unbind(0)
for name, inputs in {"four axes": (q, k, v), "three axes": (q[0], k[0], v[0])}.items():
    with warnings.catch_warnings(record=True) as said, sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        warnings.simplefilter("always")
        try:
            F.scaled_dot_product_attention(*inputs)
            print(f"{name}: the tiled kernel takes it")
        except RuntimeError:
            print(f"{name}:", str(said[-1].message).partition(" (Triggered")[0])

# %% [markdown] name="causal-trap-text"
r"""
The second trap is in `is_causal=True`, and catches anyone who uses a cache. In the next cell one query, the last word, asks five keys. PyTorch lays the corner of its causal mask at the *first* key, whatever the number of queries. A single query needs no mask; for several there is `torch.nn.attention.bias.causal_lower_right`.
"""

# %% name="causal-trap"
last = q[..., -1:, :]  # one query, five keys
trapped = F.scaled_dot_product_attention(last, k, v, is_causal=True)
assert torch.allclose(trapped, v[..., :1, :])  # it saw the first key and nothing else
meant, _ = scaled_dot_product_attention(last, k, v, causal_mask(1, 5))
assert torch.allclose(meant, F.scaled_dot_product_attention(last, k, v), atol=1e-6)

none = torch.zeros(5, 5, dtype=torch.bool)  # a query that may look nowhere gets zeros here, where older versions gave NaN
print("nothing to look at:", F.scaled_dot_product_attention(q, k, v, attn_mask=none).abs().max().item())

# %% [markdown] name="flex-text"
r"""
`flex_attention` takes a function of a score and its places instead of a mask, here one in the manner of ALiBi from lesson 11, and `torch.compile` makes a tiled kernel of it. Uncompiled, as below, it makes the whole matrix, and on a CPU it has no backward pass.
"""

# %% name="flex"
from torch.nn.attention.flex_attention import flex_attention

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says itself that it is not compiled
    theirs = flex_attention(q, k, v, score_mod=lambda score, b, h, i, j: score - 0.5 * (i - j).abs())
    i = torch.arange(5)
    assert torch.allclose(theirs, (q @ k.mT / 4 - 0.5 * (i[:, None] - i).abs()).softmax(-1) @ v, atol=1e-6)
    try:
        flex_attention(q.clone().requires_grad_(), k, v).sum().backward()
    except NotImplementedError as error:
        print(error)

# %% [markdown] name="cache-text"
r"""
## Writing, one word at a time

A decoder that writes asks one question a word. The keys and values of all words before are kept in the **cache** of lesson 12. That is exact, too.
"""

# %% name="cache"
@torch.no_grad()
def write(model, count, cached=True):
    words, past, dice = torch.tensor([[english.numbers["."]]]), None, torch.Generator().manual_seed(1)
    for _ in range(count):
        logits, _, past = model.step(words[:, -1:], past) if cached else (*model(words), None)
        words = torch.cat([words, torch.multinomial(logits[:, -1].softmax(-1), 1, generator=dice)], 1)
    return words, past


assert write(decoder, 60)[0].equal(write(decoder, 60, cached=False)[0])
print(" ".join(english.decode(write(decoder, 24)[0][0, 1:].tolist())))
print(f"200 words: {seconds(write, decoder, 200, cached=False) / seconds(write, decoder, 200):.1f} times as fast with the cache")

# %% name="cache-bytes" tags=["nbval-check-output"]
def bytes_a_word(layers, heads, head_size, bytes_a_number=4):
    return 2 * layers * heads * head_size * bytes_a_number  # a key and a value in each head of each layer


_, cache = write(decoder, 60)
held = sum(x.numel() * x.element_size() for block in cache.blocks for x in (block.keys, block.values))
assert held == 60 * bytes_a_word(layers=2, heads=8, head_size=8)
print(f"here: {bytes_a_word(2, 8, 8):,} bytes a word")
print(f"32 layers with 32 heads of 128, 2 bytes a number: {bytes_a_word(32, 32, 128, 2):,} bytes a word, {bytes_a_word(32, 32, 128, 2) * 32_768 / 1e9:.1f} GB for 32,768 words")

# %% [markdown] name="bytes-text"
r"""
All of these bytes are read again for every word, because each new query asks every key. What does it cost? Let eight query heads share **one** head of keys and values. Each query is still compared with each key: the number of multiplications is the same, to the last one. Only the bytes are an eighth.
"""

# %% name="guess-bytes"
guess = predict(
    "One word, 16,384 keys, eight query heads. With one head of keys in the place of eight, and as many multiplications: how much of the time remains?",
    ["less than half", "more than half", "all of it: the work is the same"],
)

# %% name="bytes-live"
with torch.no_grad():
    asked, taken = torch.randn(1, 8, 1, 64), {}
    stored = {heads: torch.randn(2, 1, heads, 16_384, 64).unbind(0) for heads in (8, 1)}
    for _ in range(8):
        for heads, (keys, values) in stored.items():  # by turns
            taken.setdefault(heads, []).append(seconds(grouped_attention, asked, keys, values, need_weights=False))
            taken.setdefault(f"sum {heads}", []).append(seconds(lambda k, v: k.sum() + v.sum(), keys, values))
ms = {what: 1e3 * np.median(times) for what, times in taken.items()}
for heads, (keys, _) in stored.items():
    print(f"heads of keys {heads}: {2 * 8 * 16_384 * 64 / 1e6:.1f} million multiplications, {2 * 4 * keys.numel() / 1e6:>4.1f} MB, "
          f"{ms[heads]:.2f} ms; only to add up all keys and values {ms[f'sum {heads}']:.2f} ms")
share, reading = ms[1] / ms[8], (ms["sum 8"] - ms["sum 1"]) / (ms[8] - ms[1])

# %% name="reveal-bytes" jupyter={"source_hidden": true}
guess.reveal("less than half" if share < 0.5 else "more than half" if share < 0.9 else "all of it: the work is the same",
             f"{share:.0%} of the time remains. Adding the numbers up reads them and does little else, and saves {reading:.0%} as many milliseconds: "
             "so much could reading alone account for at most. The rest may be that eight queries with the same keys are one product of matrices, and eight with keys of their own are not; that we have not tested.")

# %% [markdown] name="grouped-text"
r"""
Shazeer (2019) drew the conclusion: **multi-query attention**, one head of keys and values for all heads of queries. **Grouped-query attention** (Ainslie and others 2023) takes a few, $G$ of them, each shared by a group of $H / G$ heads. To share without copying, let the heads of a group ask as if they were more words:
"""

# %% name="grouped"
def share_keys(Q, K, V):
    H, G, L = Q.shape[1], K.shape[1], Q.shape[2]
    together = Q.unflatten(1, (G, H // G)).flatten(2, 3)  # (B, H, L, D) -> (B, G, H/G, L, D) -> (B, G, H/G * L, D)
    contexts = (together @ K.mT / Q.shape[-1] ** 0.5).softmax(-1) @ V
    return contexts.unflatten(2, (H // G, L)).flatten(1, 2)  # back to (B, H, L, D)


q, k, v = torch.randn(2, 8, 5, 16), torch.randn(2, 2, 7, 16), torch.randn(2, 2, 7, 16)
assert torch.allclose(share_keys(q, k, v), grouped_attention(q, k, v)[0], atol=1e-6)
assert torch.allclose(share_keys(q, k, v), F.scaled_dot_product_attention(q, k, v, enable_gqa=True), atol=1e-6)
for groups in (8, 2, 1):
    layer = GroupedQueryAttention(64, heads=8, groups=groups)
    print(f"groups {groups}: keys {tuple(layer.init_state(torch.randn(1, 5, 64)).keys.shape)}, {sum(p.numel() for p in layer.parameters()):,} parameters")

# %% [markdown] name="speed-text"
r"""
How fast does a whole decoder write? One of four layers, size 512, with a cache filled to the length on the axis, measured beforehand; bands go from the slowest to the fastest of five rounds. Room for the cache is allocated beforehand. (To append a word by copying all that is kept is the row *copied*.) The sliding window of lesson 17, over the last 256 words, is the other way to read less: what has left the window can be forgotten.
"""

# %% name="speed-figure"
speed = results.load("20_decoding")
print(speed.provenance)
shown = ("8 heads", "2 groups", "1 group", "8 heads, window 256", "8 heads, copied")
rows = {name.replace("8 heads, ", ""): [(np.median(r), min(r), max(r)) for r in speed["tokens_a_second"][name]] for name in shown}
figure = plots.bands(speed["lengths"], rows, x_label="words in the cache", y_label="words a second", log="xy")
for axis, ticks in {"x": speed["lengths"], "y": [10, 30, 100, 200]}.items():
    figure.axes[0].set(**{f"{axis}ticks": ticks, f"{axis}ticklabels": [f"{n:,}" for n in ticks]})
figure

# %% name="speed-numbers"
whole = speed["tokens_a_second"]["8 heads"]
print(f"{'':<22}" + "".join(f"{f'{n:,} words':>26}" for n in speed["lengths"]))
for name, rounds in speed["tokens_a_second"].items():
    cells = []
    for place, (ours, theirs) in enumerate(zip(rounds, whole)):
        kept = speed["cache_bytes"].get(name, [0] * 9)[place] / 1e6
        cells.append(f"{np.median(np.array(ours) / theirs):>7.2f} x{f'{kept:,.1f} MB' if kept else '':>15}   " if ours else f"{'not measured':>26}")
    print(f"{name:<22}" + "".join(cells))
base = "".join(f"{np.median(rounds):>8.0f}{'':>18}" for rounds in whole)
print(f"{'8 heads, words/s':<22}{base}")
print("weights of the layers:", ", ".join(f"{name} {speed['parameter_bytes'][name] / 1e6:.1f} MB" for name in ("8 heads", "2 groups", "1 group")))

# %% [markdown] name="speed-after"
r"""
Each cell has the speed against eight heads, and what is kept and read again for the next word; differences of 10 to 20 % may be noise. Without a cache we stopped at 1,024 words, and the figure leaves it out. At 256 words the cache is small beside the weights of the layers (last line), which have to be read, too. What the window loses there may be the mask that its layer makes for every word; we have not timed it. At 16,384, where nothing is copied, the fewer bytes, the faster, though by far not in proportion. And copying the cache costs much more than reading it.

## What it costs

Fewer keys are not exact: this is another model. Take the trained decoder above and average the keys and values of each group, as Ainslie and others did with large models before they trained them on for a twentieth of the steps. Ours has had ninety steps, and gets twenty more: a larger share, for a first look.
"""

# %% name="average"
def with_groups(model, groups):
    model = copy.deepcopy(model)
    for block in model.blocks:
        block.self_attention = grouped(block.self_attention, groups)
    return model


for groups in (8, 2, 1):
    fewer = with_groups(decoder, groups)
    before = held_out(fewer)
    train(fewer, 20, rate=2e-3, seed=1)
    print(f"groups {groups}: {before:.2f} nats a word, and {held_out(fewer):.2f} after 20 steps")
    assert held_out(fewer) < held_out(decoder) + 0.35

# %% [markdown] name="quality-text"
r"""
Averaging hurts, and most of the damage is mended within twenty steps. Beforehand: the same with a longer training and three seeds, and beside it decoders with two groups and one *from the start*, whose feed-forward layers were widened until all had the same number of parameters.
"""

# %% name="quality-numbers"
steps = [f"{count} steps more" for count in measured["more"].values()]
print("heads of keys " + "".join(f"{head:>22}" for head in ("from the start", "averaged", *steps)))
for groups in measured["groups"]:
    cells = [measured[key][str(groups)] for key in ("loss", "averaged", *measured["more"])]
    print(f"{groups:<14}" + "".join(f"{'  '.join(f'{x:.2f}' for x in seeds):>22}" for seeds in cells))
print("nats a word on unseen sentences after", measured["steps"], "steps, one number a seed")

# %% name="quality-claim"
claims.verdict("two-groups-nearly-as-good")

# %% [markdown] name="control-text"
r"""
Trained from the start, eight, two and one head of keys cannot be told apart here. The seeds differ by more, and three of them leave room for a difference of 0.05: the first claim holds in part.

The averaged ones are compared with the eight heads that had the same steps more, and how these are trained on matters. At first all of them had the rate of the main training, which does harm to the eight heads, as the next cell shows. Now each has the best of five rates, found on other sentences; often it is one at an end of the five, and a rate beyond might be better still. (The second claim, too, was added when the first measurement was known.)
"""

# %% name="control"
for key, name in {"trained_on": "averaged", "trained_on_longer": "averaged_longer"}.items():
    before, at_each_rate = (np.array(measured[which]["8"]) for which in ("loss", f"{key}_at_each_rate"))
    gained = {"the rate of before": at_each_rate[:, measured["rates"].index(5e-3)], "the best rate": np.array(measured[key]["8"])}
    print(f"{measured['more'][key]} steps more, what eight heads lose: " + "; ".join(
        f"at {rate} {', '.join(f'{x:+.2f}' for x in after - before)}" for rate, after in gained.items()))
    print(f"{'':>14}two groups lack {', '.join(f'{x:.2f}' for x in measured[f'{name}_2_more'])}")

# %% name="averaged-claim"
claims.verdict("averaged-groups-nearly-as-good")

# %% [markdown] name="quality-after"
r"""
So a twentieth of the training does not bear the second claim out here, and with a fifth of it less than half of the distance is left. But a twentieth of ours is fifteen steps.

This is a small model and an easy text, as you will see below. Ainslie and others give, as the average over seven tasks of a model of 11 billion parameters, 47.2 for multi-head, and of the same model averaged and trained on, 47.1 for eight groups and 46.6 for one.
"""

# %% [markdown] name="window-text"
r"""
## Forgetting

With a sliding window the cache stops growing. The package keeps what is worth keeping (the attention function says how far back it sees), and the decoder's count of words goes on, so that positions stay right. What it writes equals the window's own definition without a cache.
"""

# %% name="window"
windowed = new_decoder(attend=lambda: LocalAttention(window=16))
windowed.load_state_dict(decoder.state_dict())
words, cache = write(windowed, 100)
assert words.equal(write(windowed, 100, cached=False)[0])
print("after 100 words the cache counts", cache.length, "and holds", cache.blocks[0].keys.shape[-2])
for window in (2, 4, 8, 16, 256):
    windowed.blocks[0].self_attention.attend = windowed.blocks[1].self_attention.attend = LocalAttention(window)
    print(f"window {window:>3}: {held_out(windowed):.2f} nats a word")

# %% [markdown] name="window-after"
r"""
A sentence here has at most fifteen words, and what lies before it is of no use. So a window of 16, put upon a decoder that was trained to see everything, costs next to nothing. With a window of 2 two layers reach back two words, and that costs a good deal. Where something old does matter, lesson 17 shows what a window loses. Mistral 7B (Jiang and others 2023) combines both savings, eight heads of keys for its 32 heads of queries and a window of 4,096 words.

## Where to go next

So what does attention have to remember? For its output, three things a query while it runs. For its gradients, the inputs, the output and one number a query. For writing, the keys and values. To keep fewer of those, exactness is given up; the choice is then how many heads to keep, and how many words.

The [exercises](exercises/20_exact_and_cheaper.ipynb) merge two halves of a softmax, count the cache of a model, repair a causal mask, and average heads (six problems, about three quarters of an hour). Two halves that can be merged in any order need not even be on one machine: that is lesson 22, to come. Lesson 21, to come, sets all these costs side by side.

### Sources

Milakov, Gimelshein: Online normalizer calculation for softmax. 2018, [arXiv:1805.02867](https://arxiv.org/abs/1805.02867) · Rabe, Staats: Self-attention does not need O(n²) memory. 2021, [arXiv:2112.05682](https://arxiv.org/abs/2112.05682) · Dao, Fu, Ermon, Rudra, Ré: FlashAttention: fast and memory-efficient exact attention with IO-awareness. NeurIPS 2022, [arXiv:2205.14135](https://arxiv.org/abs/2205.14135) · Dao: FlashAttention-2: faster attention with better parallelism and work partitioning. 2023, [arXiv:2307.08691](https://arxiv.org/abs/2307.08691) · Shazeer: Fast Transformer decoding: one write-head is all you need. 2019, [arXiv:1911.02150](https://arxiv.org/abs/1911.02150) · Ainslie, Lee-Thorp, de Jong, Zemlyanskiy, Lebrón, Sanghai: GQA: training generalized multi-query Transformer models from multi-head checkpoints. EMNLP 2023, [arXiv:2305.13245](https://arxiv.org/abs/2305.13245) · Jiang and others: Mistral 7B. 2023, [arXiv:2310.06825](https://arxiv.org/abs/2310.06825) · the glossary article アテンションメカニズム (Attention mechanism, 2025), in Japanese.
"""
