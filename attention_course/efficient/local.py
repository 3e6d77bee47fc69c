"""Local attention: every query sees a window of the nearest keys (Longformer: Beltagy, Peters and Cohan 2020).

Written twice: as a mask on full attention, which says what it is, and in chunks, which costs n * window instead of n².
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from attention_course.efficient.pattern import PatternAttention, any_near, steps_back
from attention_course.functional import scaled_dot_product_attention


def local_mask(
    queries: int, window: int, causal: bool = False, device=None, keys: int | None = None
) -> Bool[Tensor, "queries keys"]:
    """The definition: query i may attend to key j where 0 <= i - j < window; not causal, where |i - j| < window.

    With more keys than queries these are the last rows, as in `masks.causal_mask`.
    """
    behind = steps_back(queries, keys, device)
    return (behind < window) & (behind >= (0 if causal else 1 - window))


def in_windows(
    x: Float[Tensor, "*batch length size"], chunk: int, before: int, after: int
) -> Float[Tensor, "*batch chunks span size"]:
    """For each chunk of positions, the vectors from `before` in front of it to `after` behind; zeros beyond the ends.

    The result overlaps itself: it is a view of one padded copy, of length + before + after vectors.
    """
    return _Windows.apply(x, chunk, before, after)


class _Windows(torch.autograd.Function):
    """A vector's gradient is the sum of those that its windows got, a whole chunk at a time: faster than `unfold`'s."""

    @staticmethod
    def forward(x, chunk, before, after):
        padded = F.pad(x, (0, 0, before, after + -x.shape[-2] % chunk))
        return padded.unfold(-2, before + chunk + after, chunk).mT  # (..., chunks, span, size)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, ctx.chunk, ctx.before, _ = inputs
        ctx.length = x.shape[-2]

    @staticmethod
    def backward(ctx, gradient):
        chunks, parts = gradient.shape[-3], gradient.split(ctx.chunk, -2)
        total = gradient.new_zeros(*gradient.shape[:-3], chunks + len(parts) - 1, ctx.chunk, gradient.shape[-1])
        for i, part in enumerate(parts):  # of window c, what lies i chunks behind its start
            total[..., i : i + chunks, : part.shape[-2], :] += part
        return total.flatten(-3, -2)[..., ctx.before : ctx.before + ctx.length, :], None, None, None


def sides(window: int, causal: bool) -> tuple[int, int]:
    """How many positions a chunk's span begins before it and ends behind it, to hold the window of each query."""
    before = -(-(window - 1) // 16) * 16  # a multiple of 16: products of odd sizes take longer
    return before, 0 if causal else before


def window_in_chunks(
    key_mask: Bool[Tensor, "*some 1 length"], window: int, causal: bool, chunk: int
) -> Bool[Tensor, "*some chunks chunk span"]:
    """Whom each query of each chunk may see of its span: `local_mask`, cut as `in_windows` cuts the keys."""
    before, after = sides(window, causal)
    place = torch.arange(before + chunk + after, device=key_mask.device) - before  # in the span, from the chunk's start
    behind = torch.arange(chunk, device=key_mask.device).unsqueeze(-1) - place  # (chunk, span)
    seen = (behind < window) & (behind >= (0 if causal else 1 - window))
    key_mask = F.pad(key_mask, (before, after + -key_mask.shape[-1] % chunk)).unfold(-1, len(place), chunk)
    return seen & key_mask.transpose(-3, -2)  # (..., 1, C, span) -> (..., C, 1, span) -> (..., C, chunk, span)


class LocalAttention(PatternAttention):
    """What `local_mask` allows, computed in chunks: time and memory grow with length * window.

    window: how many keys a query sees on one side, itself included.
    chunk: queries that are computed together; it changes the cost and not the result.
    """

    adds_in_pieces = True

    def __init__(self, window: int, chunk: int = 128):
        super().__init__()
        if window < 1 or chunk < 1:
            raise ValueError(f"window and chunk: expected at least 1, got {window} and {chunk}")
        self.window, self.chunk = window, chunk
        self.sees_back = window - 1  # all that a cache has to keep

    def allowed(self, queries, keys, causal, device=None):
        return local_mask(queries, self.window, causal, device, keys)

    def seen(self, key_mask, causal):
        return any_near(key_mask, self.window - 1, 0 if causal else self.window - 1)

    def by_definition(self, queries, keys, values, key_mask, causal, need_weights, relative=None):
        if not need_weights:  # the last queries see the last keys: however long the past is, the rest costs nothing
            reach = queries.shape[-2] + self.window - 1
            keys, values, key_mask = keys[..., -reach:, :], values[..., -reach:, :], key_mask[..., -reach:]
        return super().by_definition(queries, keys, values, key_mask, causal, need_weights, relative)

    def compute(self, queries, keys, values, key_mask, causal, relative=None):
        length = queries.shape[-2]
        chunk = min(self.chunk, length)
        over = -length % chunk  # padding with nothing would copy, and so would cutting nothing off
        q = F.pad(queries, (0, 0, 0, over)) if over else queries
        q = q.unflatten(-2, (-1, chunk))  # (..., C, chunk, D)
        before, after = sides(self.window, causal)
        k, v = (in_windows(x, chunk, before, after) for x in (keys, values))  # (..., C, span, D)
        allowed = window_in_chunks(key_mask, self.window, causal, chunk)
        if relative is not None:
            relative = relative.piece(first=-before)
        output, _ = scaled_dot_product_attention(q, k, v, allowed, need_weights=False, relative=relative)
        output = output.flatten(-3, -2)
        return output[..., :length, :] if over else output
