# %% [markdown] name="title"
r"""
# Exercises 10 · Multi-head attention

Six problems on [lesson 10](../10_multi_head_attention.ipynb), about an hour.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.split_fused.hint()` gives a hint, a more explicit one each time. `check.split_fused.solution()` shows one solution.

**Rules for all problems.** Inputs are PyTorch tensors, unless a problem says otherwise. Write in PyTorch or NumPy, as you like. Return a new result, and do not change the inputs. Matrices stand as in `nn.Linear.weight`, (out, in), and are used as `x @ W.mT`. So the heads lie on top of each other in `W_Q`, `W_K` and `W_V`, the first head on top. A mask is Boolean, and True means *may look*, unless a problem says otherwise. Letters in brackets are shapes: B sentences, L words that ask, S words that are looked at, E numbers per word, H heads, D = E / H.
"""

# %% name="imports"
import copy

import numpy as np
import torch
import torch.nn.functional as F

from attention_course.checks import lesson_10 as check

# %% [markdown] name="split-fused-text"
r"""
## 1 · Another layout

★★☆, 8 minutes: extends

Many models make queries, keys and values in a single product. In GPT-NeoX, its result `x` is (B, S, 3 · E). For every word, the heads stand there one after the other. Each head has its query first, then its key, then its value. Return Q, K and V, each (B, H, S, D).
"""

# %% name="split-fused" tags=["exercise"]
def split_fused(x, H):
    raise NotImplementedError("your turn")


# %% name="split-fused-check"
check.split_fused(split_fused)

# %% [markdown] name="multi-head-text"
r"""
## 2 · All heads at once

★☆☆, 10 minutes: writes the mechanism

Write Eq. (14) with cross-attention and a mask, without looking it up.

- `queries`: (B, L, E), the vectors that ask
- `source`: (B, S, E), the vectors that keys and values are made of
- `W_Q`, `W_K`, `W_V`, `W_O`: (E, E), without biases
- `H`: the number of heads
- `mask`: (B, L, S), the same for all heads. Every query may look at something.

Return the output, (B, L, E). Write no loop over heads.
"""

# %% name="multi-head" tags=["exercise"]
def multi_head(queries, source, W_Q, W_K, W_V, W_O, H, mask):
    raise NotImplementedError("your turn")


# %% name="multi-head-check"
check.multi_head(multi_head)

# %% [markdown] name="pytorch-mask-text"
r"""
## 3 · A mask for the other side

★☆☆, 6 minutes: extends

A colleague uses `nn.MultiheadAttention` with `H` heads, and wants your mask (B, L, S), in which True means *may look*. As `attn_mask`, that layer takes a mask (B · H, L, S), in which True means *may not look*. All heads of the first sentence come before those of the second. Return this mask, as a Boolean one. A query that may look at nothing keeps its row.
"""

# %% name="pytorch-mask" tags=["exercise"]
def pytorch_mask(mask, H):
    raise NotImplementedError("your turn")


# %% name="pytorch-mask-check"
check.pytorch_mask(pytorch_mask)

# %% [markdown] name="prune-text"
r"""
## 4 · Remove heads

★★☆, 10 minutes: extends

The lesson set a head's numbers in `W_O` to zero. Here the heads really go, so that the matrices become smaller. You get the matrices of a layer with `H` heads. `W_Q` and `W_O` are (E, E). `W_K` and `W_V` have E rows, too, but may have fewer or more columns, where keys and values have sizes of their own. The list `keep` names one or more heads, counted from 0, each once. Return the four matrices of a layer that has only these heads, in the order of `keep`.
"""

# %% name="prune" tags=["exercise"]
def prune(W_Q, W_K, W_V, W_O, H, keep):
    raise NotImplementedError("your turn")


# %% name="prune-check"
check.prune(prune)

# %% [markdown] name="head-importance-text"
r"""
## 5 · Which head matters?

★★★, 15 minutes: extends

To remove each head in turn takes one measurement per head. Michel, Levy and Neubig (2019) ask the gradient instead. Imagine a gate before the context of each head in each sentence. It multiplies all numbers of this context, and stands at 1. Let $\xi_{bh}$ be the gate of head $h$ in sentence $b$. How steeply does the loss $\mathcal{L}_b$ of this sentence change when the gate is moved? The importance of head $h$ is the mean over the sentences of $|\partial \mathcal{L}_b / \partial \xi_{bh}|$.

- `contexts`: (B, H, L, D)
- `loss`: a function. `loss(contexts)` gives the loss of each sentence, (B), summed over its words. The loss of a sentence depends on its own contexts alone.

Return the importance of each head, (H). This problem needs PyTorch.
"""

