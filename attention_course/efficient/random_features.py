"""Random features whose products are, on average, the softmax's exponentials (Performer: Choromanski et al. 2021)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class PositiveRandomFeatures(nn.Module):
    """phi(x)_r = exp(w_r . x' - |x'|² / 2) / sqrt(R), with x' = x / D^(1/4) and w_r normal.

    The mean of phi(q)_r phi(k)_r over the w_r is exp(q . k / sqrt(D)) / R: linear attention with these features is, in
    the mean, scaled dot-product attention. What a finite R misses grows fast with the length of q and k.

    number: R. orthogonal: the w_r stand at right angles, D at a time, which lowers the error.
    `redraw` takes new ones, as the authors do now and then during training.
    """

    def __init__(self, size: int, number: int, orthogonal: bool = True, seed: int = 0):
        super().__init__()
        self.orthogonal = orthogonal
        self.register_buffer("directions", draw(size, number, orthogonal, seed))  # (R, D)

    def redraw(self, seed: int) -> None:
        """Other random directions, in place."""
        number, size = self.directions.shape
        self.directions.copy_(draw(size, number, self.orthogonal, seed))

    def forward(self, x: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch features"]:
        number, size = self.directions.shape
        x = x / size**0.25
        exponents = x @ self.directions.mT - x.square().sum(-1, keepdim=True) / 2
        return exponents.exp() / number**0.5


def draw(size: int, number: int, orthogonal: bool, seed: int) -> Float[Tensor, "number size"]:
    """`number` normal vectors; orthogonal ones keep a normal vector's lengths."""
    generator = torch.Generator().manual_seed(seed)
    normal = torch.randn(number, size, generator=generator)
    if not orthogonal:
        return normal
    blocks = []
    for _ in range(-(-number // size)):
        q, r = torch.linalg.qr(torch.randn(size, size, generator=generator))
        blocks.append(q * r.diagonal().sign())  # QR settles signs its own way: without this no direction is uniform
    return torch.cat(blocks)[:number] * normal.norm(dim=-1, keepdim=True)
