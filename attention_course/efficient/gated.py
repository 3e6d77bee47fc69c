"""Linear attention that forgets: before a key and its value are added to the state, the state fades.

    S_t = g_t S_{t-1} + k_t v_t^T,    output_t = q_t S_t,    0 < g_t <= 1

With one constant g a head it is RetNet's retention (Sun et al. 2023); with a g_t computed from word t it is the scalar
form of Mamba-2 (Dao and Gu 2024), where q, k and v are called C, B and x, and of gated linear attention (Yang et al.
2024, whose g_t has a number for each row of S). With g = 1 it is linear attention without the divisor.

`by_definition` (length²), `gated_linear_attention` (length) and `step` give the same. Gates come as logarithms, since
products of many are what is needed.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.device import at_least_float32
from attention_course.efficient.sums import any_counts, drop_masked, refuse_weights, set_aside_, weigh_back
from attention_course.functional import check_sizes


def decay_matrix(log_gates: Float[Tensor, "*batch length"]) -> Float[Tensor, "*batch length length"]:
    """What is left at t of what came in at s, g_{s+1} ... g_t, in row t and column s; zero above the diagonal."""
    return _decays(log_gates).tril()


def _decays(log_gates: Float[Tensor, "*batch length"]) -> Float[Tensor, "*batch length length"]:
    """`decay_matrix` with ones above the diagonal.

    Each column adds up its own gates. The difference of two running sums would cancel: after a gate of e^-100000 three
    digits are left of all that follows.
    """
    length = log_gates.shape[-1]
    own = log_gates.unsqueeze(-1).expand(*log_gates.shape, length).tril(-1)  # log g_t in row t, for columns s < t
    return own.cumsum(-2).exp()


def by_definition(
    queries: Float[Tensor, "*batch queries features"],
    keys: Float[Tensor, "*batch keys features"],
    log_gates: Float[Tensor, "*#batch keys"],
) -> Float[Tensor, "*batch queries keys"]:
    """What each value is multiplied by: the products of queries and keys, faded. The rows do not sum to one.

    With more keys than queries the last query is level with the last key.
    """
    return _faded(queries, keys, _decays(log_gates))


def _faded(queries: Tensor, keys: Tensor, decays: Tensor) -> Float[Tensor, "*batch queries keys"]:
    """Products, faded, and zero ahead. Struck out last: 0 times a key that is not finite would be NaN."""
    length = queries.shape[-2]
    return (queries @ keys.mT * decays[..., -length:, :]).tril_(keys.shape[-2] - length)


def gated_linear_attention(
    queries: Float[Tensor, "*batch queries features"],
    keys: Float[Tensor, "*batch keys features"],
    values: Float[Tensor, "*batch keys value_size"],
    log_gates: Float[Tensor, "*#batch keys"],
    chunk: int = 64,
) -> Float[Tensor, "*batch queries value_size"]:
    """The same in time that grows with the length: by the definition within a chunk, by the state from chunk to chunk.

    With more keys than queries the last query is level with the last key. Raises ValueError with fewer.
    """
    dtype, length, past = values.dtype, queries.shape[-2], keys.shape[-2] - queries.shape[-2]
    if past < 0:
        raise ValueError(f"keys: expected at least as many as the {length} queries, got {keys.shape[-2]}")
    q, k, v, g = (at_least_float32(x) for x in (queries, keys, values, log_gates))
    v = v.clone()
    marks = set_aside_(v)
    # What the past has left: each key faded to the last key of the past, by the gates behind it.
    behind = torch.cat([torch.zeros_like(g[..., :1]), g[..., 1:past].flip(-1)], -1)[..., :past].cumsum(-1).flip(-1)
    state = (k[..., :past, :] * behind.exp().unsqueeze(-1)).mT @ v[..., :past, :]  # (..., features, value_size)
    k, v, g, marks = k[..., past:, :], v[..., past:, :], g[..., past:], marks[..., past:, :]
    return go_on(q, k, v, g, marks, state, chunk)[0].to(dtype)


def go_on(
    q: Tensor, k: Tensor, v: Tensor, g: Tensor, marks: Tensor, state: Tensor, chunk: int
) -> tuple[Float[Tensor, "*batch queries value_size"], Float[Tensor, "*batch features value_size"]]:
    """The outputs of the words behind `state`, and the state after them. marks: of `set_aside_`."""
    outputs = []
    # Not slices: the gradient of each would be as long as the whole.
    chunks = zip(*(x.split(chunk, -2) for x in (q, k, v, marks)), g.split(chunk, -1), strict=True)
    for q, k, v, mark, g in chunks:
        decays = _decays(g)  # (..., chunk, chunk)
        since = g.cumsum(-1).unsqueeze(-1)  # the sum of log gates since the chunk began: (..., chunk, 1)
        outputs.append(_faded(q, k, decays) @ v + q * (since + mark).exp() @ state)
        left = decays[..., -1, :].unsqueeze(-1)  # at the end of the chunk, of each of its keys
        state = since[..., -1:, :].exp() * state + (k * left).mT @ v
    return torch.cat(outputs, -2), state + marks[..., -1:, :]


def step(
    query: Float[Tensor, "*batch features"],
    key: Float[Tensor, "*batch features"],
    value: Float[Tensor, "*batch value_size"],
    log_gate: Float[Tensor, "*#batch"],
    state: Float[Tensor, "*batch features value_size"] | None = None,
) -> tuple[Float[Tensor, "*batch value_size"], Float[Tensor, "*batch features value_size"]]:
    """One position further: fade the state, add to it, read it."""
    q, k, v = (at_least_float32(x) for x in (query, key, value))
    product = k.unsqueeze(-1) * v.unsqueeze(-2)
    state = product if state is None else log_gate.exp()[..., None, None] * state + product
    return (q.unsqueeze(-2) @ state).squeeze(-2).to(value.dtype), state


class Faded(NamedTuple):
    """All that is kept of the words so far, however many: the sum of k v^T, faded."""

    products: Float[Tensor, "*batch features value_size"]
    mask: Bool[Tensor, "*batch 1 1"]  # whether any of them counts
    length = 1  # of that mask: all words are one


class Retention(nn.Module):
    """Gated linear attention with one constant gate a head, as an attention function (Sun et al. 2023).

    Head h of H keeps 1 - 2^(-5-h) of its state at each word. As the paper does, scores are divided by sqrt(D) and each
    head's output is brought to length sqrt(value_size), for the sums it consists of grow. Rotary positions, which the
    paper has too, are a layer of their own (`positions.rotary`).
    """

    of_heads = ("log_gates",)

    def __init__(self, heads: int, chunk: int = 64):
        super().__init__()
        self.chunk = chunk
        self.register_buffer("log_gates", torch.log1p(-(2.0 ** (-5 - torch.arange(heads)))))

    def forward(
        self,
        queries: Float[Tensor, "*batch heads queries key_size"],
        keys: Float[Tensor, "*batch heads keys key_size"],
        values: Float[Tensor, "*batch heads keys value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "*batch heads queries value_size"], Float[Tensor, "*batch heads queries keys"] | None]:
        """mask: which keys count, (..., 1, keys). The weights have signs, and their rows do not sum to one.

        Raises ValueError for a mask of another shape, another number of heads, fewer keys than queries, and unless
        `causal` is said: what has faded cannot lie ahead.
        """
        if not causal:
            raise ValueError("causal: expected True, as Retention only looks back, got False")
        self._check(queries, keys, values)
        if mask is not None:
            keys, values, _ = drop_masked(keys, values, mask)
        dtype = values.dtype
        queries, keys, values = (at_least_float32(x) for x in (queries / queries.shape[-1] ** 0.5, keys, values))
        gates = self.log_gates.to(queries.dtype)
        gates = gates.unsqueeze(-1).expand(-1, keys.shape[-2])  # (H, S)
        if need_weights:
            weights = by_definition(queries, keys, gates)
            return _to_one_length(weigh_back(weights, values)).to(dtype), weights.to(dtype)
        return _to_one_length(gated_linear_attention(queries, keys, values, gates, self.chunk)).to(dtype), None

    def init_state(self, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> Faded:
        nothing = keys.new_zeros(*keys.shape[:-2], keys.shape[-1], values.shape[-1], dtype=at_least_float32(keys).dtype)
        state = Faded(nothing, any_counts(keys[..., :0, :], None))
        return self.step(keys, keys, values, state, mask)[2] if keys.shape[-2] else state

    def step(
        self,
        queries: Tensor,
        keys: Tensor | None,
        values: Tensor | None,
        state: Faded,
        mask: Tensor | None = None,
        need_weights: bool = False,
    ) -> tuple[Tensor, None, Faded]:
        """By the state, whose size does not depend on how many words there were. ValueError without new keys."""
        refuse_weights(need_weights)
        if keys is None:
            raise ValueError("keys: expected some, as Retention only looks back, got None")
        self._check(queries, keys, values)
        counted = any_counts(keys, mask)
        if mask is not None:
            keys, values, _ = drop_masked(keys, values, mask)
        q, k, v = (at_least_float32(x) for x in (queries / queries.shape[-1] ** 0.5, keys, values))
        v = v.clone()
        gates = self.log_gates.to(q.dtype).unsqueeze(-1).expand(-1, keys.shape[-2])  # (H, L)
        output, products = go_on(q, k, v, gates, set_aside_(v), state.products, self.chunk)
        return _to_one_length(output).to(values.dtype), None, Faded(products, state.mask | counted)

    def _check(self, queries: Tensor, keys: Tensor, values: Tensor) -> None:
        check_sizes(queries, keys, values)
        if queries.shape[-3] != len(self.log_gates):
            raise ValueError(f"queries: expected {len(self.log_gates)} heads, got the shape {tuple(queries.shape)}")


def _to_one_length(x: Tensor) -> Tensor:
    return F.rms_norm(x, x.shape[-1:], eps=1e-6)
