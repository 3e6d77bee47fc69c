"""Linformer: keys and values are mixed down to a fixed number of them (Wang, Li, Khabsa, Fang and Ma 2020)."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.efficient.sums import drop_masked
from attention_course.functional import check_sizes, scaled_dot_product_attention


class LowRankAttention(nn.Module):
    """softmax(Q (E K)^T / sqrt(D)) (F V), where E and F are learned matrices (rank, max_length).

    The cost is queries * rank. Each mixture takes from all positions, so that there is no causal form, and a position
    beyond `max_length` has no column. Heads share E and F.

    A weight speaks of a mixture of words. `need_weights` gives those, (..., queries, rank), and not one for each key.
    """

    of_heads = ()

    def __init__(self, max_length: int, rank: int):
        super().__init__()
        self.mix_keys = nn.Parameter(torch.randn(rank, max_length) / rank**0.5)
        self.mix_values = nn.Parameter(torch.randn(rank, max_length) / rank**0.5)

    def forward(
        self,
        queries: Float[Tensor, "*batch queries key_size"],
        keys: Float[Tensor, "*batch keys key_size"],
        values: Float[Tensor, "*batch keys value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "*batch queries value_size"], Float[Tensor, "*batch queries rank"] | None]:
        """mask: which keys count, (..., 1, keys); the others enter no mixture. Where none count, the output is zero.

        Raises ValueError beyond `max_length`, for a mask of another shape, and where `causal` is wanted.
        """
        if causal:
            raise ValueError("causal: expected False, as LowRankAttention mixes words from the whole text, got True")
        check_sizes(queries, keys, values)
        length, max_length = keys.shape[-2], self.mix_keys.shape[-1]
        if length > max_length:
            raise ValueError(f"keys: expected at most {max_length}, got {length}")
        if mask is not None:
            keys, values, _ = drop_masked(keys, values, mask)
        mixed_keys = self.mix_keys[:, :length] @ keys  # (..., rank, key_size)
        mixed_values = self.mix_values[:, :length] @ values
        return scaled_dot_product_attention(queries, mixed_keys, mixed_values, need_weights=need_weights)
