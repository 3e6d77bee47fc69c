"""Lesson 02: score functions."""

import torch

from .problem import Choice, Problem, mistake


class AdditiveEnergies(Problem):
    """The additive score of every query with every key, in batches, with its matrices."""

    hints = (
        "Project both sides first. Then each of the L queries has to meet each of the S keys: the sums have four axes, (B, L, S, k).",
        "Give the queries an axis of one where the keys stand, and the keys one where the queries stand: unsqueeze(-2) and "
        "unsqueeze(-3). Broadcasting does the rest, and v takes the last axis away.",
        "projected_queries = queries @ W_2.mT and projected_keys = keys @ W_1.mT; then "
        "torch.tanh(projected_queries.unsqueeze(-2) + projected_keys.unsqueeze(-3)) @ v.",
    )
    praise = "The translator of lesson 00 runs on this, once for every word it writes."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "one query and one key", (randn(1, 1, 2), randn(1, 1, 2), randn(3, 2), randn(3, 2), randn(3))
        yield "two queries and two keys", (randn(1, 2, 2), randn(1, 2, 2), randn(3, 2), randn(3, 2), randn(3))
        yield "one query and three keys", (randn(1, 1, 2), randn(1, 3, 2), randn(3, 2), randn(3, 2), randn(3))
        yield (
            "queries and keys of different sizes",
            (randn(1, 2, 5), randn(1, 3, 2), randn(4, 2), randn(4, 5), randn(4)),
        )
        yield "a batch of two", (randn(2, 3, 4), randn(2, 5, 2), randn(6, 2), randn(6, 4), randn(6))

    def answer(queries, keys, W_1, W_2, v):
        projected_queries = queries @ W_2.mT  # (B, L, k)
        projected_keys = keys @ W_1.mT  # (B, S, k)
        sums = projected_queries.unsqueeze(-2) + projected_keys.unsqueeze(-3)  # (B, L, S, k)
        return torch.tanh(sums) @ v

    @mistake("The two matrices have changed places: W_1 belongs to the key, W_2 to the query.")
    def matrices_swapped(queries, keys, W_1, W_2, v):
        return torch.tanh((queries @ W_1.mT).unsqueeze(-2) + (keys @ W_2.mT).unsqueeze(-3)) @ v

    @mistake(
        "The tanh is missing. Without it the query adds the same number to all its scores, which softmax does not see: "
        "every query would look at the same keys."
    )
    def without_tanh(queries, keys, W_1, W_2, v):
        return ((queries @ W_2.mT).unsqueeze(-2) + (keys @ W_1.mT).unsqueeze(-3)) @ v

    @mistake(
        "The tanh was taken of query and key apart, and their sum comes out as a number of the query plus a number of the key. "
        "All queries then rank the keys alike. Add first."
    )
    def tanh_of_each(queries, keys, W_1, W_2, v):
        return torch.tanh(queries @ W_2.mT).unsqueeze(-2) @ v + torch.tanh(keys @ W_1.mT).unsqueeze(-3) @ v

    @mistake(
        "The product with v was taken inside the tanh. It weighs the k numbers after the tanh has been taken of each."
    )
    def v_inside(queries, keys, W_1, W_2, v):
        return torch.tanh(((queries @ W_2.mT).unsqueeze(-2) + (keys @ W_1.mT).unsqueeze(-3)) @ v)

    @mistake("The vector v has not been used: the k numbers were added up with equal weights, all of them positive.")
    def without_v(queries, keys, W_1, W_2, v):
        return torch.tanh((queries @ W_2.mT).unsqueeze(-2) + (keys @ W_1.mT).unsqueeze(-3)).sum(-1)

    @mistake(
        "Query i was added to key i alone. Every query meets every key: give each side an axis of its own before adding."
    )
    def only_pairs(queries, keys, W_1, W_2, v):
        return torch.tanh(queries @ W_2.mT + keys @ W_1.mT) @ v

    @mistake("Rows and columns have changed places: queries come first, (B, L, S).")
    def turned_round(queries, keys, W_1, W_2, v):
        return torch.tanh((queries @ W_2.mT).unsqueeze(-3) + (keys @ W_1.mT).unsqueeze(-2)) @ v

    @mistake("Query and key were multiplied. In this score they are added.")
    def multiplied(queries, keys, W_1, W_2, v):
        return torch.tanh((queries @ W_2.mT).unsqueeze(-2) * (keys @ W_1.mT).unsqueeze(-3)) @ v

    @mistake(
        "The scores were divided by the square root of k. The additive score has no such factor; tanh keeps it small."
    )
    def scaled(queries, keys, W_1, W_2, v):
        sums = (queries @ W_2.mT).unsqueeze(-2) + (keys @ W_1.mT).unsqueeze(-3)
        return torch.tanh(sums) @ v / len(v) ** 0.5

    @mistake("These are the weights. The question was for the energies, before the softmax.")
    def weights_returned(queries, keys, W_1, W_2, v):
        return (torch.tanh((queries @ W_2.mT).unsqueeze(-2) + (keys @ W_1.mT).unsqueeze(-3)) @ v).softmax(-1)


