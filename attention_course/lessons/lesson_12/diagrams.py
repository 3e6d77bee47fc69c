"""The diagrams of lesson 12, in the language of `plots.diagram`."""

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.cells import as_table, as_text
from attention_course.plots.diagram import Board
from attention_course.plots.places import Place
from attention_course.plots.roles import ROLES, SOFT
from attention_course.plots.text import SMALL

LEFT, RIGHT = 1.45, 4.55  # the middles of encoder and decoder
SUBLAYER = 0.88  # inches from one part of a block to the next
PLUS = {"width": 0.26, "height": 0.2}


def _shape(board, x, y, text) -> None:
    board.text(x + 0.1, y, text, SMALL, SOFT, ha="left", family="monospace")


def _sublayer(board, x, y, text, role, start):
    """A part of a block with its residual connection. start: where the line comes from. Gives the place of the plus."""
    box = board.box(x, y, text, role, 1.98, 0.3)
    plus = board.box(x, y + 0.4, "+", "plain", told=False, bold=True, **PLUS)
    board.arrow(start, box.side("top"))
    board.arrow(box.side("bottom"), plus.side("top"), role)
    turn = max((start[1] + box.top) / 2 - 0.02, box.top - 0.2)
    board.path([(x, turn), (x - 1.06, turn), (x - 1.06, plus.y), plus.side("left")])
    return box, plus.side("bottom")


def overview() -> Figure:
    """The whole model, as it reads the English sentence and writes the French one."""
    board = Board(6.05, 6.85, "The Transformer. At the left the encoder reads, at the right the decoder writes.")
    shapes, places = ("(1, 7, 128)", "(1, 10, 128)"), []
    for x, words, size in ((LEFT, "the cat sat on the mat .", "(1, 7)"), (RIGHT, "<bos> le chat s' … .", "(1, 10)")):
        told = board.box(x, 0.3, words, "plain", 2.0, bold=True)
        entered = board.box(x, 0.95, "embed · √E, position", "input", 1.8)
        board.arrow(told, entered)
        _shape(board, x, 0.61, size)
        places.append(entered)
    for x, bottom, shape in ((LEFT, 3.72, shapes[0]), (RIGHT, 4.6, shapes[1])):
        board.panel(x - 1.15, 1.42, x + 1.15, bottom, "3 blocks")
        _shape(board, x, 1.27, shape)
    _, start = _sublayer(board, LEFT, 1.95, "norm, self-attention", "context", places[0].side("bottom"))
    _, start = _sublayer(board, LEFT, 1.95 + SUBLAYER, "norm, feed-forward", "state", start)
    h = board.box(LEFT, 4.05, "norm", "state", 0.9)
    board.arrow(start, h.side("top"))
    _shape(board, LEFT, 4.33, "h (1, 7, 128)")
    _, start = _sublayer(board, RIGHT, 1.95, "norm, causal self-attention", "context", places[1].side("bottom"))
    cross, start = _sublayer(board, RIGHT, 1.95 + SUBLAYER, "norm, cross-attention", "context", start)
    _, start = _sublayer(board, RIGHT, 1.95 + 2 * SUBLAYER, "norm, feed-forward", "state", start)
    board.path([h.side("right"), (2.95, h.y), (2.95, cross.y), cross.side("left")], "key")
    out = board.box(RIGHT, 4.95, "norm", "output", 0.9)
    board.arrow(start, out.side("top"))
    _shape(board, RIGHT, 5.25, shapes[1])
    logits = board.box(RIGHT, 5.55, "compare with all embeddings", "output", 2.2)
    board.arrow(out, logits)
    _shape(board, RIGHT, 5.87, "(1, 10, 6439)")
    said = board.box(RIGHT, 6.2, "le chat s' est … . <eos>", "plain", 2.0, bold=True)
    board.arrow(logits, said)
    steps = [("a", 0.38, 0.95), ("b", 0.15, 1.95), ("c", 0.15, 2.83), ("a", 5.62, 0.95), ("b", 5.85, 1.95)]
    for letter, x, y in [*steps, ("d", 5.85, 2.83), ("c", 5.85, 3.71), ("e", 3.25, 5.55)]:
        board.step(x, y, letter)
    board.say(LEFT, 4.7, "in each decoder block, (d)\nmakes keys and values of h", SMALL, ROLES["key"].edge)
    board.say(LEFT, 5.4, "+: what a part finds is added to\nwhat went in (residual connection)", SMALL, SOFT)
    board.say(LEFT, 5.9, "attention: 8 heads of 16 numbers\nfeed-forward: 128 → 256 → 128", SMALL, SOFT)
    board.say(RIGHT, 6.58, "at each place: the next word", SMALL, SOFT)
    return board.picture


