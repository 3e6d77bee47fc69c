"""The score functions of the survey's section 3.1: how well does a key answer a query?

Each takes queries (..., L, query_size) and keys (..., S, key_size) and gives scores (..., L, S).
Letters are the lessons': vectors are rows, x is a query's and y a key's, and z is their score. W_q and W_k are matrices
as `nn.Linear` stores them, (out, in). u is the vector of the additive score, and D the size in which both sides meet.
The survey writes S(a, b) with the source first: its a is our y, b our x, W_1 our W_k, W_2 our W_q, v our u, k our D.

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
    """z = x y^T. Queries and keys have one size; nothing is learned."""
    check_sizes(queries, keys)
    return queries @ keys.mT


def scaled_dot_score(
    queries: Float[Tensor, "*batch queries size"], keys: Float[Tensor, "*batch keys size"]
) -> Float[Tensor, "*batch queries keys"]:
    """z = x y^T / sqrt(D): the dot product of D numbers, brought back to the standard deviation of one."""
    check_sizes(queries, keys)
    return (queries / queries.shape[-1] ** 0.5) @ keys.mT  # in float16 the product by itself may overflow


def additive_score(
    queries: Float[Tensor, "*batch queries score_size"],
    keys: Float[Tensor, "*batch keys score_size"],
    u: Float[Tensor, " score_size"],
) -> Float[Tensor, "*batch queries keys"]:
    """z = tanh(q + k) u^T, with q = x W_q^T given as `queries` and k = y W_k^T as `keys`."""
    check_sizes(queries, keys)
    check_size("u", u, keys.shape[-1])
    return torch.tanh(queries.unsqueeze(-2) + keys.unsqueeze(-3)) @ u  # (..., L, S, D) @ (D) = (..., L, S)


class Score(nn.Module):
    """A score function with its parameters. A new one says how keys are prepared and compared."""

    def prepare(self, keys: Float[Tensor, "*batch keys key_size"]) -> Float[Tensor, "*batch keys score_size"]:
        """What depends on the keys alone: computed once, whatever the number of queries."""
        return keys

    def compare(
        self, queries: Float[Tensor, "*batch queries query_size"], prepared: Float[Tensor, "*batch keys score_size"]
    ) -> Float[Tensor, "*batch queries keys"]:
        """The scores of the queries with keys that `prepare` has prepared."""
        raise NotImplementedError

    def forward(
        self, queries: Float[Tensor, "*batch queries query_size"], keys: Float[Tensor, "*batch keys key_size"]
    ) -> Float[Tensor, "*batch queries keys"]:
        return self.compare(queries, self.prepare(keys))


class DotScore(Score):
    """z = x y^T (Luong et al. 2015, "dot")."""

    def compare(self, queries, prepared):
        return dot_score(queries, prepared)


class AdditiveScore(Score):
    """z = tanh(x W_q^T + y W_k^T) u^T (Bahdanau et al. 2015; Luong's "concat" is its relative).

    query_size, key_size: sizes of x and y; score_size: D, the size in which they are added.
    Bahdanau's W_a is our W_q, his U_a our W_k, his v_a our u. There is no bias, as in his paper.
    """

    def __init__(self, query_size: int, key_size: int, score_size: int):
        super().__init__()
        check_positive(query_size=query_size, key_size=key_size, score_size=score_size)
        self.project_query = nn.Linear(query_size, score_size, bias=False)  # W_q
        self.project_key = nn.Linear(key_size, score_size, bias=False)  # W_k
        self.u = nn.Parameter(torch.randn(score_size) / score_size**0.5)

    def prepare(self, keys):
        return _projected("keys", keys, self.project_key)

    def compare(self, queries, prepared):
        return additive_score(_projected("queries", queries, self.project_query), prepared, self.u)


class MultiplicativeScore(Score):
    """z = (x W_q^T) (y W_k^T)^T: both sides are brought to `score_size`, then multiplied."""

    def __init__(self, query_size: int, key_size: int, score_size: int):
        super().__init__()
        check_positive(query_size=query_size, key_size=key_size, score_size=score_size)
        self.project_query = nn.Linear(query_size, score_size, bias=False)  # W_q
        self.project_key = nn.Linear(key_size, score_size, bias=False)  # W_k

    def prepare(self, keys):
        return _projected("keys", keys, self.project_key)

    def compare(self, queries, prepared):
        return dot_score(_projected("queries", queries, self.project_query), prepared)


class ScaledScore(MultiplicativeScore):
    """z = (x W_q^T) (y W_k^T)^T / sqrt(D), with D the `score_size` (Vaswani et al. 2017)."""

    def compare(self, queries, prepared):
        return scaled_dot_score(_projected("queries", queries, self.project_query), prepared)


class BilinearScore(Score):
    """z = x W y^T (Luong et al. 2015, "general"): multiplicative, without a matrix of the keys.

    W is applied to the key, once a sentence: x W y^T = x (y W^T)^T.
    """

    def __init__(self, query_size: int, key_size: int):
        super().__init__()
        check_positive(query_size=query_size, key_size=key_size)
        self.project_key = nn.Linear(key_size, query_size, bias=False)  # W

    def prepare(self, keys):
        return _projected("keys", keys, self.project_key)

    def compare(self, queries, prepared):
        return dot_score(queries, prepared)


def _projected(name: str, x: Tensor, projection: nn.Linear) -> Tensor:
    check_size(name, x, projection.in_features)
    return projection(x)
