import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.checks.watching import watch


class AdditiveScores(Problem):
    """The additive score of every query with every key, in batches, with its matrices."""

    hints = (
        "Project both sides first. Then each of the L queries has to meet each of the S keys: the sums have four axes, (B, L, S, D).",
        "Give the queries an axis of one where the keys stand, and the keys one where the queries stand: unsqueeze(-2) and "
        "unsqueeze(-3). Broadcasting does the rest, and u takes the last axis away.",
        "projected_queries = queries @ W_Q and projected_keys = keys @ W_K; then "
        "torch.tanh(projected_queries.unsqueeze(-2) + projected_keys.unsqueeze(-3)) @ u.",
    )
    praise = "The translator of lesson 00 runs on this, once for every word it writes."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "one query and one key", (randn(1, 1, 2), randn(1, 1, 2), randn(2, 3), randn(2, 3), randn(3))
        yield "two queries and two keys", (randn(1, 2, 2), randn(1, 2, 2), randn(2, 3), randn(2, 3), randn(3))
        yield "one query and three keys", (randn(1, 1, 2), randn(1, 3, 2), randn(2, 3), randn(2, 3), randn(3))
        yield (
            "queries and keys of different sizes",
            (randn(1, 2, 5), randn(1, 3, 2), randn(5, 4), randn(2, 4), randn(4)),
        )
        yield "a batch of two", (randn(2, 3, 4), randn(2, 5, 2), randn(4, 6), randn(2, 6), randn(6))

    def admissible(self, generator):
        sizes = torch.randint(1, 5, (6,), generator=generator).tolist()
        batch, length, keys, query_size, key_size, D = sizes

        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        queries, all_keys = 2 * randn(batch, length, query_size), 2 * randn(batch, keys, key_size)
        return queries, all_keys, randn(query_size, D), randn(key_size, D), randn(D)

    def disobeys(self, answer):
        def steps(batch, length, keys):
            queries, all_keys = torch.ones(batch, length, 3), torch.ones(batch, keys, 2)
            return watch(answer, (queries, all_keys, torch.ones(3, 4), torch.ones(2, 4), torch.ones(4))).steps

        few = steps(2, 3, 4)
        if max(steps(22, 3, 4), steps(2, 23, 4), steps(2, 3, 24)) >= few + 20:
            return "But there is a loop, and the statement asks for none: let broadcasting do it."

    def answer(queries, keys, W_Q, W_K, u):
        projected_queries = queries @ W_Q  # (B, L, D)
        projected_keys = keys @ W_K  # (B, S, D)
        sums = projected_queries.unsqueeze(-2) + projected_keys.unsqueeze(-3)  # (B, L, S, D)
        return torch.tanh(sums) @ u

    @mistake("The two matrices have changed places: W_Q belongs to the query, W_K to the key.")
    def matrices_swapped(queries, keys, W_Q, W_K, u):
        return torch.tanh((queries @ W_K).unsqueeze(-2) + (keys @ W_Q).unsqueeze(-3)) @ u

    @mistake(
        "The tanh is missing. Without it the query adds the same number to all its scores, which softmax does not see: "
        "every query would look at the same keys."
    )
    def without_tanh(queries, keys, W_Q, W_K, u):
        return ((queries @ W_Q).unsqueeze(-2) + (keys @ W_K).unsqueeze(-3)) @ u

    @mistake(
        "The tanh was taken of query and key apart, and their sum comes out as a number of the query plus a number of the key. "
        "All queries then rank the keys alike. Add first."
    )
    def tanh_of_each(queries, keys, W_Q, W_K, u):
        return torch.tanh(queries @ W_Q).unsqueeze(-2) @ u + torch.tanh(keys @ W_K).unsqueeze(-3) @ u

    @mistake(
        "The product with u was taken inside the tanh. It weighs the D numbers after the tanh has been taken of each."
    )
    def u_inside(queries, keys, W_Q, W_K, u):
        return torch.tanh(((queries @ W_Q).unsqueeze(-2) + (keys @ W_K).unsqueeze(-3)) @ u)

    @mistake("The vector u has not been used: the D numbers were added up with equal weights, all of them positive.")
    def without_u(queries, keys, W_Q, W_K, u):
        return torch.tanh((queries @ W_Q).unsqueeze(-2) + (keys @ W_K).unsqueeze(-3)).sum(-1)

    @mistake(
        "Query i was added to key i alone. Every query meets every key: give each side an axis of its own before adding."
    )
    def only_pairs(queries, keys, W_Q, W_K, u):
        return torch.tanh(queries @ W_Q + keys @ W_K) @ u

    @mistake("Rows and columns have changed places: queries come first, (B, L, S).")
    def turned_round(queries, keys, W_Q, W_K, u):
        return torch.tanh((queries @ W_Q).unsqueeze(-3) + (keys @ W_K).unsqueeze(-2)) @ u

    @mistake("Query and key were multiplied. In this score they are added.")
    def multiplied(queries, keys, W_Q, W_K, u):
        return torch.tanh((queries @ W_Q).unsqueeze(-2) * (keys @ W_K).unsqueeze(-3)) @ u

    @mistake(
        "The scores were divided by the square root of D. The formula has no such factor: how large the scores are at the start is up to u."
    )
    def scaled(queries, keys, W_Q, W_K, u):
        sums = (queries @ W_Q).unsqueeze(-2) + (keys @ W_K).unsqueeze(-3)
        return torch.tanh(sums) @ u / len(u) ** 0.5

    @mistake("These are the weights. The question was for the scores, before the softmax.")
    def weights_returned(queries, keys, W_Q, W_K, u):
        return (torch.tanh((queries @ W_Q).unsqueeze(-2) + (keys @ W_K).unsqueeze(-3)) @ u).softmax(-1)
