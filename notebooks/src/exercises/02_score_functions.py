# %% [markdown] name="title"
r"""
# Exercises 02 · Score functions

Five problems on [lesson 02](../02_score_functions.ipynb), about fifty minutes.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.additive_scores.hint()` gives a hint, a more explicit one each time. `check.additive_scores.solution()` shows one solution.

**Rules for all problems.** Inputs are PyTorch tensors, sizes and other numbers are Python's. Write in PyTorch or NumPy, as you like. Return a new result, and do not change the inputs. Letters in brackets are shapes, as in the lesson: B sentences, L queries, S keys.

**Names.** The letters are the lesson's. `W_Q` is the matrix of the query, (query size, D), and `W_K` that of the key, (key size, D): D is the size in which query and key meet. `u` is the vector of the additive score. Vectors are rows, so a matrix stands to the right of a vector.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course.checks import lesson_02 as check

# %% [markdown] name="additive-scores-text"
r"""
## 1 · The additive score, in batches

★★☆, 12 minutes: writes the mechanism

There are `queries` (B, L, query size), `keys` (B, S, key size), `W_Q` (query size, D), `W_K` (key size, D) and `u` (D). Return the scores (B, L, S). Each query $x$ meets each key $y$ of its own sentence, and no key of another:

$$z = \tanh(x\,W^Q + y\,W^K)\,u^\top .$$

Use no loops, and do not look at the lesson.
"""

# %% name="additive-scores" tags=["exercise"]
def additive_scores(queries, keys, W_Q, W_K, u):
    raise NotImplementedError("your turn")


# %% name="additive-scores-check"
check.additive_scores(additive_scores)

# %% [markdown] name="hidden-matrix-text"
r"""
## 2 · The hidden matrix

★☆☆, 8 minutes: extends

A multiplicative score is a bilinear one in disguise. There are `W_Q` (query size, D) and `W_K` (key size, D). The score of a query's vector $x$ and a key's vector $y$ is $(x\,W^Q)\,(y\,W^K)^\top$. Return the matrix $W$ (query size, key size) for which $x\,W y^\top$ is the same score, whatever $x$ and $y$ are.

Then think about the rank that such a $W$ can have if $D = 1$.
"""

# %% name="hidden-matrix" tags=["exercise"]
def hidden_matrix(W_Q, W_K):
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
## 4 · Not every spread is √D

★★☆, 12 minutes: extends

Query and key have `D` numbers each, all with mean 0. The standard deviation of the query's numbers is `query_std`, that of the key's numbers is `key_std`. Query and key are independent of each other. But each vector repeats itself: every number stands in it `repeats` times, at the same places in query and key. So only `D / repeats` numbers of a vector are independent.

Work out the standard deviation of the dot product on paper, and return it.
"""

# %% name="score-spread" tags=["exercise"]
def score_spread(D, query_std, key_std, repeats):
    raise NotImplementedError("your turn")


# %% name="score-spread-check"
check.score_spread(score_spread)

# %% name="score-spread-try"
q, k = (torch.randn(10_000, 16).repeat(1, 4) for _ in range(2))  # D = 64, each number four times
(q * 2 * k).sum(-1).std()  # query_std 1, key_std 2

# %% [markdown] name="cosine-scores-text"
r"""
## 5 · A sixth score

★★☆, 10 minutes: extends

Here is another cure for large scores: let only directions count. There are `queries` (L, D), `keys` (S, D) and a `temperature`. Return the scores (L, S): the cosine of the angle between each query and each key, divided by the temperature. A vector of zeros has no direction; its scores are 0.
"""

# %% name="cosine-scores" tags=["exercise"]
def cosine_scores(queries, keys, temperature):
    raise NotImplementedError("your turn")


# %% name="cosine-scores-check"
check.cosine_scores(cosine_scores)