class HiddenMatrix(Problem):
    """The bilinear matrix W that a multiplicative score hides."""

    hints = (
        "Write (W_1 a)^T (W_2 b) without brackets. What is the transpose of a product?",
        "It is a^T W_1^T W_2 b. What stands between a^T and b? Check the shape: (key size, query size).",
        "Return W_1.mT @ W_2.",
    )
    praise = "Its rank is at most k. Where k is smaller than both sizes, there are bilinear scores that no multiplicative one can express."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "sizes of two, and k = 2", (randn(2, 2), randn(2, 2))
        yield "keys of size three, queries of size two, and k = 4", (randn(4, 3), randn(4, 2))
        yield "k = 1", (randn(1, 3), randn(1, 2))
        yield "sizes of five and three, and k = 2", (randn(2, 5), randn(2, 3))

    def answer(W_1, W_2):
        return W_1.mT @ W_2

    @mistake("That is W transposed: it would stand between b and a, b^T W^T a. The key comes first in a^T W b.")
    def transposed(W_1, W_2):
        return W_2.mT @ W_1

    @mistake("That is W_1 times W_2. In (W_1 a)^T the transpose turns a product round: a^T W_1^T.")
    def not_transposed(W_1, W_2):
        return W_1 @ W_2

    @mistake(
        "That multiplies along the sizes of key and query, and leaves a matrix (k, k). It is k that has to be summed over."
    )
    def summed_over_the_sizes(W_1, W_2):
        return W_1 @ W_2.mT

    @mistake("That leaves a matrix (k, k), and transposed at that. It is k that has to be summed over.")
    def summed_over_the_sizes_and_transposed(W_1, W_2):
        return W_2 @ W_1.mT

    @mistake("The result was divided by the square root of k. That is the hidden matrix of the scaled score.")
    def scaled(W_1, W_2):
        return W_1.mT @ W_2 / len(W_1) ** 0.5


class StandsStill(Choice):
    """Which of four networks can't learn, by the scores of its first batch."""

    hints = (
        "Softmax knows only the differences between scores. In which of the four are these differences large?",
        "Lesson 01: the gradient of score i is its weight times g · (value − context). Where is it nearly zero for all i?",
    )
    right = "A"
    praise = "With differences of 30, one weight is 1 and the rest are 0, and so is every gradient, whatever the learning rate."
    replies = {
        "B": "All scores are about 300, but softmax knows only their differences, and these are about 1. Nothing is wrong with it.",
        "C": "A mean of −300 does not count, since softmax knows only differences, and a spread of 0.1 gives nearly equal weights: "
        "the best of starts.",
        "D": "Equal scores give each of eight values a weight of 1/8, and a gradient. Through queries of zero none reaches the keys in the "
        "first step, but it reaches the queries, which are then zero no longer.",
    }


