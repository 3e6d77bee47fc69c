"""The two equations of attention, as functions of tensors."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from attention_course.masks import causal_mask

ScoreFunction = Callable[[Tensor, Tensor], Tensor]


def masked_softmax(
    scores: Float[Tensor, "*batch keys"], mask: Bool[Tensor, "..."] | None = None
) -> Float[Tensor, "*batch keys"]:
    """Softmax over the last axis, among the keys that `mask` allows.

    mask: True = may attend; any shape that broadcasts to that of `scores`. What stands at a masked
        position, NaN and infinity included, changes nothing and gets a gradient of zero.

    A row that may attend to nothing gets weights of exactly zero, and finite gradients. (A softmax over
    -inf alone is NaN, and a single NaN in a batch undoes the training.)

    Raises ValueError where `mask` does not fit `scores`, TypeError where it is not boolean.
    """
    if mask is None:
        return scores.softmax(-1)
    check_mask(mask, scores.shape)
    # The lowest finite number instead of -inf keeps an empty row finite; the last product makes it zero.
    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return scores.softmax(-1) * mask


def attention_weights(
    queries: Float[Tensor, "*batch queries query_size"],
    keys: Float[Tensor, "*batch keys key_size"],
    score: ScoreFunction,
    mask: Bool[Tensor, "..."] | None = None,
) -> Float[Tensor, "*batch queries keys"]:
    """Eq. (2): how much of each query's attention each key gets, alpha_i = exp S(h_i, s) / sum_j exp S(h_j, s).

    score: S, any function of (queries, keys) that gives a tensor (..., queries, keys); see `scores`.
        The survey writes S(h, s), the key first; here, as in PyTorch, the query comes first.
    mask: see `masked_softmax`.

    Each row sums to one, or to zero where a query may attend to nothing.
    """
    return masked_softmax(score(queries, keys), mask)


def context_vector(
    weights: Float[Tensor, "*batch queries keys"], values: Float[Tensor, "*batch keys value_size"]
) -> Float[Tensor, "*batch queries value_size"]:
    """Eq. (1): the average of the values under the weights, c = sum_i alpha_i h_i.

    A value whose weight is zero does not count, as long as it is finite (0 times NaN is NaN).
    """
    return weights @ values


def scaled_dot_product_attention(
    queries: Float[Tensor, "*#batch queries key_size"],
    keys: Float[Tensor, "*#batch keys key_size"],
    values: Float[Tensor, "*#batch keys value_size"],
    mask: Bool[Tensor, "..."] | None = None,
    causal: bool = False,
    need_weights: bool = True,
    *,
    relative: Any = None,
) -> tuple[Float[Tensor, "*#batch queries value_size"], Float[Tensor, "*#batch queries keys"] | None]:
    """softmax(Q K^T / sqrt(D)) V, with its weights (Vaswani et al. 2017, section 3.2.1).

    mask: True = may attend, as in `F.scaled_dot_product_attention` and unlike `nn.MultiheadAttention`.
    causal: no query sees a later key. The last query is level with the last key, see `masks.causal_mask`.
    need_weights: False gives (output, None) and leaves the choice of the kernel to `fused_is_faster`.
        Either way a query that may attend to nothing gets an output of exactly zero.
    relative: what is added to the scores, and perhaps to the output, by distance, see `positions.relative`.

    Axes in front of (length, size) broadcast, as in a matrix product. Raises ValueError where the sizes do not fit, and
    for more causal queries than keys.
    """
    check_sizes(queries, keys, values)
    if not need_weights and relative is None and fused_is_faster(queries, keys):
        return fused_attention(queries, keys, values, mask, causal), None
    weights = masked_softmax(scaled_scores(queries, keys, relative), looking_back(mask, queries, keys, causal))
    return context_vectors(weights, values, relative), (weights if need_weights else None)


def scaled_scores(queries: Tensor, keys: Tensor, relative: Any = None) -> Float[Tensor, "*batch queries keys"]:
    """Q K^T / sqrt(D), and what is added to it by distance."""
    # Scaled before they are multiplied: in float16 the products by themselves may overflow.
    queries = queries / queries.shape[-1] ** 0.5
    scores = queries @ keys.mT
    return scores if relative is None else scores + relative.scores(queries, keys.shape[-2])


def context_vectors(weights: Tensor, values: Tensor, relative: Any = None) -> Float[Tensor, "*batch queries size"]:
    """The averages of the values under the weights, and what is added to them by distance."""
    more = None if relative is None else relative.output(weights)
    return weights @ values if more is None else weights @ values + more


def fused_attention(
    queries: Float[Tensor, "*#batch queries key_size"],
    keys: Float[Tensor, "*#batch keys key_size"],
    values: Float[Tensor, "*#batch keys value_size"],
    mask: Bool[Tensor, "..."] | None = None,
    causal: bool = False,
) -> Float[Tensor, "*#batch queries value_size"]:
    """PyTorch's kernel, for any number of axes, with zeros for a query that may attend to nothing.

    Its own `is_causal` lays the first query beside the first key. Where that is what is meant, no mask is made.
    """
    of_scores = shape_of_scores(queries, keys)
    length = queries.shape[-2]
    if causal and not (mask is None and length == keys.shape[-2]):
        mask, causal = looking_back(mask, queries, keys, causal), False
    queries, keys, values = in_one_batch(queries, keys, values)
    fused = [four_axes(x) for x in (queries, keys, values)]
    shape = (*queries.shape[:-1], values.shape[-1])
    if mask is None:
        return F.scaled_dot_product_attention(*fused, is_causal=causal and length > 1).reshape(shape)
    check_mask(mask, of_scores)
    mask = mask.reshape((1,) * (queries.dim() - mask.dim()) + mask.shape)
    some = None
    if not empty_rows_give_zero(queries.device):  # let them look anywhere, then drop what they saw
        some = mask.any(-1, keepdim=True)
        mask = mask | ~some
    if mask.shape[:-3].numel() > 1:
        mask = mask.expand(*queries.shape[:-3], *mask.shape[-3:])
    output = F.scaled_dot_product_attention(*fused, attn_mask=four_axes(mask)).reshape(shape)
    return output if some is None else torch.where(some, output, 0)


def looking_back(mask: Tensor | None, queries: Tensor, keys: Tensor, causal: bool = True) -> Tensor | None:
    """`mask`, where `causal` without what lies ahead of a query. A single one is the last and has nothing ahead.

    Raises ValueError with fewer keys than queries.
    """
    if not causal or queries.shape[-2] == 1 <= keys.shape[-2]:
        return mask
    back = causal_mask(queries.shape[-2], keys.shape[-2], queries.device)
    if mask is None:
        return back
    check_mask(mask, (*mask.shape[:-2], *back.shape))
    return mask & back


def empty_rows_give_zero(device: torch.device) -> bool:
    """Whether `F.scaled_dot_product_attention` is sure to give zero where a query may attend to nothing.

    On a CPU it is, since PyTorch 2.5. Not every kernel of a GPU is; and asking there whether a row is empty would keep
    the processor waiting for the GPU.
    """
    return device.type == "cpu"


def shape_of_scores(queries: Tensor, keys: Tensor) -> tuple[int, ...]:
    """(..., L, S), with the axes in front broadcast as in a matrix product."""
    batch = queries.shape[:-2]
    if batch != keys.shape[:-2]:
        batch = torch.broadcast_shapes(batch, keys.shape[:-2])
    return (*batch, queries.shape[-2], keys.shape[-2])


def in_one_batch(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors with the same axes in front of (length, size): views, no copies."""
    if all(x.shape[:-2] == tensors[0].shape[:-2] for x in tensors):
        return tensors
    batch = torch.broadcast_shapes(*(x.shape[:-2] for x in tensors))
    return tuple(x.expand(*batch, *x.shape[-2:]) for x in tensors)


