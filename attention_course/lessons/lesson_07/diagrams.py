"""The diagrams of lesson 07, in the language of `plots.diagram`."""

from matplotlib.figure import Figure

from attention_course.plots.cells import as_table
from attention_course.plots.diagram import Board
from attention_course.plots.roles import ROLES, SOFT
from attention_course.plots.text import SMALL

CELL, HIGH, PAIR = (0.38, 0.27), 0.27, (0.49, 0.27)


def two_levels(words, vectors, at_words, at_sentences) -> Figure:
    """One review of three sentences through both levels, each word (S, T) with its two numbers.

    vectors: for each sentence (T, 2). at_words: for each sentence its scores, weights (T) and their average (2).
    at_sentences: the same for the review.
    """
    board = Board(6.05, 3.4, "Words become sentences, and sentences become a review, by the same three steps.")
    board.panel(0.05, 0.06, 3.68, 3.34, "level 1: words")
    board.panel(3.74, 0.06, 6.0, 3.34, "level 2: sentences")
    for left, (score, weight, average) in ((0, (1.75, 2.25, 3.15)), (2, (4.09, 4.64, 5.48))):
        for x, number, what in ((score, 1, "score"), (weight, 2, "weight"), (average, 3, "average")):
            board.step(x, 0.28, number)
            board.text(x, 0.53, what, SMALL, SOFT)
        board.text(3.15 if left == 0 else 5.48, 0.76, "mine    praise", SMALL, SOFT)
    board.text(1.1, 0.76, "mine   praise", SMALL, SOFT)
    z, a, review = (as_table(part) for part in at_sentences)
    middles = []
    for t, top in enumerate((0.9, 1.7, 2.5)):
        scores, weights, sentence = at_words[t]
        name = f"sentence {t + 1}"
        x = board.matrix(0.72, top, vectors[t], "input", rows=words[t], cell=CELL)
        score = board.matrix(1.56, top, scores, "score", cell=CELL)
        weight = board.matrix(2.06, top, weights, "weight", cell=CELL)
        y = x.y - HIGH / 2
        made = board.matrix(2.66, y, [sentence], "context", cell=PAIR)
        again = board.matrix(3.9, y, z[t : t + 1], "score", cell=CELL)
        share = board.matrix(4.45, y, a[t : t + 1], "weight", cell=CELL)
        board.arrow(weight.side("right"), made.side("left"), "context")
        board.arrow(made.side("right"), again.side("left"), "context")
        board.tell(f"{name}: {', '.join(words[t])}")
        middles.append(share)
    end = board.matrix(4.99, middles[1].y - HIGH / 2, [review], "context", cell=PAIR)
    board.text(5.4, end.top - 0.12, "review", SMALL, ROLES["context"].edge, bold=True, ha="left")
    for share, at in zip(middles, ("top", "left", "bottom"), strict=True):
        if at == "left":
            board.arrow(share.side("right"), end.side("left"), "context")
        else:
            corner = (5.3, share.y)
            board.path([share.side("right"), corner, (5.3, end.top if at == "top" else end.bottom)], "context")
    return board.picture


def batch(names, real) -> Figure:
    """Two reviews as one tensor of words (B, S, T), and the mask of each level. real: where a word is no padding."""
    board = Board(6.05, 2.75, "A batch of two reviews, with room for three sentences of two words each.")
    for b, top in enumerate((0.55, 1.6)):
        rows = [f"sentence {t}" for t in (1, 2, 3)]
        titles = ("words (B, S, T)", "mask of words", "mask of sentences") if b == 0 else ("", "", "")
        board.text(0.05, top + 0.42, f"review {b + 1}", ha="left", bold=True)
        word = board.matrix(1.72, top, names[b], "plain", rows=rows, cell=(0.58, 0.28), title=titles[0])
        mask = board.matrix(3.2, top, real[b], "mask", cell=(0.42, 0.28), title=titles[1])
        there = board.matrix(4.5, top, as_table(real[b]).any(-1), "mask", cell=(0.42, 0.28), title=titles[2])
        board.arrow(word, mask)
        board.arrow(mask, there, "plain")
        board.text((mask.right + there.left) / 2, mask.y - 0.17, "any", SMALL, SOFT)
    return board.picture


def network() -> Figure:
    """The whole network, with the shape of each tensor."""
    board = Board(5.5, 5.0, "The whole network: the same level twice.")
    board.panel(0.05, 1.17, 5.45, 2.62, "level 1")
    board.panel(0.05, 2.7, 5.45, 4.15, "level 2")
    parts = (
        ("numbers of words", "plain", "(B, S, T)"), ("embedding", "input", "(B, S, T, E)"),
        ("GRU from both ends", "state", "(B·S, T, E)"), ("attention over words", "context", "(B·S, E)"),
        ("GRU from both ends", "state", "(B, S, E)"), ("attention over sentences", "context", "(B, E)"),
        ("linear layer: logits", "output", "(B, classes)"),
    )  # fmt: skip
    ys, before = (0.3, 0.85, 1.48, 2.08, 3.0, 3.6, 4.6), None
    for y, (text, role, shape) in zip(ys, parts, strict=True):
        place = board.box(2.1, y, text, role, 2.1, 0.34, shape=shape)
        if before:
            board.arrow(before, place)
        before = place
    for y, what in ((1.78, "mask: is it\na word?"), (3.3, "mask: has it\nany word?")):
        board.say(4.75, y, what, SMALL, ROLES["mask"].edge)
    return board.picture
