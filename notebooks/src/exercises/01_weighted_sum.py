# %% [markdown] name="title"
r"""
# Exercises 01 · A weighted sum

Five problems on [lesson 01](../01_weighted_sum.ipynb), about fifty minutes. Write in PyTorch or NumPy, as you like. `check.soft_look_up.hint()` gives a hint, each time a more explicit one; `check.soft_look_up.solution()` shows one solution.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course.checks import lesson_01 as check

# %% [markdown] name="soft-look-up-text"
r"""
## 1 · A soft look-up

★☆☆, 8 minutes

From one `query` of size E, `keys` (S, E) and `values` (S, D), return the context vector of size D: dot-product scores, Eq. (2), Eq. (1). It must survive scores in the thousands, above and below zero. Write the softmax out; a ready-made one would pass, and teach you nothing.
"""

# %% name="soft-look-up" tags=["exercise"]
def soft_look_up(query, keys, values):
    raise NotImplementedError("your turn")


# %% name="soft-look-up-check"
check.soft_look_up(soft_look_up)

# %% [markdown] name="multiplied-mask-text"
r"""
## 2 · A mask that does not mask

★☆☆, 5 minutes

A colleague keeps padding out of the attention by multiplying the scores with the mask, "so that padding has a score of zero": `(scores * mask).softmax(-1)`, with the scores (−1, −2, 3), of which the third is padding. Before you run anything: what happens?

- **A** Padding gets no weight, as was meant.
- **B** Padding gets weight, and more than a real key whose score is negative.
- **C** The weights no longer sum to one.
- **D** The weights become NaN.
"""

# %% name="multiplied-mask" tags=["exercise"]
multiplied_mask = ...  # "A", "B", "C" or "D"

# %% name="multiplied-mask-check"
check.multiplied_mask(multiplied_mask)

# %% name="multiplied-mask-try"
scores = torch.tensor([-1.0, -2.0, 3.0])
mask = torch.tensor([True, True, False])
(scores * mask).softmax(-1)

# %% [markdown] name="masked-weights-text"
r"""
## 3 · A mask that does

★★☆, 12 minutes

From `scores` (L, S) and a Boolean `mask` (L, S) in which `True` means *may attend*, return the weights (L, S): softmax along each row among the keys it may attend to, exactly zero elsewhere. A row that may attend to nothing is all zeros, and its gradient is finite.
"""

# %% name="masked-weights" tags=["exercise"]
def masked_weights(scores, mask):
    raise NotImplementedError("your turn")


# %% name="masked-weights-check"
check.masked_weights(masked_weights)

# %% [markdown] name="score-gradient-text"
r"""
## 4 · What the gradient rewards

★★☆, 10 minutes

One query has the `weights` (S,) over `values` (S, D). The loss has the `gradient` (D,) with respect to the context vector. Work out on paper its gradient with respect to the scores, from the derivative of softmax and without looking at the lesson, and return it, (S,). (Autograd would pass, too. Use it afterwards to convince yourself.)
"""

# %% name="score-gradient" tags=["exercise"]
def score_gradient(weights, values, gradient):
    raise NotImplementedError("your turn")


# %% name="score-gradient-check"
check.score_gradient(score_gradient)

# %% [markdown] name="leave-one-out-text"
r"""
## 5 · No looking at oneself

★★★, 15 minutes

Kernel regression on the points (`x`, `y`), each of shape (N,), with a Gaussian kernel of the given `width`: the score of point $j$ for point $i$ is $-(x_i - x_j)^2 / (2 w^2)$. Return the prediction (N,) for every point, made from the *other* points alone. A point may lie far from all others.
"""

# %% name="leave-one-out" tags=["exercise"]
def leave_one_out(x, y, width):
    raise NotImplementedError("your turn")


# %% name="leave-one-out-check"
check.leave_one_out(leave_one_out)
