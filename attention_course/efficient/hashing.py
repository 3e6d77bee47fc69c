"""Attention among vectors that hash alike (Reformer: Kitaev, Kaiser and Levskaya 2020).

A query's largest scores are with keys that point its way. Random rotations put vectors into buckets by direction, so
that those which share a bucket are likely to be each other's largest scores, and only they are compared. As in the
paper one vector serves as query and as key (a key at length one), and no position looks at itself unless it has nothing
else.

The paper cuts the sorted sequence into chunks, and words to come shift the cuts. Here a position sees, in each round,
the `window` members of its bucket that stand nearest to it, which no later word can change.

Written twice: `hashing_mask` says who may see whom; `hashing_attention` sorts by bucket and looks at neighbours, at a
cost of rounds * length * window.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attention_course.device import default_device
from attention_course.efficient.attention_to_others import attention_to_others
from attention_course.functional import check_mask, check_sizes


def hash_vectors(
    x: Float[Tensor, "*batch length size"], rotations: Float[Tensor, "rounds size half"]
) -> Int[Tensor, "*batch rounds length"]:
    """The bucket of every vector in every round: the largest of (x R, -x R), among 2 * half (Andoni et al. 2015)."""
    turned = x.unsqueeze(-3) @ rotations  # (..., rounds, n, half)
    return torch.cat([turned, -turned], -1).argmax(-1)


def addresses(buckets: Int[Tensor, "*batch rounds length"], window: int) -> Int[Tensor, "*batch rounds length"]:
    """Each position's place when a round is sorted by bucket and time, with `window` free places before each bucket.

    Two positions see each other where their addresses differ by at most `window`; that never joins two buckets.
    """
    places = buckets.argsort(dim=-1, stable=True).argsort(-1)
    return (places + window * (buckets + 1) + 1).int()


def hashing_mask(
    where: Int[Tensor, "*batch rounds length"], window: int, causal: bool = False, queries: int | None = None
) -> Bool[Tensor, "*batch queries length"]:
    """The definition: i may see j where their addresses `where` are at most `window` apart in one round or more.

    queries: give the rows of the last ones alone.
    """
    queries = where.shape[-1] if queries is None else queries
    apart = where[..., -queries:].unsqueeze(-1) - where.unsqueeze(-2)  # (..., rounds, queries, n)
    mask = (apart.abs() <= window).any(-3)
    return mask.tril(where.shape[-1] - queries) if causal else mask


def hashing_attention(
    x: Float[Tensor, "*batch length size"],
    values: Float[Tensor, "*batch length value_size"],
    where: Int[Tensor, "*batch rounds length"],
    window: int,
    causal: bool = False,
) -> Float[Tensor, "*batch length value_size"]:
    """`attention_to_others` under `hashing_mask`, each round by itself and then all in one softmax."""
    rounds = [one_round(x, values, where, r, window, causal) for r in range(where.shape[-2])]
    outputs, sums = (torch.stack(parts) for parts in zip(*rounds, strict=True))  # (rounds, ..., n, size), (..., n, 1)
    alone = (sums == torch.finfo(x.dtype).min).all(0)  # (..., n, 1)
    return torch.where(alone, values, (sums.softmax(0) * outputs).sum(0))


def one_round(
    x: Tensor, values: Tensor, where: Tensor, r: int, window: int, causal: bool
) -> tuple[Float[Tensor, "*batch length value_size"], Float[Tensor, "*batch length 1"]]:
    """Sort by round r's addresses, and let every position look at its neighbours.

    Gives the outputs, and the logarithm of each position's sum of exponentials: the lowest number where it sees none.
    A pair that meets in several rounds counts for a part in each, or it would count several times.
    """
    length, rounds = x.shape[-2], where.shape[-2]
    order = where[..., r, :].argsort(-1)  # (..., n)

    def moved(y: Tensor, places: Tensor) -> Tensor:
        return y.gather(-2, places.unsqueeze(-1).expand(*places.shape, y.shape[-1]))

    def cut(y: Tensor, before: int = 0, after: int = 0) -> Tensor:  # (..., n, size) -> (..., C, chunk, size)
        y = F.pad(moved(y, order), (0, 0, before, after + -length % window))
        return y.unfold(-2, before + window + after, window).mT

    def neighbours(y: Tensor) -> Tensor:  # (..., n, size) -> (..., C, span, size)
        return cut(y, window, 0 if causal else window)

    asking, asked = cut(where.mT), neighbours(where.mT)  # 0, and so near to none, beyond the ends
    times = 0
    for s in range(rounds):
        apart = asking[..., s].unsqueeze(-1) - asked[..., s].unsqueeze(-2)  # (..., C, window, span)
        near = apart.abs() <= window
        times = times + near.to(torch.int8)
        if s == r:
            others = near & (apart > 0 if causal else apart != 0)

    queries, keys = x / x.shape[-1] ** 0.5, F.normalize(x, dim=-1)
    lowest = torch.finfo(x.dtype).min
    scores = (cut(queries) @ neighbours(keys).mT).to(x.dtype).masked_fill(~others, lowest)  # autocast may have rounded
    highest = scores.detach().amax(-1, keepdim=True)
    # At -80 a score has no weight left; where exp underflows it takes ten times as long.
    parts = (scores - highest).clamp(min=-80).exp() * (others.to(x.dtype) / times.clamp(min=1))
    total = parts.sum(-1, keepdim=True)
    total = total.masked_fill(total == 0, 1)  # where there is none, and `highest` is the lowest number
    outputs, sums = parts @ neighbours(values) / total, highest + total.log()
    back = order.argsort(-1)
    outputs, sums = (moved(y.flatten(-3, -2)[..., :length, :], back) for y in (outputs, sums))
    return outputs, sums


class HashingAttention(nn.Module):
    """`hashing_attention` as an attention function, with random rotations.

    It wants one vector as query and key, as `SharedQueryKey` makes it; another layer of several heads refuses it. Where
    you call it yourself, of the queries only the number counts: they are taken to be the keys, or the last of them.

    size: of a vector. buckets: an even number; with length / window of them a bucket about fills a window.
    rounds: more of them miss fewer of the large scores, and cost in proportion.
    window: how many of its bucket a position sees in one round, on one side.
    """

    one_vector = True
    of_heads = ()

    def __init__(self, size: int, buckets: int, rounds: int = 4, window: int = 64, seed: int = 0):
        super().__init__()
        if buckets < 2 or buckets % 2:
            raise ValueError(f"buckets: expected an even number, got {buckets}")
        if rounds < 1 or window < 1:
            raise ValueError(f"rounds and window: expected at least 1, got {rounds} and {window}")
        generator = torch.Generator().manual_seed(seed)
        rotations = torch.randn(rounds, size, buckets // 2, generator=generator, device="cpu")  # the same everywhere
        self.register_buffer("rotations", rotations.to(default_device()))
        self.window = window

    def seen(self, key_mask: Bool[Tensor, "*some length"], causal: bool) -> Bool[Tensor, "*some length"]:
        """Which positions see a key that counts: those that count, if only themselves."""
        return key_mask

    def forward(
        self,
        queries: Float[Tensor, "*batch queries size"],
        keys: Float[Tensor, "*batch keys size"],
        values: Float[Tensor, "*batch keys value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "*batch queries value_size"], Float[Tensor, "*batch queries keys"] | None]:
        """mask: which keys count, (..., 1, keys); those that do not see nothing themselves, and get zero.

        need_weights: True computes by the definition, which costs queries * keys, as do fewer queries than keys.
        Raises ValueError where the queries cannot be the last of the keys by their shape, or the mask is another one.
        """
        check_sizes(queries, keys, values)
        length, window = queries.shape[-2], min(self.window, keys.shape[-2])
        if queries.shape[:-2] != keys.shape[:-2] or length > keys.shape[-2]:
            shapes = f"{tuple(keys.shape)}, got the shape {tuple(queries.shape)}"
            raise ValueError(f"queries: expected the keys or the last of them, which have the shape {shapes}")
        buckets = hash_vectors(keys, self.rotations)  # (..., rounds, keys)
        if mask is not None:
            key_mask = _key_mask(mask, keys)  # (..., 1, keys)
            keys, values = keys.masked_fill(~key_mask.mT, 0), values.masked_fill(~key_mask.mT, 0)
            own = torch.arange(keys.shape[-2], device=keys.device) + 2 * self.rotations.shape[-1]
            buckets = torch.where(key_mask, buckets, own)  # who does not count gets a bucket alone
        where = addresses(buckets, window)
        if length == keys.shape[-2] and not need_weights:
            return hashing_attention(keys, values, where, window, causal), None
        allowed = hashing_mask(where, window, causal, length)
        allowed = allowed if mask is None else allowed & key_mask
        return attention_to_others(keys[..., -length:, :], keys, values, allowed, need_weights=need_weights)


def _key_mask(mask: Tensor, keys: Tensor) -> Bool[Tensor, "... 1 keys"]:
    """The mask with its axes, or a ValueError where it is not one of keys alone."""
    mask = torch.atleast_2d(mask)
    check_mask(mask, (*keys.shape[:-2], 1, keys.shape[-2]))
    return mask.expand(*mask.shape[:-1], keys.shape[-2])
