import torch

from ..problem import Problem, mistake


class ShawScores(Problem):
    """Scores of queries with keys that a vector for the distance has joined (Shaw et al. 2018)."""

    hints = (
        "Make the table of distances j - i first, with a row for each query i, and look at it. Which row of `vectors` belongs to the distance -k? Which to 0?",
        "Q @ vectors.T is (L, 2k + 1): each query with each vector, distances from -k to k. index = (j - i).clamp(-k, k) + k, (L, L), says which of them belongs "
        "to query i and key j; torch.gather picks by index along a row.",
        "k = len(vectors) // 2; at = torch.arange(len(Q)); index = (at[None] - at[:, None]).clamp(-k, k) + k; return (Q @ K.T + "
        "(Q @ vectors.T).gather(1, index)) / D ** 0.5.",
    )
    praise = "The package does so as well."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield (
            "two words, and keys that are zero",
            (torch.eye(2), torch.zeros(2, 2), torch.tensor([[1.0, 2.0], [0.0, 0.0], [3.0, 4.0]])),
        )
        yield (
            "four words, and keys that are zero",
            (torch.ones(4, 1), torch.zeros(4, 1), torch.tensor([[1.0], [2.0], [3.0]])),
        )
        yield "two words, and vectors that are zero", (randn(2, 4), randn(2, 4), torch.zeros(3, 4))
        yield "three words, farther apart than no vector", (randn(3, 4), randn(3, 4), randn(7, 4))
        yield "six words, some farther apart than the last vectors", (randn(6, 4), randn(6, 4), randn(5, 4))

    def answer(Q, K, vectors):
        L, D = Q.shape
        k = len(vectors) // 2
        at = torch.arange(L)
        index = (at[None] - at[:, None]).clamp(-k, k) + k  # (L, L)
        return (Q @ K.T + (Q @ vectors.T).gather(1, index)) / D**0.5

    @mistake("These are scores without positions: the vectors are missing.")
    def without_vectors(Q, K, vectors):
        return scores(Q, K, 0 * vectors)

    @mistake(
        "Past and future have changed places: the distance is j - i, from the query to the key. What lies before a word comes first in `vectors`."
    )
    def turned_round(Q, K, vectors):
        return scores(Q, K, vectors.flip(0))

    @mistake(
        "The distances were used as rows as they are. A negative index counts from the end in Python, and nothing complains: add k, so that -k becomes 0."
    )
    def not_moved(Q, K, vectors):
        k, at = len(vectors) // 2, torch.arange(len(Q))
        a = vectors[(at[None] - at[:, None]).clamp(-k, k)]
        return (Q @ K.T + (Q[:, None] * a).sum(-1)) / Q.shape[-1] ** 0.5

    @mistake("The factor 1/√D is missing.")
    def without_scale(Q, K, vectors):
        return scores(Q, K, vectors) * Q.shape[-1] ** 0.5

    @mistake("Only q·k was divided by √D. The vector joins the key before the product, so that both parts are divided.")
    def half_scaled(Q, K, vectors):
        plain = scores(Q, K, 0 * vectors)
        return plain + (scores(Q, K, vectors) - plain) * Q.shape[-1] ** 0.5

    @mistake(
        "The vectors met the keys, k_j · a. They join the key, and what the joined key meets is the query: q_i · (k_j + a)."
    )
    def with_the_key(Q, K, vectors):
        return scores(Q, K, 0 * vectors) + (scores(K, Q, vectors.flip(0)) - scores(K, Q, 0 * vectors)).T

    @mistake(
        "Beyond the farthest distance nothing was added. There the vector of the farthest is used, on either side: clamp the distance."
    )
    def nothing_beyond(Q, K, vectors):
        k, at = len(vectors) // 2, torch.arange(len(Q))
        inside = (at[None] - at[:, None]).abs() <= k
        return torch.where(inside, scores(Q, K, vectors), scores(Q, K, 0 * vectors))

    @mistake("Only the vectors were compared with the queries; the keys, Q K^T, are missing.")
    def without_keys(Q, K, vectors):
        return scores(Q, 0 * K, vectors)


def scores(Q, K, vectors):
    """As they should be."""
    return ShawScores.answer(Q, K, vectors)
