"""What scenes are drawn on: plain, shaded from one colour to another, or cloudy, always light and a little grainy."""

import math

import numpy as np
from jaxtyping import UInt8
from PIL import Image


def ground(seed: int, size: int) -> UInt8[np.ndarray, "size size 3"]:
    """One of many grounds, `size` pixels wide and high; the same seed gives the same one."""
    random = np.random.default_rng(seed)
    colour = random.integers(150, 256, 3).astype(np.float32)
    style = random.integers(3)
    if style == 0:
        drawn = np.broadcast_to(colour, (size, size, 3))
    elif style == 1:
        other, angle = random.integers(150, 256, 3), random.uniform(0, 2 * math.pi)
        y, x = np.mgrid[0:size, 0:size] / size - 0.5
        share = np.clip(0.5 + x * math.cos(angle) + y * math.sin(angle), 0, 1)[..., None]
        drawn = colour * (1 - share) + other * share
    else:
        coarse = Image.fromarray(random.normal(0, 14, (size // 8 + 1, size // 8 + 1)).astype(np.float32))
        drawn = colour + np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC))[..., None]
    grain = random.normal(0, 4, (size, size, 1))
    return np.clip(drawn + grain, 0, 255).astype(np.uint8)
