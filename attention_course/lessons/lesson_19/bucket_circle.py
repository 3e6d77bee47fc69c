"""Vectors of a plane put into buckets by direction, and the sequence before and after it is sorted by them."""

from string import ascii_uppercase

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Arc, Rectangle, Wedge

from attention_course.plots.arguments import as_labels, as_numbers, counted
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, NORMAL, SMALL, widest

SHADES = ["#ffffff", "#d9d9d9", "#efefef", "#c4c4c4"]
ROOM = 440  # points for the words of a row
LINK = "#2a598c"
EDGE = {"edgecolor": "#888888", "linewidth": 0.8}


def bucket_circle(angles, buckets, words, *, turn: float | int, sectors: int, window: int) -> Figure:
    """Left the circle, cut into `sectors` that are turned by `turn` degrees; right the words in order and sorted.

    angles: of the words' vectors, in degrees. buckets: the number of each one's sector, counted from the one in whose
    middle `turn` lies. An arc goes from a word to each of the `window` before it in its bucket, which it may look at.
    ValueError where lengths do not fit, a bucket is none of the sectors, these are more than there are letters, or the
    words are more or longer than there is room for (some ten of six letters).
    """
    counted("words", words)
    words = as_labels("words", words, len(angles), "angle")
    counted("sectors", range(sectors), len(ascii_uppercase))
    angles, buckets = as_numbers(angles), as_numbers(buckets).astype(int)
    if buckets.shape != angles.shape or not ((buckets >= 0) & (buckets < sectors)).all():
        raise ValueError(f"buckets: expected one in 0 to {sectors - 1} for each angle, got {buckets.tolist()}")
    shades = [SHADES[b % 4] for b in range(sectors)]  # sectors side by side differ
    if sectors % 4 == 1:  # the last is beside the first
        shades[-1] = SHADES[2]
    cells = len(words) + 0.7 * len(set(buckets.tolist())) + 0.7
    if (needed := cells * (widest(words, NORMAL) + 4)) > ROOM:
        raise ValueError(f"words: expected fewer or shorter ones, got what needs {needed / ROOM:.1f} of the room")
    picture = Picture((10, 3.5))
    circle, rows = picture.subplots(1, 2, width_ratios=[1, 1.75])
    _circle(circle, angles, words, turn, shades)
    seen = _rows(rows, buckets, words, window, shades)
    said = ", ".join(f"“{word}” {ascii_uppercase[b]}" for word, b in zip(words, buckets, strict=True))
    return describe(rows, f"A circle cut into {sectors} buckets: {said}. Sorted by bucket, {seen} pairs of words meet.")


def _circle(ax, angles: np.ndarray, words: list[str], turn: float | int, shades: list[str]) -> None:
    width = 360 / len(shades)
    for b, shade in enumerate(shades):
        start = turn + (b - 0.5) * width
        ax.add_patch(Wedge((0, 0), 1, start, start + width, facecolor=shade, **EDGE))
        corner = np.radians(start + 0.14 * width)  # beside most arrows
        ax.text(
            0.87 * np.cos(corner), 0.87 * np.sin(corner), ascii_uppercase[b], ha="center", va="center",
            fontsize=NORMAL + 2, color="#666666", **LITERAL,
        )  # fmt: skip
    together = {}
    for angle, word in zip(angles, words, strict=True):
        together.setdefault(angle % 360, []).append(word)
    for angle, its_words in together.items():
        x, y = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        ax.annotate("", (x, y), xytext=(0, 0), arrowprops={"arrowstyle": "-|>", "color": LINK, "linewidth": 1.5})
        side = "left" if x > 0.25 else "right" if x < -0.25 else "center"
        level = "bottom" if y > 0.5 else "top" if y < -0.5 else "center"
        ax.text(1.06 * x, 1.06 * y, ", ".join(its_words), ha=side, va=level, fontsize=NORMAL, **LITERAL)
    ax.set(xlim=(-1.55, 1.55), ylim=(-1.25, 1.25), aspect="equal")
    ax.axis("off")


def _rows(ax, buckets: np.ndarray, words: list[str], window: int, shades: list[str]) -> int:
    """The two rows and what joins them; gives the number of pairs that meet."""
    order = np.argsort(buckets, kind="stable")
    ranks = np.unique(buckets[order], return_inverse=True)[1]
    place = np.empty(len(words))
    place[order] = np.arange(len(words)) + 0.7 * ranks  # a gap before each new bucket
    shift = (place.max() - (len(words) - 1)) / 2
    for i, (word, b) in enumerate(zip(words, buckets, strict=True)):
        for x, y in ((i + shift, 2.0), (place[i], 0.6)):
            ax.add_patch(Rectangle((x - 0.46, y), 0.92, 0.4, facecolor=shades[b], **EDGE))
            ax.text(x, y + 0.2, word, ha="center", va="center", fontsize=NORMAL, **LITERAL)
        ax.plot([i + shift, place[i]], [2.0, 1.28], color="#aaaaaa", linewidth=0.8)
    for b in np.unique(buckets):
        ax.text(
            place[buckets == b].mean(), 1.12, ascii_uppercase[b], ha="center", va="center", fontsize=NORMAL + 2,
            color="#666666", bbox={"facecolor": "white", "edgecolor": "none", "pad": 1}, **LITERAL,
        )  # fmt: skip
    pairs, lowest = 0, 0.6
    for i in order:
        its = [j for j in order if buckets[j] == buckets[i] and j < i][-window:]
        for j in its:
            apart = place[i] - place[j]
            middle, height = (place[i] - apart / 2, 0.58), 0.3 + 0.25 * apart
            lowest = min(lowest, middle[1] - height / 2)
            ax.add_patch(Arc(middle, apart, height, theta1=180, theta2=360, color=LINK, linewidth=1.6))
        pairs += len(its)
    for y, text in (
        (2.52, "in the order of the sentence"),
        (lowest - 0.13, "sorted by bucket; arcs: who looks back at whom"),
    ):
        ax.text(-0.5, y, text, fontsize=SMALL, color="#444444", va="center", **LITERAL)
    ax.set(xlim=(-0.7, place.max() + 0.7), ylim=(min(-0.35, lowest - 0.3), 2.65))
    ax.axis("off")
    return pairs
