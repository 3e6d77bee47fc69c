"""Exact attention without the n x n matrix, forwards and backwards: tile after tile, and mended as it goes.

Milakov and Gimelshein 2018 (the online softmax), Rabe and Staats 2021, FlashAttention: Dao, Fu, Ermon, Rudra and Ré
2022. What a GPU saves is traffic between its memories; here it shows what is computed, and that memory need not grow
with n².
"""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from attention_course.device import half_precision
from attention_course.functional import (
    check_mask,
    check_sizes,
    in_one_batch,
    scaled_dot_product_attention,
    shape_of_scores,
)


class Tiled(torch.autograd.Function):
    """The forward pass, and a backward pass that computes the weights once more, from one number for each query.

    That number is the log of the sum of exp(score): weight = exp(score - it). A query that may attend to nothing has
    +inf, so that its weights are zero.
    """

    @staticmethod
    def forward(ctx: Any, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None, tile: int, causal: bool):
        wide = torch.promote_types(queries.dtype, torch.float32)  # what everything is computed in
        largest = queries.new_full((*queries.shape[:-1], 1), torch.finfo(wide).min, dtype=wide)  # m
        sums = torch.zeros_like(largest)  # of exp(score - m)
        totals = torch.zeros(*queries.shape[:-1], values.shape[-1], dtype=wide, device=queries.device)
        with half_precision(queries.device.type, False):  # or products would be in half precision all the same
            scaled = queries.to(wide) / queries.shape[-1] ** 0.5
            for rows, part in tiles(queries, keys, tile, causal):
                scores = tile_of_scores(scaled, keys, mask, rows, part, causal)  # (..., rows, tile)
                m, its_sums, its_totals = (x[..., rows, :] for x in (largest, sums, totals))
                now = torch.maximum(m, scores.amax(-1, keepdim=True))
                shrink, exponentials = (m - now).exp(), (scores - now).exp()
                its_totals.mul_(shrink).add_(exponentials @ values[..., part, :].to(wide))
                its_sums.mul_(shrink).add_(exponentials.sum(-1, keepdim=True))
                m.copy_(now)
        empty = sums == 0
        output = (totals / sums.masked_fill(empty, 1)).to(values.dtype)
        log_sums = (largest + sums.log()).masked_fill(empty, torch.inf)
        ctx.save_for_backward(queries, keys, values, mask, output, log_sums)
        ctx.tile, ctx.causal = tile, causal
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor):
        """With weights P and the gradient G of the output, row by row:

        dV = P^T G,    dP = G V^T,    dS = P (dP - sum of P dP),    and the sum of P dP is that of output * G.
        """
        queries, keys, values, mask, output, log_sums = ctx.saved_tensors
        wide, scale = log_sums.dtype, queries.shape[-1] ** 0.5
        d_queries = torch.zeros_like(queries, dtype=wide)  # summed over all tiles
        d_keys, d_values = torch.zeros_like(keys), torch.zeros_like(values)
        with half_precision(queries.device.type, False):
            scaled, gradient = queries.to(wide) / scale, gradient.to(wide)
            along = (output * gradient).sum(-1, keepdim=True)  # (..., L, 1)
            for rows, part in tiles(queries, keys, ctx.tile, ctx.causal):
                scores = tile_of_scores(scaled, keys, mask, rows, part, ctx.causal)
                weights = (scores - log_sums[..., rows, :]).exp()  # (..., rows, tile)
                k, v, g = keys[..., part, :].to(wide), values[..., part, :].to(wide), gradient[..., rows, :]
                d_values[..., part, :] = weights.mT @ g
                d_scores = weights * (g @ v.mT - along[..., rows, :])
                d_keys[..., part, :] = d_scores.mT @ scaled[..., rows, :]
                d_queries[..., rows, :] += d_scores @ k
        return (d_queries / scale).to(queries.dtype), d_keys, d_values, None, None, None


