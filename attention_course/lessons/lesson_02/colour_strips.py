"""Colours that were asked for, and those that networks answered with."""

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_numbers
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, NORMAL, SMALL


def colour_strips(rows: dict[str, object], x_label: str) -> Figure:
    """A row of colours (questions, 3), red, green and blue from 0 to 1, for each of `rows`; the first is what is right.

    ValueError where the shapes differ or are no colours.
    """
    rows = {name: as_numbers(colours) for name, colours in rows.items()}
    right = next(iter(rows.values()))
    for name, colours in rows.items():
        if colours.shape != right.shape or colours.ndim != 2 or colours.shape[1] != 3:
            raise ValueError(f"{name}: expected ({len(right)}, 3), one colour a question, got {colours.shape}")
    ax = Picture((6.0, 0.4 + 0.36 * len(rows))).add_subplot()
    ax.imshow(np.stack(list(rows.values())).clip(0, 1), aspect="auto")
    ax.set_yticks(range(len(rows)), rows, fontsize=NORMAL, **LITERAL)
    ax.set_xticks([])
    ax.set_xlabel(x_label, fontsize=SMALL)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.hlines(np.arange(0.5, len(rows) - 1, 2), -0.5, len(right) - 0.5, color="white", linewidth=6)
    off = {name: np.abs(colours - right).mean() for name, colours in rows.items()}
    for i, distance in enumerate(off.values()):
        if i:
            ax.text(len(right) - 0.35, i, f"{distance:.2f} off", fontsize=SMALL, va="center")
    distances = ", ".join(f"{name} {distance:.2f}" for name, distance in list(off.items())[1:])
    return describe(ax, f"Colours asked for and answered, {x_label}. Mean distance from the right colour: {distances}.")
