"""Does attention fall on the thing that a word names? Where the things are must be known."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Box = Sequence[float | int]  # left, top, right, bottom, as shares of the picture's side; y runs down


class Pointing(NamedTuple):
    """Averages over all nouns, each from 0 to 1."""

    rate: float  # how often the largest weight lies in a box of what the noun names
    mass: float  # how much of the weight lies there
    random_region: float  # the rate, and the mass, of who knows nothing: a region at random, or all alike
    random_thing: float  # the rate of who finds the things, and not which is meant


def inside(boxes: Sequence[Box], rows: int, columns: int) -> Bool[Tensor, " regions"]:
    """Which regions have their centre in one of the boxes; they run row by row from the upper left."""
    corners = torch.tensor([tuple(box) for box in boxes], device="cpu")
    left, top, right, bottom = corners.reshape(-1, 4).T.unsqueeze(-1)  # (boxes, 1)
    y, x = ((torch.arange(n, device="cpu") + 0.5) / n for n in (rows, columns))
    within = ((left <= x) & (x <= right)).unsqueeze(1) & ((top <= y) & (y <= bottom)).unsqueeze(2)
    return within.any(0).flatten()  # (boxes, rows, columns) -> (regions)


def pointing(
    maps: Float[Tensor, "nouns regions"], named: Sequence[Sequence[Box]], things: Sequence[Sequence[Box]]
) -> Pointing:
    """The pointing of one map for each noun, over square grids of regions.

    named: the boxes of what the noun names, any of which will do. things: all boxes of the noun's picture.

    Nothing is made finer: a map points at the centre of its region. (Bilinear enlargement is flat beyond the outer
    centres, and its peak falls on the picture's edge.) Raises ValueError for numbers that do not fit, or no nouns.
    """
    if not len(maps) == len(named) == len(things) or not len(maps):
        raise ValueError(
            f"maps, named and things: expected one for each noun, got {len(maps)}, {len(named)} and {len(things)}"
        )
    side = round(maps.shape[-1] ** 0.5)
    if side**2 != maps.shape[-1]:
        raise ValueError(f"maps: expected a square number of regions, got {maps.shape[-1]}")
    targets = torch.stack([inside(boxes, side, side) for boxes in named]).to(maps.device)  # (nouns, regions)
    hits = targets.gather(1, maps.argmax(-1, keepdim=True)).float()
    shares = [len(boxes) / len(all_boxes) for boxes, all_boxes in zip(named, things, strict=True)]
    return Pointing(
        hits.mean().item(),
        (maps * targets).sum(-1).mean().item(),
        targets.float().mean().item(),
        sum(shares) / len(shares),
    )
