"""What axes with numbers on them share: their look, that of curves, and where names stand."""

import numpy as np

from attention_course.plots.colours import LINES
from attention_course.plots.text import NORMAL, SMALL

STYLES = [  # of curves: each differs in dash and marker as well as in colour
    ("#2a598c", "-", "o"),
    ("#c4622d", "--", "s"),
    ("#4d4d4d", ":", "^"),
    ("#6f9e3a", "-.", "D"),
    ("#8a4f9e", (0, (6, 1, 1, 1, 1, 1)), "v"),
]


def quiet(ax, x_label: str, y_label: str) -> None:
    """Name both axes, in small type; leave two thin spines, and lines to read heights by."""
    ax.set_xlabel(x_label, fontsize=SMALL)
    ax.set_ylabel(y_label, fontsize=SMALL)
    ax.tick_params(labelsize=SMALL, length=3, color="#888888")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color("#888888")
    ax.grid(axis="y", color=LINES, linewidth=0.5)


def apart(heights: np.ndarray) -> np.ndarray:
    """Heights of names in points, moved no more than they must so that none covers another."""
    order = np.argsort(heights, kind="stable")
    moved = heights[order]
    for _ in range(100):  # push neighbours apart until none overlap
        close = np.diff(moved) < NORMAL + 3
        if not close.any():
            break
        moved[:-1] -= close * 0.5
        moved[1:] += close * 0.5
    result = np.empty_like(moved)
    result[order] = moved
    return result