def four_axes(x: Tensor) -> Tensor:
    """(batch, heads, length, size), as fused kernels want it and its mask: the first axes put together, or some added.

    What comes otherwise PyTorch computes without them, several times as slowly.
    """
    return x.flatten(0, -4) if x.dim() >= 4 else x.reshape((1,) * (4 - x.dim()) + x.shape)


def fused_is_faster(queries: Tensor, keys: Tensor) -> bool:
    """Whether `F.scaled_dot_product_attention` is the faster way to an output without weights.

    It is, except where gradients are wanted on a CPU and sequences are short: there two plain matrix products and
    their backward pass take less time (up to 1.3 times, at 16 to 48 words). On the CPU the crossover lies near 64
    keys; at 256 the fused kernel is about twice as fast.
    """
    training = torch.is_grad_enabled() and (queries.requires_grad or keys.requires_grad)
    return not (training and queries.device.type == "cpu" and keys.shape[-2] < 64)


def check_positive(**numbers: int | None) -> None:
    """Raise unless each number that is given is at least one."""
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise ValueError(f"{name}: expected at least 1, got {number}")


def check_size(name: str, x: Tensor, size: int) -> None:
    """Raise unless the vectors `x`, (..., size), have that size."""
    if x.shape[-1:] != (size,):
        raise ValueError(f"{name}: expected a last size of {size}, got the shape {tuple(x.shape)}")


def check_mask(mask: Tensor, shape: tuple[int, ...]) -> None:
    """Raise unless `mask` is boolean and broadcasts to `shape`."""
    if mask.dtype != torch.bool:
        raise TypeError(f"mask: expected torch.bool (True = may attend), got {mask.dtype}")
    fits = mask.dim() <= len(shape) and all(
        m in (1, n) for m, n in zip(reversed(mask.shape), reversed(shape), strict=False)
    )
    if not fits:
        raise ValueError(f"mask: expected a shape that broadcasts to {tuple(shape)}, got {tuple(mask.shape)}")


def check_sizes(queries: Tensor, keys: Tensor, values: Tensor | None = None) -> None:
    """Raise unless queries and keys have one size, keys and values one length, and the axes before them broadcast."""
    if queries.shape[-1] != keys.shape[-1]:
        raise ValueError(
            f"queries and keys: expected the same last size, got {tuple(queries.shape)} and {tuple(keys.shape)}"
        )
    if values is not None and keys.shape[-2] != values.shape[-2]:
        raise ValueError(
            f"keys and values: expected the same number, got {tuple(keys.shape)} and {tuple(values.shape)}"
        )
    given = [x for x in (queries, keys, values) if x is not None]
    if any(x.shape[:-2] != queries.shape[:-2] for x in given):
        try:
            torch.broadcast_shapes(*(x.shape[:-2] for x in given))
        except RuntimeError:
            shapes = " and ".join(str(tuple(x.shape)) for x in given)
            raise ValueError(f"queries, keys, values: expected first axes that broadcast, got {shapes}") from None
