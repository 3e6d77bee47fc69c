"""The diagrams of lesson 09, in the language of `plots.diagram`."""

from itertools import pairwise

from matplotlib.figure import Figure

from attention_course.plots.diagram import Board
from attention_course.plots.roles import SOFT
from attention_course.plots.text import SMALL

PARTS = ("liv.", "thing", "pro.", "adj.", "fur")
SMALL_CELL = (0.3, 0.27)


def two_rounds(first, second) -> Figure:
    """Four words, of which "it" looks twice. first, second: how much of it falls on "tired", and then on "cat"."""
    words, xs = ["cat", "chair", "it", "tired"], (2.3, 3.3, 4.3, 5.3)
    board = Board(6, 3.05, "Four words of a sentence; the word it looks twice.")
    board.say(0.1, 0.18, "The cat sat on the chair because it was tired.", ha="left", style="italic")
    levels, roles = (0.6, 1.6, 2.6), {"cat": "value", "it": "query", "tired": "value"}
    rows = [
        [
            board.box(x, y, word, roles.get(word, "plain"), 0.7, 0.3, told=False, bold=word in roles)
            for word, x in zip(words, xs, strict=True)
        ]
        for y in levels
    ]
    rounds = ((3, first, "round 1:\nwhat is said of it?"), (0, second, "round 2:\nwho is that?"))
    for number, (asked, share, text) in enumerate(rounds):
        above, below = rows[number : number + 2]
        for start, end in zip(above, below, strict=True):
            board.arrow(start.side("bottom"), end.side("top"), "plain")
        board.arrow(above[asked].side("bottom"), below[2].side("top"), "weight", f"{share:.2f}")
        board.tell(f"An arrow from {words[asked]} to it, weight {share:.2f}")
        board.step(0.25, levels[number] + 0.5, number + 1, text)
    board.say(0.1, 2.92, "coloured: what is handed over to it · grey: each word keeps what it has", SMALL, SOFT,
              ha="left")  # fmt: skip
    return board.picture


def project(words, X, matrices) -> Figure:
    """Step 1: the words times three matrices. matrices: {"query": W, "key": W, "value": W}."""
    board = Board(6, 3.85, "The word vectors times three matrices.")
    look, top = {"cell": (0.28, 0.27), "size": SMALL}, 2.4
    left = board.matrix(
        0.52, top, X, "input", title="words", rows=words, columns=PARTS, shape=str(tuple(X.shape)), frame=2,
        cell=(0.35, 0.27), size=SMALL, digits=0,
    )  # fmt: skip
    names = {"query": "queries", "key": "keys", "value": "values"}
    for (role, W), x in zip(matrices.items(), (2.8, 3.75, 4.53), strict=True):
        rows = PARTS if role == "query" else ()
        shape = {"shape": str(tuple((X @ W).shape)), "frame": 2, "digits": 0}
        above = board.matrix(x, 0.45, W, "plain", title=f"$W^{role[0].upper()}$", rows=rows, digits=0, **look)
        made = board.matrix(x, top, X @ W, role, title=names[role], **shape, **look)
        board.arrow((x + 0.28, above.bottom), (x + 0.28, made.top - 0.28), role)
    board.arrow(left.row(2).side("right"), (2.75, left.row(2).y), "input")
    board.step(0.25, 0.6, 1, "a row of words\ntimes a matrix:\nthe row below it")
    board.text(2.54, left.row(2).y - 0.13, "times", SMALL, SOFT)
    return board.picture


def look(words, Q, K, V, scores, weights, contexts) -> Figure:
    """Steps 2 to 4, for all words; "it" is framed."""
    board = Board(6, 4.6, "All words ask all words.")
    look = {"cell": SMALL_CELL, "size": SMALL}
    wide = {"cell": (0.4, 0.27), "size": SMALL, "frame": 2, "columns": words}
    asked = board.matrix(0.52, 0.6, Q, "query", title="queries", rows=words, shape="(4, 2)", frame=2, **look)
    key = board.matrix(2.3, 0.6, K.mT, "key", title="keysᵀ", columns=words, shape="", cell=(0.36, 0.27), size=SMALL)
    score = board.matrix(4.3, 0.6, scores, "score", title="scores, divided", **wide)
    weight = board.matrix(0.52, 2.9, weights, "weight", title="weights", rows=words, shape="(4, 4)", **wide)
    parts = {"columns": PARTS, "size": SMALL}
    value = board.matrix(2.35, 2.9, V, "value", title="values", shape=str(tuple(V.shape)), cell=(0.34, 0.27), **parts)
    found = board.matrix(4.24, 2.9, contexts, "context", title="contexts", shape=str(tuple(contexts.shape)), frame=2,
                         cell=(0.34, 0.27), **parts)  # fmt: skip
    board.text((asked.right + key.left) / 2, key.y, "×", 15)
    board.arrow((key.right, key.y), (score.left, key.y), "score")
    board.path([(score.x, score.bottom), (score.x, 2.05), (1.75, 2.05), (1.75, 2.48)], "score")
    board.text((weight.right + value.left) / 2, value.y, "×", 15)
    board.arrow(value, found, "context")
    board.step(2.45, 1.42, 2, "all dot products, ÷ √2")
    board.step(2.45, 2.24, 3, "softmax of each row")
    board.step(2.75, 4.43, 4, "average the values")
    return board.picture