# %% name="head-importance" tags=["exercise"]
def head_importance(contexts, loss):
    raise NotImplementedError("your turn")


# %% name="head-importance-check"
check.head_importance(head_importance)

# %% [markdown] name="what-pruning-says-text"
r"""
## 6 · What pruning says

★☆☆, 3 minutes: explains

A translator gets 82 % of the sentences right with all its eight heads, and 81 % without head 6. Which statement do these two numbers support? Before you check, say also why B does not follow.

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
## To try

The next cells train the translator of the lesson again, in less than a minute. They rank its heads with your `head_importance` (with the solution's, until yours is right). Then they remove the heads in two orders: the least important first, and the most important first. Draw the two curves that you expect, from no head removed to seven. Where must they meet, and where need they not?
"""

# %% name="try-train"
from attention_course import device
from attention_course.data import grammar
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import Vocabulary, pad
from attention_course.lessons.lesson_10.multi_head_translator import MultiHeadTranslator
from attention_course.training import train

pairs, unseen = grammar.pairs(30_000, part="train"), grammar.pairs(200, part="test")
english, french = Vocabulary(p.english for p in pairs), Vocabulary(p.french for p in pairs)
examples = encode_pairs([(p.english, p.french) for p in pairs], english, french)

device.use_threads(1)
device.seed_everything(0)
model = MultiHeadTranslator(len(english), len(french), heads=8)
run = train(model, examples, target_tokens=240_000, batch_tokens=320, learning_rate=6e-3)

# %% name="try-contexts"
from attention_course.functional import scaled_dot_product_attention
from attention_course.masks import PAD

source, target = (pad(side) for side in list(zip(*examples[:300]))[:2])
with torch.no_grad():
    memory, state = model.encode(source)                             # keys and values of all heads
    states, _ = model.rnn(model.embedding(target[:, :-1]), state[None])
    queries = model.attention.project_query(states).unflatten(-1, (8, -1)).transpose(1, 2)
    looked_at = memory.keys, memory.values, memory.mask
    contexts, _ = scaled_dot_product_attention(queries, *looked_at)  # (300, 8, L, 16)


def loss(contexts):
    found = model.attention.project_output(contexts.transpose(1, 2).flatten(2))
    logits = model.words(model.norm(states + found)).mT              # (300, words, L)
    return F.cross_entropy(logits, target[:, 1:], ignore_index=PAD, reduction="none").sum(1)

# %% name="try-importance"
right_already = check.head_importance.last.outcome == "correct"
solution = type(check.head_importance).answer
importance = (head_importance if right_already else solution)(contexts, loss)
order = importance.argsort().tolist()
print("heads, the least important first:", [head + 1 for head in order])

# %% name="try-curves"
from attention_course import plots
from attention_course.decoding import translate
from attention_course.layers import prune_heads


def right(keep):
    smaller = copy.deepcopy(model)
    smaller.attention = prune_heads(model.attention, keep)
    written = translate(smaller, [p.english for p in unseen], english, french)
    return sum(t.words == list(p.french) for t, p in zip(written, unseen)) / len(unseen)


orders = {"least important first": order, "most important first": order[::-1]}
curves = {name: [right(heads[n:]) for n in range(8)] for name, heads in orders.items()}
plots.lines(range(8), curves, x_label="heads removed", y_label="sentences exactly right")

# %% name="try-guard" jupyter={"source_hidden": true}
assert sum(curves["least important first"]) > sum(curves["most important first"]) + 0.3

# %% [markdown] name="try-after"
r"""
The curves start together. With seven heads removed, one keeps the most important head and the other keeps the least important. They need not meet there, but a single head can do so little that they nearly do. In between, the order matters. Compare with a random order, and with the order by the alignment that each head draws alone. Then train the smaller translator on for a few thousand words after each removal. How many heads does it need now?

### Sources

Michel, Levy, Neubig: Are sixteen heads really better than one? NeurIPS 2019, [arXiv:1905.10650](https://arxiv.org/abs/1905.10650) · GPT-NeoX: Black and others: GPT-NeoX-20B: an open-source autoregressive language model. 2022, [arXiv:2204.06745](https://arxiv.org/abs/2204.06745).
"""
