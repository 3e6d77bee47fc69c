"""Curves over one axis, each named where it starts or ends instead of in a legend."""

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.axes import quiet
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, NORMAL

STYLES = [("#2a598c", "-"), ("#c4622d", "--"), ("#4d4d4d", ":"), ("#6f9e3a", "-.")]


def lines(x, curves: dict[str, object], *, x_label: str, y_label: str, log: str = "", low: str = "", ax=None) -> Figure:
    """One line for each of `curves` (name: y), told apart by dash as well as by colour.

    log: "x", "y" or "xy" for logarithmic axes. low: the curve whose lowest point is marked and named.
    ValueError where a curve has not as many points as `x`.
    """
    x = np.asarray(x, dtype=float)
    curves = {name: np.asarray(y, dtype=float) for name, y in curves.items()}
    for name, y in curves.items():
        if y.shape != x.shape:
            raise ValueError(f"{name}: expected {x.shape} like x, got {y.shape}")
    ax = Picture((6.4, 3.4)).add_subplot() if ax is None else ax
    ends = {i: [y[i] for y in curves.values()] for i in (0, -1)}
    named_at = max(ends, key=lambda i: np.ptp(ends[i]))  # where the curves lie furthest apart
    for (name, y), (colour, dash) in zip(curves.items(), STYLES, strict=False):
        ax.plot(x, y, dash, color=colour, linewidth=2)
        below = y[named_at] == min(ends[named_at])  # the lowest curve is named below itself, clear of its rise
        ax.annotate(
            name, (x[named_at], y[named_at]), xytext=(0, -15 if below else 6), textcoords="offset points",
            ha="left" if named_at == 0 else "right", color=colour, fontsize=NORMAL, **LITERAL,
        )  # fmt: skip
    ax.margins(y=0.12)
    said = f"{y_label} against {x_label}: {', '.join(curves)}."
    if low:
        best = int(curves[low].argmin())
        ax.plot(x[best], curves[low][best], "o", color="black", markersize=7)
        ax.annotate(
            f"lowest at {x[best]:.3g}", (x[best], curves[low][best]), xytext=(0, 9), textcoords="offset points",
            ha="center", fontsize=NORMAL, **LITERAL,
        )  # fmt: skip
        said += f" “{low}” is lowest at {x[best]:.3g}, with {curves[low][best]:.3g}."
    for name, axis in {"x": ax.xaxis, "y": ax.yaxis}.items():
        if name in log:
            axis.axes.set(**{f"{name}scale": "log"})
            axis.set_major_formatter("{x:g}")
    quiet(ax, x_label, y_label)
    return describe(ax, said)
