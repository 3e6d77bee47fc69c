"""A sentence as running text, each word behind the shade of its weight."""

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D, ScaledTranslation

from attention_course.plots.arguments import as_labels, as_weights
from attention_course.plots.colours import ATTENTION_COLOURS, readable_on
from attention_course.plots.picture import Picture, describe, has_room, size_in_points
from attention_course.plots.text import LARGE, LITERAL, NORMAL, SMALL, listing, looks, text_width

PAD, GAP, MARGIN = 2.5, 1.5, 6  # points: beside a word, between words, around all
BOX = LARGE * 1.5  # height of a word's shade


def shaded_sentence(
    words,
    weights,
    *,
    title: str | None = None,
    values: bool = False,
    framed: int | None = None,
    width: float | int = 6.5,
    ax=None,
) -> Figure:
    """`words` set as running text that wraps at `width` inches, each on the shade of its weight (white 0, dark 1).

    `weights` is (words,). `values` writes the weight below each word. framed: the place of the word that asks, which
    gets a frame. ValueError when the lengths do not fit, a weight is not in 0 to 1, `framed` is none of the places, or
    the words would run out of the figure of `ax`.
    """
    weights = as_weights(weights, "words")
    words = as_labels("words", words, len(weights), "element")
    if framed is not None and not 0 <= framed < len(words):
        raise ValueError(f"framed: expected the place of one of {len(words)} words, got {framed}")
    room = (width * 72 if ax is None else size_in_points(ax)[0]) - 2 * MARGIN
    numbers = [f"{weight:.2f}" if values else "" for weight in weights]
    widths = [
        max(text_width(word, LARGE) + 2 * PAD, text_width(number, SMALL) + 2, 10)
        for word, number in zip(words, numbers, strict=True)
    ]
    places = wrap(widths, room)
    step = BOX + (SMALL + 6 if values else 4)
    top = MARGIN + (NORMAL + 10 if title else 0)
    if ax is None:
        right = MARGIN + max(x + wide for (x, _), wide in zip(places, widths, strict=True))
        right = max(right, text_width(title or "", NORMAL + 1) + MARGIN)
        picture = Picture(((right + MARGIN) / 72, (top + step * (places[-1][1] + 1) + MARGIN) / 72), layout=None)
        ax = picture.add_axes((0, 0, 1, 1))
    has_room(ax, top + step * places[-1][1] + BOX)

    ax.set_axis_off()
    # points to the right of and below the axes' upper left corner, whatever the size it is given later
    points = Affine2D().scale(1 / 72, -1 / 72) + ax.figure.dpi_scale_trans + ScaledTranslation(0, 1, ax.transAxes)
    if title:
        ax.text(MARGIN, MARGIN, title, transform=points, va="top", fontsize=NORMAL + 1, **LITERAL)
    every = zip(words, numbers, weights, widths, places, strict=True)
    for place, (word, number, weight, wide, (x, line)) in enumerate(every):
        left, y = MARGIN + x, top + line * step
        shade, edge = ATTENTION_COLOURS(weight), {"edgecolor": "black", "linewidth": 1.2 * (place == framed)}
        ax.add_artist(Rectangle((left, y), wide, BOX, transform=points, facecolor=shade, clip_on=False, **edge))
        centre = {"x": left + wide / 2, "ha": "center", "va": "baseline", "transform": points, **LITERAL}
        ax.text(s=word, y=y + BOX - LARGE * 0.55, fontsize=LARGE, color=readable_on(shade), **centre)
        if values:
            ax.text(s=number, y=y + BOX + SMALL + 1, fontsize=SMALL, color="#444444", **centre)

    said = [f"“{word}” {weight:.2f}" for word, weight in zip(words, weights, strict=True)]
    heading = f"{title}. " if title else ""
    counted = f"{len(words)} words shaded by attention weight, {looks(weights, words)}"
    return describe(ax, f"{heading}A sentence of {counted}: {listing(said, 40)}.")


def wrap(widths: list, room: float | int) -> list[tuple[float, int]]:
    """Each word's distance from the left in points, and its line."""
    places, x, line = [], 0.0, 0
    for wide in widths:
        if x > 0 and x + wide > room:
            x, line = 0.0, line + 1
        places.append((x, line))
        x += wide + GAP
    return places
