"""Pictures as they are, and what a captioner looks at in them, all maps of a figure on one scale."""

import textwrap

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_labels, as_weights
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, SMALL, listing, text_width

RING, PALE = "#d1495b", 0.15  # the frame round the largest weight; strength of what gets no weight
WIDE, LINE = 1.16, 0.2  # inches: a picture, a line of text


def pictures(images, titles, boxes=None, columns: int = 3) -> Figure:
    """Each image (height, width, 3) of uint8 as it is, its title below it, and boxes if given: shares of the sides."""
    if len(titles) != len(images):
        raise ValueError(f"titles: expected {len(images)}, one for each image, got {len(titles)}")
    lines = [textwrap.wrap(title, int(27 * 3 / columns)) or [""] for title in titles]
    deepest, side = max(map(len, lines)), 6.0 / columns
    rows = -(-len(images) // columns)
    high = side + LINE * deepest + 0.05
    size = columns * side, rows * high
    picture = Picture(size, layout=None)
    for i, image in enumerate(images):
        row, column = divmod(i, columns)
        left, bottom = column * side + 0.06, size[1] - row * high - side
        ax = picture.add_axes((left / size[0], bottom / size[1], (side - 0.12) / size[0], (side - 0.12) / size[1]))
        ax.imshow(image, interpolation="nearest")
        _bare(ax)
        for box in boxes[i] if boxes else ():
            _outline(ax, np.array(box) * len(image) - 0.5, "#002a48")
        ax.set_xlabel("\n".join(lines[i]), fontsize=SMALL, labelpad=3, **LITERAL)
    return describe(ax, f"{len(images)} pictures: {listing(titles)}.")


def word_maps(image, maps, words) -> Figure:
    """The image once for each word: each region as strong as its weight, beside the largest weight of all `maps`.

    maps: (words, rows, columns). A frame is round the largest weight of each map, and its number beside the word.
    """
    maps = as_weights(maps, "words", "rows", "columns")
    words, most = as_labels("words", words, len(maps), "map"), maps.max() or 1.0
    columns = min(5, len(maps))
    size = columns * (WIDE + 0.04), -(-len(maps) // columns) * (WIDE + 0.24) + 0.04
    picture, said = Picture(size, layout=None), []
    for i, (word, weights) in enumerate(zip(words, maps, strict=True)):
        row, column = divmod(i, columns)
        left, bottom = column * (WIDE + 0.04) + 0.02, size[1] - (row + 1) * (WIDE + 0.24)
        ax = picture.add_axes((left / size[0], bottom / size[1], WIDE / size[0], WIDE / size[1]))
        ax.imshow(faded(np.asarray(image), weights / most), interpolation="nearest")
        _bare(ax)
        (y, x), side = np.unravel_index(weights.argmax(), weights.shape), len(image) / len(weights)
        _outline(ax, side * np.array([x, y, x + 1, y + 1]) - 0.5, RING)
        ax.set_title(word, loc="left", fontsize=SMALL, pad=3, **LITERAL)
        beside = text_width(word, SMALL) + 4, 3
        peak = f"{weights.max():.2f}"
        ax.annotate(peak, (0, 1), beside, "axes fraction", "offset points", fontsize=SMALL - 1, color="#555555")
        said.append(f"“{word}” most at row {y + 1}, column {x + 1} ({peak})")
    scale = f"The picture once for each word; full colours mean a weight of {most:.2f}"
    return describe(ax, f"{scale}. {listing(said, 20)}.")


def cells_and_blobs(image, weights, enlarged) -> Figure:
    """One map as it is, a weight for each region, and enlarged to pixels; a cross marks the largest number of each."""
    weights, enlarged = as_weights(weights, "rows", "columns"), as_weights(enlarged, "height", "width")
    picture, most = Picture((5.0, 2.55), layout=None), weights.max() or 1.0
    kinds, said = {"100 weights, as they are": weights, "25,600 pixels, enlarged": enlarged}, []
    for i, (name, shown) in enumerate(kinds.items()):
        ax = picture.add_axes(((0.06 + 2.5 * i) / 5, 0.02, 2.3 / 5, 2.3 / 2.55))
        ax.imshow(faded(np.asarray(image), shown / most), interpolation="nearest")
        _bare(ax)
        y, x = ((np.array(np.unravel_index(shown.argmax(), shown.shape)) + 0.5) * len(image) / len(shown)) - 0.5
        ax.plot(x, y, "x", color=RING, markersize=9, markeredgewidth=2)
        ax.set_title(name, loc="left", fontsize=SMALL, pad=3, **LITERAL)
        said.append(f"{name}: the largest is {x + 0.5:.0f} pixels from the left and {y + 0.5:.0f} from the top")
    return describe(ax, f"One map on one scale. {listing(said)}.")


def faded(image: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """The image with each of its regions in full colours where its strength is 1, and pale where it is 0."""
    for axis, side in enumerate(image.shape[:2]):
        strength = strength.take(np.arange(side) * strength.shape[axis] // side, axis)
    return np.rint(255 - (255 - image.astype(float)) * (PALE + (1 - PALE) * strength)[..., None]).astype(np.uint8)


def _bare(ax) -> None:
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(color="#888888", linewidth=0.6)


def _outline(ax, sides, colour) -> None:
    left, top, right, bottom = sides
    ax.plot([left, right, right, left, left], [top, top, bottom, bottom, top], color=colour, linewidth=1.5)