def layer() -> Figure:
    """The whole layer for a batch, with its shapes."""
    board = Board(5.6, 3.45, "Self-attention for a batch of B sentences of L words.")
    x = board.box(2.6, 0.3, "x: words", "input", 1.2, shape="(B, L, E)", bold=True)
    board.rule((1.0, 0.6), (4.3, 0.6))
    made, shapes = {}, {"query": "(B, L, D)", "key": "(B, L, D)", "value": "(B, L, E)"}
    for (role, shape), left in zip(shapes.items(), (1.0, 2.6, 4.3), strict=True):
        letter = role[0].upper()
        made[role] = board.box(left, 1.0, f"{letter} = x $W^{letter}$", role, 1.0)
        board.say(left + 0.08, 1.3, shape, SMALL, SOFT, family="monospace", ha="left")
        board.path([x.side("bottom"), (2.6, 0.6), (left, 0.6), (left, made[role].top)], role)
    score = board.box(1.8, 1.85, "Q Kᵀ ÷ √D", "score", 1.3, shape="scores (B, L, L)")
    weight = board.box(1.8, 2.5, "mask, softmax", "score", 1.3, shape="weights (B, L, L)")
    context = board.box(2.85, 3.15, "weights · V", "context", 1.3, shape="contexts (B, L, E)", bold=True)
    board.path([made["query"].side("bottom"), (1.0, 1.52), (1.45, 1.52), (1.45, score.top)], "query")
    board.path([made["key"].side("bottom"), (2.6, 1.52), (2.15, 1.52), (2.15, score.top)], "key")
    board.arrow(score, weight, "score")
    board.path([weight.side("bottom"), (1.8, 3.15), context.side("left")], "weight")
    board.path([made["value"].side("bottom"), (4.3, 2.85), (3.15, 2.85), (3.15, context.top)], "value")
    for number, y in enumerate((1.0, 1.85, 2.5, 3.15), 1):
        board.step(0.2, y, number)
    return board.picture


def two_maps(words, rounds) -> Figure:
    """Weights of two rounds for two sentences: {last word: [weights, weights]}."""
    board = Board(6.05, 1.9 * len(rounds), "Two rounds of self-attention for sentences that differ in one word.")
    for row, (last, maps) in enumerate(rounds.items()):
        names, top = [*words[:-1], last], 0.62 + 1.92 * row
        for x, (number, weights) in zip((0.75, 3.75), enumerate(maps, 1), strict=True):
            look = {"cell": (0.5, 0.27), "size": SMALL, "frame": 2, "title": f"round {number}: it was {last}"}
            board.matrix(x, top, weights, "weight", rows=names, columns=names, **look)
            board.step(x - 0.25, top - 0.31, number)
    return board.picture


def learned(words, weights, frame) -> Figure:
    """Who asks whom in one sentence, after training. frame: the word to follow."""
    board = Board(6.05, 0.75 + 0.26 * len(words), "The weights of a trained network for one sentence.")
    look = {"cell": (0.43, 0.25), "size": SMALL, "title": "weights: a row for each word that asks", "frame": frame}
    board.matrix(0.75, 0.6, weights, "weight", rows=words, columns=words, **look)
    return board.picture


def causal(words, scores, mask, weights) -> Figure:
    """Scores, the mask, masked scores, weights: a row for each word that asks."""
    board = Board(6.05, 2.0, "The causal form: the scores of later words become minus infinity before the softmax.")
    hidden = scores.masked_fill(~mask, float("-inf"))
    parts = (("mask", "mask: may attend", mask), ("score", "masked scores", hidden), ("weight", "weights", weights))
    before = None
    for x, (role, title, entries) in zip((0.58, 2.45, 4.32), parts, strict=True):
        rows = words if before is None else ()
        look = {"rows": rows, "columns": words, "cell": (0.4, 0.28), "size": SMALL, "frame": 2}
        place = board.matrix(x, 0.65, entries, role, title=title, **look)
        if before is not None:
            board.arrow(before, place, role)
        before = place
    return board.picture


def paths(words) -> Figure:
    """How the first word of a sentence reaches the last: through cells, through layers, and at once."""
    board = Board(6.05, 3.35, "The way from the first word to the last.")
    last, xs = len(words) - 1, [1.85 + 0.88 * i for i in range(len(words))]
    kinds = (
        (0.7, "recurrent", f"{last} steps"),
        (1.95, "convolution\nof 3 words", "2 layers"),
        (3.05, "self-attention", "1 step"),
    )
    for y, name, text in kinds:
        board.say(0.1, y - 0.12 * (1 + name.count("\n")), name, ha="left", bold=True)
        board.say(0.1, y + 0.13, text, SMALL, SOFT, ha="left")
        boxes = [board.box(x, y, word, "input", 0.66, 0.27, told=False) for x, word in zip(xs, words, strict=True)]
        if name == "recurrent":
            cells = [board.box(x, y - 0.5, "", "state", 0.4, 0.22, told=False) for x in xs]
            for start, end in pairwise(cells):
                board.arrow(start.side("right"), end.side("left"), "state")
            board.arrow(boxes[0].side("top"), cells[0].side("bottom"), "state")
        elif name == "self-attention":
            board.path([boxes[0].side("top"), (xs[0], y - 0.4), (xs[last], y - 0.4), boxes[last].side("top")], "query")
        else:
            middle = board.box(xs[2], y - 0.42, "", "key", 0.4, 0.22, told=False)
            end = board.box(xs[4], y - 0.8, "", "key", 0.4, 0.22, told=False)
            board.arrow(boxes[0].side("top"), middle.side("left"), "key")
            board.arrow(middle.side("right"), end.side("left"), "key")
    return board.picture
