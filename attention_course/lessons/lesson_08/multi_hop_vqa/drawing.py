"""The baskets as pictures. Each cell is drawn for itself, so that a picture's regions can be cut out again exactly."""

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from attention_course.data.scenes import Thing, box, draw
from attention_course.lessons.lesson_08.multi_hop_vqa.scenes import BASKETS, CELLS, COLOURS, KINDS

SIDE = 64  # pixels of a cell
FRAME, GAP = 4, 10  # pixels: a basket's rim, and between two baskets
RIM, FLOOR = (140, 98, 57), (236, 228, 214)
ROWS, COLUMNS = 3, 2
HEIGHT = ROWS * (SIDE + 2 * FRAME + GAP) + GAP
WIDTH = COLUMNS * (2 * SIDE + 2 * FRAME + GAP) + GAP
PARTS = ("train", "test")


def bank(variants: int, part: str = "train") -> UInt8[np.ndarray, "kinds colours variants side side 3"]:
    """Drawings of every kind in every colour, several of each, no two alike in size, place and light.

    The same arguments give the same drawings everywhere; those of the two parts differ.

    Raises ValueError for another part.
    """
    if part not in PARTS:
        raise ValueError(f"part: expected 'train' or 'test', got {part!r}")
    random = np.random.default_rng(PARTS.index(part))
    drawn = [[[_cell(kind, colour, random) for _ in range(variants)] for colour in COLOURS] for kind in KINDS]
    return np.array(drawn)


def _cell(kind: str, colour: str, random: np.random.Generator) -> UInt8[np.ndarray, "side side 3"]:
    """One thing, as a picture of its own."""
    size = random.uniform(0.72, 0.95)
    thing = Thing(kind, colour, 0.5, 0.5, size)
    left, top, right, bottom = box(thing)
    across, down = (random.uniform(-1, 1) * room for room in (min(left, 1 - right), min(top, 1 - bottom)))
    shade = random.normal(0, 8) + random.normal(0, 4, (SIDE, SIDE, 1))  # the light in the basket, and some grain
    ground = np.clip(np.array(FLOOR) + shade, 0, 255).astype(np.uint8)
    return draw([thing._replace(x=0.5 + 0.9 * across, y=0.5 + 0.9 * down)], ground)


def corner(cell: int) -> tuple[int, int]:
    """The pixel (x, y) of a cell's upper left corner in the picture."""
    basket, right = divmod(cell, 2)
    row, column = divmod(basket, COLUMNS)
    x = GAP + FRAME + column * (2 * SIDE + 2 * FRAME + GAP) + right * SIDE
    return x, GAP + FRAME + row * (SIDE + 2 * FRAME + GAP)


def picture(cells: UInt8[np.ndarray, "cells side side 3"]) -> UInt8[np.ndarray, "height width 3"]:
    """Twelve drawings in their baskets."""
    image = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    image[:] = FLOOR
    for basket in range(len(BASKETS)):
        x, y = corner(2 * basket)
        image[y - FRAME : y + SIDE + FRAME, x - FRAME : x + 2 * SIDE + FRAME] = RIM
    for cell in range(CELLS):
        x, y = corner(cell)
        image[y : y + SIDE, x : x + SIDE] = cells[cell]
    return image


def regions(image: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "cells side side 3"]:
    """The twelve cells, cut out of a picture."""
    corners = [corner(cell) for cell in range(CELLS)]
    return np.stack([image[y : y + SIDE, x : x + SIDE] for x, y in corners])


def places(device: torch.device | None = None) -> Float[Tensor, "cells 8"]:
    """Where the cells are, one row a cell: in which basket (six numbers), on which side of it (two)."""
    basket = torch.eye(len(BASKETS), device=device).repeat_interleave(2, 0)
    return torch.cat([basket, torch.eye(2, device=device).repeat(len(BASKETS), 1)], 1)
