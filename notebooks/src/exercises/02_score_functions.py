# %% [markdown] name="title"
r"""
# Exercises 02 · Score functions

Five problems on [lesson 02](../02_score_functions.ipynb), about fifty minutes. Write in PyTorch or NumPy, as you like. `check.additive_energies.hint()` gives a hint, each time a more explicit one; `check.additive_energies.solution()` shows one solution.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course.checks import lesson_02 as check

# %% [markdown] name="additive-energies-text"
r"""
## 1 · The additive score, in batches

Writes the mechanism · ★★☆, 12 minutes

From `queries` (B, L, query size), `keys` (B, S, key size), `W_1` (k, key size), `W_2` (k, query size) and `v` (k,), return the energies (B, L, S): $S(a, b) = v^\top \tanh(W_1 a + W_2 b)$ for each query $b$ and each key $a$ of its sentence. No loops, and without looking at the lesson.
"""

# %% name="additive-energies" tags=["exercise"]
def additive_energies(queries, keys, W_1, W_2, v):
    raise NotImplementedError("your turn")


# %% name="additive-energies-check"
check.additive_energies(additive_energies)

# %% [markdown] name="hidden-matrix-text"
r"""
## 2 · The hidden matrix

Extends · ★☆☆, 8 minutes

A multiplicative score is a bilinear one in disguise. From `W_1` (k, key size) and `W_2` (k, query size), return the matrix $W$ (key size, query size) for which $a^\top W b = (W_1 a)^\top (W_2 b)$, whatever $a$ and $b$ are. Then think about which rank such a $W$ can have when $k = 1$.
"""

# %% name="hidden-matrix" tags=["exercise"]
def hidden_matrix(W_1, W_2):
    raise NotImplementedError("your turn")


# %% name="hidden-matrix-check"
check.hidden_matrix(hidden_matrix)

# %% [markdown] name="stands-still-text"
r"""
## 3 · A training that stands still

Breaks something and explains · ★★☆, 8 minutes

Four networks look up one of eight values. You print the eight scores of each question in the first batch, before any training. Each network is then trained for a hundred steps of plain gradient descent, with every learning rate from 0.03 to 300 that you care to try. One of the four learns by far the least. Which?

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

Extends · ★★☆, 12 minutes

Query and key have `k` numbers each, all with mean 0. The query's have the standard deviation `query_std`, the key's `key_std`, and query and key are independent of each other. And the vectors are redundant: every number stands in its vector `repeats` times, at the same places in query and key, so that only `k / repeats` of them are independent. Work out on paper the standard deviation of the dot product, and return it.
"""

# %% name="score-spread" tags=["exercise"]
def score_spread(k, query_std, key_std, repeats):
    raise NotImplementedError("your turn")


# %% name="score-spread-check"
check.score_spread(score_spread)

# %% name="score-spread-try"
a, b = (torch.randn(10_000, 16).repeat(1, 4) for _ in range(2))  # k = 64, every number four times
(a * 2 * b).sum(-1).std()  # query_std 1, key_std 2

# %% [markdown] name="cosine-energies-text"
r"""
## 5 · A sixth score

Extends · ★★☆, 10 minutes

Another cure for large scores is to let only directions count. From `queries` (L, E), `keys` (S, E) and a `temperature`, return the energies (L, S): the cosine of the angle between each query and each key, divided by the temperature. A vector of zeros has no direction; its scores are 0.
"""

# %% name="cosine-energies" tags=["exercise"]
def cosine_energies(queries, keys, temperature):
    raise NotImplementedError("your turn")


# %% name="cosine-energies-check"
check.cosine_energies(cosine_energies)
