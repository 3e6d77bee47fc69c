"""Grouped-query attention: several heads ask the same keys (Ainslie, Lee-Thorp, de Jong, Zemlyanskiy, Lebrón and
Sanghai 2023). With one group for all heads it is multi-query attention (Shazeer 2019).

What becomes smaller is what a decoder has to keep, and to read again for every word: keys and values of `groups` heads
and not of all. The number of products with keys and values stays what it was.
"""

from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.cache import KeyValueCache
from attention_course.functional import check_mask, looking_back, scaled_dot_product_attention
from attention_course.layers.multi_head import Attention, MultiHeadAttention
from attention_course.positions.rotary import RotaryAttention
from attention_course.state import init_state, step_with_cache


def grouped_attention(
    queries: Float[Tensor, "*batch heads queries key_size"],
    keys: Float[Tensor, "*batch groups keys key_size"],
    values: Float[Tensor, "*batch groups keys value_size"],
    mask: Bool[Tensor, "..."] | None = None,
    causal: bool = False,
    need_weights: bool = True,
) -> tuple[Float[Tensor, "*batch heads queries value_size"], Float[Tensor, "*batch heads queries keys"] | None]:
    """Scaled dot-product attention with fewer heads of keys than of queries; no key is copied.

    The heads of a group ask as if they were more words: their queries stand below each other, (G, H/G * L, D), so that
    one matrix product reads each key once for all of them. The heads of a group are neighbours.

    Raises ValueError where the number of groups does not divide that of heads.
    """
    heads, length = queries.shape[-3:-1]
    groups = keys.shape[-3]
    if heads % groups:
        raise ValueError(f"keys: expected a number of heads that divides the queries' {heads}, got {groups}")
    if groups == heads:
        return scaled_dot_product_attention(queries, keys, values, mask, causal, need_weights)
    mask = looking_back(mask, queries, keys, causal)
    if mask is not None:
        check_mask(mask, (*queries.shape[:-1], keys.shape[-2]))
        if any(side > 1 for side in mask.shape[-3:-1]):  # not one row for all words and heads
            mask = mask.expand(*queries.shape[:-1], keys.shape[-2])
            mask = mask.unflatten(-3, (groups, -1)).flatten(-3, -2)  # (..., H, L, S) -> (..., G, H/G * L, S)
    together = queries.unflatten(-3, (groups, -1)).flatten(-3, -2)  # (..., H, L, D) -> (..., G, H/G * L, D)
    output, weights = scaled_dot_product_attention(together, keys, values, mask, need_weights=need_weights)
    output, weights = (x if x is None else x.unflatten(-2, (-1, length)).flatten(-4, -3) for x in (output, weights))
    return output, weights


