"""A document as text: a bar before each sentence for its weight, and a shade behind each word for its own."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D, ScaledTranslation

from attention_course.plots.arguments import as_labels, as_weights
from attention_course.plots.colours import ATTENTION_COLOURS, BAR, LINES, readable_on
from attention_course.plots.picture import Picture, describe, has_room, size_in_points
from attention_course.plots.sentences import MARGIN, PAD, wrap
from attention_course.plots.text import LITERAL, NORMAL, SMALL, listing, looks, text_width

BARS, NUMBER = 80, 30  # points: a bar's length at a weight of 1, and the room for its number
LINE = NORMAL * 1.6


def document_map(
    sentences: Sequence[Sequence[str]],
    sentence_weights,
    word_weights,
    *,
    title: str | None = None,
    mark: int | None = None,
    width: float | int = 6.0,
    ax=None,
) -> Figure:
    """The sentences one below the other, wrapped at `width` inches.

    `sentence_weights` has a number for each sentence, and `word_weights` a row for each with a number for each of its
    words; either may have more, for padding, which is not looked at. `mark` is the place of a sentence to mark with a
    triangle, such as one that is known to decide. ValueError where there are too few, a weight is not in 0 to 1, or
    the sentences would run out of the figure of `ax`.
    """
    count = len(sentences)
    if min(len(sentence_weights), len(word_weights)) < count:
        counts = f"{len(sentence_weights)} and {len(word_weights)}"
        raise ValueError(f"weights: expected {count} or more at both levels, one for each sentence, got {counts}")
    if mark is not None and not 0 <= mark < count:
        raise ValueError(f"mark: expected the place of one of {count} sentences, got {mark}")
    weights = as_weights(sentence_weights[:count], "sentences")
    shades = [as_weights(row[: len(s)], "words") for s, row in zip(sentences, word_weights, strict=False)]
    words = [as_labels("sentences", s, len(row), "weight") for s, row in zip(sentences, shades, strict=True)]
    left = MARGIN + BARS + NUMBER + 12
    room = (width * 72 if ax is None else size_in_points(ax)[0]) - left - MARGIN
    widths = [[text_width(word, NORMAL) + 2 * PAD for word in sentence] for sentence in words]
    places = [wrap(sentence, room) for sentence in widths]
    heights = [LINE * (lines[-1][1] + 1) + 5 for lines in places]
    top = MARGIN + SMALL + 8 + (NORMAL + 10 if title else 0)
    if ax is None:
        picture = Picture((width, (top + sum(heights) + MARGIN) / 72), layout=None)
        ax = picture.add_axes((0, 0, 1, 1))
    has_room(ax, top + sum(heights))

    ax.set_axis_off()
    # points to the right of and below the axes' upper left corner, whatever the size it is given later
    points = Affine2D().scale(1 / 72, -1 / 72) + ax.figure.dpi_scale_trans + ScaledTranslation(0, 1, ax.transAxes)
    free = {"transform": points, "clip_on": False}
    small = {"fontsize": SMALL, "color": "#444444", "va": "baseline", **free, **LITERAL}
    if title:
        ax.text(MARGIN, MARGIN, title, va="top", fontsize=NORMAL + 1, **free, **LITERAL)
    ax.text(MARGIN, top - 7, "sentence weight, 0 to 1", **small)
    ax.text(left + PAD, top - 7, "words, shaded by their weight in the sentence", **small)
    y = top
    for i, weight in enumerate(weights):
        ax.add_artist(
            Rectangle((MARGIN, y + 2), BARS, LINE - 4, facecolor="none", edgecolor=LINES, linewidth=0.6, **free)
        )
        ax.add_artist(Rectangle((MARGIN, y + 2), BARS * weight, LINE - 4, facecolor=BAR, linewidth=0, **free))
        ax.text(MARGIN + BARS + 4, y + LINE - 5, f"{weight:.2f}", **small)
        if i == mark:
            ax.plot([left - 7], [y + LINE / 2], ">", color="black", markersize=6, **free)
        for word, shade, wide, (x, line) in zip(words[i], shades[i], widths[i], places[i], strict=True):
            colour, at = ATTENTION_COLOURS(shade), (left + x, y + line * LINE)
            ax.add_artist(Rectangle(at, wide, LINE - 1, facecolor=colour, linewidth=0, **free))
            centre = {"x": at[0] + wide / 2, "y": at[1] + LINE - 5, "ha": "center", "va": "baseline"}
            ax.text(s=word, fontsize=NORMAL, color=readable_on(colour), **centre, **free, **LITERAL)
        y += heights[i]

    numbers = [f"sentence {i + 1}" for i in range(len(words))]
    said = [
        f"{name} {w:.2f}, {looks(row, its)}" for name, w, row, its in zip(numbers, weights, shades, words, strict=True)
    ]
    heading = f"{title}. " if title else ""
    marked = "" if mark is None else f" Sentence {mark + 1} is marked; its weight is {weights[mark]:.2f}."
    counted = f"A document of {len(words)} sentences, looked at {looks(weights, numbers)}"
    return describe(
        ax,
        f"{heading}{counted}.{marked} Each with its weight, and where it looks among its words: {listing(said, 40)}.",
    )
