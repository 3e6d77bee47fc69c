"""The diagrams of lesson 04, in the language of `plots.diagram`."""

from matplotlib.figure import Figure

from attention_course.plots.diagram import Board
from attention_course.plots.roles import SOFT
from attention_course.plots.text import SMALL

WIDE = (0.54, 0.28)


def look_back(words, states, query, scores, weights, context) -> Figure:
    """One step of the decoder: it asks all encoder states, and what it gets goes into its next state."""
    board = Board(6.05, 4.35, "Before it writes chat, the decoder looks back at the whole sentence.")
    asked = board.matrix(1.75, 0.4, [query], "query", title="state $s_1$, which wrote “le”")
    title = {"title": "states", "columns": ("noun", "verb")}
    read = board.matrix(0.7, 1.5, states, "state", rows=words, frame=1, **title)
    score = board.matrix(2.05, 1.5, scores, "score", title="scores", cell=WIDE, frame=1)
    weight = board.matrix(3.0, 1.5, weights, "weight", title="weights", cell=WIDE, frame=1)
    found = board.matrix(4.25, 1.78, [context], "context", title="context", cell=WIDE, shape="$c_2$")
    board.arrow((score.x, asked.bottom), (score.x, 1.24), "query")
    board.arrow(read, score, "state")
    board.arrow(score, weight, "score")
    board.arrow((weight.right, found.y), (found.left, found.y), "context")
    board.path([(read.x, read.bottom), (read.x, 2.62), (found.x, 2.62), (found.x, found.bottom)], "state")
    board.say(2.6, 2.75, "the states are keys and values; they are averaged", SMALL, SOFT)
    after = board.box(5.15, 3.35, "next state $s_2$", "query", 1.35)
    before = board.box(2.9, 3.35, "previous word: le", "plain", 1.6)
    board.path([asked.side("right"), (5.75, asked.y), (5.75, after.top)], "query")
    board.arrow((5.15, found.bottom), (5.15, after.top), "context")
    board.arrow(before.side("right"), after.side("left"))
    word = board.box(5.15, 4.05, "chat", "output", 0.8, bold=True)
    board.arrow(after, word, "output")
    board.say(2.9, 4.05, "$s_2$, $c_2$ and “le” give the logits", SMALL, SOFT)
    steps = ((1.83, 1.66, 1), (2.79, 1.66, 2), (3.9, 1.66, 3), (4.9, 2.85, 4), (4.9, 3.72, 5))
    for x, y, number in steps:
        board.step(x, y, number)
    return board.picture


def beam_tree(tree) -> Figure:
    """Beginnings and their probabilities: {word: (probability, {next word: probability})}."""
    board = Board(5.6, 2.6, "Two steps of writing, with the probability of each word.")
    start, y = board.box(0.6, 1.3, "<bos>", "plain", 0.7), 0.4
    for word, (p, following) in tree.items():
        place = board.box(2.2, y + 0.3, word, "output", 0.8, bold=True)
        board.arrow(start.side("right"), place.side("left"), "plain", f"{p:.2f}")
        for next_word, q in following.items():
            end = board.box(3.95, y, next_word, "output", 0.8)
            board.arrow(place.side("right"), end.side("left"), "plain", f"{q:.2f}")
            board.say(4.5, y, f"product {p * q:.2f}", ha="left")
            y += 0.6
    return board.picture
