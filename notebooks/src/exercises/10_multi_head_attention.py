# %% [markdown] name="title"
r"""
# Exercises 10 · Multi-head attention

Six problems on [lesson 10](../10_multi_head_attention.ipynb), about an hour. Write in PyTorch or NumPy, as you like. `check.split_fused.hint()` gives a hint, each time a more explicit one; `check.split_fused.solution()` shows one solution.
"""

# %% name="imports"
import copy

import numpy as np
import torch
import torch.nn.functional as F

from attention_course import device, plots
from attention_course.checks import lesson_10 as check
from attention_course.data import grammar
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import Vocabulary, pad
from attention_course.decoding import translate
from attention_course.functional import scaled_dot_product_attention
from attention_course.layers import prune_heads
from attention_course.lessons.lesson_10.multi_head_translator import MultiHeadTranslator
from attention_course.masks import PAD
from attention_course.training import train

# %% [markdown] name="split-fused-text"
r"""
## 1 · Another layout

Extends · ★★☆, 8 minutes

Many models make queries, keys and values in a single product. In GPT-NeoX its result `x`, (B, S, 3·E), holds for every word one head after the other, and of each head its query, then its key, then its value. Return Q, K and V, each (B, H, S, D), with D = E / H.
"""

# %% name="split-fused" tags=["exercise"]
def split_fused(x, H):
    raise NotImplementedError("your turn")


# %% name="split-fused-check"
check.split_fused(split_fused)

# %% [markdown] name="multi-head-text"
r"""
## 2 · All heads at once

Writes the mechanism · ★☆☆, 10 minutes

Eq. (14) with cross-attention and, what the lesson's function lacks, a mask. Write it without looking there. `queries` is (B, L, E), `source`, which keys and values are made of, (B, S, E). The four matrices are (E, E) and act as in `nn.Linear`, `x @ W.mT`; in the first three, the rows of the first head stand on top. `mask` is (B, L, S), the same for all heads, and True means: may attend. Every query may attend to something. Return (B, L, E), without a loop over heads.
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

A colleague uses `nn.MultiheadAttention` with `H` heads and wants your mask (B, L, S), in which True means *may attend*. As `attn_mask` that layer takes (B·H, L, S), where all heads of the first sentence come before those of the second, and where True means *may not*. Return it, as a Boolean mask. A query that may attend to nothing keeps its row.
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

From the matrices of a layer with `H` heads, as in problem 2, make those of a layer that has only the heads in the list `keep`, which names one or more, each once, in its order. `W_Q` and `W_O` are (E, E); `W_K` and `W_V` may have fewer or more columns, where keys and values have sizes of their own. Return the four.
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

`contexts` is (B, H, L, D); `loss(contexts)` gives the loss of each sentence, (B,), summed over its words; it depends on that sentence's contexts alone. Return (H,). This one needs PyTorch.
"""

# %% name="head-importance" tags=["exercise"]
def head_importance(contexts, loss):
    raise NotImplementedError("your turn")


# %% name="head-importance-check"
check.head_importance(head_importance)

# %% [markdown] name="what-pruning-says-text"
r"""
## 6 · What pruning says

Explains · ★☆☆, 3 minutes

Where the lesson was built, its translator got 82 % of the sentences right with all eight heads, and 81 % without head 6. Which statement do these two numbers bear out? Say also, before you check, why B does not follow.

- **A** Head 6 and a few others could be removed together at little cost.
- **B** Head 6 does next to nothing.
- **C** Trained with seven heads, the translator would be as good.
- **D** The other seven, as they are, get on almost as well without head 6.
- **E** Head 6 looks at words at which other heads look, too.
"""

# %% name="what-pruning-says" tags=["exercise"]
what_pruning_says = ...  # "A", "B", "C", "D" or "E"

# %% name="what-pruning-says-check"
check.what_pruning_says(what_pruning_says)

# %% [markdown] name="try-text"
r"""
The next cells train a translator with eight heads again, which takes less than a minute, rank its heads with your `head_importance` (with the solution's, until yours is right), and remove them in two orders: the least important first, and the most important first. Draw the two curves that you expect, from no head removed to seven. Where must they meet, and where need they not?
"""

# %% name="try-train"
pairs, unseen = grammar.pairs(30_000, part="train"), grammar.pairs(200, part="test")
english, french = Vocabulary(pair.english for pair in pairs), Vocabulary(pair.french for pair in pairs)
examples = encode_pairs([(pair.english, pair.french) for pair in pairs], english, french)

device.use_threads(1)
device.seed_everything(0)
model = MultiHeadTranslator(len(english), len(french), heads=8)
run = train(model, examples, target_tokens=300_000, batch_tokens=320, learning_rate=6e-3)

# %% name="try-importance"
source, target = (pad(side) for side in list(zip(*examples[:300]))[:2])
with torch.no_grad():
    memory, state = model.encode(source)
    states, _ = model.rnn(model.embedding(target[:, :-1]), state.unsqueeze(0))
    queries = model.attention.project_query(states).unflatten(-1, (8, -1)).transpose(1, 2)
    contexts, _ = scaled_dot_product_attention(queries, memory.keys, memory.values, memory.mask)  # (300, 8, L, 16)


def loss(contexts):
    found = model.attention.project_output(contexts.transpose(1, 2).flatten(2))
    logits = model.words(model.norm(states + found))
    return F.cross_entropy(logits.mT, target[:, 1:], ignore_index=PAD, reduction="none").sum(1)


right_already = check.head_importance.last.outcome == "correct"
importance = (head_importance if right_already else type(check.head_importance).answer)(contexts, loss)
order = importance.argsort().tolist()
print("heads, the least important first:", [head + 1 for head in order])

# %% name="try-curves"
def right(keep):
    smaller = copy.deepcopy(model)
    smaller.attention = prune_heads(model.attention, keep)
    written = translate(smaller, [pair.english for pair in unseen], english, french)
    return sum(t.words == list(pair.french) for t, pair in zip(written, unseen)) / len(unseen)


removed = range(8)
curves = {"least important first": [right(order[n:]) for n in removed], "most important first": [right(order[::-1][n:]) for n in removed]}
plots.lines(removed, curves, x_label="heads removed", y_label="sentences exactly right")

# %% name="try-guard" jupyter={"source_hidden": true}
assert sum(curves["least important first"]) > sum(curves["most important first"]) + 0.3

# %% [markdown] name="try-after"
r"""
The curves start together. With seven heads removed, one keeps the most important and the other the least important, and they need not meet; here a single head is so little that they nearly do. In between the order matters, by the area between them. Compare it with a random order, and with the order by the alignment that each head draws alone. Then train the smaller translator on for a few thousand words after each removal: how many heads does it need now?
"""
