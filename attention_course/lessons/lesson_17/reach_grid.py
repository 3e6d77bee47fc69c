"""Patterns of attention side by side, and after how many layers who knows of whom."""

import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from attention_course.plots.arguments import as_numbers, counted
from attention_course.plots.colours import ATTENTION_COLOURS
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, NORMAL, SMALL, widest

GREY = "#444444"
NEVER = "#ffffff"
HALVES, MOST = 4, 12  # layers whose shades can halve from one to the next, and those that can be told apart at all


def reach_grid(needed: dict[str, object], *, layers: int = 3, columns: int = 4) -> Figure:
    """A square for each pattern: row i, column j, the darker the fewer layers position i needs to know of position j.

    `needed` is (positions, positions) for each name: a number of layers, 0 on the diagonal, or -1 for never; what is
    more than `layers` is left white, too. The darkest cells, and the diagonal, are the pattern itself.
    ValueError where an array is no square, there is none, or `layers` is not 1 to 12.
    """
    counted("needed", needed)
    counted("layers", range(layers), MOST)
    needed = {name: as_numbers(array) for name, array in needed.items()}
    for name, array in needed.items():
        if array.ndim != 2 or array.shape[0] != array.shape[1]:
            raise ValueError(f"{name}: expected a square, got {array.shape}")
    strengths = 0.5 ** np.arange(layers) if layers <= HALVES else np.linspace(1, 0.1, layers)
    shades = [ATTENTION_COLOURS(strength) for strength in strengths]
    colours = ListedColormap([*shades, NEVER])
    norm = BoundaryNorm(np.arange(0.5, layers + 2), layers + 1)

    columns = min(columns, len(needed))
    rows = -(-len(needed) // columns)
    side = max(2.3, widest(needed, NORMAL) / 72 + 0.2)
    width = max(side * columns + 0.2, 4.9)
    in_a_row = min(layers + 1, int(width / 1.5))  # of the legend
    picture = Picture((width, 2.55 * rows + 0.3 + 0.25 * -(-(layers + 1) // in_a_row)))
    grid = picture.subplots(rows, columns, squeeze=False)
    said = []
    for ax, (name, array) in zip(grid.flat, needed.items(), strict=False):
        known = np.where((array < 0) | (array > layers), layers + 1, np.maximum(array, 1))
        ax.imshow(known, cmap=colours, norm=norm, interpolation="nearest")
        ax.set(xticks=[], yticks=[], anchor="W" if columns > 1 and side > 2.3 else "C")  # where a long name begins
        ax.spines[:].set(color="#888888", linewidth=0.6)
        ax.set_title(name, loc="left", fontsize=NORMAL, **LITERAL)
        shares = [np.mean((array >= 0) & (array <= layer)) for layer in range(1, layers + 1)]
        said.append(f"{name}: {', '.join(f'{share:.0%}' for share in shares)}")
    for ax in list(grid.flat)[len(needed) :]:
        ax.set_visible(False)
    for ax in grid[:, 0]:
        ax.set_ylabel("who knows", fontsize=SMALL, color=GREY)
    for ax in list(grid.flat)[max(0, len(needed) - columns) : len(needed)]:  # those with none below
        ax.set_xlabel("of whom", fontsize=SMALL, color=GREY)
    words = ["in 1 layer", *(f"in {layer} layers" for layer in range(2, layers + 1)), "not yet"]
    patches = [Patch(facecolor=colour, edgecolor="#888888", linewidth=0.6) for colour in [*shades, NEVER]]
    picture.legend(patches, words, loc="outside lower center", ncols=in_a_row, frameon=False, fontsize=NORMAL)
    sizes = " or ".join(map(str, sorted({len(array) for array in needed.values()})))
    what = f"{len(needed)} pattern{'s' * (len(needed) > 1)} of {sizes} positions"
    return describe(grid[0, 0], f"{what}. Pairs with a path in 1 to {layers} layers: {'; '.join(said)}.")
