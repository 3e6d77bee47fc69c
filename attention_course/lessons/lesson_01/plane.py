"""Keys, a query and the context it gets, as points of a plane."""

from functools import partial

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_labels, as_numbers, as_weights
from attention_course.plots.colours import LINES
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, NORMAL, SMALL, looks

CONTEXT = "#c4622d"


def plane(query, keys, weights, labels, *, limit: float | int = 3.0, ax=None) -> Figure:
    """Keys that are their own values, in two dimensions: the query, its weights, and the context vector.

    query (2,), keys (keys, 2), weights (keys,), labels one a key. A key's line to the context is as thick as its
    weight. The context is computed here, as the average of the keys under the weights. Both axes run from -limit to
    limit. ValueError where shapes do not fit, a weight is not in 0 to 1, or the query or a key is outside of the axes.
    """
    weights = as_weights(weights, "keys")
    labels = as_labels("labels", labels, len(weights), "key")
    keys, query = as_numbers(keys), as_numbers(query)
    if keys.shape != (len(weights), 2) or query.shape != (2,):
        raise ValueError(f"query and keys: expected (2,) and ({len(weights)}, 2), got {query.shape} and {keys.shape}")
    farthest = max(np.abs(keys).max(), np.abs(query).max())
    if farthest > limit * (1 + 1e-6):
        raise ValueError(f"limit: expected {farthest:.6g} or more, which the query or a key needs, got {limit:.6g}")
    context = weights @ keys

    ax = Picture((4.6, 4.6)).add_subplot() if ax is None else ax
    if len(keys) == 3:
        ax.fill(*keys.T, color=LINES, alpha=0.35, zorder=0)  # where averages of the keys lie
    write = partial(ax.annotate, textcoords="offset points", fontsize=NORMAL, **LITERAL)
    middle = keys[:, 1].mean()
    for key, weight, label in zip(keys, weights, labels, strict=True):
        ax.plot(*zip(context, key, strict=True), color=CONTEXT, linewidth=0.3 + 7 * weight, alpha=0.55, zorder=1)
        ax.plot(*key, "o", color="#2a598c", markersize=7, zorder=2)
        write(f"{label}  {weight:.2f}", key, xytext=(0, 9 if key[1] > middle else -18), ha="center")
    arrow = {"arrowstyle": "-|>", "color": "black", "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", query, xytext=(0, 0), arrowprops=arrow)
    write("query", query / 2, xytext=(0, 6), ha="center", style="italic")
    ax.plot(*context, "D", color=CONTEXT, markersize=9, zorder=3)
    right, up = np.sign(context - keys[int(weights.argmax())] + 1e-6)  # the side that the heaviest key leaves free
    write(
        "context", context, xytext=(9 * right, 13 * up), color=CONTEXT, ha="left" if right > 0 else "right", va="center"
    )
    ax.axhline(0, color=LINES, linewidth=0.8, zorder=0)
    ax.axvline(0, color=LINES, linewidth=0.8, zorder=0)
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    ax.set_xlabel("first number of the vector", fontsize=SMALL)
    ax.set_ylabel("second number of the vector", fontsize=SMALL)
    ax.tick_params(labelsize=SMALL, length=3, color="#888888")
    ax.spines[:].set_color("#888888")
    at = ", ".join(f"{c:.2f}" for c in context)
    return describe(ax, f"Keys in a plane. The query looks {looks(weights, labels)}; the context lies at ({at}).")
