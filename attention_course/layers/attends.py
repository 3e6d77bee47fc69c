"""What a layer has to know of its attention function: whom it shows to whom, and what it wants."""

from collections.abc import Callable

from jaxtyping import Bool
from torch import Tensor

from attention_course.masks import causal_mask
from attention_course.state import innermost


def sees_something(
    attend: Callable, mask: Bool[Tensor, "*some queries keys"], queries: int, causal: bool
) -> Bool[Tensor, "*some rows"]:
    """Whether there is a key that `mask` allows and `attend` shows, for each query, or once where it is one for all.

    attend: an attention function with a pattern of its own has a method `seen`: given which keys count, (..., keys),
        and whether it looks only back, it gives which positions see one of them, (..., keys).
    mask: the axis of the keys has its full length; that of the queries may be 1.
    """
    attend = innermost(attend)
    if hasattr(attend, "seen"):  # which takes no other mask than one of keys
        return attend.seen(mask.squeeze(-2), causal)[..., -queries:]
    if not causal:
        return mask.any(-1)
    if mask.shape[-2] == 1:  # no square of the length where there was none
        return (mask.squeeze(-2).cumsum(-1) > 0)[..., -queries:]
    return (mask & causal_mask(queries, mask.shape[-1], mask.device)).any(-1)
