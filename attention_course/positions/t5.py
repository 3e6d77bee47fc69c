"""T5's relative bias: a learned number for each head and each bucket of distances (Raffel et al. 2020)."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Int
from torch import Tensor, nn

from attention_course.functional import scaled_dot_product_attention
from attention_course.positions.relative import RelativeAttention


def bucket(distance: Int[Tensor, "*shape"], buckets: int = 32, max_distance: int = 128) -> Int[Tensor, "*shape"]:
    """The bucket of each distance (key position less query position).

    Half of the buckets are for keys that lie ahead. Of each half, the first half hold one distance each, the others
    share the distances up to `max_distance` in steps that grow as their logarithm; what is farther falls into the last.

    Raises ValueError where there are fewer than 4 buckets, or `max_distance` lies within the exact ones.
    """
    half = buckets // 2
    exact = half // 2
    if not 0 < exact < max_distance:
        raise ValueError(
            f"buckets and max_distance: expected 4 or more and above {exact}, got {buckets} and {max_distance}"
        )
    far = distance.abs()
    share = (far.clamp(min=1) / exact).log() / math.log(max_distance / exact)  # 0 at `exact`, 1 at `max_distance`
    grown = (exact + (share * (half - exact)).long()).clamp(max=half - 1)
    return torch.where(far < exact, far, grown) + half * (distance > 0)


class T5Attention(RelativeAttention):
    """Adds a learned bias, b[head, bucket(distance)], to the scores.

    T5 itself does not divide the scores by sqrt(D) (its initialisation makes up for it); here they are divided.

    attend: whose scores they are, see `RelativeAttention`.
    """

    of_heads = ("bias",)

    def __init__(
        self,
        heads: int,
        buckets: int = 32,
        max_distance: int = 128,
        attend: Callable = scaled_dot_product_attention,
    ):
        super().__init__(attend)
        self.buckets, self.max_distance = buckets, max_distance
        self.bias = nn.Parameter(torch.zeros(heads, buckets))

    def numbers(self, distances):
        return self.bias[:, bucket(distances, self.buckets, self.max_distance)]
