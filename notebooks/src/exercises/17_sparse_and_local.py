# %% [markdown] name="title"
r"""
# Exercises 17 · Sparse and local attention

Five problems on [lesson 17](../17_sparse_and_local.ipynb), about an hour. Write in PyTorch or NumPy, as you like. `check.dilated.hint()` gives a hint, each time a more explicit one; `check.dilated.solution()` shows one solution.
"""

# %% name="imports"
import torch

from attention_course import device
from attention_course.checks import lesson_17 as check
from attention_course.efficient.dilated import DilatedAttention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.reach import layers_needed
from attention_course.efficient.strided import StridedAttention
from attention_course.lessons.lesson_17.facts import COLOURS, WORDS, facts
from attention_course.lessons.lesson_17.long_range_qa import LongRangeQA
from attention_course.lessons.lesson_17.reach_grid import reach_grid
from attention_course.models.transformer import Config
from attention_course.training import train_classifier

# %% [markdown] name="strided-pattern-text"
r"""
## 1 · Near, and in strides

Writes the mechanism · ★☆☆, 6 minutes

Return the strided pattern for `n` positions, a Boolean (n, n) table in which True means *row i may attend to column j*. It looks back only. Position i sees the last `stride` positions, itself included, and before them every position whose distance from i is a multiple of `stride`.
"""

# %% name="strided-pattern" tags=["exercise"]
def strided_pattern(n, stride):
    raise NotImplementedError("your turn")


# %% name="strided-pattern-check"
check.strided_pattern(strided_pattern)

# %% [markdown] name="local-both-sides-text"
r"""
## 2 · A window to both sides

Writes the mechanism · ★★★, 20 minutes

The lesson's window looks back. An encoder's looks both ways: query i sees key j where |i - j| < w. Write it, best in chunks, for Q, K and V of shape (n, D), where w divides n. Return (n, D), as full attention under the mask would, and make no n × n tensor or array on the way, not even a mask.
"""

# %% name="local-both-sides" tags=["exercise"]
def local_both_sides(Q, K, V, w):
    raise NotImplementedError("your turn")


# %% name="local-both-sides-check"
check.local_both_sides(local_both_sides)

# %% [markdown] name="dilated-text"
r"""
## 3 · Gaps for free

Extends · ★★☆, 10 minutes

You are given `window(Q, K, V, w)`: attention of each word to the last `w` words, itself included, for tensors (..., n, D) with any axes in front. (It takes arrays, too, and returns a PyTorch tensor in either case.) Make a dilated window by calling it, without looking inside: word i sees i, i - g, i - 2g, …, `w` words in all, as far as there are any. Q, K and V are (n, D), and g divides n. Return (n, D).
"""

# %% name="dilated" tags=["exercise"]
def dilated(Q, K, V, window, w, g):
    raise NotImplementedError("your turn")


# %% name="dilated-check"
check.dilated(dilated)

# %% [markdown] name="states-needed-text"
r"""
## 4 · For one answer

Extends · ★★☆, 10 minutes

A stack of L layers is to give one answer, read off the last word on top. Then not every vector has to be computed. `patterns` is a list of L tables (n, n), the lowest layer first; True in row i and column j means that word i may attend to word j there. Each attention has a residual connection around it. Return a Boolean (L + 1, n) table, True where the vector of word j is needed: row 0 for the vectors that go into the lowest layer, row 1 for those that come out of it, and so on; in the last row only the last word is True.
"""

# %% name="states-needed" tags=["exercise"]
def states_needed(patterns):
    raise NotImplementedError("your turn")


# %% name="states-needed-check"
check.states_needed(states_needed)

# %% [markdown] name="global-in-a-decoder-text"
r"""
## 5 · A global token in a decoder

Breaks something and explains · ★★☆, 5 minutes

A decoder has a window of 16 words that looks back, and many layers. Someone makes its first position a global token, as in the lesson, and leaves the causal mask on. In an encoder, far news goes from a word to the global token and from there to another word. Which of the two steps is lost here, and what does the decoder gain?

- **A** Neither: in two layers every word has heard of every earlier one.
- **B** The first: every word sees the first word directly, and nothing else comes into reach sooner.
- **C** Both, and nothing at all is gained.
- **D** The second: the first word gathers the whole text, and nobody can fetch it there.
- **E** The first in part: the token still hears its window, so in two layers every word has heard of the first sixteen.
"""

# %% name="global-in-a-decoder" tags=["exercise"]
global_in_a_decoder = ...  # "A", "B", "C", "D" or "E"

# %% name="global-in-a-decoder-check"
check.global_in_a_decoder(global_in_a_decoder)

# %% [markdown] name="try-text"
r"""
Now build a stack of your own: three layers, on 64 words. The one below gives the last word no path to some of the others (white in the lowest row): to those 15, 23, 31, … words back, seven more than a multiple of eight. Which stack of windows, strides and gaps lets it hear of all others with the fewest keys? Less than five a query in each layer are enough. The cell after it lets a small model answer one question at distance 55, which the stack below cannot bridge, in about ten seconds.
"""

# %% name="try-pattern"
layers = [LocalAttention(4), StridedAttention(8), LocalAttention(4)]  # and DilatedAttention(window, gap)

patterns = [layer.allowed(64, 64, causal=True) for layer in layers]
print("keys a query, on average:", ", ".join(f"{pattern.float().sum(1).mean():.1f}" for pattern in patterns))
reach_grid({"yours": layers_needed(patterns)})

# %% name="try-train"
device.use_threads(1)
device.seed_everything(0)
config = Config(size=32, heads=4, hidden=64, layers=3, dropout=0.0, attend=iter(layers).__next__)
model, generator = LongRangeQA(len(WORDS), len(COLOURS), config, causal=True), torch.Generator().manual_seed(0)
train_classifier(model, lambda: facts(32, 55, generator, length=64), steps=300, learning_rate=3e-3)
inputs, colours = facts(300, 55, generator, length=64)
print(f"{(model(*inputs)[0].argmax(-1) == colours).float().mean():.0%} right at distance 55; guessing gets 12 %")
