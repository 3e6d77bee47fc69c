"""Small scenes of OpenMoji pictures, with their captions and with every picture's box known; as many as wanted.

    scene = scenes(1)[0]
    scene.words         ("two", "red", "apples", "above", "a", "blue", "cat")
    scene.names         {2: (0, 1), 6: (2,)}: which things the word at a position names
    scene.image(160)    (160, 160, 3), drawn when asked for: a scene itself is a few numbers
    scene.boxes         one for each thing, as shares of the scene's side

Other layouts can be drawn with the same pictures: a `Scene` of any `Thing`s has an image and boxes, and `compose` gives
it its caption, if it has one. Show `CREDIT` with what you draw.
"""

import hashlib
from collections.abc import Mapping, Sequence
from random import Random
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from attention_course.data.scenes.captions import Caption, caption
from attention_course.data.scenes.drawing import Box, Thing, box, draw
from attention_course.data.scenes.grounds import ground as new_ground
from attention_course.data.scenes.layout import captioned
from attention_course.data.scenes.pictures import COLOURS, CREDIT, KINDS, picture

__all__ = ["COLOURS", "CREDIT", "KINDS", "Box", "Scene", "Thing", "box", "compose", "draw", "new_ground", "part_of"]
__all__ += ["picture", "scenes"]

PARTS = ("train", "test")


class Scene(NamedTuple):
    """Things on a ground. `words` and `names` are its caption (see `captions.Caption`), empty where it has none."""

    things: tuple[Thing, ...]
    ground: int  # the seed of `grounds.ground`
    words: tuple[str, ...] = ()
    names: Mapping[int, tuple[int, ...]] = {}

    def image(self, size: int = 160) -> UInt8[np.ndarray, "size size 3"]:
        return draw(self.things, new_ground(self.ground, size))

    @property
    def boxes(self) -> list[Box]:
        return [box(thing) for thing in self.things]

    def named(self, position: int) -> list[Box]:
        """The boxes of what the word at this position names."""
        return [box(self.things[i]) for i in self.names[position]]


def scenes(n: int, seed: int = 0, part: str = "train") -> list[Scene]:
    """`n` scenes with captions. The same arguments give the same scenes everywhere.

    No caption is in both parts, whatever the other arguments (see `part_of`); within a part captions may come again, in
    another picture. Raises ValueError for a negative number or another part.
    """
    if n < 0:
        raise ValueError(f"n: expected 0 or more scenes, got {n}")
    if part not in PARTS:
        raise ValueError(f"part: expected 'train' or 'test', got {part!r}")
    random, found = Random(f"{part} {seed}"), []
    while len(found) < n:
        things, (words, names) = captioned(random.random)
        ground = int(random.random() * 2**32)
        if part_of(words) == part:
            found.append(Scene(tuple(things), ground, words, names))
    return found


def part_of(words: Sequence[str]) -> str:
    """Which part a caption belongs to: one in ten is for testing, by a hash of its words alone."""
    return "test" if hashlib.sha256(" ".join(words).encode()).digest()[0] < 26 else "train"


def compose(things: Sequence[Thing], ground: int = 0) -> Scene:
    """A scene of your own, with its caption if it has a clear one. For the errors see `captions.caption`."""
    found = caption(things) or Caption((), {})
    return Scene(tuple(things), ground, found.words, found.names)
