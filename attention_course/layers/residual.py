"""Where the norm of a residual connection stands: in front of each part, or behind the sum."""

from collections.abc import Callable
from typing import Any

from jaxtyping import Float
from torch import Tensor

Part = Callable[[Tensor], tuple[Tensor, Any]]
"""An attention or a feed-forward network: from x (B, words, size) to (what it found, of the same shape; anything else,
such as its weights)."""
Residual = Callable[[Tensor, Part, Callable, Callable], tuple[Tensor, Any]]


def pre_norm(
    x: Float[Tensor, "batch words size"],
    part: Part,
    norm: Callable[[Tensor], Tensor],
    dropout: Callable[[Tensor], Tensor],
) -> tuple[Float[Tensor, "batch words size"], Any]:
    """x + part(norm(x)), and what else the part gives (Xiong et al. 2020). A stack of such blocks ends with a norm."""
    found, other = part(norm(x))
    return x + dropout(found), other


def post_norm(
    x: Float[Tensor, "batch words size"],
    part: Part,
    norm: Callable[[Tensor], Tensor],
    dropout: Callable[[Tensor], Tensor],
) -> tuple[Float[Tensor, "batch words size"], Any]:
    """norm(x + part(x)), and what else the part gives (Vaswani et al. 2017, section 3.1)."""
    found, other = part(x)
    return norm(x + dropout(found)), other
