import torch

from attention_course.checks.problem import Problem, mistake


class SoftLookUp(Problem):
    """Eqs. (2) and (1) for one query: dot-product scores, weights, context vector."""

    hints = (
        "Three steps: a score for each key, weights that sum to one, an average of the values.",
        "The scores of all keys at once are keys @ query. Subtract the largest before you take exp.",
        "weights = exp(scores - scores.max()); weights = weights / weights.sum(); then weights @ values.",
    )
    praise = "That is all of attention. The lessons that follow ask where scores, keys and values come from."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "a single key", (randn(2), randn(1, 2), torch.tensor([[3.0, -1.0, 2.0]]))
        yield (
            "two keys that answer the query equally well",
            (torch.tensor([1.0, 0.0]), torch.tensor([[1.0, 2.0], [1.0, -2.0]]), torch.tensor([[0.0], [4.0]])),
        )
        yield (
            "three keys",
            (torch.tensor([1.0, 1.0]), torch.tensor([[1.0, 1.0], [-1.0, 0.0], [1.0, -1.0]]), randn(3, 2)),
        )
        yield "scores in the thousands", (100 * torch.ones(2), 10 * torch.tensor([[1.0, 1.0], [1.0, 0.0]]), randn(2, 3))
        yield "scores far below zero", (100 * torch.ones(2), -5 * torch.tensor([[1.0, 1.0], [1.0, 1.1]]), randn(2, 3))
        yield "five keys of size four", (randn(4), randn(5, 4), randn(5, 3))

    def admissible(self, generator):
        keys, size, width = (int(n) for n in torch.randint(1, 6, (3,), generator=generator))
        scale = 10.0 ** torch.randint(
            -1, 4, (1,), generator=generator
        )  # scores up to thousands, on either side of zero
        query = scale * torch.randn(size, generator=generator)
        return query, torch.randn(keys, size, generator=generator), torch.randn(keys, width, generator=generator)

    def answer(query, keys, values):
        scores = keys @ query
        weights = torch.exp(scores - scores.max())
        weights = weights / weights.sum()
        return weights @ values

    @mistake(
        "The weights do not sum to one: exp has been taken, but not divided by the sum. With a single key the answer "
        "should be that key's value, unchanged."
    )
    def not_normalised(query, keys, values):
        return torch.exp(keys @ query) @ values

    @mistake(
        "The weights do not sum to one: the largest score was subtracted, but the exponentials were not divided by their "
        "sum. With two equal scores each key should get a half."
    )
    def shifted_but_not_normalised(query, keys, values):
        scores = keys @ query
        return torch.exp(scores - scores.max()) @ values

    @mistake(
        "The scores themselves were divided by their sum. Scores may be negative, or sum to zero; "
        "exp makes them positive first."
    )
    def without_exp(query, keys, values):
        scores = keys @ query
        return (scores / scores.sum()) @ values

    @mistake(
        "A score in the thousands has an infinite exp, and infinity divided by infinity is NaN. Subtract the largest score "
        "first: numerator and denominator change by the same factor, and the weights stay the same."
    )
    def overflows(query, keys, values):
        weights = torch.exp(keys @ query)
        return weights / weights.sum() @ values

    @mistake(
        "The scores were divided by the square root of the vectors' size. What that is good for, lesson 02 asks; here the "
        "score is the plain dot product."
    )
    def scaled(query, keys, values):
        return torch.softmax(keys @ query / len(query) ** 0.5, 0) @ values

    @mistake("The largest score was subtracted above the line and not below it, so the weights do not sum to one.")
    def subtracted_once(query, keys, values):
        scores = keys @ query
        return torch.exp(scores - scores.max()) / torch.exp(scores).sum() @ values

    @mistake("The keys were averaged. They are what the query is compared with; what is averaged is the values.")
    def keys_averaged(query, keys, values):
        return torch.softmax(keys @ query, 0) @ keys

    @mistake("These are the weights. The question was for the context vector: the values, averaged under them.")
    def weights_returned(query, keys, values):
        return torch.softmax(keys @ query, 0)

    @mistake(
        "This takes the value of the best key and nothing of the others, as a dictionary does. A soft look-up mixes, "
        "and so has a gradient that can say which key should have won."
    )
    def hard_look_up(query, keys, values):
        return values[(keys @ query).argmax()]

    @mistake("The weighted values are not added up: asked for is one vector, their sum.")
    def not_added_up(query, keys, values):
        return torch.softmax(keys @ query, 0)[:, None] * values

    @mistake("The mean of the weighted values was taken. The weights sum to one already: add the values up.")
    def mean_for_the_sum(query, keys, values):
        return torch.softmax(keys @ query, 0) @ values / len(keys)
