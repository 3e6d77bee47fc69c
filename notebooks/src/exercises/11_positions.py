# %% [markdown] name="title"
r"""
# Exercises 11 · Positions

Five problems on [lesson 11](../11_positions.ipynb), about forty minutes. Write in PyTorch or NumPy, as you like. `check.rotate_halves.hint()` gives a hint, each time a more explicit one; `check.rotate_halves.solution()` shows one solution.
"""

# %% name="imports"
import math

import numpy as np
import torch

from attention_course import device, plots
from attention_course.checks import lesson_11 as check
from attention_course.data import docstrings
from attention_course.data.vocabulary import Vocabulary
from attention_course.functional import scaled_dot_product_attention
from attention_course.models.transformer import Config, TransformerDecoder
from attention_course.positions.sinusoidal import sinusoids
from attention_course.training import sequence_loss, train

# %% [markdown] name="rotate-halves-text"
r"""
## 1 · Another layout

Writes the mechanism · ★★☆, 10 minutes

The lesson turned pairs of neighbours. LLaMA and others, as they come in Hugging Face's library, number $m$ of the first half with number $m$ of the second, $m = 0, 1, \dots, D/2 - 1$. `x` is (L, D), and its rows stand at `places`, (L,). At place $p$ the pair $(a, b)$ with number $m$ becomes

$$(a \cos\alpha - b \sin\alpha,\ a \sin\alpha + b \cos\alpha), \qquad \alpha = p \cdot 10000^{-2m/D},$$

each number staying where it was. Return (L, D).
"""

# %% name="rotate-halves" tags=["exercise"]
def rotate_halves(x, places):
    raise NotImplementedError("your turn")


# %% name="rotate-halves-check"
check.rotate_halves(rotate_halves)

# %% [markdown] name="shaw-scores-text"
r"""
## 2 · A vector for each distance

Writes the mechanism · ★★☆, 10 minutes

Shaw's scores for one head, $q_i \cdot (k_j + a_{j-i}) / \sqrt D$. `Q` and `K` are (L, D). `vectors` is (2k + 1, D): its rows are $a_{-k}, \dots, a_0, \dots, a_k$, and distances beyond $k$ use the last on their side. Return (L, L). The lesson made an array (L, L, D) with a vector for every pair of words; do without it.
"""

# %% name="shaw-scores" tags=["exercise"]
def shaw_scores(Q, K, vectors):
    raise NotImplementedError("your turn")


# %% name="shaw-scores-check"
check.shaw_scores(shaw_scores)

# %% [markdown] name="past-buckets-text"
r"""
## 3 · Buckets for a writer

Extends · ★★☆, 10 minutes

A model that looks only back wastes half of T5's buckets. Give all of them to the past: the first half of the `buckets`, $h$ of them, hold one distance each, $0, \dots, h - 1$. From there on, distance $n$ falls into bucket

$$h + \left\lfloor h \, \frac{\ln(n / h)}{\ln(\text{farthest} / h)} \right\rfloor ,$$

but never beyond the last. T5's own decoder does so. `back` says how far back each key lies, whole numbers from 0, in any shape; `buckets` is even, and `farthest` greater than $h$. Return the buckets, whole numbers in the same shape.
"""

# %% name="past-buckets" tags=["exercise"]
def past_buckets(back, buckets, farthest):
    raise NotImplementedError("your turn")


# %% name="past-buckets-check"
check.past_buckets(past_buckets)

# %% [markdown] name="what-breaks-text"
r"""
## 4 · A line from elsewhere

Breaks something and explains · ★☆☆, 4 minutes

In an encoder without a mask, `x` is (B, L, E), and `pe` a table of sinusoids, (5000, E). Someone copies a line that is found in many programs:

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
x, pe = torch.zeros(2, 3, 4), sinusoids(torch.arange(5000), 4)
x = x + pe[: x.size(0)].unsqueeze(1)
print(x)

# %% [markdown] name="squeezed-text"
r"""
## 5 · Places between places

Extends · ★☆☆, 6 minutes

A rotary model was trained on texts of `trained` words and is to read one of `length`. Chen and others (2023) squeeze the places of the long text into those of the training: place $p$ becomes $p$ · `trained` / `length`. A text that fits stays as it is. Return the places, (length,), from 0.
"""

# %% name="squeezed" tags=["exercise"]
def squeezed(length, trained):
    raise NotImplementedError("your turn")


# %% name="squeezed-check"
check.squeezed(squeezed)

# %% [markdown] name="try-text"
r"""
The rest puts problems 1 and 5 to use (with the solutions, until yours are right; training needs gradients, so that a rotation written in NumPy is replaced, too). It trains a model with your rotation on 64 characters, in about ten seconds, and reads longer texts in three ways: as it is, with squeezed places, and with every query held to the 64 latest keys. Draw the three curves that you expect before you run it.
"""

# %% name="try-attend"
def mine_or_solution(problem, mine):
    return mine if problem.last.outcome == "correct" else type(problem).answer


def passes_gradients(turn):
    try:
        return turn(torch.ones(2, 4, requires_grad=True), torch.arange(2)).requires_grad
    except Exception:  # NumPy takes no tensor that is being trained
        return False


turn, places_of = mine_or_solution(check.rotate_halves, rotate_halves), mine_or_solution(check.squeezed, squeezed)
turn = turn if passes_gradients(turn) else type(check.rotate_halves).answer

# %% name="try-rotary"
class Rotary(torch.nn.Module):
    way = "as it is"

    def forward(self, Q, K, V, mask=None, causal=False, need_weights=True):
        length = Q.shape[-2]
        places = torch.as_tensor(places_of(length, 64)).float() if self.way == "squeezed" else torch.arange(length)
        places = places.repeat(Q.shape[:-2].numel())  # once for each text and head
        Q, K = (turn(x.flatten(0, -2), places).view_as(x) for x in (Q, K))
        mask = ~torch.ones(length, length).bool().tril(-64) if self.way == "64 latest" else None
        return scaled_dot_product_attention(Q, K, V, mask, causal, need_weights)

# %% name="try-train"
device.use_threads(1)
characters = Vocabulary(docstrings.text("train"))
examples = [([], piece) for piece in docstrings.pieces(characters.encode(docstrings.text("train")), 64)]
device.seed_everything(0)
model = TransformerDecoder(len(characters), Config(size=64, heads=4, hidden=256, layers=2, dropout=0.0, positions=None, attend=Rotary))
run = train(model, examples, target_tokens=250_000, batch_tokens=1024, learning_rate=4e-3,
            loss=lambda model, _, text: sequence_loss(model(text[:, :-1])[0], text[:, 1:]))

# %% name="try-figure"
windows = torch.tensor(docstrings.pieces(characters.encode(docstrings.text("test"))[:5_000], 256, 32))
lengths, curves = [64, 96, 128, 192, 256], {}
for way in ("as it is", "squeezed", "64 latest"):
    Rotary.way = way
    with torch.no_grad():
        logits = [model(windows[:, -length - 1 : -1])[0][:, -32:] for length in lengths]
    curves[way] = [sequence_loss(some, windows[:, -32:]).item() for some in logits]
plots.lines(lengths, curves, x_label="characters read, of which the last 32 are scored", y_label="nats a character")

# %% name="try-guard" jupyter={"source_hidden": true}
assert curves["64 latest"][-1] < curves["as it is"][-1]

# %% [markdown] name="try-after"
r"""
Chen and others train a little on the squeezed places afterwards. Do the same for a few thousand characters, and see what becomes of the curve.
"""
