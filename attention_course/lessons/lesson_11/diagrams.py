"""The diagrams of lesson 11, in the language of `plots.diagram`."""

import math

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_numbers
from attention_course.plots.axes import quiet
from attention_course.plots.cells import as_table, as_text
from attention_course.plots.diagram import Board
from attention_course.plots.picture import Picture, describe
from attention_course.plots.places import Place
from attention_course.plots.roles import ROLES, SOFT
from attention_course.plots.text import SMALL

WIDE = (0.54, 0.28)


def headlines(sentences, vectors, scores, weights, contexts, columns=("dog", "man")) -> Figure:
    """Two sentences of the same words, and what self-attention gives their second word.

    vectors: one for each word. columns: what the two numbers of a vector say.
    """
    more = 0.17 * columns[0].count("\n")
    board = Board(6.0, 3.6 + 2 * more, "Two headlines with the same three words, and what the word “bites” receives.")
    for top, words, given, marks, shares, found in zip(
        (0.2 + more, 2.0 + 2 * more), sentences, vectors, scores, weights, contexts, strict=True
    ):
        places = [
            board.matrix(x, top + 0.3, [vector], "input", columns=columns, title=word, cell=(0.5, 0.28))
            for x, word, vector in zip((0.2, 1.55, 2.9), words, given, strict=True)
        ]
        got = board.matrix(4.65, top + 1.1, [found], "context", title="bites gets", cell=WIDE)
        for place, mark, share in zip(places, marks, shares, strict=True):
            board.path([(place.x, place.bottom), (place.x, got.y), (got.left, got.y)], "weight")
            board.say(
                place.x + 0.07, place.bottom + 0.18, f"score {_short(mark)}", ha="left", colour=ROLES["score"].edge
            )
            board.say(
                place.x + 0.07, place.bottom + 0.39, f"× {share:.2f}", ha="left", colour=ROLES["weight"].edge, bold=True
            )
    return board.picture


def where_order_enters() -> Figure:
    """The way of self-attention from words to outputs, and the three places at which order can come in."""
    board = Board(6.0, 3.6, "Self-attention from words to outputs. Order can come in at three places.")
    words = board.box(0.6, 1.0, "words", "input", 0.85, bold=True)
    queries = board.box(2.25, 0.4, "queries", "query", 0.9, bold=True)
    keys = board.box(2.25, 1.35, "keys", "key", 0.9, bold=True)
    values = board.box(2.25, 2.0, "values", "value", 0.9, bold=True)
    scores = board.box(3.75, 0.88, "scores", "score", 0.85, bold=True)
    weights = board.box(5.3, 0.88, "weights", "plain", 0.9, bold=True)
    outputs = board.box(5.3, 2.0, "outputs", "context", 0.9, bold=True)
    for place, role, name in ((queries, "query", "$W^Q$"), (keys, "key", "$W^K$"), (values, "value", "$W^V$")):
        board.path([words.side("right"), (1.3, words.y), (1.3, place.y), place.side("left")], role)
        board.text(1.52, place.y - 0.14, name, SMALL, ROLES[role].edge)
    for place, role in ((queries, "query"), (keys, "key")):
        board.path([place.side("right"), (3.0, place.y), (3.0, scores.y), scores.side("left")], role)
    board.arrow(scores, weights, "score")
    board.text(4.5, scores.y - 0.14, "softmax", SMALL, SOFT)
    board.arrow(weights, outputs, "weight")
    board.arrow(values, outputs, "value")
    for x, y, number, ends in (
        (0.6, 0.4, 1, [words.side("top")]),
        (2.25, 0.88, 2, [queries.side("bottom"), keys.side("top")]),
        (3.75, 0.28, 3, [scores.side("top")]),
    ):
        for end in ends:
            board.arrow((x, y + math.copysign(0.1, end[1] - y)), end, "plain")
        board.step(x, y, number)
    board.tell("Step 1 changes the words, step 2 queries and keys, step 3 the scores")
    for number, (x, what, names, when) in enumerate((
        (0.2, "add a vector\nto each word", "sinusoidal, learned", "once, before all layers"),
        (2.25, "turn queries\nand keys", "rotary", "in every layer"),
        (4.05, "add to\neach score", "Shaw, T5, ALiBi", "in every layer"),
    ), 1):  # fmt: skip
        board.step(x, 2.56, number)
        board.say(x + 0.22, 2.64, what, ha="left")
        board.say(x + 0.22, 3.06, names, colour=ROLES["output"].edge, ha="left", bold=True)
        board.say(x + 0.22, 3.33, when, SMALL, ha="left")
    return board.picture


def _clock(board, x, y, angle, radius=0.25) -> None:
    """A hand that has turned by this angle, clockwise from the top."""
    circle = np.linspace(0, 2 * np.pi, 60)
    board.picture.axes[0].plot(x + radius * np.sin(circle), y - radius * np.cos(circle), color=SOFT, linewidth=1)
    board.arrow((x, y), (x + radius * math.sin(angle), y - radius * math.cos(angle)), "query")


