"""Sums over the past, with care: a divisor that may be tiny, and values that are not finite."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention_course.functional import check_mask


class _Quotient(torch.autograd.Function):
    """sums / divisor, with a backward pass of its own: PyTorch's takes longer, and overflows for a tiny divisor."""

    @staticmethod
    def forward(sums, divisor):
        return sums / divisor

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output, inputs[1])

    @staticmethod
    def backward(ctx, gradient):
        output, divisor = ctx.saved_tensors
        least = torch.finfo(divisor.dtype).tiny ** 0.75  # below it the gradient shrinks, where it would be infinite
        gradient = gradient / divisor.abs().clamp(min=least).copysign(divisor)
        return gradient, -torch.linalg.vecdot(gradient, output).unsqueeze(-1)


def quotient(sums: Float[Tensor, "*batch size"], divisor: Float[Tensor, "*batch 1"]) -> Float[Tensor, "*batch size"]:
    """sums / divisor, and the sums themselves where the divisor is zero: nothing was added up."""
    return _Quotient.apply(sums, divisor.masked_fill(divisor == 0, 1))


def set_aside_(values: Float[Tensor, "*batch keys size"]) -> Float[Tensor, "*batch keys 1"]:
    """Put zeros in the place of NaN and infinity, in `values` itself, which has to be a copy of one's own.

    A weight of zero does not keep them out, as 0 times NaN is NaN. Gives 0 for each position up to the first that had
    one, and NaN from there on: added to what a query that sees so far finds, it shows what was set aside.
    """
    values = values.detach()
    marks = values @ values.new_zeros(values.shape[-1], 1)
    values.nan_to_num_(0, 0, 0)
    return marks.cumsum(-2)


def weigh_back(
    weights: Float[Tensor, "*batch queries keys"], values: Float[Tensor, "*batch keys size"]
) -> Float[Tensor, "*batch queries size"]:
    """weights @ values, where weights ahead of a query are zero; the last query is level with the last key."""
    values = values.clone()
    marks = set_aside_(values)
    return weights @ values + marks[..., -weights.shape[-2] :, :]


def any_counts(keys: Tensor, mask: Bool[Tensor, "..."] | None) -> Bool[Tensor, "*batch 1 1"]:
    """Whether one of the keys counts, (..., 1, 1)."""
    if mask is None:
        return torch.full((*keys.shape[:-2], 1, 1), keys.shape[-2] > 0, dtype=torch.bool, device=keys.device)
    return torch.atleast_2d(mask).any(-1, keepdim=True).expand(*keys.shape[:-2], 1, 1)


def refuse_weights(need_weights: bool) -> None:
    """Raise where weights are wanted of sums, which hold no keys to show them for."""
    if need_weights:
        raise ValueError("need_weights: expected False, as sums hold no keys to show weights of, got True")


def drop_masked(
    keys: Float[Tensor, "*batch keys key_size"],
    values: Float[Tensor, "*batch keys value_size"],
    mask: Bool[Tensor, "..."],
) -> tuple[
    Float[Tensor, "*batch keys key_size"], Float[Tensor, "*batch keys value_size"], Bool[Tensor, "*some keys 1"]
]:
    """Zeros in the place of the keys and values that do not count, and which count, as a column.

    Raises ValueError where `mask` is not (..., 1, keys).
    """
    check_mask(mask, (*keys.shape[:-2], 1, keys.shape[-2]))
    key_mask = torch.atleast_2d(mask).mT  # (..., S, 1)
    return keys.masked_fill(~key_mask, 0), values.masked_fill(~key_mask, 0), key_mask
