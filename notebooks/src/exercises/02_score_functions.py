# %% [markdown] name="title"
r"""
# Exercises 02 · Score functions

Five problems on [lesson 02](../02_score_functions.ipynb), about fifty minutes.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.additive_energies.hint()` gives a hint, a more explicit one each time. `check.additive_energies.solution()` shows one solution.

**Rules for all problems.** Inputs are PyTorch tensors, sizes and other numbers are Python's. Write in PyTorch or NumPy, as you like. Return a new result, and do not change the inputs. Letters in brackets are shapes, as in the lesson: B sentences, L queries, S keys.

**Names.** The problems use the survey's names. `W_1` is the matrix of the key and `W_2` that of the query, both stored as `nn.Linear` stores them: (size that comes out, size that goes in). `k` is the size in which query and key meet, the lesson's $D$, and `v` is its $u$. Scores are also called energies.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course.checks import lesson_02 as check

# %% [markdown] name="additive-energies-text"
r"""
## 1 · The additive score, in batches

★★☆, 12 minutes: writes the mechanism

There are `queries` (B, L, query size), `keys` (B, S, key size), `W_1` (k, key size), `W_2` (k, query size) and `v` (k). Return the scores (B, L, S). Each query $x$ meets each key $y$ of its own sentence, and no key of another:

$$z = \tanh(x\,W_2^\top + y\,W_1^\top)\,v^\top .$$

Use no loops, and do not look at the lesson.
"""

# %% name="additive-energies" tags=["exercise"]
def additive_energies(queries, keys, W_1, W_2, v):
    raise NotImplementedError("your turn")


# %% name="additive-energies-check"
check.additive_energies(additive_energies)

# %% [markdown] name="hidden-matrix-text"
r"""
## 2 · The hidden matrix

★☆☆, 8 minutes: extends

A multiplicative score is a bilinear one in disguise. There are `W_1` (k, key size) and `W_2` (k, query size). Here key $a$ and query $b$ are columns, as in the survey, and the score is $(W_1 a)^\top (W_2 b)$. Return the matrix $W$ (key size, query size) for which $a^\top W b$ is the same score, whatever $a$ and $b$ are.

Then think about the rank that such a $W$ can have if $k = 1$.
"""

# %% name="hidden-matrix" tags=["exercise"]
def hidden_matrix(W_1, W_2):
    raise NotImplementedError("your turn")


# %% name="hidden-matrix-check"
check.hidden_matrix(hidden_matrix)

# %% [markdown] name="stands-still-text"
r"""
## 3 · A training that stands still

★★☆, 8 minutes: breaks something and explains

Four networks look up one of eight values. You print the eight scores of each question in the first batch, before any training. Then each network is trained for a hundred steps of plain gradient descent, with its own best learning rate. One of the four learns by far the least. Which?

- **A** The eight scores of a question have a mean of 0 and a standard deviation of 30.
- **B** They have a mean of 300 and a standard deviation of 1.
- **C** They have a mean of −300 and a standard deviation of 0.1.
- **D** All scores are 0, because all queries start as zeros.
"""

# %% name="stands-still" tags=["exercise"]
stands_still = ...  # "A", "B", "C" or "D"

# %% name="stands-still-check"
check.stands_still(stands_still)

# %% name="stands-still-try"
mean, deviation = 0, 1  # change these
scores = mean + deviation * torch.randn(8, generator=torch.Generator().manual_seed(0))
(scores.softmax(-1) * 1000).round() / 1000

# %% [markdown] name="score-spread-text"
r"""
## 4 · Not every spread is √k

★★☆, 12 minutes: extends

Query and key have `k` numbers each, all with mean 0. The standard deviation of the query's numbers is `query_std`, that of the key's numbers is `key_std`. Query and key are independent of each other. But each vector repeats itself: every number stands in it `repeats` times, at the same places in query and key. So only `k / repeats` numbers of a vector are independent.

Work out the standard deviation of the dot product on paper, and return it.
"""

# %% name="score-spread" tags=["exercise"]
def score_spread(k, query_std, key_std, repeats):
    raise NotImplementedError("your turn")


# %% name="score-spread-check"
check.score_spread(score_spread)

# %% name="score-spread-try"
a, b = (torch.randn(10_000, 16).repeat(1, 4) for _ in range(2))  # k = 64, each number four times
(a * 2 * b).sum(-1).std()  # query_std 1, key_std 2

# %% [markdown] name="cosine-energies-text"
r"""
## 5 · A sixth score

★★☆, 10 minutes: extends

Here is another cure for large scores: let only directions count. There are `queries` (L, E), `keys` (S, E) and a `temperature`. Return the scores (L, S): the cosine of the angle between each query and each key, divided by the temperature. A vector of zeros has no direction; its scores are 0.
"""

# %% name="cosine-energies" tags=["exercise"]
def cosine_energies(queries, keys, temperature):
    raise NotImplementedError("your turn")


# %% name="cosine-energies-check"
check.cosine_energies(cosine_energies)
