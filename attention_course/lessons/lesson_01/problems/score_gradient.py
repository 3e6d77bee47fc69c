import torch

from attention_course.checks.problem import Problem, mistake


class ScoreGradient(Problem):
    """The gradient of a loss with respect to the scores, from weights, values and the gradient at the context."""

    hints = (
        "Write c = sum_i w_i v_i, and remember that the derivative of softmax is dw_j / de_i is w_i (1 - w_i) for i = j, and -w_i w_j otherwise.",
        "Put it into dL/de_i = sum_j (gradient · v_j) dw_j / de_i, and collect what belongs to w_i.",
        "weights * ((values - context) @ gradient), with context = weights @ values.",
    )
    praise = "A score rises where its value would have been better than the average, and as fast as it is attended to."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        equal = torch.full((2,), 0.5)
        yield "two keys with equal weights", (equal, torch.tensor([[0.0], [2.0]]), torch.ones(1))
        yield (
            "one key that has all the attention",
            (torch.tensor([1.0, 0.0]), torch.tensor([[1.0], [2.0]]), torch.ones(1)),
        )
        yield "equal values", (torch.tensor([0.2, 0.8]), torch.tensor([[3.0], [3.0]]), torch.ones(1))
        yield "five keys of size three", (randn(5).softmax(0), randn(5, 3), randn(3))

    def admissible(self, generator):
        keys, size = (int(n) for n in torch.randint(1, 6, (2,), generator=generator))
        sharp = 5 * torch.rand(1, generator=generator)  # up to one key with nearly all the attention
        weights = (sharp * torch.randn(keys, generator=generator)).softmax(0)
        return weights, 3 * torch.randn(keys, size, generator=generator), torch.randn(size, generator=generator)

    def answer(weights, values, gradient):
        context = weights @ values
        return weights * ((values - context) @ gradient)

    @mistake(
        "The context is missing: with equal values it makes no difference where one looks, so the gradient must be zero. "
        "What counts is a value's difference from the average."
    )
    def context_forgotten(weights, values, gradient):
        return weights * (values @ gradient)

    @mistake(
        "The factor of the weight is missing: a key that gets no attention gets no gradient, however good its value."
    )
    def weight_forgotten(weights, values, gradient):
        return (values - weights @ values) @ gradient

    @mistake(
        "That is the gradient with respect to the weights. The way back from weights to scores is missing: softmax's derivative."
    )
    def softmax_forgotten(weights, values, gradient):
        return values @ gradient

    @mistake("The values were compared with their plain mean. The context is their mean under the weights.")
    def plain_mean(weights, values, gradient):
        return weights * ((values - values.mean(0)) @ gradient)

    @mistake("The sign is turned round: the difference is value minus context.")
    def sign_turned(weights, values, gradient):
        return weights * ((weights @ values - values) @ gradient)

    @mistake(
        "Only the diagonal of softmax's derivative: raising one score also lowers all the other weights, "
        "because they share a sum of one."
    )
    def diagonal_only(weights, values, gradient):
        return weights * (1 - weights) * (values @ gradient)

    @mistake("What is subtracted is the plain sum over the keys. It has to be their mean under the weights.")
    def plain_sum(weights, values, gradient):
        along = values @ gradient
        return weights * (along - along.sum())

    @mistake(
        "That is the gradient with respect to the values: it says how the values should change, not where to look. "
        "Asked for is one number a key."
    )
    def gradient_of_the_values(weights, values, gradient):
        return torch.outer(weights, gradient)

    @mistake("The context was added. Raising one score lowers all the other weights, so the context is subtracted.")
    def context_added(weights, values, gradient):
        return weights * ((values + weights @ values) @ gradient)

    @mistake("The weights are given. They went through a softmax once more, as if they were scores.")
    def softmax_twice(weights, values, gradient):
        weights = weights.softmax(-1)
        return weights * ((values - weights @ values) @ gradient)
