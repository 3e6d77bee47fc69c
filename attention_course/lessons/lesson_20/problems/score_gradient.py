import torch

from attention_course.checks.problem import Problem, mistake


class ScoreGradient(Problem):
    """The gradient of one tile of scores, from one number for each query."""

    hints = (
        "First the weights of this tile: what does a score have to be divided by, once it is exponentiated, and which of the arguments knows it?",
        "weights = exp(scores − log_sums), (L, tile). Then the softmax's own rule: the gradient of a weight is g · v_j, and of it is subtracted the mean of all these under the "
        "weights, over all tiles. Which is g · output.",
        "weights = (scores - log_sums).exp(); along = (g * output).sum(-1, keepdim=True); return weights * (g @ V.mT - along).",
    )
    praise = (
        "Nothing here knows of the other tiles but log_sums and output: two things a query, however long the sentence."
    )

    def inputs(self, generator):
        def drawn(*arguments, level=0.0):
            return a_tile(generator, *arguments, level)

        yield "one query and a tile of one key, of two", drawn(1, 2, 1, 0, 1)
        yield "one query and a tile of two keys, of three", drawn(1, 3, 2, 1, 3)
        yield "one query and a single tile", drawn(1, 3, 2, 0, 3)
        yield "two queries and a tile of one key", drawn(2, 3, 2, 1, 2)
        yield "the second tile of three", drawn(1, 6, 3, 2, 4)
        yield "three queries, the last tile, which is shorter", drawn(3, 7, 2, 4, 7)
        yield "as many queries as keys in the tile", drawn(3, 9, 4, 3, 6)
        yield "as many numbers in a value as keys in the tile", drawn(2, 7, 3, 3, 6)
        yield "scores of several hundred", drawn(2, 4, 2, 0, 2, level=300.0)
        yield "scores far below zero", drawn(2, 4, 2, 0, 2, level=-300.0)

    def admissible(self, generator):
        L, D, tile, before, behind = (int(n) for n in torch.randint(1, 5, (5,), generator=generator))
        before, level = before - 1, 100.0 * int(torch.randint(-3, 4, (), generator=generator))
        return a_tile(generator, L, before + tile + behind - 1, D, before, before + tile, level)

    def answer(scores, V, output, log_sums, g):
        weights = (scores - log_sums).exp()  # (L, tile)
        along = (g * output).sum(1, keepdim=True)  # (L, 1)
        return weights * (g @ V.mT - along)

    tile_alone = "The softmax was taken over this tile alone, as if there were no other. The weights of one tile sum to less than one: exp(scores − log_sums)."
    tile_mean = "What was subtracted is the mean over this tile alone. The softmax couples all keys, also those of other tiles; their part is in g · output."
    of_weights = "That is the gradient of the weights, or of them less their mean. One step is left, through the softmax to the scores: times the weights."
    scaled = "A factor of √D or D is in it. The scores have been divided by √D before they came here, and asked for is the gradient with respect to them: nothing is to be scaled."
    logarithm = "The exponentials were divided by log_sums, or it was taken off behind the exponential. It is the logarithm of what they are to be divided by: subtract it before."
    no_exponential = "The weights lack their exponential: they are exp(scores − log_sums)."
    two_needed = "What is subtracted is g · output for each query. Both belong to it: the gradient, and the output it was taken for."
    mixed = "The queries got mixed where g and output were multiplied. What is wanted is one number a query, the dot product of its own two rows: (g * output).sum(-1, keepdim=True)."
    number = (
        "The gradient was divided by a number of queries or keys. No mean is taken: the loss's own gradient is in g."
    )

    @mistake(tile_alone)
    def softmax_of_the_tile(scores, V, output, log_sums, g):
        return scores.softmax(-1) * less_the_mean(V, output, g)

    @mistake(tile_alone)
    def softmax_and_mean_of_the_tile(scores, V, output, log_sums, g):
        weights = scores.softmax(-1)
        return weights * (g @ V.mT - (weights * (g @ V.mT)).sum(-1, keepdim=True))

    @mistake(tile_alone)
    def softmax_of_the_tile_without_the_mean(scores, V, output, log_sums, g):
        return scores.softmax(-1) * (g @ V.mT)

    @mistake(
        "The softmax was taken over the queries. The weights are exp(scores − log_sums), for each query by itself."
    )
    def softmax_over_the_queries(scores, V, output, log_sums, g):
        return scores.softmax(0) * less_the_mean(V, output, g)

    @mistake(tile_mean)
    def mean_of_the_tile(scores, V, output, log_sums, g):
        weights = (scores - log_sums).exp()
        d_weights = g @ V.mT
        return weights * (d_weights - (weights * d_weights).sum(-1, keepdim=True))

    @mistake(tile_mean)
    def plain_mean_of_the_tile(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT - (g @ V.mT).mean(-1, keepdim=True))

    @mistake(
        "Nothing was subtracted. A larger score takes weight from all other keys, so the gradient of a weight counts by how much it lies above the mean of all: g · V less g · output."
    )
    def without_the_mean(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT)

    @mistake("The mean was added. It is subtracted: what counts is how much a key lies above it.")
    def mean_added(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT + along(g, output))

    @mistake("The sign is turned: it is g · V less g · output.")
    def sign_turned(scores, V, output, log_sums, g):
        return -ScoreGradient.answer(scores, V, output, log_sums, g)

    @mistake(
        "Only g · V was multiplied by the weights. What is subtracted is multiplied by them as well: weights · (g · V − g · output)."
    )
    def mean_outside(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT) - along(g, output)

    @mistake("What is subtracted was multiplied by the weights twice: it is weights · (g · V − g · output).")
    def mean_weighted(scores, V, output, log_sums, g):
        weights = (scores - log_sums).exp()
        return weights * (g @ V.mT - weights * along(g, output))

    @mistake("The weights were applied twice to g · V. It is weights · (g · V − g · output).")
    def weighted_twice(scores, V, output, log_sums, g):
        weights = (scores - log_sums).exp()
        return weights * (weights * (g @ V.mT) - along(g, output))

    @mistake("The weights are squared. They stand once before the difference.")
    def weights_squared(scores, V, output, log_sums, g):
        return (2 * (scores - log_sums)).exp() * less_the_mean(V, output, g)

    @mistake(
        "That is the diagonal of the softmax's derivative alone, weight · (1 − weight). A score changes the weights of all other keys, too; that part is in g · output."
    )
    def diagonal_alone(scores, V, output, log_sums, g):
        weights = (scores - log_sums).exp()
        return weights * (1 - weights) * (g @ V.mT)

    @mistake(of_weights)
    def of_the_weights(scores, V, output, log_sums, g):
        return less_the_mean(V, output, g)

    @mistake(of_weights)
    def of_the_weights_as_they_are(scores, V, output, log_sums, g):
        return g @ V.mT

    @mistake("These are the weights of the tile, and not yet a gradient: times (g · V − g · output).")
    def weights_alone(scores, V, output, log_sums, g):
        return (scores - log_sums).exp()

    @mistake("That is the gradient of the values. Asked for is that of the scores, (L, tile).")
    def of_the_values(scores, V, output, log_sums, g):
        return (scores - log_sums).exp().mT @ g

    @mistake(logarithm)
    def divided_by_the_logarithm(scores, V, output, log_sums, g):
        return scores.exp() / log_sums * less_the_mean(V, output, g)

    @mistake(logarithm)
    def subtracted_behind(scores, V, output, log_sums, g):
        return (scores.exp() - log_sums) * less_the_mean(V, output, g)

    @mistake("The exponentials were not divided by their sum. Its logarithm is there: exp(scores − log_sums).")
    def not_divided(scores, V, output, log_sums, g):
        return scores.exp() * less_the_mean(V, output, g)

    @mistake(
        "The weights are exp(scores) / exp(log_sums). It is right on paper, and where scores are in the hundreds both are infinite, or both 0: exp(scores − log_sums)."
    )
    def overflows(scores, V, output, log_sums, g):
        return scores.exp() / log_sums.exp() * less_the_mean(V, output, g)

    @mistake("The exponent is the wrong way round: weights are exp(scores − log_sums), and at most 1.")
    def exponent_turned(scores, V, output, log_sums, g):
        return (log_sums - scores).exp() * less_the_mean(V, output, g)

    @mistake(no_exponential)
    def scores_for_weights(scores, V, output, log_sums, g):
        return scores * less_the_mean(V, output, g)

    @mistake(no_exponential)
    def logarithms_for_weights(scores, V, output, log_sums, g):
        return (scores - log_sums) * less_the_mean(V, output, g)

    @mistake(no_exponential)
    def quotients_for_weights(scores, V, output, log_sums, g):
        return scores / log_sums * less_the_mean(V, output, g)

    @mistake(scaled)
    def divided_by_the_root(scores, V, output, log_sums, g):
        return ScoreGradient.answer(scores, V, output, log_sums, g) / V.shape[1] ** 0.5

    @mistake(scaled)
    def multiplied_by_the_root(scores, V, output, log_sums, g):
        return ScoreGradient.answer(scores, V, output, log_sums, g) * V.shape[1] ** 0.5

    @mistake(scaled)
    def divided_by_the_size(scores, V, output, log_sums, g):
        return ScoreGradient.answer(scores, V, output, log_sums, g) / V.shape[1]

    @mistake(scaled)
    def scores_divided_by_the_root(scores, V, output, log_sums, g):
        return ScoreGradient.answer(scores / V.shape[1] ** 0.5, V, output, log_sums, g)

    @mistake(number)
    def mean_over_the_queries(scores, V, output, log_sums, g):
        return ScoreGradient.answer(scores, V, output, log_sums, g) / len(scores)

    @mistake(number)
    def mean_over_the_keys(scores, V, output, log_sums, g):
        return ScoreGradient.answer(scores, V, output, log_sums, g) / len(V)

    @mistake("The mean of g * output was taken. A dot product is a sum: (g * output).sum(-1, keepdim=True).")
    def mean_for_the_dot_product(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT - (g * output).mean(-1, keepdim=True))

    @mistake(mixed)
    def queries_mixed(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT - (g @ output.mT).sum(-1, keepdim=True))

    @mistake(mixed)
    def one_for_all_queries(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT - (g * output).sum())

    @mistake(mixed)
    def that_of_the_first_query(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT - along(g, output)[:1])

    @mistake(
        "What is subtracted has lost its axis, and its numbers were laid along the keys. There is one for each query: keepdim=True, (L, 1)."
    )
    def along_the_keys(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT - (g * output).sum(-1))

    @mistake(two_needed)
    def output_alone(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT - output.sum(-1, keepdim=True))

    @mistake(two_needed)
    def gradient_alone(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT - g.sum(-1, keepdim=True))

    @mistake(two_needed)
    def gradient_with_itself(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT - along(g, g))

    @mistake(two_needed)
    def output_with_itself(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT - along(output, output))

    @mistake("The output was multiplied by V. What is subtracted is g · output, one number for each query.")
    def output_times_values(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT - output @ V.mT)

    @mistake("The gradient of a weight is g · v, and `g` does not stand in it.")
    def without_g(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (output @ V.mT - along(g, output))

    @mistake("The values were taken the wrong way round: g @ V.mT has a row for each query and a column for each key.")
    def values_transposed(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V - along(g, output))

    @mistake("Queries and keys have changed places: the gradient has the shape of the scores, (L, tile).")
    def transposed(scores, V, output, log_sums, g):
        return ScoreGradient.answer(scores, V, output, log_sums, g).mT

    @mistake("The gradient was added up over the keys. Every score has its own: (L, tile).")
    def summed(scores, V, output, log_sums, g):
        return ScoreGradient.answer(scores, V, output, log_sums, g).sum(-1, keepdim=True)


def along(g, output):
    return (g * output).sum(-1, keepdim=True)


def less_the_mean(V, output, g):
    return g @ V.mT - along(g, output)


def a_tile(generator, queries, keys, size, start, stop, level=0.0):
    """The arguments for the keys from `start` up to `stop`."""
    scores, V, g = (torch.randn(*s, generator=generator) for s in ((queries, keys), (keys, size), (queries, size)))
    scores, tile = scores + level, slice(start, stop)
    return scores[:, tile], V[tile], scores.softmax(-1) @ V, scores.logsumexp(-1, keepdim=True), g
