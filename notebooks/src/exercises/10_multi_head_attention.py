# %% [markdown] name="title"
r"""
# Exercises 10 · Multi-head attention

Six problems on [lesson 10](../10_multi_head_attention.ipynb), about an hour. Write in PyTorch or NumPy, as you like. `check.split_heads.hint()` gives a hint, each time a more explicit one; `check.split_heads.solution()` shows one solution.
"""

# %% name="imports"
import copy

import numpy as np
import torch

from attention_course import device, plots
from attention_course.checks import lesson_10 as check
from attention_course.data import grammar
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import BOS, Vocabulary, pad
from attention_course.decoding import translate
from attention_course.layers import prune_heads
from attention_course.models.multi_head_translator import MultiHeadTranslator
from attention_course.training import sequence_loss, train

# %% [markdown] name="split-heads-text"
r"""
## 1 · Cut into heads

Writes the mechanism · ★☆☆, 6 minutes

`x` is (B, S, E), with the numbers of head 0 first in every vector, then those of head 1, and so on. Return (B, H, S, D) with D = E / H: for each head the pieces that belong to it, one a word.
"""

# %% name="split-heads" tags=["exercise"]
def split_heads(x, H):
    raise NotImplementedError("your turn")


# %% name="split-heads-check"
check.split_heads(split_heads)

# %% [markdown] name="multi-head-text"
r"""
## 2 · All heads at once

Writes the mechanism · ★★☆, 15 minutes

Eq. (14) with cross-attention and a mask. `queries` is (B, L, E), `source`, which keys and values are made of, (B, S, E). The four matrices are (E, E) and act as in `nn.Linear`, `x @ W.mT`; in the first three, the rows of head 0 stand on top. `mask` is (B, L, S), the same for all heads, and True means: may attend. Every query may attend to something. Return (B, L, E), without a loop over heads.
"""

# %% name="multi-head" tags=["exercise"]
def multi_head(queries, source, W_Q, W_K, W_V, W_O, H, mask):
    raise NotImplementedError("your turn")


# %% name="multi-head-check"
check.multi_head(multi_head)

# %% [markdown] name="pytorch-mask-text"
r"""
## 3 · A mask for the other side

Extends · ★☆☆, 6 minutes

A colleague uses `nn.MultiheadAttention` with `H` heads and wants your mask (B, L, S), in which True means *may attend*. As `attn_mask` that layer takes (B·H, L, S), where all heads of the first sentence come before those of the second, and where True means *may not*. Return it.
"""

# %% name="pytorch-mask" tags=["exercise"]
def pytorch_mask(mask, H):
    raise NotImplementedError("your turn")


# %% name="pytorch-mask-check"
check.pytorch_mask(pytorch_mask)

# %% [markdown] name="prune-text"
r"""
## 4 · Remove heads

Extends · ★★☆, 10 minutes

From the matrices of a layer with `H` heads, as in problem 2, make those of a layer that has only the heads in the list `keep`, in its order. `W_Q` and `W_O` are (E, E); `W_K` and `W_V` may have fewer or more columns, where keys and values have another size. Return the four.
"""

# %% name="prune" tags=["exercise"]
def prune(W_Q, W_K, W_V, W_O, H, keep):
    raise NotImplementedError("your turn")


# %% name="prune-check"
check.prune(prune)

# %% [markdown] name="head-importance-text"
r"""
## 5 · Which head matters?

Extends · ★★★, 15 minutes

To remove each head in turn and measure takes a run a head. Michel, Levy and Neubig (2019) ask the gradient instead. Imagine a gate $\xi_{bh}$ before the context of head $h$ in sentence $b$, which multiplies all its numbers and stands at 1. How steeply does the loss of sentence $b$ change when the gate is moved? Their importance of head $h$ is the mean over sentences of $|\partial \mathcal{L}_b / \partial \xi_{bh}|$.

`contexts` is (B, H, L, D); `loss(contexts)` gives the losses of the sentences, (B,), each of which depends on its own contexts alone. Return (H,). This one needs PyTorch.
"""

# %% name="head-importance" tags=["exercise"]
def head_importance(contexts, loss):
    raise NotImplementedError("your turn")


# %% name="head-importance-check"
check.head_importance(head_importance)

# %% [markdown] name="what-pruning-says-text"
r"""
## 6 · What pruning says

Breaks something and explains · ★★☆, 8 minutes

A translator with eight heads gets 93 % of unseen sentences right. Each head in turn was removed, the others staying, and it got between 91 % and 93 %. Nothing else has been measured. Which statement does that bear out?

- **A** Most of the heads could be removed together at next to no cost.
- **B** Each of the heads does next to nothing.
- **C** Trained with fewer heads, this translator would be as good.
- **D** Whatever a single head does, the other seven can nearly do without it.
- **E** All heads look at much the same words.
"""

# %% name="what-pruning-says" tags=["exercise"]
what_pruning_says = ...  # "A", "B", "C", "D" or "E"

# %% name="what-pruning-says-check"
check.what_pruning_says(what_pruning_says)

# %% [markdown] name="try-text"
r"""
The next cells train a translator with eight heads again, which takes less than a minute, rank its heads by Michel's importance with one backward pass, and remove them in two orders: the least important first, and the most important first. What do you expect of the two curves, and of their ends?
"""

# %% name="try-train"
pairs, unseen = grammar.pairs(30_000, part="train"), grammar.pairs(200, part="test")
english, french = Vocabulary(pair.english for pair in pairs), Vocabulary(pair.french for pair in pairs)
examples = encode_pairs([(pair.english, pair.french) for pair in pairs], english, french)

torch.set_num_threads(1)
device.seed_everything(0)
model = MultiHeadTranslator(len(english), len(french), heads=8)
run = train(model, examples, target_tokens=300_000, batch_tokens=320, learning_rate=6e-3)

# %% name="try-importance"
source = pad([example[0] for example in examples[:300]])
target = pad([example[1] for example in examples[:300]])

gates = torch.ones(300, 8, requires_grad=True)
memory, state = model.encode(source)
states, _ = model.rnn(model.embedding(target[:, :-1]), state.unsqueeze(0))
found, _ = model.attention.look(states, memory.prepared, memory.mask, head_mask=gates)
loss = sequence_loss(model.words(model.norm(states + found)), target[:, 1:])
(slopes,) = torch.autograd.grad(loss, gates)
importance = slopes.abs().mean(0)
order = importance.argsort().tolist()
print("heads, the least important first:", order)

# %% name="try-curves"
def right(keep):
    smaller = copy.deepcopy(model)
    smaller.attention = prune_heads(model.attention, keep)
    written = translate(smaller, [pair.english for pair in unseen], english, french)
    return sum(t.words == list(pair.french) for t, pair in zip(written, unseen)) / len(unseen)


removed = range(8)
curves = {"least important first": [right(order[n:]) for n in removed], "most important first": [right(order[::-1][n:]) for n in removed]}
assert sum(curves["least important first"]) >= sum(curves["most important first"]) - 0.3
plots.lines(removed, curves, x_label="heads removed", y_label="sentences exactly right")

# %% [markdown] name="try-after"
r"""
Does the order matter? Compare with a random order, and with the order by the alignment that each head draws alone. Then train the smaller translator on for a few thousand words after each removal: how many heads does it need now?
"""
