"""Random features whose products are, on average, the softmax's exponentials (Performer: Choromanski et al. 2021)."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.device import at_least_float32, default_device
from attention_course.efficient import gated, linear
from attention_course.efficient.sums import any_counts, drop_masked, quotient, refuse_weights, set_aside_, weigh_back
from attention_course.functional import check_sizes


class PositiveRandomFeatures(nn.Module):
    """phi(x)_r = exp(w_r . x' - |x'|² / 2) / sqrt(R), with x' = x / D^(1/4) and w_r normal.

    The mean of phi(q) . phi(k) over the w_r is exp(q . k / sqrt(D)): linear attention with these features is, in the
    mean, scaled dot-product attention. The error of one product, over its true value, is
    sqrt((exp(|q' + k'|²) - 1) / R) for w_r drawn independently (the paper's Lemma 2): it falls slowly with R, and grows
    exponentially with the lengths, most of all where q and k point the same way.

    Features of long vectors vanish in float32; `RandomFeatureAttention` scales them so that they do not.

    number: R. orthogonal: the w_r stand at right angles, D at a time, which lowers the error.
    `redraw` takes new ones, as the authors do now and then during training.
    """

    of_heads = ()

    def __init__(self, size: int, number: int, orthogonal: bool = True, seed: int = 0):
        super().__init__()
        self.orthogonal = orthogonal
        directions = draw(size, number, orthogonal, seed)  # (R, D), the same everywhere
        self.register_buffer("directions", directions.to(default_device()))

    def redraw(self, seed: int) -> None:
        """Other random directions, in place."""
        number, size = self.directions.shape
        self.directions.copy_(draw(size, number, self.orthogonal, seed))

    def forward(self, x: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch features"]:
        return self.exponents(x).exp() / len(self.directions) ** 0.5

    def exponents(self, x: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch features"]:
        """w_r . x' - |x'|² / 2."""
        x = x / x.shape[-1] ** 0.25
        return x @ self.directions.to(x.dtype).mT - x.square().sum(-1, keepdim=True) / 2


def draw(size: int, number: int, orthogonal: bool, seed: int) -> Float[Tensor, "number size"]:
    """`number` normal vectors; orthogonal ones keep a normal vector's lengths."""
    generator = torch.Generator().manual_seed(seed)
    normal = torch.randn(number, size, generator=generator, device="cpu")
    if not orthogonal:
        return normal
    blocks = []
    for _ in range(-(-number // size)):
        q, r = torch.linalg.qr(torch.randn(size, size, generator=generator, device="cpu"))
        blocks.append(q * r.diagonal().sign())  # QR settles signs its own way: without this no direction is uniform
    return torch.cat(blocks)[:number] * normal.norm(dim=-1, keepdim=True)


class ScaledSums(NamedTuple):
    """All that is kept of the words so far, however many: the sum of feature(k) (v, 1)^T, over the largest feature."""

    sums: Float[Tensor, "*batch features value_size_and_one"]
    largest: Float[Tensor, "*batch 1"]  # its logarithm
    mask: Bool[Tensor, "*batch 1 1"]  # whether any of them counts
    length = 1  # of that mask: all words are one


class RandomFeatureAttention(nn.Module):
    """Softmax attention by positive random features, as an attention function that also bears longer queries and keys.

    A factor on all features of a query cancels against the divisor. So does one by which feature r of all keys is
    divided, if feature r of the queries is multiplied by it. So each feature of the keys is brought to a largest of 1,
    and then the features of each query as well: the divisor is 1 or more, however long the vectors are.

    In the causal form only what came before may scale a key, or the future would show: the largest of all features so
    far. It grows on the way, and the state has to fade as it does: gated linear attention, with the ratio of two maxima
    for a gate. One number for all features is coarser: products e^87 times smaller than the largest feature of the
    query times the largest of the keys are lost. Inputs with 5 standard deviations have none that matter, with 10 they
    have some.
    """

    def __init__(self, size: int, number: int, chunk: int = 128, orthogonal: bool = True, seed: int = 0):
        super().__init__()
        self.features = PositiveRandomFeatures(size, number, orthogonal, seed)
        self.chunk = chunk

    def forward(
        self,
        queries: Float[Tensor, "*batch queries key_size"],
        keys: Float[Tensor, "*batch keys key_size"],
        values: Float[Tensor, "*batch keys value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "*batch queries value_size"], Float[Tensor, "*batch queries keys"] | None]:
        """mask: which keys count, (..., 1, keys). need_weights: True costs queries * keys.

        Raises ValueError for a mask of another shape, and in the causal form for fewer keys than queries.
        """
        check_sizes(queries, keys, values)
        key_mask = None
        if mask is not None:
            keys, values, key_mask = drop_masked(keys, values, mask)
        of_queries, of_keys = (self.features.exponents(at_least_float32(x)) for x in (queries, keys))
        if key_mask is not None:
            of_keys = of_keys.masked_fill(~key_mask, torch.finfo(of_keys.dtype).min)
        if causal:
            largest = of_keys.detach().amax(-1).cummax(-1).values  # (..., S)
            log_gates, largest = self._log_gates(largest), largest.unsqueeze(-1)
        else:
            largest = of_keys.detach().amax(-2, keepdim=True)  # (..., 1, R)
            of_queries = of_queries + largest
        q = (of_queries - of_queries.detach().amax(-1, keepdim=True)).exp()
        k = (of_keys - largest).exp()
        if key_mask is not None:
            k = k.masked_fill(~key_mask, 0)
        if need_weights:
            products = gated.by_definition(q, k, log_gates) if causal else q @ k.mT
            weights, v = quotient(products, products.sum(-1, keepdim=True)), at_least_float32(values)
            output = weigh_back(weights, v) if causal else weights @ v
            return output.to(values.dtype), weights.to(values.dtype)
        if not causal:
            return linear.linear_attention(q, k, values), None
        ones = values.new_ones(*values.shape[:-1], 1)
        sums = gated.gated_linear_attention(q, k, torch.cat([values, ones], -1).to(q.dtype), log_gates, self.chunk)
        return quotient(sums[..., :-1], sums[..., -1:]).to(values.dtype), None

    def init_state(self, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> ScaledSums:
        front, features, size = keys.shape[:-2], len(self.features.directions), values.shape[-1]
        sums = at_least_float32(values).new_zeros(*front, features, size + 1)
        nothing = sums.new_full((*front, 1), torch.finfo(sums.dtype).min)
        state = ScaledSums(sums, nothing, any_counts(keys[..., :0, :], None))
        return self.step(keys, keys, values, state, mask)[2] if keys.shape[-2] else state

    def step(
        self,
        queries: Tensor,
        keys: Tensor | None,
        values: Tensor | None,
        state: ScaledSums,
        mask: Tensor | None = None,
        need_weights: bool = False,
    ) -> tuple[Tensor, None, ScaledSums]:
        """By the sums so far, whose size does not depend on how many words there were. ValueError for weights."""
        refuse_weights(need_weights)
        of_queries = self.features.exponents(at_least_float32(queries))
        q = (of_queries - of_queries.detach().amax(-1, keepdim=True)).exp()
        if keys is None:
            sums = q @ state.sums
            return quotient(sums[..., :-1], sums[..., -1:]).to(queries.dtype), None, state
        check_sizes(queries, keys, values)
        counted, key_mask = any_counts(keys, mask), None
        if mask is not None:
            keys, values, key_mask = drop_masked(keys, values, mask)
        of_keys = self.features.exponents(at_least_float32(keys))
        if key_mask is not None:
            of_keys = of_keys.masked_fill(~key_mask, torch.finfo(of_keys.dtype).min)
        largest = torch.cat([state.largest, of_keys.detach().amax(-1)], -1).cummax(-1).values  # (..., 1 + L)
        log_gates, largest = self._log_gates(largest)[..., 1:], largest[..., 1:]
        k = (of_keys - largest.unsqueeze(-1)).exp()
        if key_mask is not None:
            k = k.masked_fill(~key_mask, 0)
        v = torch.cat([values, values.new_ones(*values.shape[:-1], 1)], -1).to(q.dtype)
        sums, after = gated.go_on(q, k, v, log_gates, set_aside_(v), state.sums, self.chunk)
        output = quotient(sums[..., :-1], sums[..., -1:]).to(values.dtype)
        return output, None, ScaledSums(after, largest[..., -1:], state.mask | counted)

    @staticmethod
    def _log_gates(largest: Float[Tensor, "*batch keys"]) -> Float[Tensor, "*batch keys"]:
        before = torch.cat([largest[..., :1], largest[..., :-1]], -1)
        nothing_yet = before == torch.finfo(before.dtype).min  # keys that do not count: no state that could fade
        return (before - largest).masked_fill(nothing_yet, 0)
