"""Pictures of six baskets with two things in each, as numbers: which kind and which colour stands in which cell.

Twelve things of twelve kinds; each of the six colours comes twice, and never twice in one basket. So everything
has one other thing of its colour, and one beside it, and the two are different things. Kinds, colours and cells can be
exchanged for one another, which is why neither a question nor a place says anything about an answer.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from attention_course.data.scenes import COLOURS as PAINTS

KINDS = (
    "cat", "dog", "elephant", "rabbit", "bird", "fish", "turtle", "apple", "banana",
    "carrot", "tractor", "bicycle", "boat", "rocket", "tree", "umbrella", "key", "guitar",
)  # fmt: skip
COLOURS = tuple(PAINTS)
BASKETS = ("top-left", "top-right", "middle-left", "middle-right", "bottom-left", "bottom-right")
CELLS = 2 * len(BASKETS)
"""Cell 2b is the left one in basket b, cell 2b + 1 the right one."""


class Scenes(NamedTuple):
    """Some pictures: the kind and the colour in every cell."""

    kinds: Int[Tensor, "scenes cells"]
    colours: Int[Tensor, "scenes cells"]


def random_scenes(n: int, generator: torch.Generator | None = None) -> Scenes:
    """`n` pictures at random."""
    kinds = torch.rand(n, len(KINDS), dtype=torch.float32, **drawn_by(generator)).argsort(1)[:, :CELLS]
    colours = _colours(n, generator)
    while (same := (colours[:, ::2] == colours[:, 1::2]).any(1)).any():
        colours[same] = _colours(int(same.sum()), generator)
    return Scenes(kinds, colours)


def scene_batches(n: int, size: int, generator: torch.Generator | None = None) -> Iterator[Scenes]:
    """`n` times `size` new pictures, each drawn when it is asked for."""
    for _ in range(n):
        yield random_scenes(size, generator)


def _colours(n: int, generator: torch.Generator | None) -> Int[Tensor, "scenes cells"]:
    """Each colour twice, in any cells."""
    return torch.rand(n, CELLS, dtype=torch.float32, **drawn_by(generator)).argsort(1) // 2


def drawn_by(generator: torch.Generator | None) -> dict:
    """What to tell PyTorch's random functions: numbers are drawn on their generator's device."""
    return {"generator": generator, "device": generator.device if generator else None}
