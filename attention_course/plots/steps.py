"""A computation step by step: one panel for each, with the arrays that it makes."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attention_course.plots.arguments import as_labels, counted
from attention_course.plots.colours import ATTENTION_COLOURS
from attention_course.plots.maps import RING
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, NORMAL, SMALL, listing, looks, text_width, widest

CELL, THIN, WIDEST = 15, 4.5, 190  # points: a cell with a name to its column, one without, and a vector at most
HIGH = 11  # points: the height of a row
GAP, ROOM, PAGE = 10, 20, 680  # between two blocks of a panel, between panels, and the width of all
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
    limit: float | int | None = None
    marked: int | None = None


def steps(panels: dict[str, list[Block]]) -> Figure:
    """Panels in reading order, as many in a line as there is room for: a title, and the blocks of that step.

    ValueError where there are no panels or blocks, labels do not fit an array, an array has not two axes or no numbers,
    or a marked row is none.
    """
    counted("panels", panels)
    for title, blocks in panels.items():
        counted(f"blocks of {title}", blocks)
    made = {title: [_checked(block) for block in blocks] for title, blocks in panels.items()}
    lines = [[]]
    for title, blocks in made.items():
        if lines[-1] and sum(_panel_size(*panel)[0] + ROOM for panel in [*lines[-1], (title, blocks)]) > PAGE:
            lines.append([])
        lines[-1].append((title, blocks))
    heights = [max(_panel_size(*panel)[1] for panel in line) for line in lines]
    wide = max(sum(_panel_size(*panel)[0] + ROOM for panel in line) for line in lines)
    tall = sum(heights) + ROOM * len(lines)
    picture = Picture((wide / 72, tall / 72), layout=None)
    top, ax = tall - 4, None
    for line, height in zip(lines, heights, strict=True):
        left = 4
        for title, blocks in line:
            picture.text(left / wide, top / tall, title, va="top", fontsize=NORMAL, weight="bold", **LITERAL)
            start = left
            for block in blocks:
                width, down = _block_size(block)
                left += _label_room(block)
                y = top - _above(blocks) - down
                ax = picture.add_axes((left / wide, y / tall, width / wide, down / tall))
                _draw(ax, block)
                left += max(width, text_width(block.name, SMALL)) + GAP
            left = start + _panel_size(title, blocks)[0] + ROOM
        top -= height + ROOM
    said = [f"{title}: {listing([_words(block) for block in blocks])}" for title, blocks in made.items()]
    return describe(ax, f"{len(made)} steps, one panel each. {'. '.join(said)}.")


def _checked(block: Block) -> Block:
    array = block.array.detach().cpu().numpy() if hasattr(block.array, "detach") else np.asarray(block.array)
    if array.ndim != 2:
        raise ValueError(f"array: expected two axes, got the shape {array.shape}")
    counted("array", array.ravel())
    if block.marked is not None and not 0 <= block.marked < len(array):
        raise ValueError(f"marked: expected one of {len(array)} rows, got {block.marked}")
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


def _label_room(block: Block) -> float | int:
    return widest(block.rows, SMALL) + 6


def _block_size(block: Block) -> tuple[float | int, float | int]:
    count = block.array.shape[1]
    return count * CELL if block.columns else min(count * THIN, WIDEST), len(block.rows) * HIGH


def _above(blocks: list[Block]) -> float | int:
    """The room over the blocks of a panel: its title, and the names of columns."""
    return NORMAL + 10 + max(widest(block.columns, SMALL) + 4 if block.columns else 0 for block in blocks)


def _panel_size(title: str, blocks: list[Block]) -> tuple[float | int, float | int]:
    wide = sum(_label_room(b) + max(_block_size(b)[0], text_width(b.name, SMALL)) + GAP for b in blocks) - GAP
    return max(wide, text_width(title, NORMAL) * 1.15), _above(blocks) + max(_block_size(b)[1] for b in blocks) + 16


def _words(block: Block) -> str:
    """What a block shows, in words."""
    name = f"{block.name}, " if block.name else ""
    if not block.weights:
        rows, columns = block.array.shape
        return f"{name}{rows} rows of {columns} numbers from {block.array.min():.2g} to {block.array.max():.2g}"
    marked = block.marked or 0
    columns = block.columns or [f"number {i + 1}" for i in range(block.array.shape[1])]
    return f"{name}weights in which “{block.rows[marked]}” looks {looks(block.array[marked], columns)}"
