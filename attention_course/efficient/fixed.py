"""The fixed pattern of the Sparse Transformer (Child, Gray, Radford and Sutskever 2019).

The sequence is cut into blocks. A query sees its own block, and of every earlier block the last few positions, which
learn to sum the block up. With blocks of sqrt(n) the cost is n * sqrt(n).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.efficient.parts import together
from attention_course.functional import check_sizes, scaled_dot_product_attention


def fixed_mask(length: int, block: int, summaries: int, device=None) -> Bool[Tensor, "length length"]:
    """The definition: j <= i, and j in i's block or among the last `summaries` positions of its own."""
    i = torch.arange(length, device=device)
    same_block = i.unsqueeze(-1) // block == i // block
    sums_up = i % block >= block - summaries
    return (same_block | sums_up).tril()


class FixedAttention(nn.Module):
    """What `fixed_mask` allows: block by block, and all queries with the summaries of the blocks before theirs."""

    causal = True

    def __init__(self, block: int, summaries: int = 1):
        super().__init__()
        if not 1 <= summaries <= block:
            raise ValueError(f"summaries: expected 1 to {block}, the block's size, got {summaries}")
        self.block, self.summaries = block, summaries

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
        length, block = queries.shape[-2], self.block
        if need_weights:
            pattern = fixed_mask(length, block, self.summaries, queries.device)
            return scaled_dot_product_attention(queries, keys, values, pattern if mask is None else pattern & mask)
        counts = torch.ones(1, length, dtype=torch.bool, device=queries.device) if mask is None else mask
        q, k, v, counts = (self._blocks(x) for x in (queries / queries.shape[-1] ** 0.5, keys, values, counts.mT))
        counts = counts.mT  # (..., C, 1, block)
        last = slice(block - self.summaries, None)
        far_k, far_v = (x[..., last, :].flatten(-3, -2).unsqueeze(-3) for x in (k, v))  # (..., 1, C summaries, size)
        far_counts = counts[..., last].mT.flatten(-3, -2).mT.unsqueeze(-3)  # (..., 1, 1, C summaries)
        number = torch.arange(k.shape[-3], device=q.device)
        earlier = number.repeat_interleave(self.summaries) < number.unsqueeze(-1)  # (C, C summaries)
        causal = torch.ones(block, block, dtype=torch.bool, device=q.device).tril()
        near, far = together(q @ k.mT, counts & causal, q @ far_k.mT, far_counts & earlier.unsqueeze(-2))
        output = near @ v + far @ far_v  # (..., C, block, size)
        return output.flatten(-3, -2)[..., :length, :], None

    def _blocks(self, x: Tensor) -> Tensor:
        """(..., n, size) -> (..., C, block, size), filled up with zeros."""
        return F.pad(x, (0, 0, 0, -x.shape[-2] % self.block)).unflatten(-2, (-1, self.block))
