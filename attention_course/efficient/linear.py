"""Linear attention: a feature map in the place of the softmax lets the sum over the keys be done once for all queries.

Katharopoulos, Vyas, Pappas and Fleuret 2020. With weights proportional to phi(q_i) . phi(k_j),

    output_i = phi(q_i) S / (phi(q_i) . z),    S = sum_j phi(k_j) v_j^T,    z = sum_j phi(k_j),

and S and z are the same for every i, or, where a query may not look ahead, running sums: a recurrent network whose
state does not grow. `by_definition` (length²), `linear_attention` or `causal_linear_attention` (length) and `step` (one
position after another) give the same. Sums are taken in float32 at least: a running sum of ones in bfloat16 stops
at 256. In the causal forms what comes later changes no bit of what comes before it, NaN and infinity included.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.device import at_least_float32
from attention_course.efficient.sums import any_counts, drop_masked, quotient, refuse_weights, set_aside_, weigh_back
from attention_course.functional import check_mask, check_sizes
from attention_course.masks import causal_mask

FeatureMap = Callable[[Tensor], Tensor]
"""Positive numbers (..., length, features) for vectors (..., length, size)."""


class _EluPlusOne(torch.autograd.Function):
    """Not `F.elu(x) + 1`, which is 0 below -17, where e^x - 1 rounds to -1. Autograd's way would take twice as long."""

    @staticmethod
    def forward(x):
        return x.clamp(max=0).exp_().add_(x.clamp(min=0))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, gradient):
        (output,) = ctx.saved_tensors
        return gradient * output.clamp(max=1)


