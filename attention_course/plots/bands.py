"""Curves with the interval around each, named beside their right ends."""

from matplotlib.figure import Figure

from attention_course.plots.arguments import as_numbers, counted
from attention_course.plots.axes import STYLES, apart, quiet
from attention_course.plots.picture import Picture, describe, size_in_points
from attention_course.plots.text import LITERAL, NORMAL


def bands(x, curves: dict[str, object], *, x_label: str, y_label: str, log: str = "", ax=None) -> Figure:
    """One line for each of `curves` (name: a row (mean, low, high) for every x) in a band from low to high.

    At most five curves, told apart by dash and marker as well as by colour. log: "x", "y" or "xy" for logarithmic axes;
    a logarithmic x has a tick at each of `x`. ValueError where a curve has not three numbers for each x, or there are
    none or more than five.
    """
    x = as_numbers(x)
    curves = {name: as_numbers(rows) for name, rows in curves.items()}
    counted("x", x)
    counted("curves", curves, len(STYLES))
    for name, rows in curves.items():
        if rows.shape != (len(x), 3):
            raise ValueError(f"{name}: expected ({len(x)}, 3), a row (mean, low, high) for every x, got {rows.shape}")
    ax = Picture((6.8, 3.8)).add_subplot() if ax is None else ax
    for rows, (colour, dash, marker) in zip(curves.values(), STYLES, strict=False):
        mean, low, high = rows.T
        ax.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
        ax.plot(x, mean, linestyle=dash, marker=marker, markersize=5, color=colour, linewidth=2)
    quiet(ax, x_label, y_label)
    for name in set(log) & {"x", "y"}:
        ax.set(**{f"{name}scale": "log"})
    if "x" in log:
        ax.set_xticks(x, [f"{value:g}" for value in x])
        ax.minorticks_off()
    _name_ends(ax, x[-1], {name: rows[-1, 0] for name, rows in curves.items()})
    ends = ", ".join(f"{name} {rows[-1, 0]:.2g} (from {rows[0, 0]:.2g})" for name, rows in curves.items())
    return describe(ax, f"{y_label} against {x_label}, with intervals. At {x[-1]:g}: {ends}.")


def _name_ends(ax, x: float, ends: dict[str, float]) -> None:
    """Names right of the last points, moved apart where they would overlap."""
    height = size_in_points(ax)[1]
    data = ax.transData.transform([(x, y) for y in ends.values()])
    places = ax.transAxes.inverted().transform(data)[:, 1] * height
    for (name, y), shift, (colour, _, _) in zip(ends.items(), apart(places) - places, STYLES, strict=False):
        ax.annotate(
            name, (x, y), xytext=(10, shift), textcoords="offset points", va="center",
            color=colour, fontsize=NORMAL, annotation_clip=False, **LITERAL,
        )  # fmt: skip
