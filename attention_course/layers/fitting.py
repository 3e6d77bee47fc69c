"""What a layer of several heads is given, checked and brought to one shape."""

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from attention_course.functional import check_mask
from attention_course.layers.heads import KeysValues


def of_one_batch(
    asked: Float[Tensor, "*#batch heads queries head_size"], source: KeysValues, groups: int
) -> tuple[Tensor, KeysValues]:
    """Queries and source with the same axes in front.

    Raises ValueError where those do not broadcast, or `source` has not `groups` heads of the queries' size.
    """
    front, heads, size = source.keys.shape[:-3], source.keys.shape[-3], source.keys.shape[-1]
    if (heads, size) != (groups, asked.shape[-1]):
        expected = f"{groups} heads of size {asked.shape[-1]}"
        raise ValueError(f"source: expected {expected}, got the shape {tuple(source.keys.shape)}")
    if asked.shape[:-3] == front == source.values.shape[:-3]:
        return asked, source
    fronts = [x.shape[:-3] for x in (asked, *source)]
    try:
        batch = torch.broadcast_shapes(*fronts)
    except RuntimeError as error:
        got = ", ".join(str(tuple(front)) for front in fronts)
        raise ValueError(f"queries, keys, values: expected axes in front that broadcast, got {got}") from error
    asked, keys, values = (x.expand(*batch, *x.shape[-3:]) for x in (asked, *source))
    return asked, KeysValues(keys, values)


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
