"""Measurements as keys and values: the curve that attention draws through them, and where one query looks."""

from matplotlib.figure import Figure

from attention_course.plots.arguments import as_numbers, as_weights
from attention_course.plots.axes import quiet
from attention_course.plots.colours import ATTENTION_COLOURS
from attention_course.plots.picture import Picture, describe
from attention_course.plots.roles import ROLES
from attention_course.plots.text import LITERAL, NORMAL


def measurements(
    x, y, *, curve=None, query: float | int | None = None, weights=None, x_label: str, y_label: str, ax=None
) -> Figure:
    """Points (x, y), the line `curve` = (x, y) through them, and the look of one query.

    With `query` and its `weights` (one a point) each point is shaded by its weight, and the answer, the average of y
    under the weights, is marked at the query. ValueError where lengths do not fit or a weight is not in 0 to 1.
    """
    x, y = as_numbers(x), as_numbers(y)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"x and y: expected two of one length, got {x.shape} and {y.shape}")
    ax = Picture((6.0, 3.3)).add_subplot() if ax is None else ax
    said = f"{len(x)} measurements of {y_label} by {x_label}."
    if curve is not None:
        ax.plot(*(as_numbers(c) for c in curve), color=ROLES["context"].edge, linewidth=2, zorder=2)
        said += " A line is drawn through them."
    if query is None:
        ax.plot(x, y, "o", color="#2a598c", markersize=4, zorder=3)
    else:
        weights = as_weights(weights, "keys")
        if len(weights) != len(x):
            raise ValueError(f"weights: expected {len(x)}, one for each point, got {len(weights)}")
        answer, most = float(weights @ y), weights.max() or 1
        told = f"{answer:.0f}" if abs(answer) >= 100 else f"{answer:.3g}"
        ax.vlines(x, y, answer, color=ATTENTION_COLOURS(weights / most), linewidth=1.2, zorder=1)
        ax.scatter(
            x, y, c=weights, cmap=ATTENTION_COLOURS, vmin=0, vmax=most, s=26, edgecolors="#888888",
            linewidths=0.6, zorder=3,
        )  # fmt: skip
        ax.plot(query, answer, "D", color=ROLES["context"].edge, markersize=9, zorder=4)
        ax.annotate(
            f"{query:g}: {told}", (query, answer), xytext=(12, 26), textcoords="offset points", fontsize=NORMAL,
            color=ROLES["context"].edge, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1}, **LITERAL,
        )  # fmt: skip
        best = int(weights.argmax())
        looks = f"most at {x[best]:g}, with {weights[best]:.2f}" if weights[best] else "at nothing"
        said += f" The query {query:g} is answered with {told}; it looks {looks}."
    quiet(ax, x_label, y_label)
    return describe(ax, said)