class ScoreSpread(Problem):
    """The standard deviation of a dot product whose numbers have any spread, and repeat."""

    hints = (
        "First without repeats: what is the variance of one product of a query's number with a key's, and what that of the sum of k of them?",
        "Variances add only where the terms are independent. Here k / repeats terms are; each stands there `repeats` times, and a "
        "variable times r has r² times its variance.",
        "The variance is (k / repeats) * repeats ** 2 * query_std ** 2 * key_std ** 2, and the result its root: "
        "(k * repeats) ** 0.5 * query_std * key_std.",
    )
    praise = "Dividing by √k is right for one case of many. The spread of the scores is what counts."

    def inputs(self, generator):
        def number(low, high):
            return low + (high - low) * torch.rand((), generator=generator).item()

        def integer(low, high):
            return int(torch.randint(low, high, (), generator=generator))

        yield "numbers of standard deviation one, and no repeats", (4 * integer(2, 300), 1.0, 1.0, 1)
        yield "small numbers, and no repeats", (64, number(0.05, 0.15), number(0.2, 0.4), 1)
        yield "numbers that stand in the vector twice", (2 * integer(10, 90), 1.0, 1.0, 2)
        yield "the general case", (12 * integer(2, 40), number(0.3, 0.8), number(1.5, 3.0), 4)

    def answer(k, query_std, key_std, repeats):
        independent = k / repeats
        variance = independent * repeats**2 * query_std**2 * key_std**2
        return variance**0.5

    @mistake("That is the variance. The standard deviation is its square root.")
    def variance(k, query_std, key_std, repeats):
        return k * repeats * query_std**2 * key_std**2

    @mistake(
        "That is √k, right for numbers of variance 1 and for no others. Where numbers are a tenth as large, so are the scores, and twice "
        "over if both are."
    )
    def root_of_k(k, query_std, key_std, repeats):
        return k**0.5

    @mistake(
        "Repeats were left out. Variances add only for independent terms, and a number that stands there twice is not independent "
        "of itself: it adds four variances, where two numbers would add two."
    )
    def repeats_ignored(k, query_std, key_std, repeats):
        return k**0.5 * query_std * key_std

    @mistake(
        "Repeated numbers were dropped, so that only k / repeats terms are left. They are in the sum, each `repeats` times, and make the "
        "scores larger."
    )
    def repeats_dropped(k, query_std, key_std, repeats):
        return (k / repeats) ** 0.5 * query_std * key_std

    @mistake(
        "The repeats were taken out of the root, but k terms were left in it. Only k / repeats of them are independent."
    )
    def repeats_outside(k, query_std, key_std, repeats):
        return k**0.5 * repeats * query_std * key_std

    @mistake("The standard deviations stand under the root. It is the variances, their squares, that belong there.")
    def not_squared(k, query_std, key_std, repeats):
        return (k * repeats * query_std * key_std) ** 0.5

    @mistake(
        "The variance of a product of two independent numbers of mean zero is the product of their variances, no sum."
    )
    def spreads_added(k, query_std, key_std, repeats):
        return (k * repeats * (query_std**2 + key_std**2) / 2) ** 0.5


