"""A computation step by step: one panel for each, with the arrays that it makes."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attention_course.plots.arguments import as_labels, as_numbers, counted
from attention_course.plots.colours import ATTENTION_COLOURS
from attention_course.plots.maps import RING
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, NORMAL, SMALL, listing, looks, text_width, widest

CELL, THIN, WIDEST = 15, 4.5, 190  # points: a cell with a name to its column, one without, and a vector at most
HIGH = 11  # points: the height of a row
GAP, ROOM, PAGE = 10, 20, 680  # between two grids of a panel, between panels, and the width of all
GREY = "#444444"


class Grid(NamedTuple):
    """An array (rows, columns) as one grid of cells.

    rows and columns name them; without `columns` the cells are narrow, and are numbers of a vector. `weights` are
    drawn in the colours of attention, from 0 to 1, and other numbers in greys, light below zero and dark above, up to
    `limit` on both sides (if not given, the largest of the grid). `marked` is a row with a frame.
    """

    array: np.ndarray
    rows: list[str]
    columns: list[str] | None = None
    name: str = ""
    weights: bool = False
    limit: float | int | None = None
    marked: int | None = None


def step_panels(panels: dict[str, list[Grid]]) -> Figure:
    """Panels in reading order, as many in a line as there is room for: a title, and the grids of that step.

    ValueError where there are no panels or grids, labels do not fit an array, an array has not two axes or no numbers,
    or a marked row is none.
    """
    counted("panels", panels)
    for title, grids in panels.items():
        counted(f"grids of {title}", grids)
    made = {title: [_checked(grid) for grid in grids] for title, grids in panels.items()}
    lines = [[]]
    for title, grids in made.items():
        if lines[-1] and sum(_panel_size(*panel)[0] + ROOM for panel in [*lines[-1], (title, grids)]) > PAGE:
            lines.append([])
        lines[-1].append((title, grids))
    heights = [max(_panel_size(*panel)[1] for panel in line) for line in lines]
    wide = max(sum(_panel_size(*panel)[0] + ROOM for panel in line) for line in lines)
    tall = sum(heights) + ROOM * len(lines)
    picture = Picture((wide / 72, tall / 72), layout=None)
    top, ax = tall - 4, None
    for line, height in zip(lines, heights, strict=True):
        left = 4
        for title, grids in line:
            picture.text(left / wide, top / tall, title, va="top", fontsize=NORMAL, weight="bold", **LITERAL)
            start = left
            for grid in grids:
                width, down = _grid_size(grid)
                left += _label_room(grid)
                y = top - _above(grids) - down
                ax = picture.add_axes((left / wide, y / tall, width / wide, down / tall))
                _draw(ax, grid)
                left += max(width, text_width(grid.name, SMALL)) + GAP
            left = start + _panel_size(title, grids)[0] + ROOM
        top -= height + ROOM
    said = [f"{title}: {listing([_words(grid) for grid in grids])}" for title, grids in made.items()]
    return describe(ax, f"{len(made)} steps, one panel each. {'. '.join(said)}.")


def _checked(grid: Grid) -> Grid:
    array = as_numbers(grid.array)
    if array.ndim != 2:
        raise ValueError(f"array: expected two axes, got the shape {array.shape}")
    counted("array", array.ravel())
    if grid.marked is not None and not 0 <= grid.marked < len(array):
        raise ValueError(f"marked: expected one of {len(array)} rows, got {grid.marked}")
    rows = as_labels("rows", grid.rows, len(array), "row of the array")
    columns = grid.columns and as_labels("columns", grid.columns, array.shape[1], "column of the array")
    return grid._replace(array=array, rows=rows, columns=columns)


def _draw(ax, grid: Grid) -> None:
    limit = grid.limit or np.abs(grid.array).max() or 1
    look = {"cmap": ATTENTION_COLOURS, "vmin": 0, "vmax": 1}
    if not grid.weights:
        look = {"cmap": "Greys", "vmin": -limit, "vmax": limit}
    ax.imshow(grid.array, aspect="auto", interpolation="nearest", **look)
    ax.set_yticks(range(len(grid.rows)), grid.rows, fontsize=SMALL, **LITERAL)
    if grid.columns:
        ax.set_xticks(range(len(grid.columns)), grid.columns, fontsize=SMALL, rotation=90, **LITERAL)
    else:
        ax.set_xticks([])
    ax.set_xlabel(grid.name, fontsize=SMALL, color=GREY, loc="left", **LITERAL)
    ax.tick_params(length=0, pad=3, top=True, labeltop=True, bottom=False, labelbottom=False)
    ax.spines[:].set(color="#888888", linewidth=0.6)
    if grid.marked is not None:
        frame = {"fill": False, "edgecolor": RING, "linewidth": 1.5, "clip_on": False}
        ax.add_patch(Rectangle((-0.5, grid.marked - 0.5), grid.array.shape[1], 1, **frame))


def _label_room(grid: Grid) -> float | int:
    return widest(grid.rows, SMALL) + 6


def _grid_size(grid: Grid) -> tuple[float | int, float | int]:
    count = grid.array.shape[1]
    return count * CELL if grid.columns else min(count * THIN, WIDEST), len(grid.rows) * HIGH


def _above(grids: list[Grid]) -> float | int:
    """The room over the grids of a panel: its title, and the names of columns."""
    return NORMAL + 10 + max(widest(grid.columns, SMALL) + 4 if grid.columns else 0 for grid in grids)


def _panel_size(title: str, grids: list[Grid]) -> tuple[float | int, float | int]:
    wide = sum(_label_room(b) + max(_grid_size(b)[0], text_width(b.name, SMALL)) + GAP for b in grids) - GAP
    return max(wide, text_width(title, NORMAL) * 1.15), _above(grids) + max(_grid_size(b)[1] for b in grids) + 16


def _words(grid: Grid) -> str:
    """What a grid shows, in words."""
    name = f"{grid.name}, " if grid.name else ""
    if not grid.weights:
        rows, columns = grid.array.shape
        return f"{name}{rows} rows of {columns} numbers from {grid.array.min():.2g} to {grid.array.max():.2g}"
    marked = grid.marked or 0
    columns = grid.columns or [f"number {i + 1}" for i in range(grid.array.shape[1])]
    return f"{name}weights in which “{grid.rows[marked]}” looks {looks(grid.array[marked], columns)}"