class ForGroups(nn.Module):
    """An attention function for fewer heads of keys than of queries, made of any `attend`.

    Plain attention copies nothing, see `grouped_attention`. Another function may care which word it is that asks: it
    gets the keys and values of a group once for each head.
    """

    def __init__(self, attend: Attention = scaled_dot_product_attention):
        super().__init__()
        self.attend = attend

    def forward(
        self,
        queries: Float[Tensor, "*batch heads queries key_size"],
        keys: Float[Tensor, "*batch groups keys key_size"],
        values: Float[Tensor, "*batch groups keys value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        need_weights: bool = True,
    ) -> tuple[Float[Tensor, "*batch heads queries value_size"], Float[Tensor, "*batch heads queries places"] | None]:
        if self.attend is scaled_dot_product_attention:
            return grouped_attention(queries, keys, values, mask, causal, need_weights)
        return self.attend(queries, *_for_each_head(queries, keys, values), mask, causal, need_weights)

    def init_state(self, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> KeyValueCache:
        """Those of the groups: how many heads will ask, `step` sees."""
        return KeyValueCache.of(keys, values, mask)

    def step(
        self,
        queries: Tensor,
        keys: Tensor | None,
        values: Tensor | None,
        state: Any,
        mask: Tensor | None = None,
        need_weights: bool = False,
    ) -> tuple[Tensor, Tensor | None, Any]:
        """Where `attend` keeps something of its own, not keys and values, it keeps that for every head."""
        if not hasattr(self.attend, "step"):
            return step_with_cache(self, queries, keys, values, state, mask, need_weights)
        if isinstance(state, KeyValueCache):
            state = init_state(self.attend, *_for_each_head(queries, state.keys, state.values), state.mask)
        if keys is not None:
            keys, values = _for_each_head(queries, keys, values)
        return self.attend.step(queries, keys, values, state, mask, need_weights)


def _for_each_head(queries: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    times = queries.shape[-3] // keys.shape[-3]
    return keys.repeat_interleave(times, -3), values.repeat_interleave(times, -3)


def for_groups(attend: Attention) -> Attention:
    """`ForGroups` where `attend` does not know of groups. Rotary positions turn keys of any number of heads."""
    if type(attend) is RotaryAttention:
        return RotaryAttention(attend.base, for_groups(attend.attend))
    return attend if isinstance(attend, ForGroups) else ForGroups(attend)


class GroupedQueryAttention(MultiHeadAttention):
    """`MultiHeadAttention` in which the heads of a group share the matrices of keys and of values.

    groups: how many heads of keys there are. As many as `heads` is multi-head attention, one is multi-query attention.

    Raises ValueError where `groups` does not divide `heads`.
    """

    def __init__(
        self,
        size: int,
        heads: int,
        groups: int = 1,
        *,
        key_size: int | None = None,
        value_size: int | None = None,
        head_size: int | None = None,
        bias: bool = True,
        attend: Attention = scaled_dot_product_attention,
    ):
        sizes = {"key_size": key_size, "value_size": value_size, "head_size": head_size, "bias": bias}
        super().__init__(size, heads, **sizes, attend=for_groups(attend))
        if groups < 1 or heads % groups:
            raise ValueError(f"groups: expected a divisor of the {heads} heads, got {groups}")
        self.groups = groups
        for name in ("project_key", "project_value"):
            smaller = nn.Linear(getattr(self, name).in_features, groups * self.head_size, bias)
            nn.init.xavier_uniform_(smaller.weight)
            if bias:
                nn.init.zeros_(smaller.bias)
            setattr(self, name, smaller)


def grouped(attention: MultiHeadAttention, groups: int) -> GroupedQueryAttention:
    """A trained layer with fewer heads of keys, each the mean of those of its group (Ainslie et al. 2023, section 2.1).

    It does not do what the whole layer did, but is a better start for further training than one head of each group or
    new matrices (their section 3.3). Queries and W_O are taken over. With as many groups as heads it is the same layer.
    A layer that has groups already may get fewer.

    Raises ValueError where `groups` does not divide the heads of keys, and for keys that have no matrix of their own.
    """
    query, key, value, output = attention.projections
    if groups < 1 or attention.groups % groups:
        raise ValueError(f"groups: expected a divisor of the {attention.groups} heads of keys, got {groups}")
    if key is query:
        raise ValueError(f"attention: expected keys with a matrix of their own, got a `{type(attention).__name__}`")
    made = GroupedQueryAttention(
        query.in_features,
        attention.heads,
        groups,
        key_size=key.in_features,
        value_size=value.in_features,
        head_size=attention.head_size,
        bias=query.bias is not None,
        attend=attention.attend,
    ).to(query.weight)
    made.project_query.load_state_dict(query.state_dict())
    made.project_output.load_state_dict(output.state_dict())
    for ours, theirs in ((made.project_key, key), (made.project_value, value)):
        ours.load_state_dict({name: _means(x, groups, attention.head_size) for name, x in theirs.state_dict().items()})
    return made.train(attention.training)


def _means(x: Tensor, groups: int, head_size: int) -> Tensor:
    """Rows of all heads of keys, (H * D, ...), to the means over those of each group, (G * D, ...)."""
    return x.unflatten(0, (groups, -1, head_size)).mean(1).flatten(0, 1)