def tiles(queries: Tensor, keys: Tensor, tile: int, causal: bool):
    """For each tile of keys: the queries that may see some of it, and the tile."""
    before = keys.shape[-2] - queries.shape[-2]  # the last query is level with the last key
    for start in range(0, keys.shape[-2], tile):
        first = max(0, start - before) if causal else 0
        yield slice(first, queries.shape[-2]), slice(start, min(start + tile, keys.shape[-2]))


def tile_of_scores(
    scaled: Tensor, keys: Tensor, mask: Tensor | None, rows: slice, part: slice, causal: bool
) -> Float[Tensor, "*batch rows tile"]:
    """Scores of some queries, which are divided by sqrt(D), with some keys; -inf where a query may not look."""
    scores = scaled[..., rows, :] @ keys[..., part, :].mT.to(scaled.dtype)
    if mask is not None:
        its_rows = slice(None) if mask.shape[-2] == 1 else rows
        its_part = slice(None) if mask.shape[-1] == 1 else part
        scores = scores.masked_fill(~mask[..., its_rows, its_part], -torch.inf)
    if causal:
        before = keys.shape[-2] - scaled.shape[-2]
        query = torch.arange(rows.start + before, rows.stop + before, device=keys.device).unsqueeze(-1)
        key = torch.arange(part.start, part.stop, device=keys.device)
        scores = scores.masked_fill(key > query, -torch.inf)
    return scores


def tiled_attention(
    queries: Float[Tensor, "*#batch queries key_size"],
    keys: Float[Tensor, "*#batch keys key_size"],
    values: Float[Tensor, "*#batch keys value_size"],
    mask: Bool[Tensor, "..."] | None = None,
    causal: bool = False,
    tile: int = 256,
) -> Float[Tensor, "*#batch queries value_size"]:
    """Scaled dot-product attention, one tile of `tile` keys after another, at an extra memory of queries * tile.

    For every query three things are kept: the largest score so far m, the sum of exp(score - m), and the sum of
    exp(score - m) value. When a tile brings a larger m, both sums shrink by exp(old m - new m). In the end one is
    divided by the other. In half precision, and under autocast, all of it is computed in float32.

    mask: True = may attend; whatever broadcasts to (..., queries, keys).
    causal: a query sees the keys up to its own place, of which no mask is made; the last query is level with the last
        key. A key tile that lies ahead of a query costs it nothing.

    Raises ValueError where sizes do not fit, for a tile below 1, and for more causal queries than keys.
    """
    check_sizes(queries, keys, values)
    if tile < 1:
        raise ValueError(f"tile: expected at least 1, got {tile}")
    if causal and queries.shape[-2] > keys.shape[-2]:
        raise ValueError(f"keys: expected at least as many as the {queries.shape[-2]} queries, got {keys.shape[-2]}")
    if mask is not None:
        check_mask(mask, shape_of_scores(queries, keys))
        mask = torch.atleast_2d(mask)
    return Tiled.apply(*in_one_batch(queries, keys, values), mask, tile, causal)


class TiledAttention(nn.Module):
    """`tiled_attention` as an attention function, for `MultiHeadAttention` to call."""

    def __init__(self, tile: int = 256):
        super().__init__()
        self.tile = tile

    def forward(
        self,
        queries: Float[Tensor, "*#batch queries key_size"],
        keys: Float[Tensor, "*#batch keys key_size"],
        values: Float[Tensor, "*#batch keys value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        need_weights: bool = False,
        *,
        relative: Any = None,
    ) -> tuple[Float[Tensor, "*#batch queries value_size"], Float[Tensor, "*#batch queries keys"] | None]:
        """need_weights: True computes by the definition, since the weights are an n x n matrix themselves.

        relative: see `positions.relative`; where there is one, all is computed by the definition.
        """
        if not need_weights and relative is None:
            return tiled_attention(queries, keys, values, mask, causal, self.tile), None
        return scaled_dot_product_attention(queries, keys, values, mask, causal, need_weights, relative=relative)
