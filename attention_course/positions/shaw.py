"""A vector for each distance joins the key and the value (Shaw, Uszkoreit and Vaswani 2018)."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.functional import scaled_dot_product_attention
from attention_course.positions.by_distance import gathered, index_of, spread
from attention_course.positions.relative import Relative, RelativeAttention


class ShawAttention(RelativeAttention):
    """score(i, j) = q_i . (k_j + a_ij) / sqrt(D), output_i = sum_j alpha_ij (v_j + b_ij), a and b depending on j - i.

    max_distance: distances beyond it share its vector, on either side (the paper's k).
    attend: whose scores and outputs they are, see `RelativeAttention`.
    The vectors are shared between the heads, as in the paper, where a is a^K and b is a^V.
    """

    of_heads = ()

    def __init__(
        self,
        head_size: int,
        max_distance: int = 16,
        value_size: int | None = None,
        attend: Callable = scaled_dot_product_attention,
    ):
        super().__init__(attend)
        self.max_distance = max_distance
        self.to_keys = nn.Parameter(torch.randn(2 * max_distance + 1, head_size) * 0.02)
        self.to_values = nn.Parameter(torch.randn(2 * max_distance + 1, value_size or head_size) * 0.02)

    def scores(self, queries, keys, at):
        vectors, index = self._of_steps(self.to_keys, at), self._index(queries, keys, at)
        return spread(queries @ vectors.mT, index, at.start(queries.shape[-2], keys))

    def output(self, weights, at):
        vectors, index = self._of_steps(self.to_values, at), self._index(weights, weights.shape[-1], at)
        return gathered(weights, index, len(vectors) // 2, at.start(*weights.shape[-2:])) @ vectors

    def _index(self, queries: Tensor, keys: int, at: Relative) -> Int[Tensor, "queries keys"]:
        """Which of the vectors of `_of_steps` a pair has."""
        return index_of(at.distances(queries, keys) // at.step, -(-self.max_distance // at.step))

    def _of_steps(self, vectors: Float[Tensor, "distances size"], at: Relative) -> Float[Tensor, "steps size"]:
        """The vectors of so many steps, each `at.step` places long: all of them, or each so-manieth and the last."""
        if at.step == 1:
            return vectors
        most = -(-self.max_distance // at.step)
        steps = torch.arange(-most, most + 1, device=vectors.device) * at.step
        return vectors[index_of(steps, self.max_distance)]
