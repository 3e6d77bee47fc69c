# %% [markdown] name="title"
r"""
# Exercises 17 · Sparse and local attention

Five problems on [lesson 17](../17_sparse_and_local.ipynb), about an hour. Write in PyTorch or NumPy, as you like. `check.dilated.hint()` gives a hint, each time a more explicit one; `check.dilated.solution()` shows one solution.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course import device
from attention_course.checks import lesson_17 as check
from attention_course.data.recall import COLOURS, WORDS, recall
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.strided import StridedAttention
from attention_course.models.fitting import fit
from attention_course.models.recaller import Recaller
from attention_course.models.transformer import Config
from attention_course.plots import reach_grid

# %% [markdown] name="strided-pattern-text"
r"""
## 1 · Near, and in strides

Writes the mechanism · ★☆☆, 6 minutes

Return the strided pattern for `n` positions, an (n, n) table in which True means *row i may attend to column j*. It looks back only. Position i sees the last `stride` positions, itself included, and before them every position whose distance from i is a multiple of `stride`.
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

The lesson's window looks back. An encoder's looks both ways: query i sees key j where |i - j| < w. Write it in chunks, for Q, K and V of shape (n, D), where w divides n. Return (n, D), as full attention under the mask would, and make no n × n tensor on the way, not even a mask.
"""

# %% name="local-both-sides" tags=["exercise"]
def local_both_sides(Q, K, V, w):
    raise NotImplementedError("your turn")


# %% name="local-both-sides-check"
check.local_both_sides(local_both_sides)

# %% [markdown] name="dilated-text"
r"""
## 3 · Gaps for nothing

Extends · ★★☆, 10 minutes

You are given `window(Q, K, V, w)`: attention of each word to the last `w` words, itself included, for tensors (..., n, D) with any axes in front. Make a dilated window of it, without looking inside: word i sees i, i - g, i - 2g, …, `w` words in all, as far as there are any. Q, K and V are (n, D), and g divides n. Return (n, D).
"""

# %% name="dilated" tags=["exercise"]
def dilated(Q, K, V, window, w, g):
    raise NotImplementedError("your turn")


# %% name="dilated-check"
check.dilated(dilated)

# %% [markdown] name="heard-of-text"
r"""
## 4 · Hearsay

Extends · ★★☆, 10 minutes

A model has a pattern of its own in each layer. `patterns` is a list of (n, n) tables, the lowest layer first; True in row i and column j means that word i may attend to word j there. Past every attention leads a residual connection. Return the (n, n) table of who has heard of whom on top of the stack.
"""

# %% name="heard-of" tags=["exercise"]
def heard_of(patterns):
    raise NotImplementedError("your turn")


# %% name="heard-of-check"
check.heard_of(heard_of)

# %% [markdown] name="global-in-a-decoder-text"
r"""
## 5 · A global token in a decoder

Breaks something and explains · ★★☆, 5 minutes

A decoder has a window of 16 words and many layers. Someone makes its first position a global token, as in the lesson, and leaves the causal mask on, so that nobody looks ahead. What does the decoder gain? Say also, before you check, what goes wrong on the way that news takes in an encoder.

- **A** In two layers every word has heard of every earlier one.
- **B** Nothing at all.
- **C** Every word sees the first word directly, and nothing else comes into reach sooner.
- **D** It becomes slower by as many steps as the text has words.
- **E** It begins to see the future, through the global token.
"""

# %% name="global-in-a-decoder" tags=["exercise"]
global_in_a_decoder = ...  # "A", "B", "C", "D" or "E"

# %% name="global-in-a-decoder-check"
check.global_in_a_decoder(global_in_a_decoder)

# %% [markdown] name="try-text"
r"""
Now build a stack of your own: three layers, on 64 words, with some eight keys a query in each, or fewer. The picture shows what it reaches, by your `heard_of` (by the solution's, until yours is right). Which stack of windows, strides and gaps lets the last word hear of all others with the fewest keys? The cell after it lets a small model answer one question at distance 50 with it, in about ten seconds.
"""

# %% name="try-pattern"
layers = [LocalAttention(4), StridedAttention(8), LocalAttention(4)]

patterns = [layer.allowed(64, 64) for layer in layers]
right_already = check.heard_of.last.outcome == "correct"
hear = heard_of if right_already else type(check.heard_of).answer
needed = np.full((64, 64), -1)
for depth in (3, 2, 1):
    needed[np.asarray(hear(patterns[:depth]))] = depth
print("keys a query, on average:", ", ".join(f"{pattern.float().sum(1).mean():.1f}" for pattern in patterns))
reach_grid({"yours": needed})

# %% name="try-train"
torch.set_num_threads(1)
device.seed_everything(0)
config = Config(size=32, heads=4, hidden=64, layers=3, dropout=0.0, attend=iter(layers).__next__)
model, generator = Recaller(len(WORDS), len(COLOURS), config), torch.Generator().manual_seed(0)
fit(model, lambda: recall(32, 50, generator, length=64), steps=300, learning_rate=3e-3)
inputs, colours = recall(300, 50, generator, length=64)
print(f"{(model(*inputs)[0].argmax(-1) == colours).float().mean():.0%} right at distance 50; guessing gets 12 %")
