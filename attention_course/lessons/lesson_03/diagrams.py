"""The diagrams of lesson 03, in the language of `plots.diagram`."""

from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.diagram import Board
from attention_course.plots.roles import ROLES, SOFT
from attention_course.plots.text import SMALL

ENGLISH, FRENCH = ("the", "cat", "sleeps"), ("le", "chat", "dort", "<eos>")


def _row(board, xs, y, texts, role, width, **font) -> list:
    """Boxes side by side."""
    return [board.box(x, y, text, role, width, 0.28, **font) for x, text in zip(xs, texts, strict=True)]


def one_vector() -> Figure:
    """The whole translator: two readers, one vector, one writer."""
    board = Board(6.05, 4.5, "A translator without attention.")
    xs, y = (1.75, 2.7, 3.65), {"read →": 0.35, "embed": 1.05, "read ←": 1.75, "join": 2.55, "write": 3.3}
    for number, what in enumerate(("embed", "read →", "read ←", "join", "write"), 1):
        board.step(0.2, y[what], number, what)
    words = _row(board, xs, y["embed"], ENGLISH, "input", 0.72, bold=True)
    states = [f"$h_{j}$" for j in (1, 2, 3)]
    right, left = (_row(board, xs, y[way], states, "state", 0.55) for way in ("read →", "read ←"))
    for word, a, b in zip(words, right, left, strict=True):
        board.arrow(word.side("top"), a.side("bottom"), "input")
        board.arrow(word.side("bottom"), b.side("top"), "input")
    for (a, b), (d, e) in zip(pairwise(right), pairwise(left), strict=True):
        board.arrow(a.side("right"), b.side("left"), "state")
        board.arrow(e.side("left"), d.side("right"), "state")
    c = board.box(2.7, y["join"], "c: one vector", "context", 1.4, 0.34, bold=True)
    board.path([right[-1].side("right"), (4.3, y["read →"]), (4.3, c.y), c.side("right")], "state")
    board.path([left[0].side("bottom"), (xs[0], c.y), c.side("left")], "state")
    shapes = {"embed": "(B, S, 64)", "read →": "(B, S, 64)", "read ←": "(B, S, 64)", "join": "(B, 128)"}
    for what, shape in (shapes | {"write": "(B, L, 128)"}).items():
        board.say(4.95, y[what], shape, SMALL, SOFT, family="monospace", ha="left")
    _writer(board, c, left[0], y["write"], 4.1)
    return board.picture


def _writer(board, c, read, states_at, words_at):
    """The decoder: each state gets c, the state before and the word before, and gives the next word."""
    xs = (1.65, 2.5, 3.35, 4.2)
    states = _row(board, xs, states_at, [f"$s_{t}$" for t in (1, 2, 3, 4)], "query", 0.5)
    words = _row(board, xs, words_at, FRENCH, "output", 0.66, bold=True)
    start = board.box(0.75, words_at, "<bos>", "plain", 0.66, 0.28)
    first = board.box(1.0, states_at, "$s_0$", "query", 0.4, 0.28)
    board.path([read.side("bottom", 0.2), (read.left + 0.11, 2.95), (1.0, 2.95), (1.0, first.top)], "state")
    for state, word, before in zip(states, words, [start, *words], strict=False):
        board.arrow(c.side("bottom"), state.side("top"), "context")
        board.arrow(state.side("bottom"), word.side("top"), "output")
        board.arrow(before.side("right", 0.3), state.side("bottom", 0.1), "plain")
    for a, b in pairwise([first, *states]):
        board.arrow(a.side("right"), b.side("left"), "query")


def gru_step(names, keep, before, new) -> Figure:
    """One step of a GRU, number by number: keep the old one, take the new one, or mix them."""
    keep, before, new = (np.asarray(given, float) for given in (keep, before, new))
    board = Board(6.05, 1.75, "One step of a GRU on a state of three numbers.")
    x, parts = 1.3, (
        ("keep", "plain", keep, "×"), ("old state", "state", before, "+"), ("1 − keep", "plain", 1 - keep, "×"),
        ("new", "input", new, "="), ("state", "state", keep * before + (1 - keep) * new, ""),
    )  # fmt: skip
    for title, role, entries, sign in parts:
        rows = names if title == "keep" else ()
        place = board.matrix(x, 0.55, entries, role, rows=rows, cell=(0.6, 0.3), digits=1)
        board.say(place.x, 0.35, title, colour=ROLES[role].edge, bold=True)
        board.text(place.right + 0.18, place.y, sign, 12)
        x = place.right + 0.36
    return board.picture


def teacher_forcing(english, french) -> Figure:
    """What the decoder is given and what it must say: the true word before, and the true word."""
    board = Board(5.6, 2.0, f"Teacher forcing on “{' '.join(english)}”.")
    given, wanted = ["<bos>", *french], [*french, "<eos>"]
    board.matrix(1.5, 0.35, [given], "plain", cell=(0.95, 0.3))
    place = board.matrix(1.5, 1.35, [wanted], "output", cell=(0.95, 0.3))
    board.text(1.4, 0.5, "is given", ha="right", bold=True)
    board.text(1.4, 1.5, "must say", ha="right", bold=True, colour=ROLES["output"].edge)
    for t in range(len(given)):
        x = place.left + 0.95 * (t + 0.5)
        board.arrow((x, 0.65), (x, 1.35), "query", f"$s_{t + 1}$")
    return board.picture
