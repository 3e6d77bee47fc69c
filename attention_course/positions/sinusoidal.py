"""Sines and cosines of many wavelengths, added to the embeddings (Vaswani et al. 2017, section 3.5)."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


def sinusoids(
    positions: Int[Tensor, " length"], size: int, base: float = 10_000.0, dtype: torch.dtype = torch.float32
) -> Float[Tensor, "length size"]:
    """Row p is (sin(p w_0), cos(p w_0), sin(p w_1), cos(p w_1), ...) with w_i = base^(-2i / size).

    Wavelengths grow from 2 pi to nearly base * 2 pi positions. The row of p + n is that of p with each pair turned by
    n w_i: one linear map moves every position by n. `size` must be even, or ValueError says so.
    """
    if size % 2:
        raise ValueError(f"size: expected an even number, got {size}")
    rates = base ** (-torch.arange(0, size, 2, device=positions.device, dtype=dtype) / size)
    angles = positions.unsqueeze(-1) * rates  # (length, size / 2)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(-2)  # (length, size)


class SinusoidalPositions(nn.Module):
    """Adds `sinusoids` to embeddings of any length. Nothing is learned."""

    def __init__(self, size: int):
        super().__init__()
        self.size = size

    def forward(self, x: Float[Tensor, "*batch length size"], start: int = 0) -> Float[Tensor, "*batch length size"]:
        """The first of the embeddings stands at position `start`, which is above 0 when earlier ones are cached."""
        positions = torch.arange(start, start + x.shape[-2], device=x.device)
        return x + sinusoids(positions, self.size, dtype=torch.promote_types(x.dtype, torch.float32)).to(x.dtype)
