"""Linear attention: a feature map in the place of the softmax lets the sum over the keys be done once for all queries.

Katharopoulos, Vyas, Pappas and Fleuret 2020. With weights proportional to phi(q_i) . phi(k_j),

    output_i = phi(q_i) S / (phi(q_i) . z),    S = sum_j phi(k_j) v_j^T,    z = sum_j phi(k_j),

and S and z are the same for every i, or, where a query may not look ahead, running sums: a recurrent network whose
state does not grow. `by_definition` (length²), `linear_attention` or `causal_linear_attention` (length) and `step` (one
position after another) give the same. Sums are taken in float32 at least: a running sum of ones in bfloat16 stops
at 256.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.device import at_least_float32
from attention_course.functional import check_mask, check_sizes
from attention_course.masks import causal_mask

FeatureMap = Callable[[Tensor], Tensor]
"""Positive numbers (..., length, features) for vectors (..., length, size)."""


def elu_plus_one(x: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch size"]:
    """The feature map of the paper: exp(x) below zero, x + 1 above. As many features as there were numbers."""
    return F.elu(x) + 1


def by_definition(
    features_q: Float[Tensor, "*batch queries features"],
    features_k: Float[Tensor, "*batch keys features"],
    mask: Bool[Tensor, "..."] | None = None,
) -> Float[Tensor, "*batch queries keys"]:
    """The weights: products of features, divided by the sum of their row; a row without keys is zero."""
    products = features_q @ features_k.mT
    if mask is not None:
        check_mask(mask, products.shape)
        products = products * mask
    sums = products.sum(-1, keepdim=True)
    return products / sums.masked_fill(sums == 0, 1)


def linear_attention(
    features_q: Float[Tensor, "*batch queries features"],
    features_k: Float[Tensor, "*batch keys features"],
    values: Float[Tensor, "*batch keys value_size"],
) -> Float[Tensor, "*batch queries value_size"]:
    """Every query sees every key, at a cost of (queries + keys) * features * value_size."""
    q, k, v = (at_least_float32(x) for x in (features_q, features_k, values))
    state = k.mT @ v  # S: (..., features, value_size)
    sums = torch.linalg.vecdot(q, k.sum(-2, keepdim=True)).unsqueeze(-1)  # phi(q) . z: (..., L, 1)
    return (q @ state * _one_over(sums)).to(values.dtype)


def _one_over(sums: Float[Tensor, "*batch 1"]) -> Float[Tensor, "*batch 1"]:
    """1 / sums, and 1 for the sum of nothing. To multiply a matrix by it takes less time than to divide it by sums."""
    return sums.masked_fill(sums == 0, 1).reciprocal()


def causal_linear_attention(
    features_q: Float[Tensor, "*batch queries features"],
    features_k: Float[Tensor, "*batch keys features"],
    values: Float[Tensor, "*batch keys value_size"],
    chunk: int = 64,
) -> Float[Tensor, "*batch queries value_size"]:
    """Query i sees the keys up to i: by running sums over the chunks before its own, by products within it.

    With more keys than queries the last query is level with the last key. Raises ValueError with fewer.
    """
    length, past = features_q.shape[-2], features_k.shape[-2] - features_q.shape[-2]
    if past < 0:
        raise ValueError(f"keys: expected at least as many as the {length} queries, got {features_k.shape[-2]}")
    # A column of ones beside the values carries phi(q) . z along with phi(q) S.
    values_and_one = torch.cat([values, values.new_ones(*values.shape[:-1], 1)], -1)
    q, k, v = (at_least_float32(x) for x in (features_q, features_k, values_and_one))
    if past and length <= chunk:  # a decoder's few new words: products with the keys cost less than their sums
        sums = (q @ k.mT).tril(past) @ v
    else:
        first = 0
        if past:
            first = k[..., :past, :].mT @ v[..., :past, :]  # (..., features, value_size + 1)
            first, k, v = first.unsqueeze(-3), k[..., past:, :], v[..., past:, :]
        chunk = min(chunk, length)
        if length % chunk:
            q, k, v = (F.pad(x, (0, 0, 0, -length % chunk)) for x in (q, k, v))
        q, k, v = (x.unflatten(-2, (-1, chunk)) for x in (q, k, v))
        states = k.mT @ v  # of each chunk alone: (..., C, features, value_size + 1)
        before = states.cumsum(-3) - states + first
        sums = q @ before + (q @ k.mT).tril() @ v  # (..., C, chunk, value_size + 1)
        sums = sums.flatten(-3, -2)[..., :length, :]
    return (sums[..., :-1] * _one_over(sums[..., -1:])).to(values.dtype)


class State(NamedTuple):
    """All that the recurrent form remembers, however long the past."""

    products: Float[Tensor, "*batch features value_size"]  # S
    sums: Float[Tensor, "*batch features"]  # z


def step(
    feature_q: Float[Tensor, "*batch features"],
    feature_k: Float[Tensor, "*batch features"],
    value: Float[Tensor, "*batch value_size"],
    state: State | None = None,
) -> tuple[Float[Tensor, "*batch value_size"], State]:
    """One position further: add the key and its value to the state, and read it with the query."""
    q, k, v = (at_least_float32(x) for x in (feature_q, feature_k, value))
    product = k.unsqueeze(-1) * v.unsqueeze(-2)
    state = State(product, k) if state is None else State(state.products + product, state.sums + k)
    read = (q.unsqueeze(-2) @ state.products).squeeze(-2)
    divisor = (q * state.sums).sum(-1, keepdim=True)
    return (read / divisor.masked_fill(divisor == 0, 1)).to(value.dtype), state


class LinearAttention(nn.Module):
    """Linear attention as an attention function, for `MultiHeadAttention` to call.

    feature_map: see `FeatureMap`; `random_features.PositiveRandomFeatures` approximates the softmax.
    """

    def __init__(self, feature_map: FeatureMap = elu_plus_one, causal: bool = True, chunk: int = 64):
        super().__init__()
        self.feature_map, self.causal, self.chunk = feature_map, causal, chunk

    def forward(
        self,
        queries: Float[Tensor, "*batch queries key_size"],
        keys: Float[Tensor, "*batch keys key_size"],
        values: Float[Tensor, "*batch keys value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "*batch queries value_size"], Float[Tensor, "*batch queries keys"] | None]:
        """mask: which keys count, (..., 1, keys): a sum over keys cannot leave out other keys for each query.

        need_weights: True computes by the definition, which costs queries * keys. Raises ValueError for a mask of
        another shape, and in the causal form for fewer keys than queries.
        """
        check_sizes(queries, keys, values)
        counts = None
        if mask is not None:
            keys, values, counts = drop_masked(keys, values, mask)
        q, k = self.feature_map(queries), self.feature_map(keys)
        if counts is not None:
            k = k.masked_fill(~counts, 0)
        if need_weights:
            may = causal_mask(q.shape[-2], k.shape[-2], q.device) if self.causal else None
            weights = by_definition(q, k, may)
            return weights @ values, weights
        if self.causal:
            return causal_linear_attention(q, k, values, self.chunk), None
        return linear_attention(q, k, values), None


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
    counts = torch.atleast_2d(mask).mT  # (..., S, 1)
    return keys.masked_fill(~counts, 0), values.masked_fill(~counts, 0), counts