def elu_plus_one(x: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch size"]:
    """The feature map of the paper: exp(x) below zero, x + 1 above. As many features as there were numbers."""
    return _EluPlusOne.apply(x)


def by_definition(
    features_q: Float[Tensor, "*batch queries features"],
    features_k: Float[Tensor, "*batch keys features"],
    mask: Bool[Tensor, "..."] | None = None,
) -> Float[Tensor, "*batch queries keys"]:
    """The weights: products of features, divided by the sum of their row; a row without keys is zero."""
    products = at_least_float32(features_q) @ at_least_float32(features_k).mT
    if mask is not None:
        check_mask(mask, products.shape)
        products = products.masked_fill(~mask, 0)
    return quotient(products, products.sum(-1, keepdim=True))


def linear_attention(
    features_q: Float[Tensor, "*batch queries features"],
    features_k: Float[Tensor, "*batch keys features"],
    values: Float[Tensor, "*batch keys value_size"],
) -> Float[Tensor, "*batch queries value_size"]:
    """Every query sees every key, at a cost of (queries + keys) * features * value_size."""
    q, k, v = (at_least_float32(x) for x in (features_q, features_k, values))
    z = k.sum(-2, keepdim=True)  # (..., 1, features)
    # Products of two tiny features would lose their digits. A factor on all keys cancels.
    largest = z.detach().abs().amax(-1, keepdim=True)
    scale = largest.masked_fill((largest == 0) | (largest > 1e-9), 1)
    state = k.mT @ v / scale  # S: (..., features, value_size)
    sums = torch.linalg.vecdot(q, z / scale).unsqueeze(-1)  # phi(q) . z: (..., L, 1)
    return quotient(q @ state, sums).to(values.dtype)


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
    marks = set_aside_(v)[..., past:, :]
    if past and length <= chunk:  # a decoder's few new words: products with the keys cost less than their sums
        sums = (q @ k.mT).tril(past) @ v
    elif past:
        first = k[..., :past, :].mT @ v[..., :past, :]  # (..., features, value_size + 1)
        sums = _running_sums(q, k[..., past:, :], v[..., past:, :], chunk, first)
    else:
        sums = _running_sums(q, k, v, chunk)
    return quotient(sums[..., :-1], sums[..., -1:] + marks).to(values.dtype)


def _running_sums(
    q: Tensor, k: Tensor, v: Tensor, chunk: int, first: Tensor | None = None
) -> Float[Tensor, "*batch queries value_size"]:
    """Of each query with the keys up to its own, by which their values are multiplied; `first` is what lies before."""
    length = q.shape[-2]
    chunk = min(chunk, length)
    if length % chunk:
        q, k, v = (F.pad(x, (0, 0, 0, -length % chunk)) for x in (q, k, v))
    q, k, v = (x.unflatten(-2, (-1, chunk)) for x in (q, k, v))
    states = k.mT @ v  # of each chunk alone: (..., C, features, value_size)
    # Shifted, then added up: a chunk's own sum, added and taken away again, would let the future in by rounding.
    before = F.pad(states[..., :-1, :, :], (0, 0, 0, 0, 1, 0)).cumsum(-3)
    if first is not None:
        before = before + first.unsqueeze(-3)
    sums = q @ before  # (..., C, chunk, value_size)
    sums += (q @ k.mT).tril_() @ v
    return sums.flatten(-3, -2)[..., :length, :]


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
    return quotient(read, (q * state.sums).sum(-1, keepdim=True)).to(value.dtype), state


class Sums(NamedTuple):
    """All that is kept of the words so far, however many: the sum of feature(k) (v, 1)^T."""

    sums: Float[Tensor, "*batch features value_size_and_one"]
    mask: Bool[Tensor, "*batch 1 1"]  # whether any of them counts
    length = 1  # of that mask: all words are one


class LinearAttention(nn.Module):
    """Linear attention as an attention function, for `MultiHeadAttention` to call.

    feature_map: see `FeatureMap`; `random_features.PositiveRandomFeatures` approximates the softmax.
    """

    def __init__(self, feature_map: FeatureMap = elu_plus_one, chunk: int = 64):
        super().__init__()
        self.feature_map, self.chunk = feature_map, chunk

    def forward(
        self,
        queries: Float[Tensor, "*batch queries key_size"],
        keys: Float[Tensor, "*batch keys key_size"],
        values: Float[Tensor, "*batch keys value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "*batch queries value_size"], Float[Tensor, "*batch queries keys"] | None]:
        """mask: which keys count, (..., 1, keys): a sum over keys cannot leave out other keys for each query.

        need_weights: True computes by the definition, which costs queries * keys. Raises ValueError for a mask of
        another shape, and in the causal form for fewer keys than queries.
        """
        check_sizes(queries, keys, values)
        key_mask = None
        if mask is not None:
            keys, values, key_mask = drop_masked(keys, values, mask)
        q, k = self.feature_map(queries), self.feature_map(keys)
        if key_mask is not None:
            k = k.masked_fill(~key_mask, 0)
        if need_weights:
            may = causal_mask(q.shape[-2], k.shape[-2], q.device) if causal else None
            weights = by_definition(q, k, may)
            v = at_least_float32(values)
            output = weigh_back(weights, v) if causal else weights @ v
            return output.to(values.dtype), weights.to(values.dtype)
        if causal:
            return causal_linear_attention(q, k, values, self.chunk), None
        return linear_attention(q, k, values), None

    def init_state(self, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> Sums:
        _, k, v, marks, counted = self._ready(keys[..., :0, :], keys, values, mask)
        return Sums(k.mT @ v + marks.sum(-2, keepdim=True), counted)

    def step(
        self,
        queries: Tensor,
        keys: Tensor | None,
        values: Tensor | None,
        state: Sums,
        mask: Tensor | None = None,
        need_weights: bool = False,
    ) -> tuple[Tensor, None, Sums]:
        """By the sums so far, whose size does not depend on how many words there were. ValueError for weights."""
        refuse_weights(need_weights)
        if keys is None:
            sums = at_least_float32(self.feature_map(queries)) @ state.sums
            return quotient(sums[..., :-1], sums[..., -1:]).to(queries.dtype), None, state
        q, k, v, marks, counted = self._ready(queries, keys, values, mask)
        sums = _running_sums(q, k, v, self.chunk, state.sums)
        state = Sums(state.sums + k.mT @ v + marks[..., -1:, :], state.mask | counted)
        return quotient(sums[..., :-1], sums[..., -1:] + marks).to(values.dtype), None, state

    def _ready(self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> tuple[Tensor, ...]:
        """Features of both, values with a column of ones, marks of what is not finite, and whether any key counts."""
        check_sizes(queries, keys, values)
        counted = any_counts(keys, mask)
        if mask is None:
            k = self.feature_map(keys)
        else:
            keys, values, key_mask = drop_masked(keys, values, mask)
            k = self.feature_map(keys).masked_fill(~key_mask, 0)
        v = torch.cat([values, values.new_ones(*values.shape[:-1], 1)], -1)
        q, k, v = (at_least_float32(x) for x in (self.feature_map(queries), k, v))
        return q, k, v, set_aside_(v), counted
