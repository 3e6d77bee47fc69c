"""The diagrams of lesson 02, in the language of `plots.diagram`."""

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attention_course.plots.diagram import Board
from attention_course.plots.roles import ROLES, SOFT
from attention_course.plots.text import SMALL

LIVING, RGB = ("living", "thing"), ("red", "green", "blue")
WIDE = (0.54, 0.28)


def untrained(words, networks) -> Figure:
    """Scores of a query over the words of a sentence and their weights, of `networks`: {how they are made: scores}."""
    board = Board(6.05, 1.45 * len(networks), "Where untrained networks look.")
    for i, (name, scores) in enumerate(networks.items()):
        top, digits = 0.58 + 1.45 * i, 1 if scores.abs().max() > 10 else 2
        board.heading(0.95, top - 0.38, name)
        look = {"cell": (0.5, 0.28), "size": SMALL}
        board.say(0.87, top + 0.14, "scores", colour=ROLES["score"].edge, bold=True, ha="right")
        above = board.matrix(0.95, top, [scores], "score", columns=words, digits=digits, **look)
        board.say(0.87, top + 0.56, "weights", colour=ROLES["weight"].edge, bold=True, ha="right")
        below = board.matrix(0.95, top + 0.42, [scores.softmax(-1)], "weight", **look)
        board.arrow(above, below, "score")
    return board.picture


def five_scores(words, asks, asked, matrix, one, added) -> Figure:
    """For each of five scores: matrices in front, the query and the keys that they make, how these meet, the scores."""
    to_query, to_key, u = added
    query, keys = asks @ to_query, asked @ to_key
    product, narrow = asks @ asked.T, asks @ one @ (asked @ one).T
    lanes = (
        (0.98, "dot product", (None, asks), (None, asked), "multiply", product),
        (2.06, "scaled\ndot product", (None, asks), (None, asked), "multiply,\n÷ √2", product / 2**0.5),
        (3.94, "bilinear", (matrix, asks @ matrix), (None, asked), "multiply", asks @ matrix @ asked.T),
        (5.82, "multiplicative", (one, asks @ one), (one, asked @ one), "multiply", narrow),
        (7.7, "additive", (to_query, query), (to_key, keys), "add, tanh,\ntimes u", (query[:, None] + keys).tanh() @ u),
    )
    board = Board(6.05, 8.7, "Five scores of one vector that asks and three that are asked.")
    for x, number, text in ((1.55, 1, "matrices\nin front"), (4.32, 2, "they\nmeet"), (5.3, 3, "scores")):
        board.step(x, 0.3, number, text)
    for y, *lane in lanes:
        _lane(board, y, *lane, words, y == lanes[0][0])
    return board.picture


def _lane(board, y, name, asks, asked, meet, scores, words, first) -> None:
    """A lane with its keys at y; matrices, where there are any, stand above what they make."""
    places, cell = [], (0.26, 0.26)
    board.say(0.08, y + 0.13, name, ha="left", bold=True)
    sides = (1.42, asks, "query", "$W^Q$" if asked[0] is not None else "$W$"), (3.0, asked, "key", "$W^K$")
    for x, (matrix, made), role, title in sides:
        look = {"cell": cell, "size": SMALL}
        if matrix is not None:
            above = board.matrix(x, y - 0.72, matrix, "plain", title=title, **look)
            board.arrow((above.left + 0.13, above.bottom), (above.left + 0.13, y))
        if first:
            look |= {"title": role if role == "query" else "keys", "cell": (0.3, 0.26)}
        places.append(board.matrix(x, y, made, role, rows=words if role == "key" else (), **look))
    query, keys = places
    box = board.box(4.62, keys.y, meet, width=0.88, height=0.46)
    score = board.matrix(5.32, y, scores[0], "score", cell=(0.52, 0.26))
    board.path([(query.x, query.bottom), (query.x, y + 0.87), (box.x, y + 0.87), (box.x, box.bottom)], "query")
    board.arrow(keys, box, "key")
    board.arrow(box, score, "score")


