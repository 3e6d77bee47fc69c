"""A vector for each distance joins the key and the value (Shaw, Uszkoreit and Vaswani 2018)."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.functional import check_sizes, looking_back, masked_softmax
from attention_course.positions.by_distance import gathered, index_of, spread
from attention_course.positions.distance import distances


class ShawAttention(nn.Module):
    """score(i, j) = q_i . (k_j + a_ij) / sqrt(D), output_i = sum_j alpha_ij (v_j + b_ij), a and b depending on j - i.

    max_distance: distances beyond it share its vector, on either side (the paper's k).
    The vectors are shared between the heads, as in the paper, where a is a^K and b is a^V.
    """

    of_heads = ()

    def __init__(self, head_size: int, max_distance: int = 16, value_size: int | None = None):
        super().__init__()
        self.max_distance = max_distance
        self.to_keys = nn.Parameter(torch.randn(2 * max_distance + 1, head_size) * 0.02)
        self.to_values = nn.Parameter(torch.randn(2 * max_distance + 1, value_size or head_size) * 0.02)

    def forward(
        self,
        queries: Float[Tensor, "*#batch queries key_size"],
        keys: Float[Tensor, "*#batch keys key_size"],
        values: Float[Tensor, "*#batch keys value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        need_weights: bool = True,
    ) -> tuple[Float[Tensor, "*#batch queries value_size"], Float[Tensor, "*#batch queries keys"] | None]:
        check_sizes(queries, keys, values)
        queries = queries / queries.shape[-1] ** 0.5
        index = index_of(distances(queries, keys), self.max_distance)  # (L, S)
        scores = queries @ keys.mT + spread(queries @ self.to_keys.mT, index)
        weights = masked_softmax(scores, looking_back(mask, queries, keys) if causal else mask)
        output = weights @ values + gathered(weights, index, self.max_distance) @ self.to_values
        return output, (weights if need_weights else None)
