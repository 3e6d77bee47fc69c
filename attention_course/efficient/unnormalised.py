"""Linear attention without feature map and divisor: a matrix that pairs are written into, and may fade from."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


def unnormalised(
    queries: Float[Tensor, "*batch queries features"],
    keys: Float[Tensor, "*batch keys features"],
    values: Float[Tensor, "*batch keys value_size"],
    mask: None = None,
    causal: bool = False,
    need_weights: bool = False,
) -> tuple[Float[Tensor, "*batch queries value_size"], None]:
    """Linear attention without feature map and divisor: Q (K^T V)."""
    return queries @ (keys.mT @ values), None


def fading(gate: float) -> Callable:
    """`unnormalised`, but each pair told fades what was there to the share `gate`."""

    def attend(queries, keys, values, mask=None, causal=False, need_weights=False):
        ages = torch.arange(keys.shape[-2] - 1, -1, -1, dtype=keys.dtype, device=keys.device)
        return unnormalised(queries, keys * gate ** ages.unsqueeze(-1), values)

    return attend
