"""ALiBi: each score loses in proportion to the distance (Press, Smith and Lewis 2022)."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.positions.biased import biased_attention
from attention_course.positions.distance import distances


def slopes(heads: int) -> Float[Tensor, " heads"]:
    """One slope a head: 2^(-8/H), 2^(-16/H), ..., 2^-8 where H is a power of two.

    For another H, as in the authors' code: those of the next lower power of two, and then every second one of the next
    higher.
    """
    lower = 2 ** math.floor(math.log2(heads))
    geometric = [2 ** (-8 * (i + 1) / lower) for i in range(lower)]
    between = [2 ** (-8 * (i + 1) / (2 * lower)) for i in range(0, 2 * lower, 2)]
    return torch.tensor((geometric + between)[:heads])


class AlibiAttention(nn.Module):
    """Adds -slope * |distance| to the scores of each head. Nothing is learned.

    The paper's decoder looks only back. Here a key that lies ahead loses as much as one equally far behind.
    """

    of_heads = ("slopes",)

    def __init__(self, heads: int):
        super().__init__()
        self.register_buffer("slopes", slopes(heads))

    def forward(
        self,
        queries: Float[Tensor, "*#batch heads queries key_size"],
        keys: Float[Tensor, "*#batch heads keys key_size"],
        values: Float[Tensor, "*#batch heads keys value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        need_weights: bool = True,
    ) -> tuple[Float[Tensor, "*#batch heads queries value_size"], Float[Tensor, "*#batch heads queries keys"] | None]:
        bias = -self.slopes[:, None, None] * distances(queries, keys).abs()  # (H, L, S)
        return biased_attention(queries, keys, values, bias, mask, causal, need_weights)
