"""Pictures placed on a ground. Where a thing is, is known without drawing it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from attention_course.data.scenes.pictures import picture


class Box(NamedTuple):
    """A rectangle, as shares of the scene's side: x runs to the right, y runs down."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.top <= y <= self.bottom


class Thing(NamedTuple):
    """A picture of a `kind` in a `colour` (None: its own), as large as fits into a square cell.

    x, y: the cell's centre; size: its side; all as shares of the scene's side.
    """

    kind: str
    colour: str | None
    x: float
    y: float
    size: float


def box(thing: Thing) -> Box:
    """The rectangle that the thing's picture fills: as long as its cell one way, less the other way."""
    return fitted(picture(thing.kind), thing.x, thing.y, thing.size)


def fitted(pixels: UInt8[np.ndarray, "height width 4"], x: float, y: float, size: float) -> Box:
    """The rectangle of any picture that is fitted into a square cell round (x, y)."""
    height, width = pixels.shape[:2]
    scale = size / max(height, width) / 2
    return Box(x - width * scale, y - height * scale, x + width * scale, y + height * scale)


def around(boxes: Iterable[Box]) -> Box:
    """The smallest rectangle with all of `boxes` in it."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def draw(things: Sequence[Thing], ground: UInt8[np.ndarray, "size size 3"]) -> UInt8[np.ndarray, "size size 3"]:
    """The things on the ground, later ones over earlier ones. The ground is left as it was.

    Edges come to lie on whole pixels, at most half a pixel from those of `box`. Raises ValueError for a thing that
    sticks out of the scene.
    """
    size = len(ground)
    image = Image.fromarray(ground)
    for thing in things:
        where = box(thing)
        if not all(0 <= round(side * size) <= size for side in where):
            raise ValueError(f"things: expected all inside the scene, got {thing}")
        paste(image, picture(thing.kind, thing.colour), where)
    return np.array(image)


def paste(image: Image.Image, pixels: UInt8[np.ndarray, "height width 4"], where: Box) -> None:
    """Draw a picture into a rectangle of `image`."""
    left, top, right, bottom = (round(side * image.width) for side in where)
    resized = Image.fromarray(pixels).resize((max(1, right - left), max(1, bottom - top)), Image.Resampling.LANCZOS)
    image.paste(resized, (left, top), resized)
