# %% [markdown] name="title"
r"""
# Exercises 00 · Reading an attention map

Three problems on [lesson 00](../00_start_here.ipynb), about twenty minutes.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.points_right.hint()` gives a hint, a more explicit one each time. `check.points_right.solution()` shows one solution.

**Rules for all problems.** Write in PyTorch or NumPy, as you like. Return a new result, and do not change the inputs. `weights` is always an attention map, a PyTorch tensor (L, S): L French words in rows, S English words in columns. Each row adds up to 1.
"""

# %% name="imports"
import torch

from attention_course.checks import lesson_00 as check

# %% [markdown] name="points-right-text"
r"""
## 1 · Does it point right?

★☆☆, 7 minutes: writes a measure

The grammar knows which words belong together. It gives `links`, a set of pairs of places: first the place of the English word, then the place of the French word, both counted from 0. For *the cat sat* and *le chat s' est assis* the links are (0, 0), (1, 1), (2, 2), (2, 3), (2, 4), since *sat* belongs to *s'*, to *est* and to *assis*.

Given `weights` (L, S) and `links`, return a number from 0 to 1: the share of French words whose largest weight falls on an English word that they are linked to. A French word may have several links. A French word without a link counts as a word that looks wrong.

(A relative of this measure is the alignment error rate. Lesson 04 uses it.)
"""

# %% name="points-right" tags=["exercise"]
def points_right(weights, links):
    raise NotImplementedError("your turn")


# %% name="points-right-check"
check.points_right(points_right)

# %% [markdown] name="how-many-text"
r"""
## 2 · How many words does it look at?

★★☆, 10 minutes: writes a measure

A row with one dark square looks at one word. A row in which all weights are equal looks at all words. And in between? The entropy of a row says how evenly it shares out its weight. If $n$ words share it evenly, the entropy is $\log n$. So its exponential,

$$\exp\Big(-\sum_j a_j \log a_j\Big),$$

is exactly $n$ then. Return it for each row of `weights` (L, S), so the result is (L). Some weights may be exactly zero. They add nothing to the sum.
"""

# %% name="how-many" tags=["exercise"]
def how_many(weights):
    raise NotImplementedError("your turn")


# %% name="how-many-check"
check.how_many(how_many)

# %% [markdown] name="what-it-proves-text"
r"""
## 3 · What does it prove?

★★☆, 3 minutes: explains

In the lesson's map, the row of *est* is dark at *sat*. What follows from that?

- **A** The model could not have chosen *est* without the word *sat*.
- **B** Nothing: the map would look the same for any other sentence.
- **C** In the average that was handed to the decoder before *est*, the annotation made at *sat* had this share.
- **D** The share tells how much of the reason for writing *est* is the word *sat*.
"""

# %% name="what-it-proves" tags=["exercise"]
what_it_proves = ...  # "A", "B", "C" or "D"

# %% name="what-it-proves-check"
check.what_it_proves(what_it_proves)
