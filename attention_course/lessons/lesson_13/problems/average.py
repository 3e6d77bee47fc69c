import torch

from attention_course.checks.problem import Problem, mistake


class Average(Problem):
    """Eq. (1): the averages of the values under the weights."""

    hints = (
        "Each row of the weights belongs to one query, and is a recipe: so much of this value, so much of that one.",
        "A sum of products over the keys, for every query and every number of a value: that is a product of matrices.",
        "weights @ values",
    )

    def inputs(self, generator):
        yield "one query and two keys", (torch.tensor([[0.75, 0.25]]), torch.tensor([[4.0, 1.0, 9.0], [8.0, 3.0, 2.0]]))
        yield "three queries and four keys", drawn(generator, 3, 4, 2)
        yield "four queries and two keys", drawn(generator, 4, 2, 3)

    def admissible(self, generator):
        return drawn(generator, *(int(n) for n in torch.randint(1, 6, (3,), generator=generator)))

    def answer(weights, values):
        return weights @ values

    @mistake(
        "That is the plain mean of the values, the same for every query. A query takes of each value its own share."
    )
    def weights_not_used(weights, values):
        return values.mean(0).expand(len(weights), -1)

    @mistake(
        "That is the sum of the values: nothing was weighted. Multiply each value by its weight before you add up."
    )
    def summed(weights, values):
        return values.sum(0).expand(len(weights), -1)

    @mistake(
        "That is one value for each query, the one with the largest weight. Attention takes a share of every value."
    )
    def only_the_largest(weights, values):
        return values[weights.argmax(-1)]


def drawn(generator, queries, keys, size):
    """Weights and values at random."""
    scores = torch.randn(queries, keys, generator=generator)
    return scores.softmax(-1), torch.randn(keys, size, generator=generator)
