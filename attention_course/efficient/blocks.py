"""Sparse attention in blocks: neighbours, a few global blocks, a few random ones (BigBird: Zaheer et al. 2020).

Without random blocks it is Longformer's pattern, a window and global positions (Beltagy, Peters and Cohan 2020), cut to
whole blocks. It is made for encoders, which look both ways; a decoder sees of it what lies behind.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool
from torch import Tensor

from attention_course.efficient.pattern import PatternAttention
from attention_course.functional import scaled_dot_product_attention


def block_layout(
    blocks: int, neighbours: int = 1, everywhere: int = 1, random: int = 1, seed: int = 0
) -> Bool[Tensor, "blocks blocks"]:
    """Which blocks of queries (rows) see which blocks of keys: for the same arguments always the same, and in a longer
    text the same for the blocks that it begins with.

    Each sees `neighbours` on either side, itself included, the first `everywhere` blocks, and `random` others, as far
    as there are others. The first `everywhere` blocks see all.

    The others of a block are drawn from all up to the next power of two: for blocks 8 to 15 from the first 16. So the
    draw does not depend on the length, and padding changes nothing. A block that was drawn and lies behind the end of
    the text is missed: at most one in eleven of all, none where the number of blocks is a power of two. (BigBird's own
    code draws once for 4,096 words, from the first 1,024 of them.)
    """
    size = 1 << max(0, blocks - 1).bit_length()
    place = torch.arange(size, device="cpu")
    layout = (place.unsqueeze(-1) - place).abs() <= neighbours
    layout[:, :everywhere] = True
    generator = torch.Generator().manual_seed(seed)
    for end in (1 << power for power in range(size.bit_length())):
        seen = layout[end // 2 : end, :end]
        numbers = torch.rand(seen.shape, generator=generator, device="cpu").masked_fill(seen, -1)
        drawn = numbers.topk(min(random, end), -1)
        seen.scatter_(-1, drawn.indices, seen.gather(-1, drawn.indices) | (drawn.values >= 0))
    layout[:everywhere] = True
    return layout[:blocks, :blocks]


def block_mask(layout: Bool[Tensor, "blocks blocks"], block: int, length: int) -> Bool[Tensor, "length length"]:
    """The definition: query i may attend to key j where the block of i sees the block of j."""
    return layout.repeat_interleave(block, 0).repeat_interleave(block, 1)[:length, :length]


class BlockAttention(PatternAttention):
    """What `block_layout` allows: for each block of queries its blocks of keys are gathered, no others touched."""

    def __init__(self, block: int, neighbours: int = 1, everywhere: int = 1, random: int = 1, seed: int = 0):
        super().__init__()
        if block < 1:
            raise ValueError(f"block: expected at least 1, got {block}")
        self.block, self.everywhere = block, everywhere
        self.settings = {"neighbours": neighbours, "everywhere": everywhere, "random": random, "seed": seed}

    def layout(self, length: int, device=None) -> Bool[Tensor, "blocks blocks"]:
        """Which blocks see which, in a text of `length` words."""
        return block_layout(-(-length // self.block), **self.settings).to(device)

    def allowed(self, queries, keys, causal, device=None):
        if keys < queries:
            raise ValueError(f"keys: expected at least as many as the {queries} queries, got {keys}")
        pattern = block_mask(self.layout(keys, device), self.block, keys)[keys - queries :]
        return pattern.tril(keys - queries) if causal else pattern

    def seen(self, key_mask, causal):
        if causal:
            return self._seen_looking_back(key_mask)
        filled = self._cut(key_mask.unsqueeze(-1)).any(-2).mT  # (..., 1, blocks): those with a key that counts
        blocks = (self.layout(key_mask.shape[-1], key_mask.device) & filled).any(-1)
        return blocks.repeat_interleave(self.block, -1)[..., : key_mask.shape[-1]]

    def _seen_looking_back(self, key_mask):
        """Of its own block what is not ahead, and of those before it any."""
        own = self._cut(key_mask.unsqueeze(-1)).squeeze(-1)  # (..., blocks, block)
        before = self.layout(key_mask.shape[-1], key_mask.device).tril(-1)
        earlier = (before & own.any(-1).unsqueeze(-2)).any(-1, keepdim=True)  # (..., blocks, 1)
        return ((own.cumsum(-1) > 0) | earlier).flatten(-2)[..., : key_mask.shape[-1]]

    def compute(self, queries, keys, values, key_mask, causal):
        length, block = queries.shape[-2], self.block
        first = min(self.everywhere * block, length)
        end = first if causal else length  # of what the first blocks may see
        some = (x[..., :end, :] for x in (keys, values))
        all_seeing, _ = scaled_dot_product_attention(
            queries[..., :first, :], *some, key_mask[..., :end], causal, need_weights=False
        )
        if first == length:
            return all_seeing
        layout = self.layout(length)
        layout = (layout.tril() if causal else layout)[
            self.everywhere :
        ]  # on the CPU: a number read off a GPU would keep it waiting
        most = int(layout.sum(-1).max())
        seen, which = layout.to(torch.int8).topk(most, -1)  # (C, most): rows that see fewer are filled up
        seen, which = seen.to(queries.device), which.to(queries.device)
        k, v = (self._cut(x)[..., which, :, :].flatten(-3, -2) for x in (keys, values))  # (..., C, most block, size)
        counted = self._cut(key_mask.mT).squeeze(-1)[..., which, :] & seen.bool().unsqueeze(-1)  # (..., C, most, block)
        allowed = counted.flatten(-2, -1).unsqueeze(-2)  # (..., C, 1, most block)
        if causal:
            place = torch.arange(layout.shape[-1] * block, device=queries.device).view(-1, block)
            allowed = allowed & (place[which].flatten(-2, -1).unsqueeze(-2) <= place[self.everywhere :].unsqueeze(-1))
        q = self._cut(queries[..., first:, :])  # (..., C, block, D)
        rest, _ = scaled_dot_product_attention(q, k, v, allowed, need_weights=False)
        return torch.cat([all_seeing, rest.flatten(-3, -2)[..., : length - first, :]], -2)

    def _cut(self, x: Tensor) -> Tensor:
        """(..., n, size) -> (..., blocks, block, size), filled up with zeros."""
        return F.pad(x, (0, 0, 0, -x.shape[-2] % self.block)).unflatten(-2, (-1, self.block))
