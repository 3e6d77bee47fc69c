import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.checks.watching import watch


class ShawScores(Problem):
    """Scores of queries with keys that a vector for the distance has joined (Shaw et al. 2018)."""

    hints = (
        "Make the table of distances j - t first, with a row for each query t, and look at it. Which row of `vectors` belongs to the distance -k? Which to 0?",
        "Q @ vectors.T is (L, 2k + 1): each query with each vector, distances from -k to k. index = (j - t).clamp(-k, k) + k, (L, L), says which of them belongs "
        "to query t and key j; torch.gather picks by index along a row.",
        "k = len(vectors) // 2; at = torch.arange(len(Q)); index = (at[None] - at[:, None]).clamp(-k, k) + k; return (Q @ K.T + "
        "(Q @ vectors.T).gather(1, index)) / D ** 0.5.",
    )
    praise = "The package does so as well."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "two words of one number", (randn(2, 1), randn(2, 1), randn(3, 1))
        yield "a single word of two numbers", (randn(1, 2), randn(1, 2), randn(3, 2))
        yield "two words, and vectors up to distance 2", (randn(2, 2), randn(2, 2), randn(5, 2))
        yield "three words, two of them farther apart than the last vectors", (randn(3, 2), randn(3, 2), randn(3, 2))
        yield "three words, farther apart than no vector", (randn(3, 4), randn(3, 4), randn(7, 4))
        yield "as many vectors as words", (randn(5, 3), randn(5, 3), randn(5, 3))
        yield "six words, some farther apart than the last vectors", (randn(6, 4), randn(6, 4), randn(5, 4))
        yield "three words, and no vector but that of distance 0", (randn(3, 2), randn(3, 2), randn(1, 2))

    def admissible(self, generator):
        L, D, vectors = (int(n) for n in torch.randint(1, 7, (3,), generator=generator))
        size = 2.0 ** torch.randint(-3, 4, (), generator=generator)

        def drawn(words):  # some are equal
            return (4 * torch.randn(words, D, generator=generator)).round() / 4

        return size * drawn(L), drawn(L), drawn(vectors // 2 * 2 + 1)

    def answer(Q, K, vectors):
        L, D = Q.shape
        k = len(vectors) // 2
        at = torch.arange(L)
        index = (at[None] - at[:, None]).clamp(-k, k) + k  # (L, L)
        return (Q @ K.T + (Q @ vectors.T).gather(1, index)) / D**0.5

    def disobeys(self, answer):
        L, D = 12, 512
        seen = watch(answer, (torch.ones(L, D), torch.ones(L, D), torch.ones(3, D)))
        if seen.largest > L * L * D * 2:
            return "But there is an array as large as (L, L, D) on the way. Let the queries meet the 2k + 1 vectors first, and pick from the (L, 2k + 1) products."
        return None

    wrong_number = "The scores were divided by the root of another number, of words or of vectors. It is √D, D being the size of the vectors that are compared."
    met_the_keys = (
        "The vectors met the keys. They join the key, and what the joined key meets is the query: q_t · (k_j + r)."
    )
    half_scaled = "Only one of the two parts was divided by √D. The vector joins the key before the product, so that both parts are divided."
    no_sides = "The sign of the distance was lost. There are vectors of their own for what lies before a word and for what lies behind it."
    absolute = "The vectors were taken by the key's place or by the query's alone. What counts is the distance between them, j - t."
    beyond = "Words can be farther apart than k, and there is no row for them: clamp the distances to -k and k before you add k."
    k_too_large = "Your k is too large: there are 2k + 1 vectors, so that k is len(vectors) // 2."
    round_again = "Beyond the farthest distance the vectors begin again from the other side. There the last on its side is used: clamp the distance."

    @mistake("These are scores without positions: the vectors are missing.")
    def without_vectors(Q, K, vectors):
        return scores(Q, K, 0 * vectors)

    @mistake(
        "Past and future have changed places: the distance is j - t, from the query to the key. What lies before a word comes first in `vectors`."
    )
    def turned_round(Q, K, vectors):
        return scores(Q, K, vectors.flip(0))

    @mistake(
        "Queries and keys have changed places in the result. Row t holds the scores of query t, a column for each key."
    )
    def transposed(Q, K, vectors):
        return scores(Q, K, vectors).T

    @mistake("Queries and keys have changed places in Q Kᵀ: row t holds the products of query t with all keys.")
    def keys_times_queries(Q, K, vectors):
        return joined((K @ Q.T, picked(Q, vectors)), Q)

    @mistake(
        "The distances were used as rows as they are. A negative index counts from the end in Python, and nothing complains: add k, so that -k becomes 0."
    )
    def not_moved(Q, K, vectors):
        k = len(vectors) // 2
        return joined((Q @ K.T, (Q[:, None] * vectors[distances(Q).clamp(-k, k)]).sum(-1)), Q)

    @mistake(
        "The vectors are those of the next distance, j - t + 1. That of distance 0 stands in the middle, in row k."
    )
    def one_too_far(Q, K, vectors):
        return joined((Q @ K.T, picked(Q, vectors, distances(Q) + 1)), Q)

    @mistake(
        "The vectors are those of the distance before, j - t - 1. That of distance 0 stands in the middle, in row k."
    )
    def one_too_near(Q, K, vectors):
        return joined((Q @ K.T, picked(Q, vectors, distances(Q) - 1)), Q)

    @mistake("The last vector is never used: the rows go from -k to k, both included.")
    def last_unused(Q, K, vectors):
        return joined((Q @ K.T, picked(Q, vectors, distances(Q).clamp(max=len(vectors) // 2 - 1))), Q)

    @mistake(no_sides)
    def all_behind(Q, K, vectors):
        return joined((Q @ K.T, picked(Q, vectors, distances(Q).abs())), Q)

    @mistake(no_sides)
    def all_before(Q, K, vectors):
        return joined((Q @ K.T, picked(Q, vectors, -distances(Q).abs())), Q)

    @mistake(no_sides)
    def past_at_zero(Q, K, vectors):
        return joined((Q @ K.T, picked(Q, vectors, distances(Q).clamp(min=0))), Q)

    @mistake(no_sides)
    def future_at_zero(Q, K, vectors):
        return joined((Q @ K.T, picked(Q, vectors, distances(Q).clamp(max=0))), Q)

    @mistake(
        "Every word got the vector of distance 0. Which vector joins a key depends on how far it is from the query."
    )
    def always_the_middle(Q, K, vectors):
        return joined((Q @ K.T, picked(Q, vectors, 0 * distances(Q))), Q)

    @mistake(absolute)
    def by_the_key_s_place(Q, K, vectors):
        return joined((Q @ K.T, (Q @ vectors.T)[:, torch.arange(len(Q)).clamp(max=len(vectors) - 1)]), Q)

    @mistake(absolute)
    def by_the_query_s_place(Q, K, vectors):
        at = torch.arange(len(Q))
        return joined((Q @ K.T, (Q @ vectors.T)[at, at.clamp(max=len(vectors) - 1)][:, None]), Q)

    @mistake("The factor 1/√D is missing.")
    def without_scale(Q, K, vectors):
        return scores(Q, K, vectors) * Q.shape[-1] ** 0.5

    @mistake("The scores were divided by D and not by its root.")
    def divided_by_the_size(Q, K, vectors):
        return scores(Q, K, vectors) / Q.shape[-1] ** 0.5

    @mistake("The scores were multiplied by √D. Divide, to make up for the D products that are added up.")
    def multiplied_by_the_root(Q, K, vectors):
        return scores(Q, K, vectors) * Q.shape[-1]

    @mistake(wrong_number)
    def scaled_by_the_words(Q, K, vectors):
        return scores(Q, K, vectors) * (Q.shape[-1] / len(Q)) ** 0.5

    @mistake(wrong_number)
    def scaled_by_the_vectors(Q, K, vectors):
        return scores(Q, K, vectors) * (Q.shape[-1] / len(vectors)) ** 0.5

    @mistake(half_scaled)
    def products_scaled_alone(Q, K, vectors):
        return Q @ K.T / Q.shape[-1] ** 0.5 + picked(Q, vectors)

    @mistake(half_scaled)
    def vectors_scaled_alone(Q, K, vectors):
        return Q @ K.T + picked(Q, vectors) / Q.shape[-1] ** 0.5

    @mistake(met_the_keys)
    def with_the_key(Q, K, vectors):
        at = torch.arange(len(Q))
        return joined((Q @ K.T, (K @ vectors.T)[at, rows(distances(Q), vectors)]), Q)

    @mistake(met_the_keys)
    def with_the_query_s_own_key(Q, K, vectors):
        return joined((Q @ K.T, picked(K, vectors)), Q)

    @mistake(met_the_keys)
    def with_the_key_turned_round(Q, K, vectors):
        return joined((Q @ K.T, picked(K, vectors).T), Q)

    @mistake("The vectors met the query of the key's word. All of row t belongs to the query of word t: q_t · r.")
    def with_the_other_query(Q, K, vectors):
        return joined((Q @ K.T, (Q @ vectors.T)[torch.arange(len(Q)), rows(distances(Q), vectors)]), Q)

    @mistake(
        "The part with the vectors was turned over: there, row j and column i hold what belongs to query i and key j."
    )
    def picked_and_transposed(Q, K, vectors):
        return joined((Q @ K.T, picked(Q, vectors).T), Q)

    @mistake(
        "The numbers of a vector were added up by themselves. It meets the query, q_t · r: multiply number by number, then add."
    )
    def without_the_query(Q, K, vectors):
        return joined((Q @ K.T, vectors.sum(-1)[rows(distances(Q), vectors)]), Q)

    @mistake("What comes of the vectors was subtracted. They are added to the keys.")
    def subtracted(Q, K, vectors):
        return scores(Q, K, -vectors)

    @mistake(
        "Beyond the farthest distance nothing was added. There the vector of the farthest is used, on either side: clamp the distance."
    )
    def nothing_beyond(Q, K, vectors):
        inside = distances(Q).abs() <= len(vectors) // 2
        return joined((Q @ K.T, picked(Q, vectors) * inside), Q)

    @mistake(
        "Words beyond the farthest distance were masked. They are still seen: there the last vector on their side is used."
    )
    def masked_beyond(Q, K, vectors):
        return scores(Q, K, vectors).masked_fill(distances(Q).abs() > len(vectors) // 2, -torch.inf)

    @mistake(round_again)
    def round_and_round(Q, K, vectors):
        return joined((Q @ K.T, (Q @ vectors.T).gather(1, (distances(Q) + len(vectors) // 2) % len(vectors))), Q)

    @mistake(beyond)
    def not_clamped(Q, K, vectors):
        return joined((Q @ K.T, (Q @ vectors.T).gather(1, distances(Q) + len(vectors) // 2)), Q)

    @mistake(beyond)
    def vectors_not_clamped(Q, K, vectors):
        return joined((Q @ K.T, (Q[:, None] * vectors[distances(Q) + len(vectors) // 2]).sum(-1)), Q)

    @mistake(
        "A row cannot be negative here: the distances have to lie between -k and k, and then k is added, so that -k becomes 0."
    )
    def gathered_without_k(Q, K, vectors):
        k = len(vectors) // 2
        return joined((Q @ K.T, (Q @ vectors.T).gather(1, distances(Q).clamp(-k, k))), Q)

    @mistake(k_too_large)
    def all_vectors_for_k(Q, K, vectors):
        k = len(vectors)
        return joined((Q @ K.T, (Q @ vectors.T).gather(1, distances(Q).clamp(-k, k) + k)), Q)

    @mistake(k_too_large)
    def one_more_for_k(Q, K, vectors):
        k = len(vectors) // 2 + 1
        return joined((Q @ K.T, (Q @ vectors.T).gather(1, distances(Q).clamp(-k, k) + k)), Q)

    @mistake(
        "Q @ vectors.T is (L, 2k + 1), a column for each distance. Pick for query i and key j the column of their distance before you add it to Q Kᵀ."
    )
    def nothing_picked(Q, K, vectors):
        return joined((Q @ K.T, Q @ vectors.T), Q)

    @mistake("Only the vectors were compared with the queries; the keys, Q Kᵀ, are missing.")
    def without_keys(Q, K, vectors):
        return scores(Q, 0 * K, vectors)

    @mistake("These are weights: a softmax was taken. Asked for are the scores before it.")
    def weights(Q, K, vectors):
        return scores(Q, K, vectors).softmax(-1)


def scores(Q, K, vectors):
    """As they should be."""
    return ShawScores.answer(Q, K, vectors)


def distances(Q):
    """From each query to each key, (L, L)."""
    at = torch.arange(len(Q))
    return at[None] - at[:, None]


def rows(distances, vectors):
    """Those of `vectors` for distances."""
    k = len(vectors) // 2
    return distances.clamp(-k, k) + k


def picked(x, vectors, by=None):
    """Row i: x_i · a for each of its distances, or for those of `by`."""
    return (x @ vectors.T).gather(1, rows(distances(x) if by is None else by, vectors))


def joined(parts, Q):
    """Both parts added up and scaled."""
    return sum(parts) / Q.shape[-1] ** 0.5