def clocks(places, hands) -> Figure:
    """What the hands of a clock show at each place. hands: {name: degrees from place to place}."""
    board = Board(6.0, 0.3 + 0.85 * len(hands), "Hands of a clock at each place. They start at the top.")
    xs = [1.4 + 4.15 * i / (len(places) - 1) for i in range(len(places))]
    for x, place in zip(xs, places, strict=True):
        board.text(x, 0.2, f"place {place}", SMALL, SOFT)
    for row, (name, degrees) in enumerate(hands.items()):
        y = 0.68 + 0.85 * row
        board.text(0.92, y, f"{name}\n{degrees:g}° per place", SMALL, ha="right")
        for x, place in zip(xs, places, strict=True):
            angle = math.radians(degrees * int(place))
            _clock(board, x, y, angle)
            numbers = f"({_short(math.sin(angle))}, {_short(math.cos(angle))})"
            board.text(x, y + 0.38, numbers, SMALL, ROLES["query"].edge)
        shown = ", ".join(f"{degrees * int(place) % 360:g}°" for place in places)
        board.tell(f"{name}: {shown}")
    return board.picture


def map_of_places(table) -> Figure:
    """The vectors of many places as colours, a row for each: (places, numbers per word); and their products."""
    table = as_numbers(table)
    picture = Picture((6.0, 2.9))
    ax, right = picture.subplots(1, 2, width_ratios=(1.25, 1))
    image = ax.imshow(table, cmap="PuOr", vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    quiet(ax, "number in the vector", "place")
    ax.grid(visible=False)
    bar = picture.colorbar(image, ax=ax, fraction=0.05, pad=0.03, ticks=(-1, 0, 1))
    bar.outline.set_visible(False)
    products, middle = table @ table.T, len(table) // 2
    for place, style, role in ((0, "-", "query"), (middle, "--", "key")):
        row = products[place]
        right.plot(np.arange(len(row)) - place, row, style, color=ROLES[role].edge, label=f"place {place}")
    quiet(right, "distance", "product")
    low, high = min(0, products.min()), products.max()
    right.set(xlim=(-middle, len(table)), xticks=(-middle, 0, middle))
    right.set(ylim=(low, 1.05 * high), yticks=(0, high / 2, high))
    right.legend(frameon=False, fontsize=SMALL, title="product with", title_fontsize=SMALL)
    turns = [int((column[1:] * column[:-1] < 0).sum()) for column in (table[:, 0], table[:, -2])]
    return describe(
        ax, f"Left: the vectors of {len(table)} places as rows of {table.shape[1]} colours, from −1 to 1. "
        f"Sign changes down the first column: {turns[0]}; down the last sine: {turns[1]}. Right: their products with "
        f"places 0 and {middle}, against the distance: one curve. At 0 it is {_short(products[0, 0])}, "
        f"at {middle} {_short(products[0, middle])}."
    )  # fmt: skip


def table_of_places(words, vectors, rows) -> Figure:
    """A learned vector for each place is added to the word that stands there; behind the last row is nothing."""
    board = Board(5.6, 2.1, "A learned table: the row of each place is added to the word that stands there.")
    places = [f"place {i}" for i in range(len(rows))]
    vectors, rows = as_numbers(vectors), as_numbers(rows)
    given = board.matrix(0.75, 0.5, vectors, "input", title="words", rows=words)
    table = board.matrix(2.75, 0.5, rows, "state", title="learned table", rows=places, cell=WIDE)
    total = board.matrix(4.4, 0.5, vectors + rows, "input", title="with places", cell=WIDE)
    board.text((given.right + table.left) / 2 - 0.3, given.y, "+", 12)
    board.text((table.right + total.left) / 2, given.y, "=", 12)
    board.text(table.left - 0.07, table.bottom + 0.3, f"place {len(rows)}", ha="right")
    board.say(table.left + 0.05, table.bottom + 0.3, "no row: an error", ha="left", colour=ROLES["context"].edge)
    return board.picture


def by_distance(entries, words, title, shape, said, reach=None) -> Figure:
    """What a scheme adds to the scores: a row for each query, a column for each key, one entry per distance.

    The keys one place before their query are framed. reach: the distance from which on all are alike.
    """
    entries, n = as_table(entries), len(words)
    board = Board(5.8, 0.75 + 0.3 * n, title)
    far = np.abs(np.subtract.outer(np.arange(n), np.arange(n))).clip(max=reach)
    shade = 1 - 0.85 * far / far.max()
    place = board.matrix(1.0, 0.4, entries, "score", rows=words, columns=words, cell=(0.62, 0.3), shade=shade)
    for t in range(1, n):
        left, top = place.left + 0.62 * (t - 1), place.top + 0.3 * t
        board.frame(Place(left, top, left + 0.62, top + 0.3), gap=0)
    rows = [", ".join(as_text(entry, 2) for entry in row) for row in entries]
    board.tell("; ".join(f"{word} {row}" for word, row in zip(words, rows, strict=True)))
    board.tell("Framed: the keys one place before their query")
    board.say(place.right + 0.2, place.y, said, ha="left", size=SMALL)
    board.text(place.x, place.bottom + 0.17, shape, SMALL, SOFT, family="monospace")
    return board.picture


def buckets(ranges) -> Figure:
    """Which distances share a bucket. ranges: of each bucket, what is written into it."""
    board = Board(6.0, 1.55, "T5's buckets for keys that stand before the query.")
    half = len(ranges) // 2
    for top, part, start in ((0.3, ranges[:half], 0), (0.85, ranges[half:], half)):
        row = board.matrix(1.05, top, [part], "score", cell=(0.6, 0.26), shade=np.full(half, 0.6), columns=[
            str(start + i) for i in range(half)
        ])  # fmt: skip
        board.text(0.97, row.y, "distance", ha="right")
        board.text(0.97, row.top - 0.1, "bucket", SMALL, SOFT, ha="right")
        board.tell("; ".join(f"bucket {start + i}: {what}" for i, what in enumerate(part)))
    after = f"keys after the query: buckets {2 * half + 1} to {4 * half - 1} in the same way; {2 * half} stays empty"
    board.say(1.05, 1.35, after, SMALL, ha="left")
    return board.picture


def in_the_plane(query, key, query_place, key_place, degrees, later) -> Figure:
    """A query and a key of two numbers, before and after turning by their places; and the same some places later."""
    board = Board(6.0, 4.0, f"A query and a key as arrows, turned by {degrees} degrees for each place.")
    vectors = {"query": (as_numbers(query), query_place), "key": (as_numbers(key), key_place)}
    for middle, move in ((1.5, 0), (4.5, later)):
        board.rule((middle - 1.35, 1.75), (middle + 1.35, 1.75))
        board.rule((middle, 0.5), (middle, 3.0))
        turned = [
            _turned(board, (middle, 1.75), vector, degrees * (place + move), role)
            for role, (vector, place) in vectors.items()
        ]
        ends = sorted(math.degrees(math.atan2(b, a)) % 360 for a, b in turned)
        between = min(ends[1] - ends[0], 360 - ends[1] + ends[0])
        _arc(board, (middle, 1.75), 0.3, ends[0] if ends[1] - ends[0] <= 180 else ends[1], between, SOFT, 2.2)
        board.say(middle, 0.2, f"query at place {query_place + move}, key at place {key_place + move}", bold=True)
        q, k = (f"({_short(v[0])}, {_short(v[1])})" for v in turned)
        by = [degrees * (place + move) for _, place in vectors.values()]
        board.say(middle, 3.33, f"q turned by {by[0]}°, k by {by[1]}°", SMALL)
        board.say(middle, 3.56, f"angle between them {between:.0f}°", SMALL)
        board.say(middle, 3.82, f"{q} · {k} = {_short(turned[0] @ turned[1])}")
    return board.picture


def _turned(board, origin, vector, degrees, role) -> np.ndarray:
    """Draw an arrow before (dotted) and after it has turned to the left, and its way. What it has become."""
    (x, y), angle, colour = origin, math.radians(degrees), ROLES[role].edge
    a, b = turned = vector @ [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    ax, start = board.picture.axes[0], math.degrees(math.atan2(vector[1], vector[0]))
    if degrees % 360:
        ax.plot((x, x + 0.54 * vector[0]), (y, y - 0.54 * vector[1]), ":", color=colour, linewidth=1.4, zorder=1)
        _arc(board, origin, 0.8 if role == "query" else 0.62, start, degrees % 360, colour, 1)
    board.arrow(origin, (x + 0.54 * a, y - 0.54 * b), role)
    far, away = math.hypot(a, b), 0.24 if role == "query" else -0.24
    at = (x + (0.54 * a + 0.13 * a / far - away * b / far), y - (0.54 * b + 0.13 * b / far + away * a / far))
    board.text(*at, {"query": "q", "key": "k"}[role], colour=colour, bold=True)
    return turned


def _arc(board, middle, radius, start, degrees, colour, width) -> None:
    """Part of a circle, from an angle on so many degrees to the left."""
    angles = np.radians(np.linspace(start, start + degrees, 60))
    x, y = middle[0] + radius * np.cos(angles), middle[1] - radius * np.sin(angles)
    board.picture.axes[0].plot(x, y, color=colour, linewidth=width, zorder=1)


def _short(number) -> str:
    """Whole numbers as they are, others with two digits."""
    number = round(float(number), 2) + 0.0
    return f"{number:.2f}".rstrip("0").rstrip(".").replace("-", "−")
