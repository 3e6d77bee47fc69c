# %% [markdown] name="title"
r"""
# Exercises 13 · Training Transformers

One problem on [lesson 13](../13_training_transformers.ipynb), about five minutes.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.average.hint()` gives a hint, a more explicit one each time. `check.average.solution()` shows one solution.

**Rules for all problems.** Inputs are PyTorch tensors. Write in PyTorch or NumPy, as you like. Return a new result, and do not change the inputs. Where a result is true or false it must be Boolean, and where it is a whole number it must be an integer type. Letters in brackets are shapes, as in the lesson.
"""

# %% name="imports"
import torch

from attention_course.checks import lesson_13 as check

# %% [markdown] name="average-text"
r"""
## 1 · The average

★☆☆, 5 minutes: writes the mechanism

`weights` (L, S) has one row for each query, which adds up to 1. `values` (S, D_v) has one row for each key. Return the averages of the values under the weights (L, D_v).
"""

# %% name="average" tags=["exercise"]
def average(weights, values):
    raise NotImplementedError("your turn")


# %% name="average-check"
check.average(average)
