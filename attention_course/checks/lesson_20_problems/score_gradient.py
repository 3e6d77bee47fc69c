import torch

from ..problem import Problem, mistake


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
        def drawn(queries, keys, size, start, stop):
            scores, V, g = (
                torch.randn(*s, generator=generator) for s in ((queries, keys), (keys, size), (queries, size))
            )
            tile = slice(start, stop)
            return scores[:, tile], V[tile], scores.softmax(-1) @ V, scores.logsumexp(-1, keepdim=True), g

        yield "one query and a tile of one key, of two", drawn(1, 2, 1, 0, 1)
        yield "one query and a single tile", drawn(1, 3, 2, 0, 3)
        yield "the second tile of three", drawn(1, 6, 2, 2, 4)
        yield "three queries, the last tile, which is shorter", drawn(3, 7, 2, 4, 7)
        yield "as many queries as keys in the tile", drawn(3, 9, 4, 3, 6)

    def answer(scores, V, output, log_sums, g):
        weights = (scores - log_sums).exp()  # (L, tile)
        along = (g * output).sum(-1, keepdim=True)  # (L, 1)
        return weights * (g @ V.mT - along)

    @mistake(
        "The softmax was taken over this tile alone, as if there were no other. The weights of one tile sum to less than one: exp(scores − log_sums)."
    )
    def softmax_of_the_tile(scores, V, output, log_sums, g):
        return scores.softmax(-1) * (g @ V.mT - (g * output).sum(-1, keepdim=True))

    @mistake(
        "What was subtracted is the mean over this tile alone. The softmax couples all keys, also those of other tiles; their part is in g · output."
    )
    def mean_of_the_tile(scores, V, output, log_sums, g):
        weights = (scores - log_sums).exp()
        d_weights = g @ V.mT
        return weights * (d_weights - (weights * d_weights).sum(-1, keepdim=True))

    @mistake(
        "Nothing was subtracted. A larger score takes weight from all other keys, so the gradient of a weight counts by how much it lies above the mean of all: g · V less g · output."
    )
    def without_the_mean(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT)

    @mistake(
        "That is the gradient of the weights. One step is left, through the softmax to the scores: times the weights."
    )
    def of_the_weights(scores, V, output, log_sums, g):
        return g @ V.mT - (g * output).sum(-1, keepdim=True)

    @mistake(
        "The exponentials were divided by log_sums. It is the logarithm of what they are to be divided by: subtract it before the exponential."
    )
    def divided_by_the_logarithm(scores, V, output, log_sums, g):
        return scores.exp() / log_sums * (g @ V.mT - (g * output).sum(-1, keepdim=True))

    @mistake(
        "Here g and output were multiplied as matrices, which mixes the queries. What is wanted is one number a query, the dot product of its own two rows: (g * output).sum(-1, keepdim=True)."
    )
    def queries_mixed(scores, V, output, log_sums, g):
        return (scores - log_sums).exp() * (g @ V.mT - (g @ output.mT).sum(-1, keepdim=True))
