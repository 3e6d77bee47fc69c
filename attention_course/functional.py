"""The two equations of attention, as functions of tensors."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

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
    queries: Float[Tensor, "*batch queries key_size"],
    keys: Float[Tensor, "*batch keys key_size"],
    values: Float[Tensor, "*batch keys value_size"],
    mask: Bool[Tensor, "..."] | None = None,
    need_weights: bool = True,
) -> tuple[Float[Tensor, "*batch queries value_size"], Float[Tensor, "*batch queries keys"] | None]:
    """softmax(Q K^T / sqrt(D)) V, with its weights (Vaswani et al. 2017, section 3.2.1).

    mask: True = may attend, as in `F.scaled_dot_product_attention` and unlike `nn.MultiheadAttention`.
    need_weights: False gives (output, None) and leaves the choice of the kernel to `fused_is_faster`.
        Either way a query that may attend to nothing gets an output of exactly zero.

    Raises ValueError where the sizes do not fit.
    """
    check_sizes(queries, keys, values)
    if need_weights or not fused_is_faster(queries, keys):
        scores = queries @ keys.mT / queries.shape[-1] ** 0.5
        weights = masked_softmax(scores, mask)
        return weights @ values, (weights if need_weights else None)
    fused = [four_axes(x) for x in (queries, keys, values)]
    shape = (*queries.shape[:-1], values.shape[-1])
    if mask is None:
        return F.scaled_dot_product_attention(*fused).reshape(shape), None
    check_mask(mask, (*queries.shape[:-1], keys.shape[-2]))
    mask = mask.reshape((1,) * (queries.dim() - mask.dim()) + mask.shape)
    # Not every kernel is sure to give zero for an empty row: let it look anywhere, then drop what it saw.
    empty = ~mask.any(-1, keepdim=True)
    allowed = mask | empty
    if allowed.shape[:-3].numel() > 1:
        allowed = allowed.expand(*queries.shape[:-3], *allowed.shape[-3:])
    output = F.scaled_dot_product_attention(*fused, attn_mask=four_axes(allowed)).reshape(shape)
    return (output.masked_fill(empty, 0) if empty.any() else output), None  # filling reads and writes all of it


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
    """Raise unless queries and keys have one size, and keys and values one length."""
    if queries.shape[-1] != keys.shape[-1]:
        raise ValueError(
            f"queries and keys: expected the same last size, got {tuple(queries.shape)} and {tuple(keys.shape)}"
        )
    if values is not None and keys.shape[-2] != values.shape[-2]:
        raise ValueError(
            f"keys and values: expected the same number, got {tuple(keys.shape)} and {tuple(values.shape)}"
        )
