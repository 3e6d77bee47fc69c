"""The diagrams of lesson 08, in the language of `plots.diagram`."""

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.cells import as_table
from attention_course.plots.diagram import Board
from attention_course.plots.roles import ROLES, SOFT
from attention_course.plots.text import SMALL

NAMES = ("cat", "key", "boat", "left", "right", "cat", "key", "boat")
SMALL_CELL, ASKED = (0.28, 0.28), (0.3, 0.28)


def two_looks(things, regions, queries, scores) -> Figure:
    """Two hops with whole numbers: scores, weights, context, and the next query. What each hop finds is framed."""
    regions, queries, scores = (as_table(given).astype(float) for given in (regions, queries, scores))
    board = Board(6.05, 5.45, "Two looks at three things.")
    board.say(0.1, 0.2, "What is in the basket with the cat?", ha="left", bold=True)
    board.text(0.1, 0.42, "left basket: cat, key\nright basket: boat", SMALL, SOFT, ha="left", va="top")
    query = _query(board, 0.78, queries[0], "query $q^{(0)}$: the question", columns=NAMES)
    for middle, name in ((1.5, "named"), (4, "basket"), (6.5, "answer")):
        x = query.left + 0.3 * middle
        board.text(x, query.bottom + 0.12, name, SMALL, ROLES["query"].edge, bold=True)
    for m, y in ((1, 1.2), (2, 3.25)):
        found = int(scores[m - 1].argmax())
        board.text(2.1, query.y - 0.16, f"$W^Q$ of hop {m}", SMALL, ROLES["query"].edge)
        query = _one_look(board, m, y, things, regions, query, scores[m - 1], queries[m - 1 : m + 1], found)
    answer = board.box(
        query.left + 6.5 * 0.3, 5.25, things[int(queries[-1][5:].argmax())], "output", 0.7, 0.28, bold=True
    )
    board.arrow((answer.x, query.bottom), (answer.x, answer.top), "output")
    return board.picture


def _query(board, y, entries, title, role="query", columns=()):
    return board.matrix(3.42, y, [entries], role, title=title, columns=columns, cuts=(3, 5), cell=ASKED, digits=0)


def _one_look(board, m, y, things, regions, query, scores, queries, found):
    """One hop below the query with which it asks; gives the place of the next query."""
    weights = np.exp(scores) / np.exp(scores).sum()
    seen = board.matrix(
        0.45, y + 0.3, regions, "state", rows=things, columns=NAMES[:5], cell=SMALL_CELL, digits=0, frame=found,
        title="regions" if m == 1 else "the same regions",
    )  # fmt: skip
    one = {"columns": (" ",), "cell": (0.38, 0.28), "digits": 0, "frame": found}  # its title stands higher
    score = board.matrix(2.1, y + 0.3, scores, "score", title="scores", **one)
    weight = board.matrix(2.72, y + 0.3, weights, "weight", title="weights", cell=(0.46, 0.28), frame=found, digits=3)
    context = _query(board, y + 0.58, queries[1] - queries[0], f"context $c^{{({m})}}$", "context")
    after = _query(board, y + 1.4, queries[1], f"query $q^{{({m})}}$")
    board.path([(query.left, query.y), (score.x, query.y), (score.x, score.top - 0.44)], "query")
    board.arrow(seen.side("right"), score.side("left"), "state")
    board.arrow(score.side("right"), weight.side("left"), "score")
    board.arrow((weight.right, context.y), (context.left, context.y), "context")
    board.text((weight.right + context.left) / 2 + 0.02, context.y - 0.14, "$W^V$", SMALL, ROLES["context"].edge)
    board.arrow((context.x, context.bottom), (context.x, after.top), "context", "+")
    leaves, arrives = query.y + 0.07, after.y - 0.07  # a gap: one query's way ends where the next one's begins
    board.path([(query.right, leaves), (5.95, leaves), (5.95, arrives), (after.right, arrives)], "query")
    steps = ((1.975, y + 1.0, 1), (2.6, y + 1.0, 2), (3.3, y + 1.0, 3), (context.x + 0.3, y + 1.12, 4))
    for x, where, number in steps:
        board.step(x, where, number)
    return after


def network() -> Figure:
    """The whole network with its shapes: reading, seeing, two hops, answering."""
    board = Board(6.05, 3.6, "The network: a question and a picture go in, two hops, an answer comes out.")
    words = board.box(1.2, 0.35, "words of the question", "input", 1.9, shape="(B, 17)")
    reader = board.box(1.2, 1.0, "embedding, GRU", "plain", 1.5)
    picture = board.box(1.2, 3.15, "regions of the picture", "input", 1.9, shape="(B, 12, 120)")
    eye = board.box(1.2, 2.5, "linear, tanh, norm", "plain", 1.5)
    board.arrow(words, reader, "input")
    board.arrow((picture.x, picture.top), (eye.x, eye.bottom), "input")
    first = board.box(3.2, 1.75, "hop 1", "query", 0.75, 0.5, bold=True)
    second = board.box(4.4, 1.75, "hop 2", "query", 0.75, 0.5, bold=True)
    corner = first.left - 0.35
    board.path([reader.side("right"), (corner, reader.y), (corner, first.y), first.side("left")], "query")
    board.text(2.35, 0.85, "$q^{(0)}$ (B, 64)", SMALL, ROLES["query"].edge, ha="left")
    for hop in (first, second):
        board.path([eye.side("right"), (hop.x, eye.y), (hop.x, hop.bottom)], "state")
    board.text(2.05, 2.65, "(B, 12, 64)", SMALL, SOFT, ha="left", family="monospace")
    board.arrow(first.side("right"), second.side("left"), "query")
    board.text((first.right + second.left) / 2, 1.55, "$q^{(1)}$", SMALL, ROLES["query"].edge)
    matrix = board.box(5.45, 1.75, "answer", "plain", 0.75)
    board.arrow(second.side("right"), matrix.side("left"), "query")
    board.text((second.right + matrix.left) / 2, 1.55, "$q^{(2)}$", SMALL, ROLES["query"].edge)
    logits = board.box(5.45, 2.65, "logits", "output", 0.75)
    board.arrow(matrix, logits, "output")
    board.text(5.45, 2.95, "(B, 30)", SMALL, SOFT, family="monospace")
    board.say(3.8, 1.3, "weights (B, 12) each", SMALL, SOFT)
    return board.picture


def growing() -> Figure:
    """Who learns when: a row for each part of the model, a column for each time."""
    board = Board(6.05, 1.95, "Who learns when.")
    times = ("updates 1–200\nquestions of 1 step", "201–600\n1 and 2 steps", "601–1,100\n1 and 2 steps")
    rows = {
        "reads and sees": ("learns", "still", "slowly"),
        "hop 1": ("learns", "still", "slowly"),
        "hop 2": ("absent", "learns", "learns"),
        "answer": ("learns", "learns", "learns"),
    }
    dark = {"learns": 0.9, "slowly": 0.35, "still": 0.0, "absent": 0.0}
    entries = [["–" if word == "absent" else word for word in words] for words in rows.values()]
    shade = [[dark[word] for word in words] for words in rows.values()]
    board.matrix(1.35, 0.5, entries, "output", rows=list(rows), columns=times, cell=(1.5, 0.32), shade=shade)
    return board.picture
