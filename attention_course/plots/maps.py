"""The attention map: a row for each query, a column for each key, darker where more weight falls."""

from collections.abc import Iterable

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_labels, as_weights
from attention_course.plots.colours import ATTENTION_COLOURS, LINES, readable_on
from attention_course.plots.picture import Picture, describe, size_in_points
from attention_course.plots.text import LITERAL, NORMAL, SMALL, every_nth, listing, looks, text_width, widest

RING = "#d1495b"
WIDEST, SIDE = 460, 26  # points: the map's sides at most, which gives 40 words 11.5 each, and a cell's


def attention_map(
    weights,
    queries,
    keys,
    *,
    title: str | None = None,
    values: bool = False,
    query_label: str = "query (target word)",
    key_label: str = "key (source word)",
    colour_bar: bool = True,
    links: Iterable[tuple[int, int]] = (),
    ax=None,
) -> Figure:
    """Attention weights as shades from white (0) to dark (1), always on that scale.

    `weights` is (queries, keys); `queries` and `keys` name the rows and columns. `values` writes the numbers into the
    cells, which then stay large enough for them (good up to some 20 columns). `links` are (key, query) positions, such
    as an annotator's, each marked with a ring. With `ax` it draws into that axes and returns its figure. ValueError
    when the shapes do not fit, a weight is not in 0 to 1 or a link is outside the map.
    """
    weights = as_weights(weights, "queries", "keys")
    queries = as_labels("queries", queries, len(weights), "row")
    keys = as_labels("keys", keys, weights.shape[1], "column")
    links = sorted(links)
    if outside := [link for link in links if not (0 <= link[0] < len(keys) and 0 <= link[1] < len(queries))]:
        raise ValueError(
            f"links: expected positions among {len(keys)} keys and {len(queries)} queries, got {outside[0]}"
        )

    bar_ax = None
    if ax is None:
        cell = _cell(queries, keys, values)
        ax, bar_ax = _frame(cell, queries, keys, title, query_label, key_label, colour_bar)
        width, height = cell[0] * len(keys), cell[1] * len(queries)
    else:
        width, height = size_in_points(ax)

    ax.imshow(weights, cmap=ATTENTION_COLOURS, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    rows = every_nth(len(queries), height)
    angle = _angle(keys, width / len(keys))
    columns = every_nth(len(keys), width)
    slanted = {"rotation": angle, "rotation_mode": "anchor", "ha": "left", "va": "center"} if angle else {}
    ax.set_yticks(rows, [queries[i] for i in rows], fontsize=_size(height / len(queries)), **LITERAL)
    ax.set_xticks(columns, [keys[i] for i in columns], fontsize=_size(width / len(keys)), **LITERAL, **slanted)
    ax.set_ylabel(query_label, loc="top", fontsize=SMALL, color="#444444", **LITERAL)
    ax.set_xlabel(key_label, loc="left", fontsize=SMALL, color="#444444", **LITERAL)
    ax.xaxis.set_label_position("top")
    ax.tick_params(length=0, pad=4, top=True, labeltop=True, bottom=False, labelbottom=False)
    ax.set_xticks(np.arange(1, len(keys)) - 0.5, minor=True)
    ax.set_yticks(np.arange(1, len(queries)) - 0.5, minor=True)
    ax.tick_params(which="minor", length=0)
    ax.grid(which="minor", color=LINES, linewidth=0.5)
    ax.spines[:].set(color="#888888", linewidth=0.6)
    if title:
        ax.set_title(title, loc="left", fontsize=NORMAL + 1, pad=8, **LITERAL)
    if values:
        for (row, column), weight in np.ndenumerate(weights):
            colour = readable_on(ATTENTION_COLOURS(weight))
            ax.text(column, row, f"{weight:.2f}", ha="center", va="center", fontsize=SMALL, color=colour, **LITERAL)
    if links:
        ax.plot(*zip(*links, strict=True), "o", fillstyle="none", color=RING, markersize=9, markeredgewidth=1.6)
    if colour_bar:
        scale = ScalarMappable(Normalize(0, 1), ATTENTION_COLOURS)
        where = {"cax": bar_ax} if bar_ax else {"ax": ax, "fraction": 0.04, "pad": 0.03, "aspect": 30}
        bar = ax.figure.colorbar(scale, ticks=[0, 0.5, 1], **where)
        bar.set_label("attention weight", fontsize=SMALL, color="#444444")
        bar.ax.tick_params(labelsize=SMALL, length=2, color="#888888")
        bar.outline.set(edgecolor="#888888", linewidth=0.6)

    said = [f"“{query}” looks {looks(row, keys)}" for query, row in zip(queries, weights, strict=True)]
    heading = f"{title}. " if title else ""
    if links:
        hit = sum((int(row.argmax()), q) in links for q, row in enumerate(weights))
        said.append(f"{len(links)} links are ringed, with the largest weight of {hit} rows")
    counted = f"{len(queries)} queries (rows) over {len(keys)} keys (columns)"
    return describe(ax, f"{heading}Attention map of {counted}: {listing(said)}.")


def _size(line: float | int) -> int:
    return NORMAL if line >= 16 else SMALL


def _angle(keys: list[str], width: float | int) -> int:
    """Column labels lie flat where they fit, slant where there is some room, and stand where there is little."""
    if widest(keys, _size(width)) + 5 <= width:
        return 0
    return 45 if width >= 17 else 90


def _cell(queries: list[str], keys: list[str], values: bool) -> tuple:
    """A cell's width and height in points: wide enough for flat column labels while the map stays narrow enough."""
    flat = max(SIDE, widest(keys, NORMAL) + 8)
    share = WIDEST / len(keys)
    width = flat if flat <= min(share, 70) else min(SIDE, share)
    height = min(SIDE, WIDEST / len(queries))
    return (max(width, SIDE), max(height, 18)) if values else (width, height)


def _frame(cell, queries, keys, title, query_label, key_label, colour_bar):
    """Axes of a new picture just large enough for the cells, the labels and the colour bar."""
    width, height = cell[0] * len(keys), cell[1] * len(queries)
    angle, size = _angle(keys, cell[0]), _size(cell[0])
    longest = widest(keys, size)
    bar = max(height, 76)  # its own name needs as much
    left = widest(queries, _size(cell[1])) + 30
    above = {0: size * 1.2, 45: (longest + size) * 0.71, 90: longest}[angle] + 28 + (24 if title else 0)
    below = max(text_width(query_label, SMALL), bar if colour_bar else 0, height) - height + 8
    beyond = max(text_width(key_label, SMALL), text_width(title or "", NORMAL + 1), width + longest * (angle == 45))
    total = left + max(beyond + 8, width + (72 if colour_bar else 8))
    tall = above + height + below
    picture = Picture((total / 72, tall / 72), layout=None)
    ax = picture.add_axes((left / total, below / tall, width / total, height / tall))
    if not colour_bar:
        return ax, None
    return ax, picture.add_axes(((left + width + 14) / total, (below + height - bar) / tall, 8 / total, bar / tall))
