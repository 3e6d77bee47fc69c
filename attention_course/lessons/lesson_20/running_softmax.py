"""A softmax that is computed tile by tile: the largest score so far, and how the sum is mended when it changes."""

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_labels, as_numbers, counted
from attention_course.plots.axes import quiet
from attention_course.plots.colours import BAR
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, SMALL, text_width

GREYS, HATCHES = ("#2a2a2a", "#8a8a8a", "#c8c8c8", "#f0f0f0"), ("", "///", "", "...")
IN_THE_LAYER = {"ha": "center", "va": "center", "fontsize": SMALL}
MOST_SCORES, MOST_TILES, WIDTH = 32, 20, 460  # that can be named; points of the axes
WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 1}


def running_softmax(scores, labels, tile: int) -> Figure:
    """Above the scores of one query, cut into tiles, with the running maximum m; below the sum after each tile.

    A bar is the sum of exp(score - m) so far, in layers: what each tile has brought, as it counts at that moment. Where
    a tile brings a larger m, the layers before it shrink by one factor, which is written over the bar. ValueError
    where scores are not one row of finite numbers with a label each, for a tile below 1, and for more than 32 scores or
    20 tiles.
    """
    scores = as_numbers(scores)
    if scores.ndim != 1 or not len(scores):
        raise ValueError(f"scores: expected one row, got the shape {scores.shape}")
    counted("scores", scores, MOST_SCORES)
    if not np.isfinite(scores).all():
        raise ValueError(f"scores: expected finite numbers, got {scores.tolist()}")
    labels = as_labels("labels", labels, len(scores), "score")
    if tile < 1:
        raise ValueError(f"tile: expected at least 1, got {tile}")
    parts = [slice(start, min(start + tile, len(scores))) for start in range(0, len(scores), tile)]
    counted("tiles", parts, MOST_TILES)
    largest = np.maximum.accumulate([scores[part].max() for part in parts])
    above, below = Picture((7.2, 4.8)).subplots(2, 1, height_ratios=[1, 1.1])

    low = min(0.0, scores.min())
    above.vlines(range(len(scores)), low, scores, color=BAR, linewidth=7)
    each = WIDTH * tile / len(scores)  # points of a tile
    room_for_note = text_width("what was there", SMALL) < each
    for step, (part, m) in enumerate(zip(parts, largest, strict=True)):
        above.plot([part.start - 0.5, part.stop - 0.5], [m, m], color="black", linewidth=1.5)
        name = f"m = {m:.1f}"
        if text_width(name, SMALL) < each or step == 0 or m > largest[step - 1]:
            above.text(part.stop - 0.55, m, name, ha="right", va="bottom", fontsize=SMALL, **LITERAL)
    above.vlines([part.start - 0.5 for part in parts[1:]], low, scores.max() * 1.15, color="#888888", linestyle=":")
    quiet(above, "", "score")
    above.set_xticks(range(len(scores)), labels, rotation=30, ha="right", fontsize=SMALL, **LITERAL)
    above.set(xlim=(-0.6, len(scores) - 0.4), ylim=(low, scores.max() * 1.25 + 0.1))

    said, tallest_sum = [], max(np.exp(scores[: part.stop] - m).sum() for part, m in zip(parts, largest, strict=True))
    for step, (part, m) in enumerate(zip(parts, largest, strict=True)):
        middle, bottom = (part.start + part.stop - 1) / 2, 0.0
        for number, earlier in enumerate(parts[: step + 1]):
            amount = np.exp(scores[earlier] - m).sum()
            look = {"color": GREYS[number % 4], "hatch": HATCHES[number % 4], "edgecolor": "#555555", "linewidth": 0.6}
            below.bar(middle, amount, bottom=bottom, width=0.6 * tile**0.8, **look)
            if tile > 2 and amount > 0.12 * tallest_sum:
                below.text(middle, bottom + amount / 2, f"tile {number + 1}", bbox=WHITE, **IN_THE_LAYER, **LITERAL)
            bottom += amount
        shrink = np.exp(largest[step - 1] - m) if step else 1.0
        note = f"\nwhat was there\nbefore × {shrink:.2f}" if step and tile > 2 and room_for_note else ""
        below.text(middle, bottom, f"{bottom:.2f}{note}", ha="center", va="bottom", fontsize=SMALL, **LITERAL)
        said.append(f"m {m:.2f}, sum {bottom:.2f}, what was there times {shrink:.2f}")
    quiet(below, "after each tile, what all tiles so far have brought", "ℓ, the sum of exp(score − m)")
    middles = [(part.start + part.stop - 1) / 2 for part in parts]
    below.set_xticks(middles, [f"tile {n + 1}" if tile > 2 else f"{n + 1}" for n in range(len(parts))], fontsize=SMALL)
    below.set(xlim=above.get_xlim(), ylim=(0, tallest_sum * 1.45))
    for ax in (above, below):
        ax.set_axisbelow(True)
    return describe(below, f"{len(scores)} scores in tiles of {tile}. After each tile: {'; '.join(said)}.")
