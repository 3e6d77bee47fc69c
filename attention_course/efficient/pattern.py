"""What the sparse forms share: each says whom a query may see, and how to compute just that."""

from typing import Any, NoReturn

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attention_course.functional import check_mask, check_sizes, scaled_dot_product_attention


class PatternAttention(nn.Module):
    """Attention in which place alone decides who sees whom. Each form of it is written twice:

    `allowed` is the definition, a mask for full attention; `compute` gives the same output and never looks elsewhere.
    `seen` says who sees anything at all. Here it is the definition; the forms count without a tensor of length².
    Keys and values that a query may not see change nothing as long as they are finite, see `functional.context_vector`.
    """

    adds_in_pieces = False
    """Whether `compute` takes what a scheme of positions adds (`relative`); else the definition does."""

    only_back = False
    """Whether it has no form that looks both ways."""

    def allowed(self, queries: int, keys: int, causal: bool, device=None) -> Bool[Tensor, "queries keys"]:
        """Whom each of the last `queries` of `keys` positions may see; with `causal`, none that comes after it."""
        raise NotImplementedError

    def compute(
        self,
        queries: Float[Tensor, "*batch length key_size"],
        keys: Float[Tensor, "*batch length key_size"],
        values: Float[Tensor, "*batch length value_size"],
        key_mask: Bool[Tensor, "*some 1 length"],
        causal: bool,
    ) -> Float[Tensor, "*batch length value_size"]:
        """The output for all positions, without a tensor of length². key_mask: which keys count."""
        raise NotImplementedError

    def seen(self, key_mask: Bool[Tensor, "*some length"], causal: bool) -> Bool[Tensor, "*some length"]:
        """Which positions see a key that counts."""
        length = key_mask.shape[-1]
        return (self.allowed(length, length, causal, key_mask.device) & key_mask.unsqueeze(-2)).any(-1)

    def forward(
        self,
        queries: Float[Tensor, "*batch queries key_size"],
        keys: Float[Tensor, "*batch keys key_size"],
        values: Float[Tensor, "*batch keys value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        need_weights: bool = False,
        *,
        relative: Any = None,
    ) -> tuple[Float[Tensor, "*batch queries value_size"], Float[Tensor, "*batch queries keys"] | None]:
        """Give (output, weights or None).

        mask: which keys count, (..., 1, keys) or (keys,); whom of them a query sees, the pattern says.
        need_weights: True computes by the definition, which costs queries * keys. So does a call with fewer queries
            than keys, where the earlier keys are the past that a cache has kept: the last query is level with the last
            key.
        relative: see `positions.relative`. A form that does not add it piece by piece computes by the definition.

        Raises ValueError for a mask of another shape, for more queries than keys, and for a pattern that only looks
        back where `causal` is not said.
        """
        if self.only_back and not causal:
            raise_only_back(self)
        check_sizes(queries, keys, values)
        length = keys.shape[-2]
        if mask is None:
            key_mask = torch.ones(1, length, dtype=torch.bool, device=keys.device)
        else:
            check_mask(mask, (*keys.shape[:-2], 1, length))
            key_mask = torch.atleast_2d(mask).expand(*mask.shape[:-2], 1, length)
        if need_weights or queries.shape[-2] != length or (relative is not None and not self.adds_in_pieces):
            return self.by_definition(queries, keys, values, key_mask, causal, need_weights, relative)
        options = {"relative": relative} if self.adds_in_pieces else {}
        return self.compute(queries, keys, values, key_mask, causal, **options), None

    def by_definition(
        self,
        queries: Tensor,
        keys: Tensor,
        values: Tensor,
        key_mask: Tensor,
        causal: bool,
        need_weights: bool,
        relative: Any = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Full attention under the mask."""
        allowed = key_mask & self.allowed(queries.shape[-2], keys.shape[-2], causal, queries.device)
        return scaled_dot_product_attention(queries, keys, values, allowed, False, need_weights, relative=relative)


def raise_only_back(attend: nn.Module) -> NoReturn:
    """It looks back and was not told to: a caller who wants every word to see all others is not to be misled."""
    raise ValueError(f"causal: expected True, as {type(attend).__name__} only looks back, got False")


def steps_back(queries: int, keys: int | None = None, device=None) -> Int[Tensor, "queries keys"]:
    """How many places key j stands behind query i; the last query is level with the last key."""
    keys = queries if keys is None else keys
    if keys < queries:
        raise ValueError(f"keys: expected at least as many as the {queries} queries, got {keys}")
    j = torch.arange(keys, device=device)
    return j[keys - queries :].unsqueeze(-1) - j


def any_near(key_mask: Bool[Tensor, "*some length"], before: int, after: int = 0) -> Bool[Tensor, "*some length"]:
    """Whether a position counts, one of the `before` in front of it, or one of the `after` behind it."""
    sums = F.pad(key_mask, (before + 1, after)).cumsum(-1)
    return sums[..., before + 1 + after :] > sums[..., : key_mask.shape[-1]]
