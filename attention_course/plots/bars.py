"""One distribution of attention as bars, whose lengths compare better than shades do."""

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_labels, as_weights
from attention_course.plots.colours import BAR, LINES
from attention_course.plots.picture import Picture, describe, size_in_points
from attention_course.plots.text import LITERAL, NORMAL, SMALL, every_nth, listing, looks, text_width, widest


def weight_bars(
    weights,
    labels,
    *,
    title: str | None = None,
    horizontal: bool = True,
    values: bool = True,
    limit: float | int = 1.0,
    weight_label: str = "attention weight",
    ax=None,
) -> Figure:
    """One bar for each weight of one distribution, from 0 to `limit` (1 unless told, so that pictures compare).

    `weights` is (keys,), `labels` names the bars: from the top down, or from left to right when not `horizontal`.
    `values` writes the numbers at the bars' ends, else a grid helps to read them. In an `ax` without room for all names
    and numbers every second stands there, or every third and so on. ValueError when the lengths do not
    fit, a weight is not in 0 to 1, or a bar is longer than `limit`.
    """
    weights = as_weights(weights, "keys")
    labels = as_labels("labels", labels, len(weights), "element")
    if not weights.max() <= limit <= 1:
        raise ValueError(f"limit: expected the largest weight, {weights.max():.6g}, or more, up to 1, got {limit:.6g}")

    count = len(labels)
    size = _frame(labels, horizontal, title) if ax is None else size_in_points(ax)
    ax, (width, height) = size if ax is None else (ax, size)
    long = height if horizontal else width  # the side that the bars share
    shown = every_nth(count, long)
    turn = 0 if horizontal or widest(labels, NORMAL) + 4 <= width / count else 90
    steps = np.linspace(0, limit, 6)
    names = {"labels": [labels[i] for i in shown], "fontsize": NORMAL if long / count >= 16 else SMALL, **LITERAL}
    grey = {"fontsize": SMALL, "color": "#444444", **LITERAL}
    if horizontal:
        bars = ax.barh(range(count), weights, height=0.72, color=BAR)
        ax.set(xlim=(0, limit), ylim=(count - 0.5, -0.5), xticks=steps)
        ax.set_yticks(shown, **names)
        ax.set_xlabel(weight_label, loc="left", **grey)
    else:
        bars = ax.bar(range(count), weights, width=0.72, color=BAR)
        ax.set(ylim=(0, limit), xlim=(-0.5, count - 0.5), yticks=steps)
        ax.set_xticks(shown, rotation=turn, **names)
        ax.set_ylabel(weight_label, loc="top", **grey)
    along, across = ("x", "y") if horizontal else ("y", "x")
    ax.tick_params(axis=along, labelsize=SMALL, length=3, color="#888888")
    ax.tick_params(axis=across, length=0)
    ax.spines[:].set_visible(False)
    ax.spines["left" if horizontal else "bottom"].set(visible=True, color="#888888")
    if values:
        crowded = 0 if horizontal or long / count >= 24 else 90
        numbers = [f"{weight:.2f}" if i in shown else "" for i, weight in enumerate(weights)]
        ax.bar_label(bars, numbers, padding=3, fontsize=SMALL, rotation=crowded, **LITERAL)
    else:
        ax.grid(axis=along, color=LINES, linewidth=0.6)
        ax.set_axisbelow(True)
    if title:
        ax.set_title(title, loc="left", fontsize=NORMAL + 1, **LITERAL)

    said = [f"“{label}” {weight:.2f}" for label, weight in zip(labels, weights, strict=True)]
    heading = f"{title}. " if title else ""
    return describe(ax, f"{heading}Bars of {count} attention weights, {looks(weights, labels)}: {listing(said)}.")


def _frame(labels, horizontal, title):
    """Axes of a new picture, and their size in points. Room for the numbers is kept, so that they move nothing."""
    count, longest = len(labels), widest(labels, NORMAL)
    share = max(11.5, min(22 if horizontal else 40, 460 / count))
    width, height = (260, share * count) if horizontal else (share * count, 150)
    left, below = (longest + 10, 38) if horizontal else (44, 20 if longest + 4 <= share else longest + 10)
    right, above = (32, 8) if horizontal else (8, 20)
    above += 24 if title else 0
    total = left + max(width + right, text_width(title or "", NORMAL + 1) + 8)
    tall = below + height + above
    picture = Picture((total / 72, tall / 72), layout=None)
    return picture.add_axes((left / total, below / tall, width / total, height / tall)), (width, height)
