"""Small curves side by side on one scale, a panel for each thing compared and a line for each training of it."""

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_numbers, counted
from attention_course.plots.axes import quiet
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, NORMAL, SMALL, every_nth, widest

CURVE, LEVEL = "#2a598c", "#c4622d"


def length_panels(
    x, curves: dict[str, object], *, x_label: str, y_label: str, mark: float | int, mark_label: str, across: int = 4
) -> Figure:
    """For each of `curves` (name: rows, one a training, with a number for every x) a panel, all on one scale.

    mark: an x, at which a thin line stands, named in the first panel. A dashed line goes on to the right of it at the
    height that the mean of the rows has there. ValueError where there are no curves, a row has not as many numbers as
    `x`, or `mark` is none of `x`.
    """
    counted("curves", curves)
    x = as_numbers(x)
    curves = {name: np.atleast_2d(as_numbers(rows)) for name, rows in curves.items()}
    for name, rows in curves.items():
        if rows.shape[1:] != x.shape:
            raise ValueError(f"{name}: expected rows of {len(x)} numbers like x, got {rows.shape}")
    if mark not in x:
        raise ValueError(f"mark: expected one of x, got {mark}")
    at = int(np.flatnonzero(x == mark)[0])
    across = min(across, len(curves))
    down = -(-len(curves) // across)
    width = max(2.25, widest(curves, NORMAL) / 72 + 0.2)
    picture = Picture((width * across + 0.3, 1.9 * down + 0.4))
    axes = picture.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for ax, (name, rows) in zip(axes, curves.items(), strict=False):
        level = rows[:, at].mean()
        ax.axvline(mark, color="#888888", linewidth=1)
        ax.plot([mark, x[-1]], [level, level], "--", color=LEVEL, linewidth=1.5)
        ax.plot(x, rows.T, color=CURVE, linewidth=1.5)
        quiet(ax, "", "")
        ax.set_title(name, loc="left", fontsize=NORMAL, **LITERAL)
        start, end = rows[:, 0].mean(), rows[:, -1].mean()
        describe(ax, f"{name}: {start:.2f} at {x[0]:g}, {level:.2f} at {mark:g}, {end:.2f} at {x[-1]:g}.")
    axes[0].annotate(
        mark_label, (mark, 1), (4, -3), xycoords=("data", "axes fraction"), textcoords="offset points", va="top",
        fontsize=SMALL, color="#444444", **LITERAL,
    )  # fmt: skip
    if mark > 0:
        ticks = mark * np.arange(1, x[-1] // mark + 1)
        axes[0].set_xticks(ticks[every_nth(len(ticks), 72 * width - 30, 26)])
    for ax in axes[len(curves) :]:
        ax.set_visible(False)
    for ax in axes[max(0, len(curves) - across) : len(curves)]:  # those with none below
        ax.tick_params(labelbottom=True)
    picture.supxlabel(x_label, fontsize=SMALL)
    picture.supylabel(y_label, fontsize=SMALL)
    picture.alt = f"{len(curves)} panels, {y_label} by {x_label}, means of the trainings. {picture.alt}"
    return picture
