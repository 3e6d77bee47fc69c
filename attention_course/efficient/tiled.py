"""Exact attention without the n x n matrix: the softmax is computed tile by tile, and mended as it goes.

Milakov and Gimelshein 2018 (the online softmax), Rabe and Staats 2021, FlashAttention: Dao et al. 2022. What a GPU
saves is traffic between its memories; here it shows what is computed, and that memory need not grow with n².
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention_course.functional import check_mask, check_sizes


def tiled_attention(
    queries: Float[Tensor, "*batch queries key_size"],
    keys: Float[Tensor, "*batch keys key_size"],
    values: Float[Tensor, "*batch keys value_size"],
    mask: Bool[Tensor, "..."] | None = None,
    tile: int = 256,
) -> Float[Tensor, "*batch queries value_size"]:
    """Scaled dot-product attention, one tile of `tile` keys after another.

    For every query three things are kept: the largest score so far m, the sum of exp(score - m), and the sum of
    exp(score - m) value. When a tile brings a larger m, both sums shrink by exp(old m - new m). In the end one is
    divided by the other.
    """
    check_sizes(queries, keys, values)
    shape = (*queries.shape[:-1], keys.shape[-2])
    if mask is not None:
        check_mask(mask, shape)
        mask = torch.atleast_2d(mask)
    largest = queries.new_full((*shape[:-1], 1), torch.finfo(queries.dtype).min)
    sums = torch.zeros_like(largest)
    totals = queries.new_zeros(*shape[:-1], values.shape[-1])
    for start in range(0, shape[-1], tile):
        part = slice(start, start + tile)
        scores = queries @ keys[..., part, :].mT / queries.shape[-1] ** 0.5  # (..., L, tile)
        if mask is not None:
            allowed = mask if mask.shape[-1] == 1 else mask[..., part]
            scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
        now = torch.maximum(largest, scores.amax(-1, keepdim=True))
        shrink = (largest - now).exp()
        exponentials = (scores - now).exp()
        if mask is not None:
            exponentials = exponentials * allowed
        sums = sums * shrink + exponentials.sum(-1, keepdim=True)
        totals = totals * shrink + exponentials @ values[..., part, :]
        largest = now
    return totals / sums.masked_fill(sums == 0, 1)
