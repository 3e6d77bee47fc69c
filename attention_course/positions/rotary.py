"""Rotary positions: queries and keys are turned by angles that grow with their position (Su et al. 2021)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attention_course.functional import scaled_dot_product_attention
from attention_course.positions.distance import key_positions, query_positions
from attention_course.positions.sinusoidal import sinusoids
from attention_course.state import init_state, step


def rotate(
    x: Float[Tensor, "*batch length size"], positions: Int[Tensor, " length"], base: float = 10_000.0
) -> Float[Tensor, "*batch length size"]:
    """Turn each pair of neighbours (x_2i, x_2i+1) at position p by the angle p * base^(-2i / size).

    Lengths stay, and the dot product of a query turned at p with a key turned at q depends on p - q alone, since
    turning both by the same angle changes nothing. Raises ValueError where the size is odd.
    """
    table = sinusoids(positions, x.shape[-1], base, torch.promote_types(x.dtype, torch.float32)).to(x.dtype)
    sin, cos = table[:, 0::2], table[:, 1::2]  # (length, size / 2)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2)


class RotaryState(NamedTuple):
    """How many words there were, and what the attention function inside keeps of them."""

    words: int
    inner: Any

    @property
    def length(self) -> int:
        """How many of them it holds."""
        return self.inner.length

    @property
    def mask(self) -> Tensor | None:
        """Which of what is kept counts."""
        return self.inner.mask


class RotaryAttention(nn.Module):
    """Attention between turned queries and turned keys; the values are not turned.

    attend: what is done with them; a cheaper form of `efficient` fits as well.
    """

    def __init__(self, base: float = 10_000.0, attend: Callable = scaled_dot_product_attention):
        super().__init__()
        self.base, self.attend = base, attend

    def forward(
        self,
        queries: Float[Tensor, "*#batch queries key_size"],
        keys: Float[Tensor, "*#of_keys keys key_size"],  # perhaps of fewer heads, where `attend` knows of groups
        values: Float[Tensor, "*#of_keys keys value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        need_weights: bool = True,
    ) -> tuple[Float[Tensor, "*#batch queries value_size"], Float[Tensor, "*#batch queries keys"] | None]:
        queries = rotate(queries, query_positions(queries, keys), self.base)
        keys = rotate(keys, key_positions(keys), self.base)
        return self.attend(queries, keys, values, mask, causal, need_weights)

    def init_state(self, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> RotaryState:
        keys = rotate(keys, key_positions(keys), self.base)
        return RotaryState(keys.shape[-2], init_state(self.attend, keys, values, mask))

    def step(
        self,
        queries: Tensor,
        keys: Tensor | None,
        values: Tensor | None,
        state: RotaryState,
        mask: Tensor | None = None,
        need_weights: bool = False,
    ) -> tuple[Tensor, Tensor | None, RotaryState]:
        """New keys are turned once, at the places behind those so far, and kept turned."""
        end = state.words + (0 if keys is None else keys.shape[-2])
        queries = rotate(queries, torch.arange(end - queries.shape[-2], end, device=queries.device), self.base)
        if keys is not None:
            keys = rotate(keys, torch.arange(state.words, end, device=keys.device), self.base)
        output, weights, inner = step(self.attend, queries, keys, values, state.inner, mask, need_weights)
        return output, weights, RotaryState(end, inner)
