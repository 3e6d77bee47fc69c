# %% [markdown] name="title"
r"""
# Exercises 11 · Positions

Five problems on [lesson 11](../11_positions.ipynb), about forty minutes.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.rotate_halves.hint()` gives a hint, a more explicit one each time. `check.rotate_halves.solution()` shows one solution.

**Rules for all problems.** Inputs are PyTorch tensors, unless a problem says otherwise. Write in PyTorch, NumPy or plain Python, as you like. Return a new result, and do not change the inputs. Where a result is a whole number it must be an integer type. Letters in brackets are shapes, as in the lesson: B sentences, L words, E numbers per word, D numbers per word in one head.
"""

# %% name="imports"
import math

import numpy as np
import torch

from attention_course.checks import lesson_11 as check

# %% [markdown] name="rotate-halves-text"
r"""
## 1 · Another layout

★★☆, 10 minutes: writes the mechanism

The lesson's `turn` pairs neighbours: number 0 with number 1, number 2 with number 3. LLaMA, as it comes in Hugging Face's library, pairs number $m$ of the first half with number $m$ of the second half, $m = 0, 1, \dots, D/2 - 1$.

`x` is (L, D), the queries or keys of one head. Its rows stand at `places` (L), whole numbers. At place $t$, the pair $(a, b)$ with number $m$ becomes

$$(a \cos\alpha - b \sin\alpha,\;\; a \sin\alpha + b \cos\alpha), \qquad \alpha = t \cdot 10000^{-2m/D} .$$

Each number stays where it was. Return (L, D).
"""

# %% name="rotate-halves" tags=["exercise"]
def rotate_halves(x, places):
    raise NotImplementedError("your turn")


# %% name="rotate-halves-check"
check.rotate_halves(rotate_halves)

# %% [markdown] name="shaw-scores-text"
r"""
## 2 · A vector for each distance

★★☆, 10 minutes: writes the mechanism

Write Shaw's scores for one head: $q_t \cdot (k_j + r_{j-t}) / \sqrt D$.

`Q` and `K` are (L, D). `vectors` is (2k + 1, D). Its rows are $r_{-k}, \dots, r_0, \dots, r_k$, where $k$ is the farthest distance that has its own vector. A farther one uses the last vector on its side. Return the scores (L, L), a row for each query. The lesson made an array (L, L, D), with a vector for every pair of words. Do without it.
"""

# %% name="shaw-scores" tags=["exercise"]
def shaw_scores(Q, K, vectors):
    raise NotImplementedError("your turn")


# %% name="shaw-scores-check"
check.shaw_scores(shaw_scores)

# %% [markdown] name="past-buckets-text"
r"""
## 3 · Buckets for a writer

★★☆, 10 minutes: extends

A model that looks only back wastes half of T5's buckets. Give all of them to the past. The first half of the `buckets`, $h$ of them, hold one distance each: 0, 1, …, $h - 1$. From there on, distance $n$ falls into bucket

$$h + \left\lfloor h \, \frac{\ln(n / h)}{\ln(\text{farthest} / h)} \right\rfloor ,$$

but never beyond the last bucket. The decoder of T5, which looks only back, does so.

`back` says how far back each key stands: whole numbers from 0, in a tensor of any shape. `buckets` is an even number, and `farthest` a number greater than $h$. Return the buckets, whole numbers in the shape of `back`.
"""

# %% name="past-buckets" tags=["exercise"]
def past_buckets(back, buckets, farthest):
    raise NotImplementedError("your turn")


# %% name="past-buckets-check"
check.past_buckets(past_buckets)

# %% [markdown] name="what-breaks-text"
r"""
## 4 · A line from elsewhere

★☆☆, 4 minutes: breaks something and explains

In an encoder without a mask, `x` is (B, L, E), and `pe` is a table of sinusoids, (5000, E). Someone copies a line that is found in many programs:

    x = x + pe[: x.size(0)].unsqueeze(1)

What happens?

- **A** All words of a sentence get one vector, and another sentence another one.
- **B** Every word gets the vector of its place, as it should.
- **C** It raises an error.
- **D** The words get the vectors of their places in reverse order.
- **E** Nothing changes: the states are those without positions.
"""

# %% name="what-breaks" tags=["exercise"]
what_breaks = ...  # "A", "B", "C", "D" or "E"

# %% name="what-breaks-check"
check.what_breaks(what_breaks)

