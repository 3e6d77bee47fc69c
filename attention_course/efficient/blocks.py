"""Sparse attention in blocks: neighbours, a few global blocks, a few random ones (BigBird: Zaheer et al. 2020).

Without random blocks it is Longformer's pattern, a window and global positions (Beltagy, Peters and Cohan 2020), cut to
whole blocks. It looks both ways, as an encoder does.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.functional import check_sizes, scaled_dot_product_attention


def block_layout(
    blocks: int, neighbours: int = 1, everywhere: int = 1, random: int = 1, seed: int = 0
) -> Bool[Tensor, "blocks blocks"]:
    """Which blocks of queries (rows) see which blocks of keys: always the same for the same arguments.

    Each sees `neighbours` on either side, itself included, the first `everywhere` blocks, and `random` others, as far
    as there are others. The first `everywhere` blocks see all.
    """
    place = torch.arange(blocks, device="cpu")
    layout = (place.unsqueeze(-1) - place).abs() <= neighbours
    layout[:, :everywhere] = True
    generator = torch.Generator().manual_seed(seed)
    drawn = (
        torch.rand(blocks, blocks, generator=generator, device="cpu")
        .masked_fill(layout, -1)
        .topk(min(random, blocks), -1)
    )
    layout = layout.scatter(-1, drawn.indices, layout.gather(-1, drawn.indices) | (drawn.values >= 0))
    layout[:everywhere] = True
    return layout


class BlockAttention(nn.Module):
    """What `block_layout` allows: for each block of queries its blocks of keys are gathered, no others touched."""

    def __init__(self, block: int, neighbours: int = 1, everywhere: int = 1, random: int = 1, seed: int = 0):
        super().__init__()
        self.block, self.everywhere = block, everywhere
        self.settings = {"neighbours": neighbours, "everywhere": everywhere, "random": random, "seed": seed}

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
        layout = block_layout(-(-length // block), **self.settings).to(queries.device)
        if need_weights:
            pattern = layout.repeat_interleave(block, 0).repeat_interleave(block, 1)[:length, :length]
            return scaled_dot_product_attention(queries, keys, values, pattern if mask is None else pattern & mask)

        counts = torch.ones(1, length, dtype=torch.bool, device=queries.device) if mask is None else mask
        first = min(self.everywhere * block, length)
        all_seeing, _ = scaled_dot_product_attention(queries[..., :first, :], keys, values, counts, need_weights=False)
        if first == length:
            return all_seeing, None
        layout = layout[self.everywhere :]
        most = int(layout.sum(-1).max())
        seen, which = layout.to(torch.int8).topk(most, -1)  # (C, most): rows that see fewer are filled up
        k, v = (self._cut(x)[..., which, :, :].flatten(-3, -2) for x in (keys, values))  # (..., C, most block, size)
        counted = self._cut(counts.mT).squeeze(-1)[..., which, :] & seen.bool().unsqueeze(-1)  # (..., C, most, block)
        q = self._cut(queries[..., first:, :])  # (..., C, block, D)
        rest, _ = scaled_dot_product_attention(q, k, v, counted.flatten(-2, -1).unsqueeze(-2), need_weights=False)
        return torch.cat([all_seeing, rest.flatten(-3, -2)[..., : length - first, :]], -2), None

    def _cut(self, x: Tensor) -> Tensor:
        """(..., n, size) -> (..., blocks, block, size), filled up with zeros."""
        return F.pad(x, (0, 0, 0, -x.shape[-2] % self.block)).unflatten(-2, (-1, self.block))