class CosineEnergies(Problem):
    """A score that keeps its spread at any size: the cosine, divided by a temperature."""

    hints = (
        "The cosine of two vectors is their dot product divided by both lengths. What is left to do for a vector of length zero?",
        "Divide queries and keys by their lengths first, along the last axis with keepdim=True, then take all dot products. clamp(min=...) "
        "keeps a length of zero from being divided by.",
        "queries / queries.norm(dim=-1, keepdim=True).clamp(min=1e-12), the same for keys, then queries @ keys.mT / temperature.",
    )
    praise = "No k in it, and no √k: between −1/temperature and 1/temperature, whatever the vectors do."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "one query of length one and two keys", (torch.tensor([[0.0, 1.0]]), randn(2, 2), 1.0)
        yield "one query and two keys", (2 * randn(1, 3), 3 * randn(2, 3), 1.0)
        yield "a temperature of a tenth", (randn(2, 3), randn(3, 3), 0.1)
        yield "a key of zeros", (randn(1, 2), torch.tensor([[0.0, 0.0], [1.0, 2.0]]), 0.5)
        yield "three queries and five keys of size 64", (randn(3, 64), randn(5, 64), 0.2)

    def answer(queries, keys, temperature):
        queries = queries / queries.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        keys = keys / keys.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        return queries @ keys.mT / temperature

    @mistake("The dot products were not divided by the lengths. Only the directions are to count.")
    def lengths_left(queries, keys, temperature):
        return queries @ keys.mT / temperature

    @mistake("Only the keys were divided by their lengths. A query twice as long would still double its scores.")
    def keys_only(queries, keys, temperature):
        return queries @ (keys / keys.norm(dim=-1, keepdim=True).clamp(min=1e-12)).mT / temperature

    @mistake("Only the queries were divided by their lengths, so that long keys are still preferred.")
    def queries_only(queries, keys, temperature):
        return queries / queries.norm(dim=-1, keepdim=True).clamp(min=1e-12) @ keys.mT / temperature

    @mistake(
        "The vectors were divided by their squared lengths, which makes long ones shorter than short ones. Take the root, as norm does."
    )
    def squared_lengths(queries, keys, temperature):
        queries = queries / queries.square().sum(-1, keepdim=True).clamp(min=1e-12)
        keys = keys / keys.square().sum(-1, keepdim=True).clamp(min=1e-12)
        return queries @ keys.mT / temperature

    @mistake("The temperature was multiplied. A low temperature makes attention sharper: divide by it.")
    def temperature_multiplied(queries, keys, temperature):
        queries = queries / queries.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        keys = keys / keys.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        return queries @ keys.mT * temperature

    @mistake("The temperature has not been used.")
    def temperature_forgotten(queries, keys, temperature):
        queries = queries / queries.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        keys = keys / keys.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        return queries @ keys.mT

    @mistake(
        "A key of zeros has length zero, and zero divided by zero is not a number. Padding is often just that. Keep the length from "
        "being zero, with clamp."
    )
    def nan_for_zeros(queries, keys, temperature):
        queries, keys = queries / queries.norm(dim=-1, keepdim=True), keys / keys.norm(dim=-1, keepdim=True)
        return queries @ keys.mT / temperature

    @mistake(
        "One length was taken of all queries together, and one of all keys. Each vector has its own, along the last axis."
    )
    def one_length_for_all(queries, keys, temperature):
        return queries @ keys.mT / (queries.norm() * keys.norm()).clamp(min=1e-12) / temperature

    @mistake(
        "The lengths have lost their axis: norm(dim=-1) gives one number a vector, and broadcasting lays them along the columns instead "
        "of the rows. Say keepdim=True."
    )
    def axis_lost(queries, keys, temperature):
        queries = queries / queries.norm(dim=-1).clamp(min=1e-12)
        keys = keys / keys.norm(dim=-1).clamp(min=1e-12)
        return queries @ keys.mT / temperature

    @mistake(
        "The lengths were taken down the columns, over all vectors at once. Each vector has its own, along the last axis."
    )
    def wrong_axis(queries, keys, temperature):
        queries = queries / queries.norm(dim=0, keepdim=True).clamp(min=1e-12)
        keys = keys / keys.norm(dim=0, keepdim=True).clamp(min=1e-12)
        return queries @ keys.mT / temperature


additive_energies = AdditiveEnergies()
hidden_matrix = HiddenMatrix()
stands_still = StandsStill()
score_spread = ScoreSpread()
cosine_energies = CosineEnergies()
