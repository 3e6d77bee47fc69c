import torch

from attention_course.checks.problem import Problem, mistake


class HiddenMatrix(Problem):
    """The bilinear matrix W that a multiplicative score hides."""

    hints = (
        "Write (x W_Q) (y W_K)^T without brackets. What is the transpose of a product?",
        "It is x W_Q W_K^T y^T. What stands between x and y^T? Check the shape: (query size, key size).",
        "Return W_Q @ W_K.mT.",
    )
    praise = "Its rank is at most D; for D = 1 all its rows are multiples of one another. Where D is smaller than both sizes, there are bilinear scores that no multiplicative one can express."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "sizes of two, and D = 2", (randn(2, 2), randn(2, 2))
        yield "queries of size three, keys of size two, and D = 4", (randn(3, 4), randn(2, 4))
        yield "sizes of three and two, and D = 1", (randn(3, 1), randn(2, 1))
        yield "sizes of five and three, and D = 2", (randn(5, 2), randn(3, 2))

    def admissible(self, generator):
        D, query_size, key_size = torch.randint(1, 6, (3,), generator=generator).tolist()
        return torch.randn(query_size, D, generator=generator), torch.randn(key_size, D, generator=generator)

    def answer(W_Q, W_K):
        return W_Q @ W_K.mT

    @mistake("That is W transposed: it would stand between y and x, y W^T x^T. The query comes first in x W y^T.")
    def transposed(W_Q, W_K):
        return W_K @ W_Q.mT

    @mistake("That is W_Q times W_K. In (y W_K)^T the transpose turns a product round: W_K^T y^T.")
    def not_transposed(W_Q, W_K):
        return W_Q @ W_K

    @mistake(
        "That multiplies along the sizes of query and key, and leaves a matrix (D, D). It is D that has to be summed over."
    )
    def summed_over_the_sizes(W_Q, W_K):
        return W_Q.mT @ W_K

    @mistake("That leaves a matrix (D, D), and transposed at that. It is D that has to be summed over.")
    def summed_over_the_sizes_and_transposed(W_Q, W_K):
        return W_K.mT @ W_Q

    @mistake("The result was divided by the square root of D. That is the hidden matrix of the scaled score.")
    def scaled(W_Q, W_K):
        return W_Q @ W_K.mT / W_Q.shape[1] ** 0.5

    @mistake("A new shape is no transpose: reshape keeps the numbers in their order, and rows do not become columns.")
    def reshaped(W_Q, W_K):
        return W_Q @ W_K.reshape(W_K.shape[1], W_K.shape[0])

    @mistake("That is the inverse of W_K. What (y W_K)^T brings is its transpose.")
    def inverse(W_Q, W_K):
        return W_Q @ torch.linalg.pinv(W_K)

    @mistake("Only the first of the D columns was taken. The matrix is a sum over all D.")
    def first_column_alone(W_Q, W_K):
        return torch.outer(W_Q[:, 0], W_K[:, 0])

    @mistake(
        "Each matrix was summed over D before the product. The sum comes last: column r of W_Q meets column r of W_K alone."
    )
    def summed_before(W_Q, W_K):
        return torch.outer(W_Q.sum(1), W_K.sum(1))

    @mistake("The sum over D is missing: these are D matrices, one for each column.")
    def not_summed(W_Q, W_K):
        return W_Q.mT[:, :, None] * W_K.mT[:, None, :]

    @mistake("The matrices were multiplied number by number. A product of matrices is asked for, summed over D.")
    def number_by_number(W_Q, W_K):
        return W_Q * W_K
