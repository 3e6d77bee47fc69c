"""What a layer of several heads is given, checked and brought to one shape."""

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from attention_course.cache import KeyValueCache
from attention_course.functional import check_mask


def of_one_batch(
    asked: Float[Tensor, "*#batch heads queries head_size"],
    keys: Float[Tensor, "*#batch groups keys head_size"],
    values: Float[Tensor, "*#batch groups keys head_size"],
) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values with the same axes in front. Raises ValueError where those do not broadcast."""
    if asked.shape[:-3] == keys.shape[:-3] == values.shape[:-3]:
        return asked, keys, values
    batch = _batch(asked, keys, values)
    asked, keys, values = (x.expand(*batch, *x.shape[-3:]) for x in (asked, keys, values))
    return asked, keys, values


def check_cache(cache: KeyValueCache, asked: Float[Tensor, "*batch heads queries head_size"], groups: int) -> None:
    """Raise unless what is kept is of `groups` heads of the queries' size, and the axes in front broadcast."""
    kept = cache.keys
    if (kept.shape[-3], kept.shape[-1]) != (groups, asked.shape[-1]):
        expected = f"{groups} heads of size {asked.shape[-1]}"
        raise ValueError(f"state: expected {expected}, got keys of the shape {tuple(kept.shape)}")
    if asked.shape[:-3] != kept.shape[:-3]:
        _batch(asked, kept, cache.values)


def _batch(*tensors: Tensor) -> tuple[int, ...]:
    """The axes in front of (heads, words, size), broadcast."""
    fronts = [x.shape[:-3] for x in tensors]
    try:
        return torch.broadcast_shapes(*fronts)
    except RuntimeError as error:
        got = ", ".join(str(tuple(front)) for front in fronts)
        raise ValueError(f"queries, keys, values: expected axes in front that broadcast, got {got}") from error


def for_heads(
    mask: Bool[Tensor, "..."], asked: Float[Tensor, "*batch heads queries head_size"], keys: int
) -> Bool[Tensor, "*some rows keys"]:
    """The mask with an axis for the heads, where all of them share it, and with that of the keys at its length."""
    *batch, heads, queries, _ = asked.shape
    if mask.dim() <= len(batch) + 2:
        check_mask(mask, (*batch, queries, keys))
        mask = torch.atleast_2d(mask).unsqueeze(-3)
    else:
        check_mask(mask, (*batch, heads, queries, keys))
    return mask if mask.shape[-1] == keys else mask.expand(*mask.shape[:-1], keys)


def check_head_mask(head_mask: Shaped[Tensor, "..."], asked: Float[Tensor, "*batch heads queries head_size"]) -> None:
    """Raise unless there is a number for each head, or for each head of each sentence."""
    shape = asked.shape[:-2]
    if head_mask.shape not in (shape, shape[-1:]):
        raise ValueError(
            f"head_mask: expected the shape {tuple(shape[-1:])} or {tuple(shape)}, got {tuple(head_mask.shape)}"
        )
