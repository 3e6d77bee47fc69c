"""Local attention: every query sees a window of the nearest keys (Longformer: Beltagy, Peters and Cohan 2020).

Written twice: as a mask on full attention, which says what it is, and in chunks, which costs n * window instead of n².
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.functional import check_sizes, scaled_dot_product_attention


def local_mask(length: int, window: int, causal: bool = True, device=None) -> Bool[Tensor, "length length"]:
    """The definition: query i may attend to key j where 0 <= i - j < window; not causal, where |i - j| < window."""
    i = torch.arange(length, device=device)
    behind = i.unsqueeze(-1) - i  # (n, n)
    return (behind < window) & (behind >= (0 if causal else 1 - window))


def in_windows(
    x: Float[Tensor, "*batch length size"], chunk: int, before: int, after: int
) -> Float[Tensor, "*batch chunks span size"]:
    """For each chunk of positions, the vectors from `before` in front of it to `after` behind; zeros beyond the ends.

    The result overlaps itself: it is a view of one padded copy, of length + before + after vectors.
    """
    length = x.shape[-2]
    padded = F.pad(x, (0, 0, before, after + -length % chunk))
    return padded.unfold(-2, before + chunk + after, chunk).mT  # (..., chunks, span, size)


class LocalAttention(nn.Module):
    """What `local_mask` allows, computed in chunks: time and memory grow with length * window.

    window: how many keys a query sees on one side, itself included.
    chunk: queries that are computed together; it changes the cost and not the result.
    """

    def __init__(self, window: int, causal: bool = True, chunk: int = 128):
        super().__init__()
        if window < 1 or chunk < 1:
            raise ValueError(f"window and chunk: expected at least 1, got {window} and {chunk}")
        self.window, self.causal, self.chunk = window, causal, chunk

    def forward(
        self,
        queries: Float[Tensor, "*batch length key_size"],
        keys: Float[Tensor, "*batch length key_size"],
        values: Float[Tensor, "*batch length value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "*batch length value_size"], Float[Tensor, "*batch length length"] | None]:
        """Self-attention: as many queries as keys.

        mask: which keys count, (..., 1, length); what each query sees of them, the window says.
        need_weights: True computes by the definition, which costs length².
        """
        check_sizes(queries, keys, values)
        length = queries.shape[-2]
        if need_weights:
            window = local_mask(length, self.window, self.causal, queries.device)
            return scaled_dot_product_attention(queries, keys, values, window if mask is None else window & mask)
        chunk = min(self.chunk, length)
        before, after = self._reach()
        q = F.pad(queries, (0, 0, 0, -length % chunk)).unflatten(-2, (-1, chunk))  # (..., C, chunk, D)
        k, v = (in_windows(x, chunk, before, after) for x in (keys, values))  # (..., C, span, D)
        allowed = self._allowed(length, chunk, mask, queries)
        q, k, v = (x.flatten(0, -4) for x in (q, k, v))  # (B H, C, ...): the fused kernels want four axes
        if allowed.dim() > 3:
            allowed = allowed.expand(*queries.shape[:-2], *allowed.shape[-3:]).flatten(0, -4)
        output, _ = scaled_dot_product_attention(q, k, v, allowed, need_weights=False)  # (B H, C, chunk, D)
        output = output.flatten(-3, -2)[..., :length, :]
        return output.unflatten(0, queries.shape[:-2]), None

    def _reach(self) -> tuple[int, int]:
        """How many positions a chunk's span begins before it and ends behind it."""
        before = -(-(self.window - 1) // 16) * 16  # a multiple of 16: products of odd sizes take longer
        return before, 0 if self.causal else before

    def _allowed(self, length: int, chunk: int, mask: Tensor | None, like: Tensor) -> Bool[Tensor, "..."]:
        """Whom each query of each chunk may see of its span, (..., C, chunk, span)."""
        before, after = self._reach()
        place = torch.arange(before + chunk + after, device=like.device) - before  # in the span, from the chunk's start
        behind = torch.arange(chunk, device=like.device).unsqueeze(-1) - place  # (chunk, span)
        window = (behind < self.window) & (behind >= (0 if self.causal else 1 - self.window))
        counts = torch.ones(1, length, dtype=torch.bool, device=like.device) if mask is None else mask
        counts = F.pad(counts, (before, after + -length % chunk)).unfold(-1, len(place), chunk)  # (..., 1, C, span)
        return window & counts.transpose(-3, -2)
