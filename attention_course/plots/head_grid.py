"""All heads at a glance: a small attention map for each, the layers below one another, on one scale."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_heads, as_labels, as_names
from attention_course.plots.colours import ATTENTION_COLOURS, LINES
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, NORMAL, SMALL, listing, looks, text_width, widest

WIDEST = 480  # points: all maps side by side, at most
CELL = 20  # points: the side of a weight, at most
LEAST = 44  # points: the side of a map, at least
ACROSS = 4  # heads of a single layer
GAP, LINE = 10, 16
GREY = "#444444"


def head_grid(
    weights,
    queries,
    keys,
    *,
    title: str | None = None,
    layers=None,
    heads=None,
    query_label: str = "query",
    key_label: str = "key",
) -> Figure:
    """A small attention map for each head, white (0) to dark (1), and a row of the grid for each layer.

    `weights` is (queries, keys), (heads, queries, keys) or (layers, heads, queries, keys); `layers` and `heads` name
    them, as hops for instance. The heads of a single layer stand four abreast, each row under its keys. Words stand
    where they all fit. ValueError when the shapes do not fit or a weight is not in 0 to 1.
    """
    weights = as_heads(weights, "queries", "keys")
    queries = as_labels("queries", queries, weights.shape[2], "row")
    keys = as_labels("keys", keys, weights.shape[3], "column")
    layers = as_names("layers", layers, weights.shape[0])
    heads = as_names("heads", heads, weights.shape[1])
    deep = len(layers) > 1
    maps = weights.reshape(-1, *weights.shape[2:])
    names = [f"{layer}, {head}" if deep else head for layer in layers for head in heads]
    columns = len(heads) if deep else -(-len(heads) // -(-len(heads) // ACROSS))
    rows = -(-len(maps) // columns)
    named = len(maps) > 1

    # the layout, in points
    cell = min(CELL, ((WIDEST + GAP) / columns - GAP) / len(keys))
    width, height = (max(LEAST, cell * count) for count in (len(keys), len(queries)))
    width = max(width, widest(heads, SMALL) + 2 if named else 0)
    height = max(height, widest(layers, SMALL) + 2 if deep else 0)
    flat = widest(keys, SMALL) + 4 <= width / len(keys)
    key_room = (LINE if flat else widest(keys, SMALL) + 6) if flat or width / len(keys) >= SMALL + 2 else 0
    query_room = widest(queries, SMALL) + 6 if height / len(queries) >= SMALL + 2 else 0
    name_room = LINE if named else 0
    left = max((LINE if deep else 0) + LINE + query_room, text_width(key_label, SMALL) + 10)
    above = (NORMAL + 12 if title else 4) + max(name_room + key_room, LINE)
    down = height + (GAP if deep else name_room + key_room + 6)
    right = left + columns * (width + GAP) + 4
    tall = above + max((rows - 1) * down + height + 4, 84)
    total = max(right + 52, text_width(title or "", NORMAL + 1) + 12)
    picture = Picture((total / 72, tall / 72), layout=None)

    for index, shades in enumerate(maps):
        row, column = divmod(index, columns)
        x, y = left + column * (width + GAP), tall - above - row * down - height
        ax = picture.add_axes((x / total, y / tall, width / total, height / tall))
        ax.imshow(shades, cmap=ATTENTION_COLOURS, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        ax.tick_params(length=0, pad=3, top=True, labeltop=True, bottom=False, labelbottom=False, labelsize=SMALL)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(color="#888888", linewidth=0.6)
        if cell >= 8:
            ax.hlines(np.arange(1, len(queries)) - 0.5, *ax.get_xlim(), color=LINES, linewidth=0.5)
            ax.vlines(np.arange(1, len(keys)) - 0.5, *ax.get_ylim(), color=LINES, linewidth=0.5)
        if key_room and (row == 0 or not deep):
            ax.set_xticks(range(len(keys)), keys, rotation=0 if flat else 90, **LITERAL)
        if column == 0 and query_room:
            ax.set_yticks(range(len(queries)), queries, **LITERAL)
        if named and (row == 0 or not deep):
            ax.set_title(heads[index], loc="left", fontsize=SMALL, pad=5, **LITERAL)
        if deep and column == 0:
            centre = {"x": (LINE - 3) / total, "y": (y + height / 2) / tall, "ha": "right", "va": "center"}
            picture.text(s=layers[row], rotation=90, fontsize=SMALL, **centre, **LITERAL)
        if index == 0:  # the corner of the first map names the axes of all, each beside its words
            corner = {"xy": (0, 1), "xycoords": "axes fraction", "xytext": (-6, 4), "textcoords": "offset points"}
            ax.annotate(key_label, **corner, ha="right", fontsize=SMALL, color=GREY, **LITERAL)
            ax.set_ylabel(query_label, loc="top", fontsize=SMALL, color=GREY, **LITERAL)

    bar = picture.add_axes((right / total, (tall - above - 76) / tall, 8 / total, 76 / tall))
    picture.colorbar(ScalarMappable(Normalize(0, 1), ATTENTION_COLOURS), cax=bar, ticks=[0, 0.5, 1])
    bar.set_ylabel("attention weight", fontsize=SMALL, color=GREY)
    bar.tick_params(labelsize=SMALL, length=2, color="#888888")
    bar.spines["outline"].set(edgecolor="#888888", linewidth=0.6)
    if title:
        place = {"x": 4 / total, "y": 1 - 4 / tall, "ha": "left", "va": "top"}
        picture.text(s=title, fontsize=NORMAL + 1, **place, **LITERAL)

    sharpest = [_sharpest(shades, queries, keys) for shades in maps]
    many = f"{len(heads)} heads" + (f" in each of {len(layers)} layers" if deep else "")
    what = f"Attention maps of {many}" if len(maps) > 1 else "Attention map"
    said = [f"{name}: {row}" for name, row in zip(names, sharpest, strict=True)] if len(maps) > 1 else sharpest
    counted = f"{len(queries)} queries (rows) over {len(keys)} keys (columns)"
    heading = f"{title}. " if title else ""
    return describe(ax, f"{heading}{what}, {counted}. A sharpest row{' of each' * (len(maps) > 1)}: {listing(said)}.")


def _sharpest(weights: np.ndarray, queries: list[str], keys: list[str]) -> str:
    row = int(weights.max(axis=1).argmax())
    where = f" at position {row + 1}" if queries.count(queries[row]) > 1 else ""
    return f"“{queries[row]}”{where} looks {looks(weights[row], keys)}"
