"""A computation step by step: one panel for each, with the arrays that it makes."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attention_course.plots.arguments import as_labels
from attention_course.plots.colours import ATTENTION_COLOURS
from attention_course.plots.maps import RING
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, NORMAL, SMALL, listing, looks, text_width, widest

CELL, THIN, WIDEST = 15, 4.5, 190  # points: a cell with a name to its column, one without, and a vector at most
HIGH = 11  # points: the height of a row
GAP, ROOM = 16, 18  # between two blocks of a panel, and around a panel
GREY = "#444444"


class Block(NamedTuple):
    """An array (rows, columns) as one block of cells.

    rows and columns name them; without `columns` the cells are narrow, and are numbers of a vector. `weights` are
    drawn in the colours of attention, from 0 to 1, and other numbers in greys, light below zero and dark above, up to
    `limit` on both sides (if not given, the largest of the block). `marked` is a row with a frame.
    """

    array: np.ndarray
    rows: list[str]
    columns: list[str] | None = None
    name: str = ""
    weights: bool = False
    limit: float | None = None
    marked: int | None = None


def steps(panels: dict[str, list[Block]], *, across: int = 2) -> Figure:
    """Panels in reading order, `across` in a line: title, and the blocks of that step side by side.

    ValueError where labels do not fit an array, or an array has not two axes.
    """
    made = {title: [_checked(block) for block in blocks] for title, blocks in panels.items()}
    sizes = [_panel_size(title, blocks) for title, blocks in made.items()]
    lines = [range(i, min(i + across, len(sizes))) for i in range(0, len(sizes), across)]
    columns = [max(sizes[i][0] for i in range(c, len(sizes), across)) for c in range(min(across, len(sizes)))]
    heights = [max(sizes[i][1] for i in line) for line in lines]
    wide, tall = sum(columns) + ROOM * (len(columns) - 1), sum(heights) + ROOM * (len(heights) - 1)
    picture = Picture((wide / 72, tall / 72), layout=None)
    said, ax = [], None
    for place, (title, blocks) in enumerate(made.items()):
        line, column = divmod(place, across)
        left = sum(columns[:column]) + ROOM * column
        top = tall - sum(heights[:line]) - ROOM * line
        picture.text(left / wide, top / tall, title, va="top", fontsize=NORMAL + 1, weight="bold", **LITERAL)
        above = _above(blocks)
        for block in blocks:
            width, height = _block_size(block)
            left += _label_room(block)
            box = (left / wide, (top - above - height) / tall, width / wide, height / tall)
            ax = picture.add_axes(box)
            _draw(ax, block)
            left += max(width, text_width(block.name, SMALL)) + GAP
        said.append(f"{title}: {listing([_words(block) for block in blocks])}")
    return describe(ax, f"{len(made)} steps, one panel each. {'. '.join(said)}.")


def _checked(block: Block) -> Block:
    array = block.array.detach().cpu().numpy() if hasattr(block.array, "detach") else np.asarray(block.array)
    if array.ndim != 2:
        raise ValueError(f"array: expected two axes, got the shape {array.shape}")
    rows = as_labels("rows", block.rows, len(array), "row of the array")
    columns = block.columns and as_labels("columns", block.columns, array.shape[1], "column of the array")
    return block._replace(array=array, rows=rows, columns=columns)


def _draw(ax, block: Block) -> None:
    limit = block.limit or np.abs(block.array).max() or 1
    look = {"cmap": ATTENTION_COLOURS, "vmin": 0, "vmax": 1}
    if not block.weights:
        look = {"cmap": "Greys", "vmin": -limit, "vmax": limit}
    ax.imshow(block.array, aspect="auto", interpolation="nearest", **look)
    ax.set_yticks(range(len(block.rows)), block.rows, fontsize=SMALL, **LITERAL)
    if block.columns:
        ax.set_xticks(range(len(block.columns)), block.columns, fontsize=SMALL, rotation=90, **LITERAL)
    else:
        ax.set_xticks([])
    ax.set_xlabel(block.name, fontsize=SMALL, color=GREY, loc="left", **LITERAL)
    ax.tick_params(length=0, pad=3, top=True, labeltop=True, bottom=False, labelbottom=False)
    ax.spines[:].set(color="#888888", linewidth=0.6)
    if block.marked is not None:
        frame = {"fill": False, "edgecolor": RING, "linewidth": 1.5, "clip_on": False}
        ax.add_patch(Rectangle((-0.5, block.marked - 0.5), block.array.shape[1], 1, **frame))


def _label_room(block: Block) -> float:
    return widest(block.rows, SMALL) + 6


def _block_size(block: Block) -> tuple[float, float]:
    count = block.array.shape[1]
    return count * CELL if block.columns else min(count * THIN, WIDEST), len(block.rows) * HIGH


def _above(blocks: list[Block]) -> float:
    """The room over the blocks of a panel: its title, and the names of columns."""
    return NORMAL + 10 + max(widest(block.columns, SMALL) + 4 if block.columns else 0 for block in blocks)


def _panel_size(title: str, blocks: list[Block]) -> tuple[float, float]:
    wide = sum(_label_room(b) + max(_block_size(b)[0], text_width(b.name, SMALL)) + GAP for b in blocks) - GAP
    return max(wide, text_width(title, NORMAL + 1) * 1.1), _above(blocks) + max(_block_size(b)[1] for b in blocks) + 16


def _words(block: Block) -> str:
    """What a block shows, in words."""
    name = f"{block.name}, " if block.name else ""
    if not block.weights:
        rows, columns = block.array.shape
        return f"{name}{rows} rows of {columns} numbers from {block.array.min():.2g} to {block.array.max():.2g}"
    marked = block.marked or 0
    return f"{name}weights in which “{block.rows[marked]}” looks {looks(block.array[marked], block.columns)}"
