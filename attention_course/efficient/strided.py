"""The strided pattern of the Sparse Transformer (Child, Gray, Radford and Sutskever 2019).

A query sees the last `stride` positions, and before them every `stride`-th. In two layers everything is in reach. With
a stride of sqrt(n) the cost is n * sqrt(n).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool
from torch import Tensor

from attention_course.efficient.local import in_windows, sides, window_in_chunks
from attention_course.efficient.parts import joint_softmax
from attention_course.efficient.pattern import PatternAttention, any_near, steps_back


def strided_mask(queries: int, stride: int, device=None, keys: int | None = None) -> Bool[Tensor, "queries keys"]:
    """The definition: query i may attend to key j <= i where i - j < stride, or i - j is a multiple of stride.

    With more keys than queries these are the last rows, as in `masks.causal_mask`.
    """
    behind = steps_back(queries, keys, device)
    return ((behind < stride) | (behind % stride == 0)) & (behind >= 0)


class StridedAttention(PatternAttention):
    """What `strided_mask` allows: written in rows of `stride`, a query's far keys stand in its column."""

    only_back = True

    def __init__(self, stride: int):
        super().__init__()
        if stride < 1:
            raise ValueError(f"stride: expected at least 1, got {stride}")
        self.stride = stride

    def allowed(self, queries, keys, causal=True, device=None):
        return strided_mask(queries, self.stride, device, keys)

    def seen(self, key_mask, causal=True):
        column = self._table(key_mask.unsqueeze(-1)).squeeze(-1).cumsum(-2) > 0  # (..., R, stride)
        return any_near(key_mask, self.stride - 1) | column.flatten(-2)[..., : key_mask.shape[-1]]

    def compute(self, queries, keys, values, key_mask, causal):
        length, stride = queries.shape[-2], self.stride
        scaled = queries / queries.shape[-1] ** 0.5
        # Near: row r of the table with its own keys and those of the row above.
        near_k, near_v = (in_windows(x, stride, *sides(stride, True)) for x in (keys, values))  # (..., R, span, D)
        near = self._table(scaled) @ near_k.mT  # (..., R, stride, span)
        near_mask = window_in_chunks(key_mask, stride, True, stride)
        # Far: column c of the table, rows above the query's own.
        far_q, far_k, far_v = (self._table(x).transpose(-3, -2) for x in (scaled, keys, values))  # (..., stride, R, D)
        far = (far_q @ far_k.mT).transpose(-3, -2)  # (..., R, stride, R)
        rows = torch.arange(far.shape[-1], device=queries.device)
        far_key_mask = self._table(key_mask.mT).squeeze(-1).mT.unsqueeze(-3)  # (..., 1, stride, R)
        far_mask = (rows < rows.unsqueeze(-1)).unsqueeze(-2) & far_key_mask

        weights_near, weights_far = joint_softmax(near, near_mask, far, far_mask)
        output = weights_near @ near_v + (weights_far.transpose(-3, -2) @ far_v).transpose(-3, -2)
        return output.flatten(-3, -2)[..., :length, :]

    def _table(self, x: Tensor) -> Tensor:
        """(..., n, size) -> (..., R, stride, size), filled up with zeros."""
        return F.pad(x, (0, 0, 0, -x.shape[-2] % self.stride)).unflatten(-2, (-1, self.stride))
