"""A score over a plane of keys, for one query: lines of equal height, darker where it is higher, with its range."""

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_numbers
from attention_course.plots.picture import Picture, describe
from attention_course.plots.roles import ROLES
from attention_course.plots.text import LITERAL, NORMAL, SMALL


def landscape(x, y, scores, query, *, title: str = "", steps: int = 9, ax=None) -> Figure:
    """Scores (len(y), len(x)) of the keys (x, y), with their range, and the query (2,) as an arrow.

    ValueError where the shape of `scores` does not fit.
    """
    x, y, scores, query = (as_numbers(a) for a in (x, y, scores, query))
    if scores.shape != (len(y), len(x)) or query.shape != (2,):
        raise ValueError(f"scores and query: expected ({len(y)}, {len(x)}) and (2,), got {scores.shape}, {query.shape}")
    ax = Picture((3.2, 3.2)).add_subplot() if ax is None else ax
    if np.ptp(scores) > 0:
        ax.contourf(x, y, scores, steps, cmap="Greys", alpha=0.6)
        ax.contour(x, y, scores, steps, colors="#444444", linewidths=0.7, linestyles="solid")
    arrow = {"arrowstyle": "-|>", "color": ROLES["query"].edge, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", query, xytext=(0, 0), arrowprops=arrow)
    ends = f"{scores.min():.1f} to {scores.max():.1f}".replace("-", "−")
    ground = {"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 2}
    ax.text(0.03, 0.04, ends, transform=ax.transAxes, fontsize=SMALL, bbox=ground)
    ax.set(aspect="equal", xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    ax.set_title(title, loc="left", fontsize=NORMAL, **LITERAL)
    ax.set_xlabel("key, first number", fontsize=SMALL)
    if ax.get_subplotspec() is None or ax.get_subplotspec().is_first_col():
        ax.set_ylabel("key, second number", fontsize=SMALL)
    ax.tick_params(labelsize=SMALL, length=3, color="#888888")
    said = f"{title}: for the query ({query[0]:g}, {query[1]:g}) the scores"
    if np.ptp(scores) == 0:
        return describe(ax, f"{said} are {scores.max():.2g} everywhere.")
    row, column = np.unravel_index(scores.argmax(), scores.shape)
    where = f"({x[column]:.2g}, {y[row]:.2g})"
    return describe(ax, f"{said} run from {scores.min():.2g} to {scores.max():.2g}, highest at {where}.")


def landscapes(grid, panels: dict[str, object], query) -> Figure:
    """Scores over the same plane of keys side by side: {title: scores (len(grid), len(grid))}."""
    picture = Picture((6.0, 2.5))
    axes = picture.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, (title, scores) in zip(axes, panels.items(), strict=True):
        landscape(grid, grid, scores, query, title=title, ax=ax)
    return picture