# %% [markdown] name="what-breaks-test"
r"""
Which test would have found it? Replace the line by the right one, and add an assertion that holds now and did not before.
"""

# %% name="what-breaks-scaffold"
from attention_course.positions.sinusoidal import sinusoids

x, pe = torch.zeros(2, 3, 4), sinusoids(torch.arange(5000), 4)
x = x + pe[: x.size(0)].unsqueeze(1)
print(x)

# %% [markdown] name="squeezed-text"
r"""
## 5 · Places between places

★☆☆, 6 minutes: extends

A rotary model was trained on texts of `trained` words, and is to read a text of `length` words. Both are whole numbers. **Position interpolation** (Chen and others 2023) squeezes the places of the long text into those of the training: place $t$ becomes $t$ · `trained` / `length`. A text that fits stays as it is. Return the places (length), which begin with 0.
"""

# %% name="squeezed" tags=["exercise"]
def squeezed(length, trained):
    raise NotImplementedError("your turn")


# %% name="squeezed-check"
check.squeezed(squeezed)

# %% [markdown] name="try-text"
r"""
Now put problems 1 and 5 to use, after their checks. The lesson's small model is trained on 64 characters with your rotation, which takes about ten seconds. Then it reads longer texts in three ways: as it is, with squeezed places, and with each character looking back at the latest 64 only. Draw the three curves that you expect before you run it. (Where your answer is not yet right, the solution is taken. Training needs gradients, so a rotation written in NumPy is replaced, too.)
"""

# %% name="try-mine"
def mine_or_solution(problem, mine):
    return mine if problem.last and problem.last.outcome == "correct" else type(problem).answer


def passes_gradients(turn):
    try:
        return turn(torch.ones(2, 4, requires_grad=True), torch.arange(2)).requires_grad
    except Exception:  # NumPy takes no tensor that is being trained
        return False


turn = mine_or_solution(check.rotate_halves, rotate_halves)
turn = turn if passes_gradients(turn) else type(check.rotate_halves).answer
places_of = mine_or_solution(check.squeezed, squeezed)

# %% name="try-rotary"
from attention_course.lessons.lesson_11.built import Reader, dot


class Rotary:
    way = "as it is"

    def __call__(self, Q, K):  # (B, H, L, D)
        length = Q.shape[-2]
        places = torch.arange(length)
        if self.way == "squeezed":
            places = torch.as_tensor(places_of(length, 64)).float()
        places = places.repeat(Q.shape[:-2].numel())  # once for each text and head
        return dot(*(turn(x.flatten(0, -2), places).view_as(x) for x in (Q, K)))

# %% name="try-train"
from attention_course import device
from attention_course.data import docstrings
from attention_course.data.vocabulary import Vocabulary
from attention_course.training import sequence_loss, train

device.use_threads(1)
characters = Vocabulary(docstrings.text("train"))
pieces = docstrings.pieces(characters.encode(docstrings.text("train")), 64)
device.seed_everything(0)
model = Reader(len(characters), scores=Rotary)
settings = {"target_tokens": 250_000, "batch_tokens": 1024, "learning_rate": 4e-3}
run = train(
    model, [([], piece) for piece in pieces], **settings,
    loss=lambda model, _, text: sequence_loss(model(text[:, :-1]), text[:, 1:]),
)  # fmt: skip

# %% name="try-figure"
from attention_course import plots

windows = torch.tensor(
    docstrings.pieces(characters.encode(docstrings.text("test"))[:5_000], 256, 32)
)
lengths, curves = [64, 96, 128, 192, 256], {}
for way in ("as it is", "squeezed", "64 latest"):
    Rotary.way, back = way, 64 if way == "64 latest" else 10_000
    with torch.no_grad():
        logits = [model(windows[:, -length - 1 : -1], back)[:, -32:] for length in lengths]
    curves[way] = [sequence_loss(some, windows[:, -32:]).item() for some in logits]
labels = {"x_label": "characters read, of which the last 32 are scored"}
plots.lines(lengths, curves, y_label="nats per character", **labels)

# %% name="try-guard" jupyter={"source_hidden": true}
assert curves["64 latest"][-1] < curves["as it is"][-1]

# %% [markdown] name="try-after"
r"""
Chen and others train a little on the squeezed places afterwards. Do the same, and see what becomes of the curve. A few thousand characters will not be enough; try a hundred thousand. Keep the factor of the training for short texts, too.
"""
