"""The score functions of the survey's section 3.1: how well does a key answer a query?

Each takes queries (..., L, query_size) and keys (..., S, key_size) and gives energies (..., L, S).
The survey writes S(a, b) with the source first; in its formulas W_1 belongs to the key a, W_2 to the query b.

As modules they all work in two steps, so that a decoder prepares the keys of a sentence once and compares
them at every word: `score(queries, keys)` is `score.compare(queries, score.prepare(keys))`.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from attention_course.functional import check_positive, check_size, check_sizes


def dot_score(
    queries: Float[Tensor, "*batch queries size"], keys: Float[Tensor, "*batch keys size"]
) -> Float[Tensor, "*batch queries keys"]:
    """S(a, b) = a^T b. Queries and keys have one size; nothing is learned."""
    check_sizes(queries, keys)
    return queries @ keys.mT


def scaled_dot_score(
    queries: Float[Tensor, "*batch queries size"], keys: Float[Tensor, "*batch keys size"]
) -> Float[Tensor, "*batch queries keys"]:
    """S(a, b) = a^T b / sqrt(k): the dot product of k numbers, brought back to the standard deviation of one."""
    check_sizes(queries, keys)
    return (queries / queries.shape[-1] ** 0.5) @ keys.mT  # in float16 the product by itself may overflow


def additive_score(
    queries: Float[Tensor, "*batch queries score_size"],
    keys: Float[Tensor, "*batch keys score_size"],
    v: Float[Tensor, " score_size"],
) -> Float[Tensor, "*batch queries keys"]:
    """S(a, b) = v^T tanh(W_1 a + W_2 b), with W_1 a given as `keys` and W_2 b as `queries`."""
    check_sizes(queries, keys)
    check_size("v", v, keys.shape[-1])
    return torch.tanh(queries.unsqueeze(-2) + keys.unsqueeze(-3)) @ v  # (..., L, S, k) @ (k) = (..., L, S)


class Score(nn.Module):
    """A score function with its parameters. A new one says how keys are prepared and compared."""

    def prepare(self, keys: Float[Tensor, "*batch keys key_size"]) -> Float[Tensor, "*batch keys score_size"]:
        """What depends on the keys alone: computed once, whatever the number of queries."""
        return keys

    def compare(
        self, queries: Float[Tensor, "*batch queries query_size"], prepared: Float[Tensor, "*batch keys score_size"]
    ) -> Float[Tensor, "*batch queries keys"]:
        """The energies of the queries with keys that `prepare` has prepared."""
        raise NotImplementedError

    def forward(
        self, queries: Float[Tensor, "*batch queries query_size"], keys: Float[Tensor, "*batch keys key_size"]
    ) -> Float[Tensor, "*batch queries keys"]:
        return self.compare(queries, self.prepare(keys))


class DotScore(Score):
    """S(a, b) = a^T b (Luong et al. 2015, "dot")."""

    def compare(self, queries, prepared):
        return dot_score(queries, prepared)


class AdditiveScore(Score):
    """S(a, b) = v^T tanh(W_1 a + W_2 b) (Bahdanau et al. 2015; Luong's "concat" is its relative).

    query_size, key_size: sizes of b and a; score_size: k, the size in which they are added.
    Bahdanau's W_a is our W_2 (the query's), his U_a our W_1, his v_a our v. There is no bias, as in his paper.
    """

    def __init__(self, query_size: int, key_size: int, score_size: int):
        super().__init__()
        check_positive(query_size=query_size, key_size=key_size, score_size=score_size)
        self.project_query = nn.Linear(query_size, score_size, bias=False)  # W_2
        self.project_key = nn.Linear(key_size, score_size, bias=False)  # W_1
        self.v = nn.Parameter(torch.randn(score_size) / score_size**0.5)

    def prepare(self, keys):
        return _projected("keys", keys, self.project_key)

    def compare(self, queries, prepared):
        return additive_score(_projected("queries", queries, self.project_query), prepared, self.v)


class MultiplicativeScore(Score):
    """S(a, b) = (W_1 a)^T (W_2 b): both sides are brought to `score_size`, then multiplied."""

    def __init__(self, query_size: int, key_size: int, score_size: int):
        super().__init__()
        check_positive(query_size=query_size, key_size=key_size, score_size=score_size)
        self.project_query = nn.Linear(query_size, score_size, bias=False)  # W_2
        self.project_key = nn.Linear(key_size, score_size, bias=False)  # W_1

    def prepare(self, keys):
        return _projected("keys", keys, self.project_key)

    def compare(self, queries, prepared):
        return dot_score(_projected("queries", queries, self.project_query), prepared)


class ScaledScore(MultiplicativeScore):
    """S(a, b) = (W_1 a)^T (W_2 b) / sqrt(k), with k the `score_size` (Vaswani et al. 2017)."""

    def compare(self, queries, prepared):
        return scaled_dot_score(_projected("queries", queries, self.project_query), prepared)


class BilinearScore(Score):
    """S(a, b) = a^T W b (Luong et al. 2015, "general"): multiplicative, with W_1 the identity.

    W is applied to the key, once a sentence: a^T W b = (W^T a)^T b.
    """

    def __init__(self, query_size: int, key_size: int):
        super().__init__()
        check_positive(query_size=query_size, key_size=key_size)
        self.project_key = nn.Linear(key_size, query_size, bias=False)  # W^T

    def prepare(self, keys):
        return _projected("keys", keys, self.project_key)

    def compare(self, queries, prepared):
        return dot_score(queries, prepared)


def _projected(name: str, x: Tensor, projection: nn.Linear) -> Tensor:
    check_size(name, x, projection.in_features)
    return projection(x)