def added(words, query, keys, u) -> Figure:
    """The additive score step by step: sums of a query with its keys, their tanh, and the products with u added up."""
    sums = query + keys
    board = Board(6.05, 3.25, "The additive score.")
    whole, bend = {"cell": (0.26, 0.28)}, {"cell": (0.41, 0.28), "size": SMALL}
    found = board.matrix(0.6, 1.45, keys, "key", title="keys", rows=words, shape="(3, 4)", frame=0, **whole)
    total = board.matrix(1.96, 1.45, sums, "plain", title="sums", shape="(3, 4)", frame=0, **whole)
    bent = board.matrix(3.32, 1.45, sums.tanh(), "plain", title="tanh", shape="(3, 4)", frame=0, **bend)
    score = board.matrix(5.27, 1.45, sums.tanh() @ u, "score", title="scores", shape="(3)", frame=0, cell=WIDE)
    asked = board.matrix(1.96, 0.45, query, "query", title="query", shape="(4)", **whole)
    learned = board.matrix(3.32, 0.45, [u], "plain", title="u", shape="(4)", **bend)
    board.arrow((total.right - 0.2, asked.bottom), (total.right - 0.2, total.top), "query")
    board.path([(bent.right - 0.2, learned.bottom), (bent.right - 0.2, 1.05), (5.12, 1.05), (5.12, 1.8)])
    for start, end, role in ((found, total, "key"), (total, bent, "plain"), (bent, score, "plain")):
        board.arrow(start, end, role)
    for number, (x, text) in enumerate(((1.8, "add"), (3.16, "tanh"), (5.12, "times u,\nadd up")), 1):
        board.step(x, 2.62, number, text, below=True)
    return board.picture


def saturated(words, cases) -> Figure:
    """What becomes of weights and gradients as scores grow: `cases` is {name: (scores, weights, gradients)}."""
    board = Board(6.05, 2.0, "The same three words, with scores farther and farther apart.")
    parts = zip(*cases.values(), strict=True)
    looks = ("score", "scores", 0.4), ("weight", "weights", 0.46), ("plain", "gradients of the scores", 0.66)
    x, before = 0.75, None
    for (role, title, width), rows in zip(looks, parts, strict=True):
        shown, look = torch.stack(rows), {"columns": words, "cell": (width, 0.3), "size": SMALL}
        if role == "plain":
            shown = [[_power(number) for number in row] for row in shown.tolist()]
        place = board.matrix(x, 0.72, shown, role, title=title, rows=cases if before is None else (), **look)
        if before is not None:
            board.arrow(before, place, role)
        x, before = place.right + 0.26, place
    return board.picture


def _power(number: float) -> str:
    """0.41 as it is, and −8e−9 as a power of ten."""
    if abs(number) >= 0.05:
        return f"{number:.2f}".replace("-", "−")
    mantissa, _, exponent = f"{number:.0e}".partition("e")
    return rf"${mantissa} \cdot 10^{{{int(exponent)}}}$"


def shelf(things, place, scores, colours) -> Figure:
    """One question about a shelf: from the scores of its things to an answer, a mixture of colours."""
    weights = scores.softmax(-1)
    board = Board(5.9, 4.55, "A question about a shelf, and the answer of an untrained network.")
    asked = board.box(1.0, 0.3, f"query of “{things[place]}”", "query", width=1.6, shape="(1024)")
    keys = board.box(3.3, 0.3, "keys of the things", "key", width=1.6, shape="(8, 1024)")
    look = {"frame": place, "cell": WIDE}
    score = board.matrix(0.9, 1.5, scores, "score", title="scores", rows=things, shape="(8)", **look)
    weight = board.matrix(2.2, 1.5, weights, "weight", title="weights", shape="(8)", **look)
    value = board.matrix(3.5, 1.5, colours, "value", title="colours", columns=RGB, shape="(8, 3)", **look)
    board.arrow((score.x - 0.12, asked.bottom), (score.x - 0.12, 1.2), "query")
    board.path([(keys.x, keys.bottom), (keys.x, 0.75), (score.x + 0.12, 0.75), (score.x + 0.12, 1.2)], "key")
    board.arrow(score, weight, "score")
    for i, colour in enumerate(colours):
        _patch(board, value.right + 0.1, value.row(i), colour)
    board.text((weight.right + value.left) / 2, value.y, "×", 15)
    answer = board.matrix(3.5, 4.18, [weights @ colours], "context", cell=WIDE)
    _patch(board, answer.right + 0.1, answer, weights @ colours)
    board.text(answer.right + 0.5, answer.y, "(3)", SMALL, SOFT, ha="left", family="monospace")
    board.text(answer.left - 0.1, answer.y, "answer", colour=ROLES["context"].edge, bold=True, ha="right")
    board.arrow((value.right - 0.27, value.bottom), (value.right - 0.27, answer.top), "context")
    board.say(value.right - 0.15, 3.96, "add up", SMALL, ha="left")
    return board.picture


def _patch(board, x, place, colour) -> None:
    """The colour itself, beside the row of its red, green and blue."""
    shown = [min(max(float(part), 0.0), 1.0) for part in colour]
    shape = Rectangle((x, place.top + 0.03), 0.32, place.bottom - place.top - 0.06, facecolor=shown)
    board.picture.axes[0].add_patch(shape)
