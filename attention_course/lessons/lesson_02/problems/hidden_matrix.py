import torch

from attention_course.checks.problem import Problem, mistake


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

    @mistake("A new shape is no transpose: reshape keeps the numbers in their order, and rows do not become columns.")
    def reshaped(W_1, W_2):
        return W_1.reshape(W_1.shape[1], W_1.shape[0]) @ W_2

    @mistake("That is the inverse of W_1. What (W_1 a)^T brings is its transpose.")
    def inverse(W_1, W_2):
        return torch.linalg.pinv(W_1) @ W_2

    @mistake("Only the first of the k rows was taken. The matrix is a sum over all k.")
    def first_row_alone(W_1, W_2):
        return torch.outer(W_1[0], W_2[0])

    @mistake(
        "Each matrix was summed over k before the product. The sum comes last: row r of W_1 meets row r of W_2 alone."
    )
    def summed_before(W_1, W_2):
        return torch.outer(W_1.sum(0), W_2.sum(0))

    @mistake("The sum over k is missing: these are k matrices, one for each row.")
    def not_summed(W_1, W_2):
        return W_1[:, :, None] * W_2[:, None, :]

    @mistake("The matrices were multiplied number by number. A product of matrices is asked for, summed over k.")
    def number_by_number(W_1, W_2):
        return W_1 * W_2
