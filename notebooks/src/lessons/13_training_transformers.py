# %% [markdown] name="title"
r"""
# 13 · Training Transformers

The story in three sentences: a case in which something is needed, and what goes wrong without it. The picture below belongs to it.
"""

# %% name="story"
import torch

from attention_course.page import table
from attention_course.plots.diagram import Board

weights = torch.tensor([[0.75, 0.25]])                   # one query, two words: (1, 2)
values = torch.eye(2)                                    # (2, 2)

# the drawing moves to attention_course/lessons/lesson_13/diagrams.py
board = Board(4.4, 1.6, "Two values and their average.")
given = board.matrix(0.8, 0.5, values, "value", title="values", rows=["cat", "sat"], shape="(2, 2)")
found = board.matrix(2.9, 0.64, weights @ values, "context", title="context", shape="(2)")
board.arrow(given, found, "context")
board.picture

# %% [markdown] name="what-for"
r"""
What this lesson is about, in plain words. You need lesson 01. It takes a few minutes.

## 1 · What does it do, with numbers?

*Cat* has the value (1, 0) and *sat* has (0, 1). With weights of 0.75 and 0.25, their average is (0.75, 0.25).

**Answer: one sentence that a reader who comes back finds at once.**

## 2 · How is it programmed?
"""

# %% name="average"
from attention_course.functional import context_vector

context = weights @ values                               # (1, 2) @ (2, 2) -> (1, 2)
assert context.equal(context_vector(weights, values))
table(["weights", "context"], [[weights[0], context[0]]])

# %% [markdown] name="remember"
r"""
**Answer: a matrix product.**

## What to remember

- Three to six sentences that one could say to a colleague.

Worth knowing by heart:

```
context = weights @ values
```

<details><summary>1. A question?</summary>

Its answer.

</details>

<details><summary>2. Another?</summary>

Its answer.

</details>

<details><summary>3. A third?</summary>

Its answer.

</details>

## Exercises, and where to go next

In the [exercises](exercises/13_training_transformers.ipynb) you write the average.

### Sources

Bahdanau, Cho, Bengio: Neural machine translation by jointly learning to align and translate. ICLR 2015. arXiv:1409.0473
"""
