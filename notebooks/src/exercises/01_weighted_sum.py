# %% [markdown] name="title"
r"""
# Exercises 01 · A weighted sum

Five problems on [lesson 01](../01_weighted_sum.ipynb), about forty-five minutes.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.soft_look_up.hint()` gives a hint, a more explicit one each time. `check.soft_look_up.solution()` shows one solution.

**Rules for all problems.** Inputs are PyTorch tensors. Write in PyTorch or NumPy, as you like. Return a new result, and do not change the inputs. Where a result is true or false it must be Boolean, and where it is a whole number it must be an integer type. Letters in brackets are shapes, as in the lesson: L queries, S keys.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course.checks import lesson_01 as check

# %% [markdown] name="soft-look-up-text"
r"""
## 1 · A soft look-up

★☆☆, 8 minutes: writes the mechanism

There is one `query` (D), and there are `keys` (S, D) and `values` (S, D_v). Return the context vector (D_v). Use dot products as scores, then Eq. (2), then Eq. (1). Your function must survive scores in the thousands, positive and negative.

Write the softmax yourself. A ready-made one would pass, and teach you nothing.
"""

# %% name="soft-look-up" tags=["exercise"]
def soft_look_up(query, keys, values):
    raise NotImplementedError("your turn")


# %% name="soft-look-up-check"
check.soft_look_up(soft_look_up)

# %% [markdown] name="multiplied-mask-text"
r"""
## 2 · A mask that does not mask

★☆☆, 5 minutes: breaks something and explains

A colleague wants to hide the padding. She multiplies the scores by the mask, "so that padding has a score of zero": `(scores * mask).softmax(-1)`. Take the scores (−1, −2, 3). The third belongs to a PAD. Decide before you run anything: what happens?

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

★★☆, 12 minutes: writes the mechanism

There are `scores` (L, S) and a Boolean `mask` (L, S), in which `True` means *may attend*. Return the weights (L, S). Each row is a softmax over the keys that it may attend to. All other weights are exactly zero. A row that may attend to nothing is all zeros, and its gradient is finite.
"""

# %% name="masked-weights" tags=["exercise"]
def masked_weights(scores, mask):
    raise NotImplementedError("your turn")


# %% name="masked-weights-check"
check.masked_weights(masked_weights)

# %% [markdown] name="score-gradient-text"
r"""
## 4 · What the gradient rewards

★★☆, 10 minutes: explains

One query has the `weights` (S) over the `values` (S, D_v). `gradient` (D_v) is the gradient of the loss with respect to the context vector. Return the gradient of the loss with respect to the scores (S).

Work it out on paper first, from the derivative of the softmax, without looking at the lesson. Autograd would pass, too; use it afterwards to convince yourself.
"""

# %% name="score-gradient" tags=["exercise"]
def score_gradient(weights, values, gradient):
    raise NotImplementedError("your turn")


# %% name="score-gradient-check"
check.score_gradient(score_gradient)

# %% [markdown] name="leave-one-out-text"
r"""
## 5 · No looking at oneself

★★☆, 10 minutes: extends

This is kernel regression, as with the Nile. There are N points with places `x` (N) and measurements `y` (N). The score of point $j$ for point $i$ is $-(x_i - x_j)^2 / (2 \sigma^2)$, where σ is the `width`. Return a prediction (N) for every point, made from the *other* points only. There are at least two points, and their numbers are floats. A point may lie far from all others.
"""

# %% name="leave-one-out" tags=["exercise"]
def leave_one_out(x, y, width):
    raise NotImplementedError("your turn")


# %% name="leave-one-out-check"
check.leave_one_out(leave_one_out)
