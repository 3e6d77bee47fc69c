"""The look that axes with numbers on them share."""

from attention_course.plots.colours import LINES
from attention_course.plots.text import SMALL


def quiet(ax, x_label: str, y_label: str) -> None:
    """Name both axes, in small type; leave two thin spines, and lines to read heights by."""
    ax.set_xlabel(x_label, fontsize=SMALL)
    ax.set_ylabel(y_label, fontsize=SMALL)
    ax.tick_params(labelsize=SMALL, length=3, color="#888888")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color("#888888")
    ax.grid(axis="y", color=LINES, linewidth=0.5)
