import torch

from ..problem import Problem, mistake


class HiddenMatrix(Problem):
    """The bilinear matrix W that a multiplicative score hides."""

    hints = (
        "Write (W_1 a)^T (W_2 b) without brackets. What is the transpose of a product?",
        "It is a^T W_1^T W_2 b. What stands between a^T and b? Check the shape: (key size, query size).",
        "Return W_1.mT @ W_2.",
    )
    praise = "Its rank is at most k; for k = 1 all its rows are multiples of one another. Where k is smaller than both sizes, there are bilinear scores that no multiplicative one can express."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "sizes of two, and k = 2", (randn(2, 2), randn(2, 2))
        yield "keys of size three, queries of size two, and k = 4", (randn(4, 3), randn(4, 2))
        yield "k = 1", (randn(1, 3), randn(1, 2))
        yield "sizes of five and three, and k = 2", (randn(2, 5), randn(2, 3))

    def admissible(self, generator):
        k, key_size, query_size = torch.randint(1, 6, (3,), generator=generator).tolist()
        return torch.randn(k, key_size, generator=generator), torch.randn(k, query_size, generator=generator)

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
