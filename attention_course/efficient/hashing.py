"""Attention among vectors that hash alike (Reformer: Kitaev, Kaiser and Levskaya 2020).

A query's largest scores are with keys that point its way. Random rotations sort vectors by direction: those that fall
into one bucket are likely to be each other's largest scores, and only they are compared. As in the paper, one vector
serves as query and as key (a key at length one), so that both fall into the same bucket; and no position looks at
itself unless it has nothing else.

Written twice: `hashing_mask` says who sees whom, `hashing_attention` sorts by bucket and compares within chunks, at a
cost of rounds * length * chunk.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attention_course.functional import masked_softmax


def hash_vectors(
    x: Float[Tensor, "*batch length size"], rotations: Float[Tensor, "rounds size half"]
) -> Int[Tensor, "*batch rounds length"]:
    """The bucket of every vector in every round: the largest of (x R, -x R), among 2 * half (Andoni et al. 2015)."""
    turned = x.unsqueeze(-3) @ rotations  # (..., rounds, n, half)
    return torch.cat([turned, -turned], -1).argmax(-1)


class Places(NamedTuple):
    """For every round: the positions in the order of their buckets, and in which chunk of it each one stands."""

    order: Int[Tensor, "*batch rounds length"]
    chunk: Int[Tensor, "*batch rounds length"]


def in_order(buckets: Int[Tensor, "*batch rounds length"], chunk: int) -> Places:
    """Sort by bucket, and within a bucket by position; then cut into chunks."""
    order = buckets.argsort(dim=-1, stable=True)
    return Places(order, order.argsort(-1) // chunk)


def hashing_mask(
    buckets: Int[Tensor, "*batch rounds length"], chunk: int, causal: bool
) -> Bool[Tensor, "*batch length length"]:
    """The definition: i sees j where, in one round or more, they share a bucket and j's chunk is i's or the one before.

    A position sees itself only where it sees no other.
    """
    its_chunk = in_order(buckets, chunk).chunk
    back = its_chunk.unsqueeze(-1) - its_chunk.unsqueeze(-2)  # of j, seen from i: (..., rounds, n, n)
    together = (buckets.unsqueeze(-1) == buckets.unsqueeze(-2)) & ((back == 0) | (back == 1))
    mask = together.any(-3)
    itself = torch.eye(mask.shape[-1], dtype=torch.bool, device=mask.device)
    mask = (mask.tril() if causal else mask) & ~itself
    return mask | (itself & ~mask.any(-1, keepdim=True))


def hashing_attention(
    x: Float[Tensor, "*batch length size"],
    values: Float[Tensor, "*batch length value_size"],
    buckets: Int[Tensor, "*batch rounds length"],
    chunk: int = 64,
    causal: bool = True,
) -> Float[Tensor, "*batch length value_size"]:
    """What `hashing_mask` allows, in chunks. Each round makes a softmax of its own; their sums put them together.

    A pair that meets in several rounds would count several times: its score is lowered by the logarithm of how often.
    """
    length, rounds = x.shape[-2], buckets.shape[-2]
    chunk = min(chunk, length)
    places = in_order(buckets, chunk)
    queries, keys = x / x.shape[-1] ** 0.5, F.normalize(x, dim=-1)

    def cut(y: Tensor) -> Tensor:  # (..., rounds, n, size) -> (..., rounds, C, chunk, size)
        return F.pad(y, (0, 0, 0, -length % chunk)).unflatten(-2, (-1, chunk))

    def sort(y: Tensor) -> Tensor:  # (..., n, size) -> (..., rounds, C, chunk, size)
        y = y.unsqueeze(-3).expand(*places.order.shape, y.shape[-1])
        return cut(y.gather(-2, places.order.unsqueeze(-1).expand_as(y)))

    def with_the_one_before(y: Tensor) -> Tensor:  # (..., C, chunk, size) -> (..., C, 2 chunk, size)
        return torch.cat([F.pad(y, (0, 0, 0, 0, 1, 0))[..., :-1, :, :], y], -2)

    # What is known of each position: itself (from 1, as padding is 0), then its bucket and chunk in every round.
    known = torch.cat([buckets, places.chunk], -2).mT
    itself = torch.arange(1, length + 1, device=x.device).expand(known.shape[:-1]).unsqueeze(-1)
    known = torch.cat([itself, known], -1)  # (..., n, 1 + 2 rounds)
    of_query = sort(known)
    of_key = with_the_one_before(of_query)
    of_query, of_key = of_query.unsqueeze(-2), of_key.unsqueeze(-3)  # (..., chunk, 1, .), (..., 1, 2 chunk, .)
    position, other = of_query[..., 0], of_key[..., 0]
    times = torch.zeros_like(position * other)  # in how many rounds the two meet
    for r in range(1, rounds + 1):
        back = of_query[..., rounds + r] - of_key[..., rounds + r]
        times += (of_query[..., r] == of_key[..., r]) & ((back == 0) | (back == 1))
    own = cut(buckets.gather(-1, places.order).unsqueeze(-1))  # the bucket in the round that is sorted
    same = own == with_the_one_before(own).mT
    allowed = same & (other > 0) & (position != other)
    if causal:
        allowed = allowed & (other < position)

    scores = sort(queries) @ with_the_one_before(sort(keys)).mT - times.clamp(min=1).to(x.dtype).log()
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    weights = masked_softmax(scores, allowed)
    outputs = weights @ with_the_one_before(sort(values))
    sums = scores.logsumexp(-1, keepdim=True)
    sums = sums.masked_fill(~allowed.any(-1, keepdim=True), torch.finfo(scores.dtype).min)

    back = places.order.argsort(-1).unsqueeze(-1)
    outputs, sums = (y.flatten(-3, -2)[..., :length, :] for y in (outputs, sums))
    outputs = outputs.gather(-2, back.expand_as(outputs))
    sums = sums.gather(-2, back)
    alone = (sums == torch.finfo(sums.dtype).min).all(-3)  # (..., n, 1)
    together = (sums.softmax(-3) * outputs).sum(-3)
    return torch.where(alone, values, together)


class HashingAttention(nn.Module):
    """`hashing_attention` with random rotations, as an attention function of queries and values; keys are not used.

    buckets: an even number. rounds: more of them miss fewer of the large scores, and cost in proportion.
    """

    def __init__(self, size: int, buckets: int, rounds: int = 4, chunk: int = 64, causal: bool = True, seed: int = 0):
        super().__init__()
        if buckets < 2 or buckets % 2:
            raise ValueError(f"buckets: expected an even number, got {buckets}")
        generator = torch.Generator().manual_seed(seed)
        self.register_buffer("rotations", torch.randn(rounds, size, buckets // 2, generator=generator))
        self.chunk, self.causal = chunk, causal

    def forward(
        self,
        queries: Float[Tensor, "*batch length size"],
        keys: Float[Tensor, "*batch length size"],
        values: Float[Tensor, "*batch length value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "*batch length value_size"], Float[Tensor, "*batch length length"] | None]:
        """need_weights: True computes by the definition, which costs length². `mask` must be None."""
        if mask is not None:
            raise ValueError("mask: expected None; hashing decides who sees whom")
        buckets = hash_vectors(queries, self.rotations)
        chunk = min(self.chunk, queries.shape[-2])
        if not need_weights:
            return hashing_attention(queries, values, buckets, chunk, self.causal), None
        scores = queries @ F.normalize(queries, dim=-1).mT / queries.shape[-1] ** 0.5
        weights = masked_softmax(scores, hashing_mask(buckets, chunk, self.causal))
        return weights @ values, weights
