"""The strided pattern of the Sparse Transformer (Child, Gray, Radford and Sutskever 2019).

A query sees the last `stride` positions, and before them every `stride`-th. In two layers everything is in reach. With
a stride of sqrt(n) the cost is n * sqrt(n).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.efficient.local import in_windows
from attention_course.efficient.parts import together
from attention_course.functional import check_sizes, scaled_dot_product_attention


def strided_mask(length: int, stride: int, device=None) -> Bool[Tensor, "length length"]:
    """The definition: query i may attend to key j <= i where i - j < stride, or i - j is a multiple of stride."""
    i = torch.arange(length, device=device)
    behind = i.unsqueeze(-1) - i
    return ((behind < stride) | (behind % stride == 0)).tril()


class StridedAttention(nn.Module):
    """What `strided_mask` allows: written in rows of `stride`, a query's far keys stand in its column."""

    causal = True

    def __init__(self, stride: int):
        super().__init__()
        if stride < 1:
            raise ValueError(f"stride: expected at least 1, got {stride}")
        self.stride = stride

    def forward(
        self,
        queries: Float[Tensor, "*batch length key_size"],
        keys: Float[Tensor, "*batch length key_size"],
        values: Float[Tensor, "*batch length value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "*batch length value_size"], Float[Tensor, "*batch length length"] | None]:
        """mask: which keys count, (..., 1, length). need_weights: True computes by the definition, at length²."""
        check_sizes(queries, keys, values)
        length, stride = queries.shape[-2], self.stride
        if need_weights:
            pattern = strided_mask(length, stride, queries.device)
            return scaled_dot_product_attention(queries, keys, values, pattern if mask is None else pattern & mask)
        counts = torch.ones(1, length, dtype=torch.bool, device=queries.device) if mask is None else mask
        scaled = queries / queries.shape[-1] ** 0.5
        # Near: row r of the table with its own keys and those of the row above.
        near_q = self._table(scaled)  # (..., R, stride, D)
        near_k, near_v = (in_windows(x, stride, stride - 1, 0) for x in (keys, values))  # (..., R, 2 stride - 1, D)
        near = near_q @ near_k.mT
        place = torch.arange(2 * stride - 1, device=queries.device) - (stride - 1)
        behind = torch.arange(stride, device=queries.device).unsqueeze(-1) - place
        near_counts = F.pad(counts, (stride - 1, -length % stride)).unfold(-1, 2 * stride - 1, stride)  # (..., 1, R, .)
        near_mask = (behind >= 0) & (behind < stride) & near_counts.transpose(-3, -2)
        # Far: column c of the table, rows above the query's own.
        far_q, far_k, far_v = (self._table(x).transpose(-3, -2) for x in (scaled, keys, values))  # (..., stride, R, D)
        far = (far_q @ far_k.mT).transpose(-3, -2)  # (..., R, stride, R)
        rows = torch.arange(far.shape[-1], device=queries.device)
        far_counts = self._table(counts.mT).squeeze(-1).mT.unsqueeze(-3)  # (..., 1, stride, R)
        far_mask = (rows < rows.unsqueeze(-1)).unsqueeze(-2) & far_counts

        weights_near, weights_far = together(near, near_mask, far, far_mask)
        output = weights_near @ near_v + (weights_far.transpose(-3, -2) @ far_v).transpose(-3, -2)
        return output.flatten(-3, -2)[..., :length, :], None

    def _table(self, x: Tensor) -> Tensor:
        """(..., n, size) -> (..., R, stride, size), filled up with zeros."""
        return F.pad(x, (0, 0, 0, -x.shape[-2] % self.stride)).unflatten(-2, (-1, self.stride))
