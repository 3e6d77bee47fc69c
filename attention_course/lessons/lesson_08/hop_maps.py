"""A picture once for each hop: what it looks at in full colour, the rest pale."""

import textwrap

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attention_course.plots.arguments import as_weights
from attention_course.plots.maps import RING
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, NORMAL, SMALL, widest

PALE, WORTH_A_NUMBER = 0.25, 0.05  # strength of what gets no weight; weight
WIDEST, WHOLE = 168, 420  # points: a picture, and all of them, so that the figure is at most 6 inches wide
SAMPLE = "#333333"  # no colour of a picture, to show the scale with


def hop_maps(image, maps, corners, side: int, names, *, titles=None, expected=None, heading: str = "") -> Figure:
    """`image` (height, width, 3) of uint8 once for each row of `maps` (hops, regions).

    `corners` gives the pixel (x, y) of each region's upper left corner, `side` the regions' width and height in pixels,
    `names` what stands in them. `expected` has one region for each hop, which is framed, or None. Weights of .05 and
    more are written into their regions. The scale stands below. ValueError where lengths do not fit.
    """
    maps = as_weights(maps, "hops", "regions")
    expected = [None] * len(maps) if expected is None else list(expected)
    titles = [f"hop {m}" for m in range(1, len(maps) + 1)] if titles is None else list(titles)
    for what, given, wanted in [("corners", corners, maps.shape[1]), ("names", names, maps.shape[1])]:
        if len(given) != wanted:
            raise ValueError(f"{what}: expected one for each of {wanted} regions, got {len(given)}")
    for what, given in [("titles", titles), ("expected", expected)]:
        if len(given) != len(maps):
            raise ValueError(f"{what}: expected one for each of {len(maps)} hops, got {len(given)}")
    broad = min(WIDEST, WHOLE / len(maps) - 12)
    tall = broad * image.shape[0] / image.shape[1]
    step = max(broad, widest(titles, NORMAL)) + 12
    wide = len(maps) * step + 12
    lines = _wrapped(heading, wide)
    size = wide, tall + 54 + 16 * len(lines)
    picture = Picture((size[0] / 72, size[1] / 72), layout=None)
    said = []
    for m, weights in enumerate(maps):
        left = 12 + m * step
        ax = picture.add_axes((left / size[0], 28 / size[1], broad / size[0], tall / size[1]))
        ax.imshow(image, interpolation="nearest")  # blended pixels would cost the palette the pure colours
        for i, ((x, y), weight) in enumerate(zip(corners, weights, strict=True)):
            ax.add_patch(Rectangle((x - 0.5, y - 0.5), side, side, facecolor="white", alpha=_veil(weight), linewidth=0))
            if weight >= WORTH_A_NUMBER:
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}
                ax.text(x + 3, y + 4, f"{weight:.2f}", va="top", fontsize=SMALL - 1.5, bbox=box, **LITERAL)
            if i == expected[m]:
                ax.add_patch(Rectangle((x, y), side - 1, side - 1, fill=False, edgecolor=RING, linewidth=2.2))
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        ax.set_title(titles[m], loc="left", fontsize=NORMAL, pad=5, **LITERAL)
        top = int(weights.argmax())
        where = "" if expected[m] is None else f", {'as' if top == expected[m] else 'not as'} expected"
        said.append(f"{titles[m]} looks most at the {names[top]} ({weights[top]:.2f}){where}")
    _scale(picture, size)
    for i, line in enumerate(lines):
        picture.text(12 / size[0], 1 - (14 + 16 * i) / size[1], line, fontsize=NORMAL + 1, **LITERAL)
    return describe(
        ax, f"{heading}{'. ' * bool(heading)}The picture once for each of {len(maps)} hops: {'; '.join(said)}."
    )


def _veil(weight: float | int) -> float:
    """How much white lies on a region: one scale for all hops and pictures."""
    return (1 - PALE) * (1 - weight)


def _scale(picture: Picture, size: tuple[float | int, float | int]) -> None:
    """What strength of colour stands for what weight, below the pictures."""
    picture.text(12 / size[0], 10 / size[1], "weight", fontsize=SMALL, va="center", **LITERAL)
    for i, weight in enumerate((0, 0.25, 0.5, 0.75, 1) if size[0] > 290 else (0, 0.5, 1)):
        corner, extent = ((58 + 44 * i) / size[0], 5 / size[1]), (14 / size[0], 10 / size[1])
        for colour, alpha in ((SAMPLE, 1), ("white", _veil(weight))):
            patch = Rectangle(
                corner, *extent, facecolor=colour, alpha=alpha, linewidth=0, transform=picture.transFigure
            )
            picture.add_artist(patch)
        picture.text((75 + 44 * i) / size[0], 10 / size[1], f"{weight:g}", fontsize=SMALL, va="center", **LITERAL)


def _wrapped(heading: str, wide: float | int) -> list[str]:
    """The lines of a heading over a picture of this width."""
    for characters in range(int(wide // 6), 0, -1):
        lines = textwrap.wrap(heading, characters)
        if not lines or widest(lines, NORMAL + 1) <= wide - 16:
            break
    return lines
