"""Curves over one axis, each named where it starts or ends instead of in a legend."""

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_numbers, counted
from attention_course.plots.axes import STYLES, apart, quiet
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, NORMAL


def lines(x, curves: dict[str, object], *, x_label: str, y_label: str, log: str = "", low: str = "", ax=None) -> Figure:
    """One line for each of `curves` (name: y), at most five, told apart by dash as well as by colour.

    log: "x", "y" or "xy" for logarithmic axes. low: the curve whose lowest point is marked and named.
    ValueError where a curve has not as many points as `x`, `low` is no curve, or there are none or more than five.
    """
    x = as_numbers(x)
    curves = {name: as_numbers(y) for name, y in curves.items()}
    counted("x", x)
    counted("curves", curves, len(STYLES))
    if low and low not in curves:
        raise ValueError(f"low: expected one of {', '.join(curves)}, got {low}")
    for name, y in curves.items():
        if y.shape != x.shape:
            raise ValueError(f"{name}: expected {x.shape} like x, got {y.shape}")
    ax = Picture((6.4, 3.4)).add_subplot() if ax is None else ax
    ends = {i: [y[i] for y in curves.values()] for i in (0, -1)}
    named_at = max(ends, key=lambda i: np.ptp(ends[i]))  # where the curves lie furthest apart
    for y, (colour, dash, _) in zip(curves.values(), STYLES, strict=False):
        ax.plot(x, y, linestyle=dash, color=colour, linewidth=2)
    ax.margins(y=0.12)
    for name, axis in {"x": ax.xaxis, "y": ax.yaxis}.items():
        if name in log:
            axis.axes.set(**{f"{name}scale": "log"})
            axis.set_major_formatter("{x:g}")
    _name(ax, x[named_at], {name: y[named_at] for name, y in curves.items()}, "left" if named_at == 0 else "right")
    said = f"{y_label} against {x_label}: {', '.join(curves)}."
    if low:
        best = int(curves[low].argmin())
        ax.plot(x[best], curves[low][best], "o", color="black", markersize=7)
        ax.annotate(
            f"lowest at {x[best]:.3g}", (x[best], curves[low][best]), xytext=(0, 9), textcoords="offset points",
            ha="center", fontsize=NORMAL, **LITERAL,
        )  # fmt: skip
        said += f" “{low}” is lowest at {x[best]:.3g}, with {curves[low][best]:.3g}."
    quiet(ax, x_label, y_label)
    return describe(ax, said)


def _name(ax, x: float, ends: dict[str, float], side: str) -> None:
    """Names over the ends of their curves; the lowest curve's is below itself, clear of its rise."""
    ax.get_ylim()  # the limits, which are set when they are asked for
    to_points = 72 / ax.figure.figure.dpi
    heights = ax.transData.transform([(x, y) for y in ends.values()])[:, 1] * to_points
    offsets = np.array([-15.0 if y == min(ends.values()) else 6.0 for y in ends.values()])
    offsets += apart(heights + offsets) - (heights + offsets)
    for (name, y), offset, (colour, _, _) in zip(ends.items(), offsets, STYLES, strict=False):
        ax.annotate(
            name, (x, y), xytext=(0, offset), textcoords="offset points", ha=side, color=colour, fontsize=NORMAL,
            **LITERAL,
        )  # fmt: skip
