"""The fixed pattern of the Sparse Transformer (Child, Gray, Radford and Sutskever 2019).

The sequence is cut into blocks. A query sees its own block, and of every earlier block the last few positions, which
learn to sum the block up. With blocks of sqrt(n) the cost is n * sqrt(n).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool
from torch import Tensor

from attention_course.efficient.parts import joint_softmax
from attention_course.efficient.pattern import PatternAttention, steps_back


def fixed_mask(
    queries: int, block: int, summaries: int = 1, device=None, keys: int | None = None
) -> Bool[Tensor, "queries keys"]:
    """The definition: j <= i, and j in i's block or among the last `summaries` positions of its own.

    With more keys than queries these are the last rows, as in `masks.causal_mask`.
    """
    behind = steps_back(queries, keys, device)
    j = torch.arange(behind.shape[1], device=device)
    i = j[len(j) - queries :]
    same_block = i.unsqueeze(-1) // block == j // block
    sums_up = j % block >= block - summaries
    return (same_block | sums_up) & (behind >= 0)


class FixedAttention(PatternAttention):
    """What `fixed_mask` allows: block by block, and all queries with the summaries of the blocks before theirs."""

    only_back = True

    def __init__(self, block: int, summaries: int = 1):
        super().__init__()
        if not 1 <= summaries <= block:
            raise ValueError(f"summaries: expected 1 to {block}, the block's size, got {summaries}")
        self.block, self.summaries = block, summaries

    def allowed(self, queries, keys, causal=True, device=None):
        return fixed_mask(queries, self.block, self.summaries, device, keys)

    def seen(self, key_mask, causal=True):
        blocks = self._blocks(key_mask.unsqueeze(-1)).squeeze(-1)  # (..., C, block)
        sums_up = blocks[..., self.block - self.summaries :].any(-1, keepdim=True)  # (..., C, 1)
        earlier = F.pad(sums_up, (0, 0, 1, -1)).cumsum(-2) > 0
        return ((blocks.cumsum(-1) > 0) | earlier).flatten(-2)[..., : key_mask.shape[-1]]

    def compute(self, queries, keys, values, key_mask, causal):
        length, block = queries.shape[-2], self.block
        q, k, v, key_mask = (self._blocks(x) for x in (queries / queries.shape[-1] ** 0.5, keys, values, key_mask.mT))
        key_mask = key_mask.mT  # (..., C, 1, block)
        last = slice(block - self.summaries, None)
        far_k, far_v = (x[..., last, :].flatten(-3, -2).unsqueeze(-3) for x in (k, v))  # (..., 1, C summaries, size)
        far_key_mask = key_mask[..., last].mT.flatten(-3, -2).mT.unsqueeze(-3)  # (..., 1, 1, C summaries)
        number = torch.arange(k.shape[-3], device=q.device)
        earlier = number.repeat_interleave(self.summaries) < number.unsqueeze(-1)  # (C, C summaries)
        causal = torch.ones(block, block, dtype=torch.bool, device=q.device).tril()
        near, far = joint_softmax(q @ k.mT, key_mask & causal, q @ far_k.mT, far_key_mask & earlier.unsqueeze(-2))
        output = near @ v + far @ far_v  # (..., C, block, size)
        return output.flatten(-3, -2)[..., :length, :]

    def _blocks(self, x: Tensor) -> Tensor:
        """(..., n, size) -> (..., C, block, size), filled up with zeros."""
        return F.pad(x, (0, 0, 0, -x.shape[-2] % self.block)).unflatten(-2, (-1, self.block))
