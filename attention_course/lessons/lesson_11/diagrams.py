"""The diagrams of lesson 11, in the language of `plots.diagram`."""

import math

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_numbers
from attention_course.plots.axes import quiet
from attention_course.plots.diagram import Board
from attention_course.plots.picture import Picture, describe
from attention_course.plots.roles import ROLES, SOFT
from attention_course.plots.text import SMALL

WIDE = (0.54, 0.28)


def headlines(sentences, vectors, scores, weights, contexts) -> Figure:
    """Two sentences of the same words, and what self-attention gives their second word. vectors: one for each word."""
    board = Board(6.0, 3.6, "Two headlines with the same three words, and what the word “bites” receives.")
    for top, words, given, marks, shares, found in zip(
        (0.2, 2.0), sentences, vectors, scores, weights, contexts, strict=True
    ):
        places = [
            board.matrix(x, top + 0.3, [vector], "input", columns=("dog", "man"), title=word)
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
    """The way from words to weights, and the three places at which order can come in."""
    board = Board(6.0, 3.1, "From words to weights. Order can come in at three places.")
    words = board.box(0.65, 0.5, "words", "input", 0.9, bold=True)
    board.text(0.65, 0.8, "(L, E)", SMALL, SOFT, family="monospace")
    queries = board.box(2.6, 0.5, "queries", "query", 0.95, bold=True)
    keys = board.box(2.6, 1.15, "keys", "key", 0.95, bold=True)
    scores = board.box(4.15, 0.5, "scores", "score", 0.9, bold=True)
    board.text(4.15, 0.8, "(L, L)", SMALL, SOFT, family="monospace")
    weights = board.box(5.45, 0.5, "weights", "plain", 0.9, bold=True)
    board.arrow(words.side("right"), queries.side("left"), "query", "$W^Q$")
    board.path([(0.95, words.bottom), (0.95, keys.y), keys.side("left")], "key")
    board.text(1.6, keys.y - 0.12, "$W^K$", SMALL, ROLES["key"].edge)
    board.arrow(queries.side("right"), scores.side("left"), "query")
    board.path([keys.side("right"), (3.85, keys.y), (3.85, scores.bottom)], "key")
    board.arrow(scores.side("right"), weights.side("left"), "score")
    board.text(4.8, 0.27, "softmax", SMALL, SOFT)
    ways = (
        (0.2, 0.65, words, "add a vector\nto each word", "sinusoidal, learned"),
        (2.15, 2.6, keys, "turn queries\nand keys", "rotary"),
        (4.1, 4.55, scores, "add to\neach score", "Shaw, T5, ALiBi"),
    )
    for number, (x, middle, place, what, names) in enumerate(ways, 1):
        board.arrow((middle, 1.92), (middle, 1.0 if place is not keys else keys.bottom), "plain")
        board.step(x, 2.12, number)
        board.say(x + 0.22, 2.2, what, ha="left")
        board.say(x + 0.22, 2.65, names, colour=ROLES["output"].edge, ha="left", bold=True)
    return board.picture


def _clock(board, x, y, angle, radius=0.25) -> None:
    """A hand that has turned by this angle, clockwise from the top."""
    circle = np.linspace(0, 2 * np.pi, 60)
    board.picture.axes[0].plot(x + radius * np.sin(circle), y - radius * np.cos(circle), color=SOFT, linewidth=1)
    board.arrow((x, y), (x + radius * math.sin(angle), y - radius * math.cos(angle)), "query")


def clocks(places, hands) -> Figure:
    """What the hands of a clock show at each place. hands: {name: degrees from place to place}."""
    board = Board(6.0, 0.3 + 0.85 * len(hands), "Hands of a clock at each place. They start at the top.")
    xs = [1.4 + 4.25 * i / (len(places) - 1) for i in range(len(places))]
    for x, place in zip(xs, places, strict=True):
        board.text(x, 0.2, f"place {place}", SMALL, SOFT)
    for row, (name, degrees) in enumerate(hands.items()):
        y = 0.68 + 0.85 * row
        board.text(0.92, y, f"{name}\n{degrees:g}° per place", SMALL, ha="right")
        for x, place in zip(xs, places, strict=True):
            angle = math.radians(degrees * int(place))
            _clock(board, x, y, angle)
            if not row:
                sine, cosine = round(math.sin(angle)) + 0, round(math.cos(angle)) + 0
                board.text(x, y + 0.38, f"({sine}, {cosine})".replace("-", "−"), SMALL, ROLES["query"].edge)
        shown = ", ".join(f"{degrees * int(place) % 360:g}°" for place in places)
        board.tell(f"{name}: {shown}")
    return board.picture


def map_of_places(table) -> Figure:
    """The vectors of many places as colours, a row for each place: (places, numbers per word), all from -1 to 1."""
    table = as_numbers(table)
    picture = Picture((5.6, 2.8))
    ax = picture.add_subplot()
    image = ax.imshow(table, cmap="PuOr", vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    quiet(ax, "number in the vector: sine and cosine of the first hand, of the second, …", "place")
    ax.grid(visible=False)
    bar = picture.colorbar(image, ax=ax, fraction=0.05, pad=0.03, ticks=(-1, 0, 1))
    bar.outline.set_visible(False)
    turns = [int((column[1:] * column[:-1] < 0).sum()) for column in (table[:, 0], table[:, -2])]
    return describe(
        ax, f"The vectors of {len(table)} places as rows of {table.shape[1]} colours, from −1 to 1. "
        f"Sign changes down the first column: {turns[0]}; down the last sine: {turns[1]}."
    )  # fmt: skip


def table_of_places(words, vectors, rows) -> Figure:
    """A learned vector for each place is added to the word that stands there; behind the last row is nothing."""
    board = Board(5.6, 2.1, "A learned table: the row of each place is added to the word that stands there.")
    places = [f"place {i}" for i in range(len(rows))]
    vectors, rows = np.asarray(vectors, float), np.asarray(rows, float)
    given = board.matrix(0.75, 0.5, vectors, "input", title="words", rows=words)
    table = board.matrix(2.75, 0.5, rows, "state", title="learned table", rows=places, cell=WIDE)
    total = board.matrix(4.4, 0.5, vectors + rows, "input", title="with places", cell=WIDE)
    board.text((given.right + table.left) / 2 - 0.3, given.y, "+", 12)
    board.text((table.right + total.left) / 2, given.y, "=", 12)
    board.text(table.left - 0.07, table.bottom + 0.3, f"place {len(rows)}", ha="right")
    board.say(table.left + 0.05, table.bottom + 0.3, "no row: an error", ha="left", colour=ROLES["context"].edge)
    return board.picture


def by_distance(entries, words, title, shape, said) -> Figure:
    """What a scheme adds to the scores: a row for each query, a column for each key, one entry per distance."""
    entries = np.asarray(entries)
    board = Board(5.6, 0.75 + 0.3 * len(words), title)
    place = board.matrix(
        1.0, 0.4, entries, "score", rows=words, columns=words, cell=(0.62, 0.3), shade=_closeness(len(words)), frame=2
    )
    board.say(place.right + 0.2, place.y, said, ha="left", size=SMALL)
    board.text(place.x, place.bottom + 0.17, shape, SMALL, SOFT, family="monospace")
    return board.picture


def _closeness(count: int) -> np.ndarray:
    """Near the diagonal dark, far from it light."""
    apart = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    return 1 - 0.85 * apart / apart.max()


def buckets(ranges) -> Figure:
    """Which distances share a bucket. ranges: of each bucket, what is written into it."""
    board = Board(6.0, 1.25, "T5's buckets for keys that stand before the query.")
    half = len(ranges) // 2
    for top, part, start in ((0.3, ranges[:half], 0), (0.85, ranges[half:], half)):
        row = board.matrix(1.05, top, [part], "score", cell=(0.6, 0.26), shade=np.full(half, 0.6), columns=[
            str(start + i) for i in range(half)
        ])  # fmt: skip
        board.text(0.97, row.y, "distance", ha="right")
        board.text(0.97, row.top - 0.1, "bucket", SMALL, SOFT, ha="right")
        board.tell("; ".join(f"bucket {start + i}: {what}" for i, what in enumerate(part)))
    return board.picture


def in_the_plane(query, key, query_place, key_place, degrees, later) -> Figure:
    """A query and a key of two numbers, turned by their places; and the same pair some places later."""
    board = Board(6.0, 3.35, f"A query and a key as arrows, turned by {degrees} degrees for each place.")
    vectors = {"query": (np.asarray(query, float), query_place), "key": (np.asarray(key, float), key_place)}
    for middle, move in ((1.5, 0), (4.5, later)):
        turned = {}
        board.rule((middle - 1.35, 1.75), (middle + 1.35, 1.75))
        board.rule((middle, 0.5), (middle, 3.0))
        for role, (vector, place) in vectors.items():
            angle = math.radians(degrees * (place + move))
            a, b = vector @ [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
            turned[role] = np.array([a, b])
            board.arrow((middle, 1.75), (middle + 0.54 * a, 1.75 - 0.54 * b), role)
            away = 0.24 if role == "query" else -0.24
            far = math.hypot(a, b)
            x, y = (
                middle + 0.54 * a + 0.13 * a / far - away * b / far,
                1.75 - 0.54 * b - 0.13 * b / far - away * a / far,
            )
            board.text(x, y, {"query": "q", "key": "k"}[role], colour=ROLES[role].edge, bold=True)
        board.say(middle, 0.2, f"query at place {query_place + move}, key at place {key_place + move}", bold=True)
        q, k = (f"({_short(v[0])}, {_short(v[1])})" for v in turned.values())
        board.say(middle, 3.18, f"{q} · {k} = {_short(turned['query'] @ turned['key'])}")
    return board.picture


def _short(number) -> str:
    """Whole numbers as they are, others with two digits."""
    number = round(float(number), 2) + 0.0
    return f"{number:.2f}".rstrip("0").rstrip(".").replace("-", "−")
