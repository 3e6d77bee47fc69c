"""The diagrams of lesson 01, in the language of `plots.diagram`."""

from matplotlib.figure import Figure

from attention_course.plots.diagram import Board
from attention_course.plots.roles import ROLES, SOFT
from attention_course.plots.text import SMALL

LIVING, GENDER = ("living", "thing"), ("masc.", "fem.")
WIDE = (0.54, 0.28)


def two_sentences() -> Figure:
    """Two sentences that differ in one word, and the noun that "it" fetches its gender from."""
    board = Board(5.6, 2.5, "Two sentences that differ in their last word.")
    start = ["the", "cat", "sat", "on", "the", "chair", "because", "it", "was"]
    cases = (0.68, "tired", 1, "il (masculine, like le chat)"), (1.98, "soft", 5, "elle (feminine, like la chaise)")
    for top, last, place, french in cases:
        boxes = board.sentence(0.12, top, [*start, last], {place: "value", 7: "query", 9: "plain"})
        noun, it, high = boxes[place], boxes[7], top - 0.42
        board.path([(noun.x, noun.top), (noun.x, high), (it.x, high), (it.x, it.top)], "value")
        board.text((noun.x + it.x) / 2, high - 0.12, "hands over its gender", 9, ROLES["value"].edge)
        board.tell(f"An arrow from {start[place]} to it: hands over its gender")
        board.say(it.x, it.bottom + 0.2, f"French: {french}", 10, ROLES["query"].edge)
    return board.picture


def soft_look_up(words, query, keys, values) -> Figure:
    """One query, the keys that it is compared with, and the values that are averaged."""
    scores = keys @ query
    weights = scores.softmax(-1)
    products = weights[:, None] * values
    board = Board(6.05, 3.75, "How attention looks something up.")
    asked = board.matrix(1.5, 0.4, [query], "query", title="query of “it”", shape="(2)")
    found = board.matrix(0.58, 1.5, keys, "key", title="keys", rows=words, columns=LIVING, shape="(3, 2)", frame=0)
    score = board.matrix(1.85, 1.5, scores, "score", title="scores", cell=WIDE, shape="(3)", frame=0)
    weight = board.matrix(2.74, 1.5, weights, "weight", title="weights", cell=WIDE, shape="(3)", frame=0)
    handed = board.matrix(3.7, 1.5, values, "value", title="values", columns=GENDER, shape="(3, 2)", frame=0)
    given = board.matrix(4.94, 1.5, products, "value", title="products", columns=GENDER, cell=(0.52, 0.28), frame=0)
    context = board.matrix(4.94, 3.1, [weights @ values], "context", title="context", cell=(0.52, 0.28))
    board.text(context.x, context.bottom + 0.14, "(2)", SMALL, SOFT, family="monospace")
    board.arrow((score.x, asked.bottom), (score.x, 1.24), "query")
    board.arrow(found, score, "key")
    board.arrow(score, weight, "score")
    board.text((weight.right + handed.left) / 2, handed.y, "×", 15)
    board.arrow(handed, given, "value")
    board.arrow((given.right - 0.1, given.bottom), (given.right - 0.1, context.top - 0.08), "context")
    board.step(1.68, 2.75, 1, "compare\n(dot product)", below=True)
    board.step(2.58, 2.75, 2, "softmax", below=True)
    board.step(4.14, 2.75, 3, "weight × value,\nthen add up", below=True)
    return board.picture


def three_queries(asking, words, queries, keys, values) -> Figure:
    """Several queries at once: a row of scores, of weights and of the context for each."""
    scores = queries @ keys.T
    weights = scores.softmax(-1)
    board = Board(6.05, 2.25, "Three queries at once, a row for each.")
    tables = (
        ("query", "queries", queries, LIVING, "(3, 2)", ""),
        ("score", "scores", scores, words, "(3, 3)", "dot products\nwith the keys"),
        ("weight", "weights", weights, words, "(3, 3)", "softmax\nof each row"),
        ("context", "contexts", weights @ values, GENDER, "(3, 2)", "averages of\nthe values"),
    )
    look = {"cell": (0.42, 0.28), "size": SMALL, "frame": 1}
    x, before = 0.78, None
    for role, title, entries, columns, shape, how in tables:
        names = asking if before is None else ()
        place = board.matrix(x, 0.75, entries, role, title=title, rows=names, columns=columns, shape=shape, **look)
        board.say(place.x, place.bottom + 0.45, how, SMALL)
        if before is not None:
            board.arrow(before, place, role)
        x, before = place.right + 0.24, place
    return board.picture


