"""ALiBi: each score loses in proportion to the distance (Press, Smith and Lewis 2022)."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from attention_course.functional import scaled_dot_product_attention
from attention_course.positions.relative import RelativeAttention


def slopes(heads: int) -> Float[Tensor, " heads"]:
    """One slope a head: 2^(-8/H), 2^(-16/H), ..., 2^-8 where H is a power of two.

    For another H, as in the authors' code: those of the next lower power of two, and then every second one of the next
    higher.
    """
    lower = 2 ** math.floor(math.log2(heads))
    geometric = [2 ** (-8 * (i + 1) / lower) for i in range(lower)]
    between = [2 ** (-8 * (i + 1) / (2 * lower)) for i in range(0, 2 * lower, 2)]
    return torch.tensor((geometric + between)[:heads])


class AlibiAttention(RelativeAttention):
    """Adds -slope * |distance| to the scores of each head. Nothing is learned.

    The paper's decoder looks only back. Here a key that lies ahead loses as much as one equally far behind.

    attend: whose scores they are, see `RelativeAttention`.
    """

    of_heads = ("slopes",)

    def __init__(self, heads: int, attend: Callable = scaled_dot_product_attention):
        super().__init__(attend)
        self.register_buffer("slopes", slopes(heads))

    def numbers(self, distances):
        return -self.slopes.view(-1, *(1,) * distances.dim()) * distances.abs()
