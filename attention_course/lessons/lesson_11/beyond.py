"""The figure of lesson 11: how well each scheme reads on, inside the length of its training and beyond."""

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_numbers, counted
from attention_course.plots.axes import apart, quiet
from attention_course.plots.picture import Picture, describe, size_in_points
from attention_course.plots.text import LITERAL, NORMAL, SMALL

DASHES = ("-", "--", "-.", ":")


def beyond(
    x, groups: dict[str, dict[str, object]], *, x_label: str, y_label: str, mark: float | int, mark_label: str
) -> Figure:
    """One line for each curve (name: rows, one a training) in a band from the least to the greatest of its rows.

    groups: {colour: curves}; the curves of a group have one colour, and are told apart by their dash. They are named at
    their ends. mark: an x, at which a named line stands. ValueError where there are no curves, more than four of a
    colour, a row has not as many numbers as `x`, or `mark`, which is above 0, is none of `x`.
    """
    x = as_numbers(x)
    if mark not in x or mark <= 0:
        raise ValueError(f"mark: expected one of x above 0, got {mark}")
    counted("groups", groups)
    picture = Picture((6.0, 3.9))
    ax = picture.add_subplot()
    ax.axvline(mark, color="#888888", linewidth=1)
    ends, colours, said, at = {}, {}, [], int(np.flatnonzero(x == mark)[0])
    for colour, curves in groups.items():
        counted("curves", curves, len(DASHES))
        for (name, rows), dash in zip(curves.items(), DASHES, strict=False):
            rows = np.atleast_2d(as_numbers(rows))
            if rows.shape[1:] != x.shape:
                raise ValueError(f"{name}: expected rows of {len(x)} numbers like x, got {rows.shape}")
            mean = rows.mean(0)
            ax.fill_between(x, rows.min(0), rows.max(0), color=colour, alpha=0.15, linewidth=0)
            ax.plot(x, mean, dash, color=colour, linewidth=1.8, marker=".", markersize=5)
            ends[name], colours[name] = mean[-1], colour
            said.append(f"{name} {mean[at]:.2f}, then {mean[-1]:.2f}")
    quiet(ax, x_label, y_label)
    ax.set_xticks(np.arange(1, x[-1] // mark + 1) * mark)
    ax.annotate(
        mark_label, (mark, 1), (4, -3), xycoords=("data", "axes fraction"), textcoords="offset points", va="top",
        fontsize=SMALL, color="#444444", **LITERAL,
    )  # fmt: skip
    _name(ax, x[-1], ends, colours)
    return describe(ax, f"{y_label} at {mark:g} and at {x[-1]:g} of {x_label}: {'; '.join(said)}.")


def _name(ax, x: float, ends: dict[str, float], colours: dict[str, str]) -> None:
    """Names right of the last points, moved apart where they would overlap."""
    height = size_in_points(ax)[1]
    data = ax.transData.transform([(x, y) for y in ends.values()])
    places = ax.transAxes.inverted().transform(data)[:, 1] * height
    for (name, y), shift in zip(ends.items(), apart(places) - places, strict=True):
        ax.annotate(
            name, (x, y), xytext=(6, shift), textcoords="offset points", va="center", color=colours[name],
            fontsize=NORMAL, annotation_clip=False, **LITERAL,
        )  # fmt: skip
