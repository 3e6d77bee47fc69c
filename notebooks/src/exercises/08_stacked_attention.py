# %% [markdown] name="title"
r"""
# Exercises 08 · Stacked attention

Four problems on [lesson 08](../08_stacked_attention.ipynb), about forty minutes.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.stacked_looks.hint()` gives a hint, a more explicit one each time. `check.stacked_looks.solution()` shows one solution.

**Rules for all problems.** Inputs are PyTorch tensors, unless a problem says otherwise. Write in PyTorch, NumPy or plain Python, as you like. Return a new result, and do not change the inputs. Letters in brackets are shapes: B questions, each about its own picture, S regions in a picture, E numbers in a query and in a region.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course import device
from attention_course.checks import lesson_08 as check
from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa
from attention_course.lessons.lesson_08.built import StackedAttention, Stage, grow
from attention_course.lessons.lesson_08.drawing_bank import drawing_banks
from attention_course.lessons.lesson_08.examining import evaluate
from attention_course.models.small_encoder import an_encoder
from attention_course.page import table
from attention_course.widgets import predict

# %% [markdown] name="stacked-looks-text"
r"""
## 1 · Several looks

★★☆, 10 minutes: writes the mechanism

Given are:

- `q` (B, E): one question for each picture, as a query;
- `regions` (B, S, E): the pictures;
- `scores`: a list with one function for each hop. `score(q, regions)` gives the scores (B, S).

The values are the regions themselves, as in the paper. Return the last query (B, E) and the weights of all hops (B, hops, S), as a pair in this order.
"""

# %% name="stacked-looks" tags=["exercise"]
def stacked_looks(q, regions, scores):
    raise NotImplementedError("your turn")


# %% name="stacked-looks-check"
check.stacked_looks(stacked_looks)

# %% [markdown] name="follow-text"
r"""
## 2 · The chain by hand

★★☆, 10 minutes: extends

What should the hops find? Given are:

- `kinds` and `colours`: lists with one word for each cell. Cells 0 and 1 share a basket, cells 2 and 3 share the next one, and so on;
- `named`: the kind that the question names;
- `relations`: a list of `"colour"` (*the thing with the colour of*) and `"basket"` (*the thing in the basket with*), in the order in which the question has them, from left to right. There may be none, or more than the lesson asked for.

Every kind stands in one cell. Every colour stands in two cells, of different baskets. A relation leads to another cell than the one it starts from, and a chain may come back. Return the number of the cell to which the question leads.
"""

# %% name="follow" tags=["exercise"]
def follow(kinds, colours, named, relations):
    raise NotImplementedError("your turn")


# %% name="follow-check"
check.follow(follow)

# %% [markdown] name="best-place-text"
r"""
## 3 · A leak detector

★★☆, 10 minutes: writes the measure

This is the baseline that looks at one place. Given are:

- `seen` (N) and `unseen` (M): for each example, the number of its question. Numbers may be left out;
- `seen_hits` (N, cells) and `unseen_hits` (M, cells): True where the answer stands in a cell. It may stand in several cells.

For each question, find the cell in which the answer stood most often among the seen examples. Return the share of unseen examples whose answer stands in the cell of their question. Every question has been seen, and one cell is always ahead of the others.
"""

# %% name="best-place" tags=["exercise"]
def best_place(seen_hits, seen, unseen_hits, unseen):
    raise NotImplementedError("your turn")


# %% name="best-place-check"
check.best_place(best_place)

# %% [markdown] name="what-one-look-can-text"
r"""
## 4 · What one look can do

★★☆, 8 minutes: breaks something and explains

One hop is to answer *what is the thing with the colour of the cat?* Which statement is true?

- **A** Paint the cat in another colour, and no weight of any other thing changes.
- **B** Whether the boat gets more weight than the key cannot depend on the colour of the cat. What is done with the sum afterwards may depend on it.
- **C** Ask with the question four times in the same hop, with four scores side by side (*heads*, as in lesson 10). Then one head can find the cat, and another can give most weight to what has its colour.
- **D** With a better score function, such as a deep network of region and question, most weight can go to what has the cat's colour.
- **E** However large the network behind the sum is, with a single look it cannot answer better than by guessing.
"""

# %% name="what-one-look-can" tags=["exercise"]
what_one_look_can = ...  # "A", "B", "C", "D" or "E"

# %% name="what-one-look-can-check"
check.what_one_look_can(what_one_look_can)

# %% [markdown] name="try-text"
r"""
## To try: which part of the curriculum is needed?

In the lesson, three things help a new hop: few things in the pictures at first, a good start for its $W^V$, and older parts that keep still. Take away the first of them, and let all pictures be full from the beginning. The next cells train two hops both ways, and take about a minute.
"""

# %% name="try-guess"
guess = predict(
    "How many questions of two steps are answered when all pictures are full from the beginning?",
    ["about as many as before", "clearly fewer, but more than a third", "less than a third"],
)

# %% name="try-train"
device.use_threads(1)
train_bank, test_bank = drawing_banks(an_encoder())


def two_hops(filling):
    device.seed_everything(0)
    model = StackedAttention(len(vqa.WORDS), 120, len(vqa.ANSWERS), hops=2)
    second = Stage(700, 2, 2 * filling, joins=True, still=400, slow=0.02)
    grow(model, train_bank, [Stage(200, 1, filling), second])
    examined = evaluate(model, test_bank, n=2000, steps=(1, 2))
    return [examined.accuracy(2), *(examined.on_chain(m, m, 2) for m in (0, 1))]


found = {"pictures fill up": two_hops(150), "pictures are full": two_hops(0)}
columns = ["questions of two steps", "right", "hop 1 follows", "hop 2 follows"]
table(columns, [[name, *shares] for name, shares in found.items()])

# %% name="try-reveal" jupyter={"source_hidden": true}
before, after = (found[name][0] for name in ("pictures fill up", "pictures are full"))
options = ["about as many as before", "clearly fewer, but more than a third", "less than a third"]
guess.reveal(
    options[0 if after > before - 0.1 else 1 if after > 1 / 3 else 2],
    f"Of the answers {before:.0%} are right when the pictures fill up, and {after:.0%} when not.",
)

# %% [markdown] name="try-after"
r"""
This is one training of each. Look at *hop 1 follows*, too: with full pictures, hop 1 does not even learn the questions of one step, and hop 2 has nothing to follow. Take away another part instead, with `still=0, slow=1.0`, and see what the first hop finds then.
"""