def eight_steps(words, X, query, K, V, scores, scaled, weights, contexts, output, normed, follow=2) -> Figure:
    """The glossary's eight steps for one word, words as columns. What comes per head has the heads first."""
    board = Board(6.05, 7.0, f"The eight steps for “{words[follow]}”.")
    cell, left, asks = (0.62, 0.25), 1.5, words[follow]
    style = {"cell": cell, "digits": 2}
    board.step(0.15, 0.62, 1, "vectors X")
    start = board.matrix(
        left, 0.42, as_table(X).T, "input", columns=words, rows=("kind", "verb", "role", "scene"), **style
    )
    board.frame(_column(start, follow, cell))
    y = 1.95
    for h in range(len(K)):
        board.text(0.1, y - 0.13, f"head {h + 1}", bold=True, ha="left")
        asked = f"query of {asks}: {_pair(query[h])}"
        board.say(left, y - 0.13, asked, colour=ROLES["query"].edge, bold=True, ha="left")
        rows = (
            (2, "keys", [[_pair(k) for k in K[h]]], "key"), (None, "values", [[_pair(v) for v in V[h]]], "value"),
            (3, "query · key", [scores[h]], "score"), (4, r"$\div\ \sqrt{2}$", [scaled[h]], "score"),
            (5, "softmax", [weights[h]], "weight"),
        )  # fmt: skip
        for number, name, entries, role in rows:
            place = board.matrix(left, y, entries, role, **style)
            if number:
                board.step(0.15, place.y, number, name)
            else:
                board.text(0.35, place.y, name, ha="left")
            y = place.bottom + 0.03
        board.step(0.15, y + 0.14, 6, "weights × values, added up:")
        board.say(2.55, y + 0.14, f"context {_pair(contexts[h])}", colour=ROLES["context"].edge, bold=True, ha="left")
        y += 0.68
    joined = [number for context in contexts for number in as_table(context)]
    parts = (
        (7, f"join {_pair(joined)}, times $W^O$", output, "output"),
        (8, f"add {asks} itself", as_table(X)[follow] + as_table(output), "input"),
        (8, "normalise: mean 0, deviation 1", normed, "state"),
    )  # fmt: skip
    for number, name, entries, role in parts:
        names = ("kind", "verb", "role", "scene") if number == 7 else ()
        place = board.matrix(3.35, y - 0.2, [entries], role, columns=names, **style)
        board.step(0.15, place.y, number, name)
        y += 0.36
    return board.picture


def _pair(numbers) -> str:
    """A vector as text: (4, 0)."""
    return f"({', '.join(as_text(float(number), 2) for number in as_table(numbers))})"


def _column(place, j, cell) -> Place:
    return Place(place.left + j * cell[0], place.top, place.left + (j + 1) * cell[0], place.bottom)


def norms() -> Figure:
    """One part of a block, after the paper of 2017 and as built here."""
    board = Board(6.05, 3.75, "Where the norm stands. Post-norm: behind each sum. Pre-norm: in front of each part.")
    post, pre = 1.45, 4.55
    board.heading(post, 0.2, "post-norm (2017)", ha="center")
    board.heading(pre, 0.2, "pre-norm (here)", ha="center")
    board.rule((3.0, 0.1), (3.0, 3.65))
    for x, parts in ((post, ("part", "+", "norm")), (pre, ("norm", "part", "+"))):
        came = board.box(x, 0.6, "x", "input", 0.6, 0.28, bold=True)
        y, last = 1.25, came
        turn = (x, 0.86)
        for name in parts:
            role = {"part": "context", "+": "plain", "norm": "state"}[name]
            size = (0.26, 0.2) if name == "+" else (1.5, 0.3)
            text = "attention or\nfeed-forward" if name == "part" else name
            place = board.box(x, y, text, role, size[0], 0.44 if name == "part" else size[1], told=False)
            board.arrow(last.side("bottom"), place.side("top"))
            if name == "+":
                board.path([turn, (x - 1.05, turn[1]), (x - 1.05, y), place.side("left")])
            y, last = y + 0.66, place
        board.arrow(last.side("bottom"), (x, 3.2))
    board.say(post, 3.4, "norm(x + part(x))", family="monospace")
    board.say(pre, 3.4, "x + part(norm(x))", family="monospace")
    return board.picture


def shifted(given, wanted, mask) -> Figure:
    """Teacher forcing in one pass: who sees whom, and what each place must say."""
    board = Board(6.05, 4.1, "Each row is a place of the decoder, with the words that it may look at.")
    mask = as_table(mask)
    cells, shade = np.where(mask, "T", "F"), np.where(mask, 0.35, 0.0)
    style = {"cell": (0.385, 0.29), "shade": shade, "size": SMALL}
    place = board.matrix(0.95, 0.85, cells, "weight", rows=given, columns=given, **style)
    board.text(0.88, 0.5, "is given", bold=True, ha="right")
    board.say(place.x, 0.4, "may look at", bold=True, colour=ROLES["weight"].edge)
    board.say(5.15, 0.5, "must say", bold=True, colour=ROLES["output"].edge, ha="left")
    for t, word in enumerate(wanted):
        row = place.row(t)
        board.arrow((row.right, row.y), (5.12, row.y), "output")
        board.text(5.18, row.y, word, colour=ROLES["output"].edge, bold=True, ha="left")
    board.tell("Each place sees itself and the places before it")
    return board.picture


def cached(words) -> Figure:
    """Which words go through the decoder at each step, without a cache and with one."""
    n = len(words)
    board = Board(6.05, 2.75, "Which words go through the decoder in each step, without a cache and with one.")
    steps, later = [f"step {t + 1}" for t in range(n)], np.tri(n, dtype=bool)
    for left, title, new in (
        (0.65, "without a cache", later),
        (3.75, "with a KV cache", np.eye(n, dtype=bool)),
    ):
        cells = np.where(new, "new", np.where(later, "kept", ""))
        shade = np.where(new, 0.9, np.where(later, 0.15, 0.0))
        board.heading(left, 0.25, title)
        board.matrix(left, 0.75, cells, "key", rows=steps, columns=words, cell=(0.45, 0.3), shade=shade, size=SMALL)
        board.say(left + 0.225 * n, 2.5, f"{int(new.sum())} words go through", bold=True)
    return board.picture