def padding(words, scores, ways, values) -> Figure:
    """What a PAD gets and does: its score, and under each of the `ways`, {what is done: weights}, the context."""
    board = Board(5.9, 3.0, "A PAD at the end of a sentence, treated in three ways.")
    board.matrix(0.62, 0.8, scores, "score", title="scores", rows=words, cell=WIDE, frame=2)
    for x, (name, weights) in zip((1.85, 3.3, 4.85), ways.items(), strict=True):
        board.say(x + 0.27, 0.33, name)
        place = board.matrix(x, 0.8, weights, "weight", cell=WIDE, frame=2)
        board.say(place.x, place.bottom + 0.2, f"sum {float(weights.sum()):.2f}", bold=abs(weights.sum() - 1) > 0.005)
        board.matrix(place.x - 0.46, 2.4, [weights @ values], "context", columns=GENDER)
    board.text(1.45, 2.54, "context", colour=ROLES["context"].edge, bold=True, ha="right")
    return board.picture


def batch(sentences, scores, mask, weights, context) -> Figure:
    """A batch of sentences with one query each: from its scores down to its context."""
    hidden = scores.masked_fill(~mask, float("-inf"))
    board = Board(5.6, 4.0, "Two sentences in one batch. The second has a PAD, which the mask hides.")
    for b, (words, left) in enumerate(zip(sentences, (1.15, 3.35), strict=True)):
        board.heading(left, 0.2, f"sentence {b + 1}")
        parts = (
            (0.65, "scores", "score", scores, (0.5, 0.28)),
            (1.35, "mask", "mask", mask, (0.5, 0.28)),
            (2.05, "masked", "score", hidden, (0.5, 0.28)),
            (2.75, "weights", "weight", weights, (0.5, 0.28)),
            (3.55, "context", "context", context, (0.75, 0.28)),
        )
        before = None
        for top, name, role, entries, cell in parts:
            columns = words if before is None else GENDER if role == "context" else ()
            place = board.matrix(left, top, entries[b], role, columns=columns, cell=cell)
            if b == 0:
                board.text(left - 0.1, place.y, name, colour=ROLES[role].edge, bold=True, ha="right")
            else:
                board.text(place.right + 0.08, place.y, str(tuple(entries.shape)), SMALL, SOFT, ha="left")
            if before is not None:
                end = place.top - (0.2 if role == "context" else 0)
                board.arrow((place.x, before.bottom), (place.x, end), role)
            before = place
    return board.picture


def year_maps(years, maps) -> Figure:
    """Weights between years as squares: {title: weights}."""
    board = Board(5.8, 3.2, f"Weights between the years {int(years[0])} to {int(years[-1])}, a row for each that asks.")
    side = 2.4 / len(years)
    for x, (title, weights) in zip((0.55, 3.3), maps.items(), strict=True):
        place = board.matrix(x, 0.5, weights, "weight", cell=(side, side), digits=None)
        board.say(place.left, 0.28, title, ha="left", bold=True)
        board.text(place.left, place.bottom + 0.13, f"{int(years[0])}", SMALL, SOFT, ha="left")
        board.text(place.right, place.bottom + 0.13, f"{int(years[-1])}", SMALL, SOFT, ha="right")
        board.text(place.x, place.bottom + 0.13, "looked at", SMALL, SOFT)
        board.text(place.left - 0.12, place.y, "asks", SMALL, SOFT, rotation=90)
    return board.picture
