"""The diagrams of lesson 05, in the language of `plots.diagram`."""

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.diagram import Board
from attention_course.plots.roles import INK, ROLES, SOFT
from attention_course.plots.text import SMALL

CELL = (0.5, 0.28)


def who_asks(goods, before, after, before_look, after_look) -> Figure:
    """The same two states in two orders. before, after: the state (2); the looks: (scores, weights, context)."""
    board = Board(6.05, 4.45, "Two decoders have written lait, and must write the other word.")
    old = {"role": "query", "title": "$s_1$", "columns": ("wanted",)}
    new = {"role": "query", "title": "$s_2$", "columns": ("wanted",)}
    look = [{"role": r, "title": t} for r, t in (("score", "scores"), ("weight", "weights"), ("context", "context"))]
    look_first = [(before, old), *zip(before_look, look, strict=True), (after, new)]
    look_last = [(before, old), (after, new), *zip(after_look, look, strict=True)]
    lanes = (
        (0.9, "Bahdanau: look first, with $s_1$", look_first, 4),
        (3.2, "Luong: take in lait first, then look, with $s_2$", look_last, 1),
    )
    for y, heading, parts, reading in lanes:
        board.heading(0.15, y - 0.75, heading)
        places = []
        for number, (entries, how) in enumerate(parts):
            x, rows = 0.75 + 0.95 * number, goods if number == 0 else ()
            places.append(board.matrix(x, y, entries, rows=rows, cell=CELL, frame=None, **how))
        for number in range(len(places) - 1):
            board.arrow(places[number].side("right"), places[number + 1].side("left"), parts[number][1]["role"])
        last = reading == len(places) - 1
        said = board.box(places[reading].x + 0.27 * last, y + 1.0, "lait", "plain", 0.62, 0.28)
        entry = places[reading].x + 0.12 * last
        board.arrow((entry, said.top), (entry, places[reading].bottom))
        if last:
            first, way, end = places[0], y + 1.2, places[reading].x - 0.14
            board.path([first.side("bottom"), (first.x, way), (end, way), (end, places[reading].bottom)], "query")
        end = board.box(5.65, y + 0.28, "thé", "output", 0.55, bold=True)
        board.arrow(places[-1].side("right"), end.side("left"), "output")
        if not last:  # the word is read from the state, too
            start, way = places[1].side("bottom", 0.85), y + 0.7
            board.path([start, (start[0], way), (end.x, way), end.side("bottom")], "query")
        board.step(said.x + (0.5 if last else -0.5), said.y, 2 if last else 1)
        board.step(places[1 if last else 2].x - 0.1, y + (0.82 if last else 0.98), 1 if last else 2, "ask")
    board.rule((0.15, 2.22), (5.9, 2.22))
    return board.picture


def family() -> Figure:
    """One step of both decoders, with shapes; letters mark where the variants differ."""
    board = Board(6.05, 5.0, "One step of Bahdanau's decoder and of Luong's.")
    board.heading(0.2, 0.2, "Bahdanau")
    board.heading(3.2, 0.2, "Luong")
    board.rule((3.02, 0.1), (3.02, 4.9))
    for x, here in ((0.0, _bahdanau), (3.05, _luong)):
        here(board, x)
    return board.picture


def _mark(board, x, y, letter) -> None:
    board.text(x, y, letter, SMALL, "white", bold=True, bbox={"facecolor": ROLES["context"].edge, "pad": 2})
    board.tell(f"Mark {letter}")


def _bahdanau(board, x) -> None:
    asks = board.box(x + 0.75, 0.65, "$s_{t-1}$  (B, D)", "query", 1.15)
    h = board.box(x + 2.2, 0.65, "$h$  (B, S, 2H)", "state", 1.3)
    look = board.box(x + 1.5, 1.55, "attention", "weight", 1.3, bold=True, colour="white")
    board.arrow(asks.side("bottom"), look.side("top", 0.25), "query")
    board.arrow(h.side("bottom"), look.side("top", 0.75), "state")
    _mark(board, x + 0.86, 1.13, "a")
    _mark(board, x + 2.35, 1.55, "b")
    board.step(x + 0.62, 1.55, 1)
    c = board.box(x + 1.5, 2.25, "$c_t$  (B, 2H)", "context", 1.2)
    board.arrow(look, c, "weight")
    cell = board.box(x + 1.5, 2.95, "GRU", "plain", 0.9, bold=True)
    board.arrow(c, cell, "context")
    board.step(x + 2.15, 2.95, 2)
    word = board.box(x + 0.5, 2.95, "$y_{t-1}$", "input", 0.6)
    board.arrow(word.side("right"), cell.side("left"), "input")
    left, entry = x + 0.08, x + 1.3
    board.path([asks.side("left"), (left, asks.y), (left, 2.62), (entry, 2.62), (entry, cell.top)], "query")
    s = board.box(x + 1.5, 3.65, "$s_t$  (B, D)", "query", 1.1)
    board.arrow(cell, s)
    logits = board.box(x + 1.5, 4.55, "logits  (B, words)", "output", 1.6)
    board.arrow(s, logits, "query")
    board.path([word.side("bottom"), (x + 0.5, 4.1), (x + 1.0, 4.1), (x + 1.0, logits.top)], "input")
    board.path([c.side("right"), (x + 2.6, c.y), (x + 2.6, 4.1), (x + 2.0, 4.1), (x + 2.0, logits.top)], "context")
    board.step(x + 2.55, 4.55, 3)
    _mark(board, x + 0.5, 4.55, "d")


