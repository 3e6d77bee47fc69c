"""Vectors cut into as many pieces as there are heads, and put together again."""

from jaxtyping import Float
from torch import Tensor


def split_heads(x: Float[Tensor, "*batch words size"], heads: int) -> Float[Tensor, "*batch heads words head_size"]:
    """Cut every vector into `heads` pieces, and bring the heads in front of the words."""
    return x.unflatten(-1, (heads, -1)).transpose(-3, -2)  # (B, S, H D) -> (B, S, H, D) -> (B, H, S, D)


def merge_heads(x: Float[Tensor, "*batch heads words head_size"]) -> Float[Tensor, "*batch words size"]:
    """The way back: the pieces of each word side by side."""
    return x.transpose(-3, -2).flatten(-2)  # (B, H, S, D) -> (B, S, H, D) -> (B, S, H D)
