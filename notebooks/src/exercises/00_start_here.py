# %% [markdown] name="title"
r"""
# Exercises 00 · Reading an attention map

Three problems on the map that [lesson 00](../00_start_here.ipynb) drew, about twenty minutes. Write your answer in the cell, run it, and run the check below it as often as you like: `check.points_right.hint()` gives a hint, each time a more explicit one, and `check.points_right.solution()` shows one solution.
"""

# %% name="imports"
import torch

from attention_course.checks import lesson_00 as check

# %% [markdown] name="points-right-text"
r"""
## 1 · Does it point right?

★☆☆, 7 minutes

The grammar knows which words belong together. Its links are pairs of places, the English one first: for “the cat sat” and “le chat s' est assis” they are (0, 0), (1, 1), (2, 2), (2, 3), (2, 4).

Given `weights`, one row for each French word, and such a set of `links`, return the share of French words whose largest weight falls on an English word they are linked to. (People who align words report a relative of this figure, the alignment error rate, which lesson 04 uses.)
"""

# %% name="points-right" tags=["exercise"]
def points_right(weights, links):
    raise NotImplementedError("your turn")


# %% name="points-right-check"
check.points_right(points_right)

# %% [markdown] name="how-many-text"
r"""
## 2 · How many words does it look at?

★★☆, 10 minutes

A row with one dark square looks at one word; a row that is pale all over looks at all of them. How many is it in between? The exponential of the row's entropy, $\exp\left(-\sum_i \alpha_i \log \alpha_i\right)$, is a good answer: when $n$ words share the weight evenly, it is exactly $n$. Return it for each row of `weights`, also for rows in which some weights are exactly zero.
"""

# %% name="how-many" tags=["exercise"]
def how_many(weights):
    raise NotImplementedError("your turn")


# %% name="how-many-check"
check.how_many(how_many)

# %% [markdown] name="what-it-proves-text"
r"""
## 3 · What does it prove?

★★☆, 3 minutes

In the lesson's map, the row of *est* is dark at *sat*. What follows from that?

- **A** The model used the word *sat* to choose the word *est*.
- **B** Nothing: the map would look the same for any other sentence.
- **C** In the average that was handed to the decoder before *est*, the annotation made at *sat* had this share.
- **D** The share tells how much of the reason for writing *est* is the word *sat*.
"""

# %% name="what-it-proves" tags=["exercise"]
what_it_proves = ...  # "A", "B", "C" or "D"

# %% name="what-it-proves-check"
check.what_it_proves(what_it_proves)
