"""A picture once for each word, seen where the word looks and pale elsewhere."""

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from attention_course.plots.arguments import as_heads, as_labels, as_names
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, SMALL, listing, text_width

WIDEST, SIDE, MOST = 480, 90, 12  # points: all pictures of a row, a picture; pictures
GAP, LINE, PALE = 8, 16, 0.2
TINY, SPACE = SMALL - 2, 5  # points: the largest weight, and from the word to it
PIXELS = 120  # of a picture's longer side: half of what is drawn, and a notebook carries every one


def picture_grid(image, weights, queries, *, layers=None, heads=None) -> Figure:
    """The picture for each of `queries`, in its full colours where the largest weight falls, fading with the weight.
    Beside each word stands its largest weight, for each picture has a scale of its own.

    `image` is (height, width, 3) of uint8; `weights` is (queries, rows, columns), with axes for heads, or for layers
    and heads, in front. Of more than 12 pictures the first 12 are drawn, and the text says so.
    """
    weights = as_heads(weights, "queries", "rows", "columns")
    queries = as_labels("queries", queries, weights.shape[2], "map")
    layers = as_names("layers", layers, weights.shape[0])
    heads = as_names("heads", heads, weights.shape[1])
    parts = [names if len(names) > 1 else [""] for names in (layers, heads)]
    names = [
        ": ".join(filter(None, (layer, head, word))) for layer in parts[0] for head in parts[1] for word in queries
    ]
    maps = weights.reshape(-1, *weights.shape[3:])
    small = Image.fromarray(np.asarray(image))
    small.thumbnail((PIXELS, PIXELS), Image.Resampling.LANCZOS)
    image = np.asarray(small)
    shown = min(len(maps), MOST)

    width = max(SIDE, 4 + max(text_width(name, SMALL) for name in names[:shown]) + SPACE + text_width("0.00", TINY))
    columns = min(shown, max(1, int((WIDEST + GAP) // (width + GAP))))
    height = SIDE * image.shape[0] / image.shape[1]
    size = columns * (width + GAP) + GAP, -(-shown // columns) * (height + LINE + 6) + GAP
    picture = Picture((size[0] / 72, size[1] / 72), layout=None)
    for index in range(shown):
        row, column = divmod(index, columns)
        x, y = GAP + column * (width + GAP), size[1] - (row + 1) * (height + LINE + 6)
        ax = picture.add_axes((x / size[0], y / size[1], SIDE / size[0], height / size[1]))
        ax.imshow(faded(image, maps[index]), interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(color="#888888", linewidth=0.6)
        ax.set_title(names[index], loc="left", fontsize=SMALL, pad=4, **LITERAL)
        beside = text_width(names[index], SMALL) + SPACE, 4
        peak = f"{maps[index].max():.2f}"
        ax.annotate(
            peak, (0, 1), beside, xycoords="axes fraction", textcoords="offset points", fontsize=TINY, color="#666666"
        )

    said = [f"“{name}” {_peak(shades)}" for name, shades in zip(names, maps, strict=True)]
    rest = f", of which {shown} are drawn" if shown < len(maps) else ""
    regions = f"{maps.shape[1]} rows of {maps.shape[2]} regions"
    return describe(ax, f"Attention over a picture of {regions}, {len(maps)} maps{rest}: {listing(said)}.")


def faded(image: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The image with each of its regions as strong as its weight is, beside the largest.

    Colours keep five bits, which no eye misses: a textured ground then takes a third of the space.
    """
    strength = PALE + (1 - PALE) * weights / (weights.max() or 1)
    for axis, side in enumerate(image.shape[:2]):
        strength = strength.take(np.arange(side) * strength.shape[axis] // side, axis)
    return np.rint(255 - (255 - image.astype(float)) * strength[..., None]).astype(np.uint8) | 7


def _peak(weights: np.ndarray) -> str:
    top = weights.max()
    if top == 0:
        return "looks at nothing"
    if np.ptp(weights) < 1e-9:
        return f"looks evenly at all {weights.size} regions"
    row, column = np.argwhere(weights == top)[0] + 1
    return f"looks most at row {row}, column {column} ({top:.2f})"
