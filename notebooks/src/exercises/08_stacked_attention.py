# %% [markdown] name="title"
r"""
# Exercises 08 · Stacked attention

Four problems on [lesson 08](../08_stacked_attention.ipynb), about forty minutes. Write in PyTorch, NumPy or plain Python, as you like. `check.stacked_looks.hint()` gives a hint, each time a more explicit one; `check.stacked_looks.solution()` shows one solution.
"""

# %% name="imports"
import numpy as np
import torch
from attention_course.lessons.lesson_08.curriculum import evaluate, grow
from attention_course.models.stacked import StackedAttention

from attention_course import device
from attention_course.checks import lesson_08 as check
from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa
from attention_course.lessons.lesson_08.drawing_bank import drawing_banks
from attention_course.models.small_encoder import an_encoder
from attention_course.widgets import predict

# %% [markdown] name="stacked-looks-text"
r"""
## 1 · Several looks

Writes the mechanism · ★★☆, 10 minutes

`u` (B, E) holds one question for each picture, `regions` (B, S, E) the pictures, and `scores` a list with one function for each hop: `score(u, regions)` gives the energies (B, S). Values are the regions themselves, as in the paper. Return the last u (B, E) and all maps (B, hops, S).
"""

# %% name="stacked-looks" tags=["exercise"]
def stacked_looks(u, regions, scores):
    raise NotImplementedError("your turn")


# %% name="stacked-looks-check"
check.stacked_looks(stacked_looks)

# %% [markdown] name="follow-text"
r"""
## 2 · The chain by hand

Extends · ★★☆, 10 minutes

What should the hops find? `kinds` and `colours` are lists with one word for each cell; cells 0 and 1 share a basket, then 2 and 3, and so on. `named` is the kind that the question names, and `relations` a list of `"colour"` ("the thing with the colour of") and `"basket"` ("the thing in the basket with"), in the order in which the question has them, from left to right. There may be more of them than the lesson asked for. Every kind stands in one cell, every colour in two, of different baskets; a relation leads to another cell than the one it starts from, and a chain may come back. Return the cell to which the question leads.
"""

# %% name="follow" tags=["exercise"]
def follow(kinds, colours, named, relations):
    raise NotImplementedError("your turn")


# %% name="follow-check"
check.follow(follow)

# %% [markdown] name="best-place-text"
r"""
## 3 · A leak detector

Writes the measure · ★★☆, 10 minutes

Before a network is trained on a set of questions, it should be known what can be had without looking for anything. `seen` (N) and `unseen` (M) are the numbers of the questions that were asked (with gaps, it may be); `seen_hits` (N, cells) and `unseen_hits` (M, cells) are True where the answer stands in a cell. Find for each question the cell in which its answer stood most often among the seen ones, and return the share of unseen questions whose answer stands in the cell so found. Every question has been seen, and one cell of it is ahead of the others.
"""

# %% name="best-place" tags=["exercise"]
def best_place(seen_hits, seen, unseen_hits, unseen):
    raise NotImplementedError("your turn")


# %% name="best-place-check"
check.best_place(best_place)

# %% [markdown] name="what-one-look-can-text"
r"""
## 4 · What one look can do

Breaks something and explains · ★★☆, 8 minutes

One hop is to answer "what is the thing with the colour of the cat?" Which statement is true?

- **A** Paint the cat in another colour, and no weight of any other thing changes.
- **B** Whether the boat gets more weight than the key cannot depend on the colour of the cat. What is done with the sum afterwards may depend on it.
- **C** Ask with the question four times in the same hop, with four scores side by side (*heads*, as lesson 10 will call them). Then one can find the cat, and another give most weight to what has its colour.
- **D** With a better score function, such as a deep network of region and question, most weight can go to what has the cat's colour.
- **E** However large the network behind the sum is, with a single look it cannot answer better than by guessing.
"""

# %% name="what-one-look-can" tags=["exercise"]
what_one_look_can = ...  # "A", "B", "C", "D" or "E"

# %% name="what-one-look-can-check"
check.what_one_look_can(what_one_look_can)

# %% [markdown] name="try-text"
r"""
In the lesson the second hop learns alone for 400 updates (`frozen`), and after that the older parts learn at a fiftieth of its rate (`old`). What if they keep learning as it does? Here questions of one step still come first, and pictures still fill up. The next cells train two hops both ways, and show where they look; they take about a minute.
"""

# %% name="try-guess"
guess = predict(
    "In which of the two does the first hop find the thing that is named?",
    ["only with the new hop first", "only with both at once", "with either", "with neither"],
)

# %% name="try-train"
device.use_threads(1)
encoder = an_encoder()
train_bank, test_bank = drawing_banks(encoder)


def two_hops(**options):
    device.seed_everything(0)
    model = StackedAttention(len(vqa.WORDS), 120, len(vqa.ANSWERS), hops=2)
    grow(model, train_bank, updates=(200, 700), **options)
    examined = evaluate(model, test_bank, n=2000, steps=(1, 2))
    return examined.accuracy(2), examined.on_chain(0, 0, 2), examined.on_chain(1, 1, 2)


found = {}
for name, setting in {"the new hop first": {}, "both at once": {"frozen": 0, "old": (1.0, 1.0)}}.items():
    right, first, second = found[name] = two_hops(**setting)
    print(f"{name:<18} 2 steps: {right:.0%} right; the first hop on what is named {first:.0%}, the second on the answer {second:.0%}")

# %% name="try-reveal" jupyter={"source_hidden": true}
finds = [name for name, (_, first, _) in found.items() if first > 0.5]
guess.reveal("with either" if len(finds) == 2 else f"only with {finds[0]}" if finds else "with neither",
             "; ".join(f"{name}: found in {first:.0%}, and {right:.0%} of the questions answered rightly" for name, (right, first, _) in found.items())
             + ". A look at random finds the thing in one case of twelve.")

# %% [markdown] name="try-after"
r"""
As long as the second hop looks at random, nothing that the first one finds is of any use to it, and the first is soon taught to look elsewhere.
"""
