"""The diagrams of lesson 06, in the language of `plots.diagram`."""

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_numbers
from attention_course.plots.diagram import Board
from attention_course.plots.places import Place
from attention_course.plots.roles import INK, ROLES, SOFT
from attention_course.plots.text import SMALL

WIDE = (0.5, 0.3)
SCENE = ("apple", "–", "–", "cat")


def _image(board, x, y, side, image, cells) -> Place:
    """An image on the board, with the grid of its regions."""
    wide, high = board.picture.get_size_inches()
    ax = board.picture.add_axes((x / wide, 1 - (y + side) / high, side / wide, side / high), zorder=-1)
    ax.imshow(np.asarray(image), interpolation="nearest")
    edges = np.linspace(0, len(image), cells + 1) - 0.5
    ax.vlines(edges, edges[0], edges[-1], color="#777777", linewidth=0.6)
    ax.hlines(edges, edges[0], edges[-1], color="#777777", linewidth=0.6)
    ax.set(xlim=(edges[0], edges[-1]), ylim=(edges[-1], edges[0]))
    ax.axis("off")
    return Place(x, y, x + side, y + side, cells)


def _cell(place, row, column) -> Place:
    step = (place.right - place.left) / place.rows
    left, top = place.left + column * step, place.top + row * step
    return Place(left, top, left + step, top + step)


def look_at(image, states, query, scores, weights, context) -> Figure:
    """One step of a captioner that looks at four regions, with the numbers of the example."""
    board = Board(6.05, 4.4, "Before it writes apple, the decoder looks at all regions of the picture.")
    asked = board.matrix(2.6, 0.42, [query], "query", title="query: state $s_2$ and “red”", cell=WIDE)
    seen = _image(board, 0.12, 1.5, 1.2, image, 2)
    title = {"title": "regions $h_i$", "columns": ("apple", "cat")}
    read = board.matrix(1.72, 1.5, states, "state", rows="1234", frame=0, cell=WIDE, **title)
    score = board.matrix(3.05, 1.5, scores, "score", title="scores", cell=(0.56, 0.3), frame=0)
    weight = board.matrix(3.95, 1.5, weights, "weight", title="weights", cell=(0.56, 0.3), frame=0)
    found = board.matrix(4.72, 1.95, [context], "context", title="context $c_3$", cell=(0.47, 0.3))
    for i in range(4):
        cell = _cell(seen, *divmod(i, 2))
        board.text(cell.left + 0.09, cell.top + 0.11, str(i + 1), SMALL, INK, bold=True)
    board.arrow((seen.right, seen.y), (read.left - 0.18, seen.y), "state")
    board.arrow((score.x, asked.bottom), (score.x, 1.22), "query")
    board.arrow(read, score, "state")
    board.arrow(score, weight, "score")
    board.arrow((weight.right, found.y), (found.left, found.y), "context")
    board.path([(read.x, read.bottom), (read.x, 2.92), (5.0, 2.92), (5.0, found.bottom)], "state")
    board.say(3.6, 3.05, "the regions are averaged", SMALL, SOFT)
    _write(board, asked, found)
    for x, y, number in ((1.42, 1.86, 1), (2.88, 1.95, 2), (3.78, 1.95, 3), (4.62, 2.33, 4), (5.1, 3.18, 5)):
        board.step(x, y, number)
    return board.picture


def _write(board, asked, found) -> None:
    """The next state, and the next word."""
    after = board.box(5.25, 3.48, "next state $s_3$", "query", 1.35)
    before = board.box(2.9, 3.48, "previous word: red", "plain", 1.6)
    board.path([asked.side("right"), (5.85, asked.y), (5.85, after.top)], "query")
    board.text(5.72, asked.y + 0.16, "$s_2$", SMALL, ROLES["query"].edge)
    board.arrow((5.35, found.bottom), (5.35, after.top), "context")
    board.arrow(before.side("right"), after.side("left"))
    word = board.box(5.25, 4.14, "apple", "output", 0.8, bold=True)
    board.arrow(after, word, "output")
    board.say(2.9, 4.14, "$s_3$, $c_3$ and “red” give the logits", SMALL, SOFT)


def regions(image, maps, row, column, sheets) -> Figure:
    """The grid of regions over an image, some sheets of its feature map, and one region followed into its vector.

    maps: (channels, rows, columns), standardised. sheets: the numbers, from 0, of the three that are shown.
    """
    maps = as_numbers(maps)
    side, most = maps.shape[-1], np.abs(maps[list(sheets)]).max()
    place = f"row {row}, column {column}"
    board = Board(6.05, 3.1, f"An image under a grid of {side} by {side} regions; {place} is followed, counted from 0.")
    seen = _image(board, 0.1, 0.62, 1.75, image, side)
    board.say(0.1, 0.2, "image (3, 160, 160)", SMALL, SOFT, ha="left")
    shape = f"feature map ({len(maps)}, {side}, {side}): three of its {len(maps)} sheets"
    board.say(2.3, 0.2, shape, SMALL, SOFT, ha="left")
    vector = board.matrix(2.225, 2.38, [maps[list(sheets), row, column]], "state", cell=(1.23, 0.3), frame=0)
    for i, sheet in enumerate(sheets):
        dark = np.rint(255 * (0.58 - 0.42 * maps[sheet] / most)).astype(np.uint8)
        drawn = _image(board, 2.29 + 1.23 * i, 0.62, 1.1, dark[..., None].repeat(3, -1), side)
        board.text(drawn.x, 0.47, f"sheet {sheet}", SMALL, INK)
        cell = _cell(drawn, row, column)
        board.frame(cell, 0)
        board.arrow((cell.x, drawn.bottom + 0.02), (cell.x, vector.top), "state")
    cell = _cell(seen, row, column)
    board.frame(cell, 0)
    board.say(0.1, 2.52, f"framed: {place}", SMALL, INK, ha="left")
    number = row * side + column
    said = f"its vector: 3 of {len(maps)} numbers, row {number} of ({side**2}, {len(maps)})"
    board.say(2.225, 2.86, said, SMALL, SOFT, ha="left")
    return board.picture


def two_uses(states, weights, context) -> Figure:
    """The same weights, used softly and hard: the average of the regions, or one region that is drawn."""
    weights = as_numbers(weights)
    board = Board(6.05, 3.3, "The same weights used in two ways.")
    board.matrix(0.65, 0.95, states, "state", rows=SCENE, title="regions", columns=("apple", "cat"), cell=WIDE)
    weight = board.matrix(1.95, 0.95, weights, "weight", title="weights", cell=(0.6, 0.3))
    board.heading(3.2, 0.25, "soft: average all four")
    board.matrix(3.6, 0.5, [context], "context", cell=(0.5, 0.3), shape="always")
    board.arrow((weight.right + 0.03, 1.05), (3.55, 0.65), "context")
    board.heading(3.2, 1.25, "hard: draw one of the four")
    chances = {0: weights[0], 1: weights[1] + weights[2], 3: weights[3]}
    for place, (i, chance) in enumerate(chances.items()):
        y, said = 1.5 + 0.42 * place, f"in {100 * chance:.1f} %"
        board.matrix(3.6, y, [as_numbers(states)[i]], "context", cell=(0.5, 0.3), shape=said)
        board.arrow((weight.right + 0.03, weight.row(i).y), (3.55, y + 0.15), "context")
    board.say(3.2, 2.98, "mean of many draws: the soft context", SMALL, SOFT, ha="left")
    return board.picture
