"""What EfficientNet sees in the cells of basket pictures: drawn and encoded once, put together anew for every batch."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn

from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa
from attention_course.models.region_features import as_images
from attention_course.modes import evaluating

PLACE = 3.0
"""How large the numbers are that say where a cell is, beside channels of standard deviation 1."""


class DrawingBank(NamedTuple):
    """Drawings of every kind in every colour, and their features, each channel with mean 0 and standard deviation 1."""

    pixels: UInt8[np.ndarray, "kinds colours variants side side 3"]
    features: Float[Tensor, "kinds colours variants channels"]

    def variants(self, n: int, generator: torch.Generator | None = None) -> Int[Tensor, "n cells"]:
        """Which of the drawings stands in each cell, at random."""
        return torch.randint(self.features.shape[2], (n, vqa.CELLS), **vqa.drawn_by(generator))

    def regions(
        self, scenes: vqa.Scenes, variants: Int[Tensor, "scenes cells"]
    ) -> Float[Tensor, "scenes cells region_size"]:
        """The cells' vectors, on the features' device: the encoder's channels, and where the cell is."""
        where = self.features.device
        seen = self.features[scenes.kinds.to(where), scenes.colours.to(where), variants.to(where)]
        places = vqa.places(where).to(seen.dtype)
        return torch.cat([seen, PLACE * places.expand(*seen.shape[:2], -1)], -1)

    def picture(self, scenes: vqa.Scenes, variants: Int[Tensor, "scenes cells"], i: int) -> np.ndarray:
        """Picture i as pixels, (height, width, 3)."""
        cells = self.pixels[tuple(which[i].cpu().numpy() for which in (scenes.kinds, scenes.colours, variants))]
        return vqa.picture(cells)


def drawing_banks(encoder: nn.Module, variants: int = 12) -> tuple[DrawingBank, DrawingBank]:
    """Drawings to train on, and half as many to test on, of which none is among the first.

    Every cell is encoded by itself, as a detector's boxes are cut out of a photograph. In a map of the whole
    picture the vector of a cell would have seen its neighbours, and one look would be two.
    """
    drawn = [vqa.bank(variants, "train"), vqa.bank(variants // 2, "test")]
    encoded = [_encode(encoder, pixels) for pixels in drawn]
    mean, std = encoded[0].flatten(0, 2).mean(0), encoded[0].flatten(0, 2).std(0) + 1e-6
    train, test = (DrawingBank(p, (f - mean) / std) for p, f in zip(drawn, encoded, strict=True))
    return train, test


@torch.no_grad()
def _encode(encoder: nn.Module, pixels: np.ndarray) -> Float[Tensor, "kinds colours variants channels"]:
    """The mean over each drawing's regions, on the encoder's device."""
    flat, like = pixels.reshape(-1, *pixels.shape[3:]), next(encoder.parameters(), torch.zeros(0, device="cpu"))
    with evaluating(encoder):
        means = [encoder(as_images(flat[i : i + 24]).to(like)).mean((2, 3)) for i in range(0, len(flat), 24)]
    return torch.cat(means).view(*pixels.shape[:3], -1)
