"""Photographs of some of the things that the scenes are made of, cut out: to test what was learned from drawings.

They are stamps of Tux Paint (GPL 2 or later: `registry.licence("tuxpaint_stamps")`) and have to be downloaded.
"""

from functools import cache

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from attention_course.data import registry
from attention_course.data.scenes.drawing import Box, fitted, paste
from attention_course.data.scenes.grounds import ground as new_ground

PHOTOS = {
    "apple": ["food/fruit/apple_green", "food/fruit/apple_red", "food/fruit/apple_fuji"],
    "banana": ["food/fruit/banana"],
    "bird": ["animals/birds/blackbird", "animals/birds/crow", "animals/birds/lark", "animals/birds/pigeon"],
    "boat": ["vehicles/ship/chineseJunk", "vehicles/ship/walnutBoat"],
    "carrot": ["food/vegetables/carrot"],
    "dog": ["animals/mammals/dogs/dog"],
    "elephant": ["animals/mammals/elephant"],
    "fish": ["animals/fish/bluegroper", "animals/fish/butterflyfish", "animals/fish/clownfish"],
    "flower": ["plants/flowers/flower2", "plants/flowers/flower3", "plants/flowers/yellow-flower"],
    "guitar": ["hobbies/music/string/guitar2", "hobbies/music/string/guitar_classical"],
    "horse": ["animals/mammals/equines/horse"],
    "lemon": ["food/fruit/lemon"],
    "mushroom": ["food/vegetables/mushroom", "plants/mushrooms/cep-2"],
    "pear": ["food/fruit/pear"],
    "rabbit": ["animals/mammals/rodents/rabbit", "animals/mammals/rodents/rabbit-2"],
    "strawberry": ["food/fruit/strawberry"],
}
"""The files by what they show."""


@cache
def photo(name: str) -> UInt8[np.ndarray, "height width 4"]:
    """A photograph in red, green, blue and opacity, cut to what can be seen, at most 256 pixels long.

    Raises `DatasetUnavailable` where it cannot be had, ValueError for a name that is not in `PHOTOS`.
    """
    image = Image.open(registry.fetch(f"tuxpaint_stamps/{name}.png")).convert("RGBA")
    image = image.crop(image.getchannel("A").getbbox())
    image.thumbnail((256, 256))
    return np.asarray(image)


def photo_scene(
    name: str, x: float, y: float, size: float, ground: int, pixels: int = 160
) -> tuple[UInt8[np.ndarray, "pixels pixels 3"], Box]:
    """One photograph on a ground, fitted into a cell as a `Thing` is: the image, and the photograph's box."""
    cut_out = photo(name)
    where = fitted(cut_out, x, y, size)
    image = Image.fromarray(new_ground(ground, pixels))
    paste(image, cut_out, where)
    return np.array(image), where