def _luong(board, x) -> None:
    old = board.box(x + 0.62, 0.65, "$s_{t-1}$", "query", 0.66)
    word = board.box(x + 1.5, 0.65, "$y_{t-1}$", "input", 0.6)
    fed = board.box(x + 2.35, 0.65, r"$\tilde s_{t-1}$", "output", 0.66)
    cell = board.box(x + 1.5, 1.25, "GRU", "plain", 0.9, bold=True)
    for place, end, role in ((old, 0.2, "query"), (word, 0.5, "input"), (fed, 0.8, "output")):
        board.arrow(place.side("bottom"), cell.side("top", end), role)
    board.step(x + 0.85, 1.25, 1)
    s = board.box(x + 0.95, 1.9, "$s_t$  (B, D)", "query", 1.1)
    board.arrow(cell.side("bottom", 0.3), s.side("top", 0.6))
    h = board.box(x + 2.18, 1.9, "$h$  (B, S, 2H)", "state", 1.2)
    look = board.box(x + 1.5, 2.6, "attention", "weight", 1.3, bold=True, colour="white")
    board.arrow(s.side("bottom", 0.7), look.side("top", 0.25), "query")
    board.arrow(h.side("bottom"), look.side("top", 0.85), "state")
    _mark(board, x + 0.98, 2.25, "a")
    _mark(board, x + 2.35, 2.6, "b")
    board.step(x + 0.7, 2.6, 2)
    c = board.box(x + 1.65, 3.25, "$c_t$  (B, 2H)", "context", 1.2)
    board.arrow(look, c, "weight")
    join = board.box(x + 1.5, 3.95, r"$\tilde s_t$ = tanh([$s_t$, $c_t$] W)  (B, E)", "output", 2.4)
    board.arrow(c.side("bottom"), join.side("top", 0.56), "context")
    board.arrow((x + 0.52, s.bottom), (x + 0.52, join.top), "query")
    board.step(x + 0.17, 3.95, 3)
    logits = board.box(x + 1.5, 4.6, "logits  (B, words)", "output", 1.6)
    board.arrow(join, logits, "output")
    board.step(x + 0.5, 4.6, 4)
    _mark(board, x + 2.52, 4.6, "d")
    board.path([join.side("right"), (x + 2.9, join.y), (x + 2.9, fed.y), fed.side("right")], "output")
    board.say(x + 2.58, 3.48, "input\nfeeding", SMALL, ROLES["output"].edge, bold=True)
    _mark(board, x + 2.58, 3.12, "c")


def local_p(words, likes, centre, reach) -> Figure:
    """A window and its curve. likes: exp(score) of each word, as whole numbers."""
    distance = np.arange(len(words)) - centre
    inside = abs(distance) <= reach
    shares = np.where(inside, likes, 0) / (np.asarray(likes) * inside).sum()
    curve = np.exp(-(distance**2) / (2 * (reach / 2) ** 2))
    board, left, cell = Board(6.05, 3.2, "The weights of local-p, word by word."), 1.75, (0.58, 0.28)
    where = left + 0.58 * (centre + 0.5)
    board.say(where, 0.2, f"centre $p_t$ = {centre:.1f}, reach $r$ = {reach}", colour=INK, bold=True)
    board.arrow((where, 0.32), (where, 0.68), "query")
    rows = (
        ("exp(score)", "score", np.asarray(likes, float), 0.95), ("share in the window", "weight", shares, 1.5),
        ("curve", "query", curve, 2.05), ("share × curve", "weight", shares * curve, 2.6),
    )  # fmt: skip
    for name, role, entries, y in rows:
        place = board.matrix(left, y, entries[None], role, cell=cell, columns=words if y < 1 else ())
        board.say(left - 0.1, place.y, name, colour=ROLES[role].edge, ha="right", bold=True)
    first, last = np.flatnonzero(inside)[[0, -1]]
    board.say(left + 0.58 * (first + last + 1) / 2, 3.03, f"the sum is {(shares * curve).sum():.2f}", SMALL, SOFT)
    return board.picture
