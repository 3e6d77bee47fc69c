"""Lesson 01: attention as a weighted sum."""

import torch

from .problem import Choice, Problem, mistake


class SoftLookUp(Problem):
    """Eqs. (2) and (1) for one query: dot-product scores, weights, context vector."""

    hints = (
        "Three steps: a score for each key, weights that sum to one, an average of the values.",
        "The scores of all keys at once are keys @ query. Subtract the largest before you take exp.",
        "weights = exp(scores - scores.max()); weights = weights / weights.sum(); then weights @ values.",
    )
    praise = "That is all of attention. The twenty-eight lessons to come ask where scores, keys and values come from."

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


class MaskedWeights(Problem):
    """Softmax over the keys that a mask allows; a row that allows none is zero."""

    hints = (
        "A masked score should end up with a weight of zero, and the others should still sum to one. Which score has exp = 0?",
        "Fill the scores with a very low number where the mask is False: masked_fill(~mask, ...). "
        "Then think of a row in which every score was filled.",
        "Fill with torch.finfo(scores.dtype).min, take softmax over the last axis, and multiply by the mask.",
    )
    praise = "An empty row gives zeros and no NaN: padding can no longer spoil a batch."

    def inputs(self, generator):
        row = torch.tensor([[1.0, 2.0, 0.5]])
        yield "a mask that allows everything", (row, torch.tensor([[True, True, True]]))
        yield (
            "two queries, everything allowed",
            (torch.tensor([[0.0, 1.0], [3.0, 0.0]]), torch.ones(2, 2, dtype=torch.bool)),
        )
        yield "a mask that takes the last key away", (row, torch.tensor([[True, True, False]]))
        yield "a row that may attend to nothing", (row, torch.tensor([[False, False, False]]))
        yield "scores in the hundreds", (torch.tensor([[200.0, 199.0, 0.0]]), torch.tensor([[True, True, True]]))
        yield (
            "a masked score above all others",
            (torch.tensor([[1.0, 2.0, 300.0]]), torch.tensor([[True, True, False]])),
        )
        yield (
            "allowed scores far below zero",
            (torch.tensor([[-200.0, -201.0, 5.0]]), torch.tensor([[True, True, False]])),
        )
        scores = 2 * torch.randn(4, 5, generator=generator)
        yield "four queries and five keys", (scores, torch.rand(4, 5, generator=generator) < 0.6)

    def answer(scores, mask):
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        return scores.softmax(-1) * mask

    def run(self, answer, scores, mask):
        """The weights, and a word on their gradient where they are finite and it is not."""
        weights = answer(scores, mask)
        if (
            not isinstance(scores, torch.Tensor)
            or not isinstance(weights, torch.Tensor)
            or weights.shape != scores.shape
        ):
            return weights
        slope = gradient_of_weights(answer, scores, mask)
        spoilt = slope is not None and weights.isfinite().all() and not slope.isfinite().all()
        return (weights, "with a gradient of NaN") if spoilt else weights

    wrong_way_round = (
        "The mask is the wrong way round: True means may attend, so it is where the mask is False that weights vanish."
    )

    @mistake(wrong_way_round)
    def mask_inverted(scores, mask):
        return scores.masked_fill(mask, torch.finfo(scores.dtype).min).softmax(-1) * ~mask

    @mistake(wrong_way_round)
    def mask_inverted_with_inf(scores, mask):
        return scores.masked_fill(mask, float("-inf")).softmax(-1)

    @mistake(wrong_way_round)
    def mask_inverted_with_low_number(scores, mask):
        return scores.masked_fill(mask, -1e9).softmax(-1)

    @mistake(
        "Masked after the softmax: the forbidden keys have already taken their share, so the rows no longer sum to one. "
        "Mask the scores, before."
    )
    def masked_after_softmax(scores, mask):
        return scores.softmax(-1) * mask

    @mistake(
        "An empty row came out as NaN: each of its keys counts zero, and zero divided by zero is not a number. One such row "
        "and the loss of the whole batch is NaN. Give that row zeros."
    )
    def nan_in_empty_row(scores, mask):
        return scores.masked_fill(~mask, float("-inf")).softmax(-1)

    @mistake(
        "An empty row came out as equal shares: where every score is equally low, softmax gives each key the same. A query "
        "that may attend to nothing should get nothing; multiply by the mask at the end."
    )
    def equal_shares_in_empty_row(scores, mask):
        return scores.masked_fill(~mask, -1e9).softmax(-1)

    @mistake(
        "Softmax over the queries: here the columns sum to one. Each query shares its attention among the keys, the last axis."
    )
    def wrong_axis(scores, mask):
        return scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(0) * mask

    @mistake(
        "The scores were multiplied by the mask. A score of zero is not a weight of zero: exp(0) is 1, and a masked key with it "
        "may beat one that is allowed."
    )
    def scores_multiplied(scores, mask):
        return (scores * mask).softmax(-1)

    @mistake(
        "The weights are right, but the gradient of an empty row is NaN: nan_to_num mends the NaN on the way forward, and not on "
        "the way back. Keep the row finite from the start, with a very low number instead of -inf."
    )
    def nan_in_the_gradient(scores, mask):
        return (scores + torch.zeros_like(scores).masked_fill(~mask, float("-inf"))).softmax(-1).nan_to_num()

    @mistake("The mask has not been used: every key has its share, the forbidden ones too.")
    def mask_ignored(scores, mask):
        return scores.softmax(-1)

    @mistake("The mask was added to the scores. That lifts the allowed keys by one, and leaves the others in the game.")
    def mask_added(scores, mask):
        return (scores + mask).softmax(-1)

    @mistake("The scores have not been used: each allowed key has the same share.")
    def scores_ignored(scores, mask):
        return mask / mask.sum(-1, keepdim=True).clamp(min=1)


def gradient_of_weights(answer, scores, mask) -> torch.Tensor | None:
    """The gradient of the sum of the weights; None where the answer is not written in differentiable PyTorch."""
    try:
        leaf = scores.clone().requires_grad_()
        return torch.autograd.grad(answer(leaf * 1, mask.clone()).sum(), leaf)[0]
    except Exception:
        return None


class MultipliedMask(Choice):
    """What happens where scores are multiplied by a mask before the softmax."""

    hints = ("What is exp(0)?", "Compare a masked key, with score zero, to an allowed key with a negative score.")
    right = "B"
    praise = "exp(0) = 1: a masked key with score 0 counts for more than an allowed one with a negative score."
    replies = {
        "A": "A score of zero is not a weight of zero. Work out exp(0), and compare it to exp(-2).",
        "C": "Every row still sums to one: softmax sees to that, whatever the scores. The trouble is who gets the shares.",
        "D": "NaN would need a row in which every exp is zero or one is infinite. Here a masked key has exp(0) = 1.",
    }


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


class LeaveOneOut(Problem):
    """Kernel regression in which no point may look at itself."""

    hints = (
        "scores[i, j] = -(x_i - x_j)^2 / (2 width^2). Which entries of this square are a point looking at itself?",
        "Mask the diagonal of the scores with -inf, then softmax along the rows, then average the values. torch.eye gives the "
        "diagonal; fill_diagonal_ on scores you have just made is fine too.",
        'scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf")).softmax(-1) @ y',
    )
    praise = "Each point is now predicted by the others alone, so the error says something about points not seen."

    def inputs(self, generator):
        yield (
            "two points, each with only the other to look at",
            (torch.tensor([0.0, 1.0]), torch.tensor([5.0, 7.0]), 1.0),
        )
        yield "three points", (torch.tensor([0.0, 1.0, 3.0]), torch.tensor([0.0, 6.0, 1.0]), 1.0)
        yield "a width of two", (torch.tensor([0.0, 1.0, 3.0]), torch.tensor([0.0, 6.0, 1.0]), 2.0)
        yield "two points in one place", (torch.tensor([1.0, 1.0, 3.0]), torch.tensor([0.0, 6.0, 1.0]), 1.0)
        x = 5 * torch.rand(8, generator=generator)
        yield "eight points", (x, torch.randn(8, generator=generator), 0.7)

    def answer(x, y, width):
        scores = -((x[:, None] - x[None, :]) ** 2) / (2 * width**2)
        scores = scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf"))
        return scores.softmax(-1) @ y

    @mistake(
        "Every point looks at itself, and is its own best answer: the narrower the kernel, the smaller the error, down to zero. "
        "Mask the diagonal with -inf. A score of zero is no mask: zero is the best score that this kernel gives."
    )
    def looks_at_itself(x, y, width):
        return (-((x[:, None] - x[None, :]) ** 2) / (2 * width**2)).softmax(-1) @ y

    @mistake(
        "The diagonal was set to zero after the softmax, so the rows no longer sum to one and the predictions are drawn "
        "towards zero. Mask the scores."
    )
    def masked_after_softmax(x, y, width):
        weights = (-((x[:, None] - x[None, :]) ** 2) / (2 * width**2)).softmax(-1)
        return weights.masked_fill(torch.eye(len(x), dtype=torch.bool), 0.0) @ y

    @mistake(
        "Scores of zero were masked. Two points in one place have a score of zero as well, and may look at each other: "
        "mask the diagonal by its place, with torch.eye."
    )
    def masked_by_value(x, y, width):
        scores = -((x[:, None] - x[None, :]) ** 2) / (2 * width**2)
        return scores.masked_fill(scores == 0, float("-inf")).softmax(-1) @ y

    @mistake("Softmax down the columns: each point asks along its row, so the rows should sum to one.")
    def wrong_axis(x, y, width):
        scores = -((x[:, None] - x[None, :]) ** 2) / (2 * width**2)
        return scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf")).softmax(0) @ y

    @mistake(
        "Division comes before multiplication: / 2 * width ** 2 multiplies by the squared width. Put 2 * width ** 2 in brackets."
    )
    def brackets_missing(x, y, width):
        scores = -((x[:, None] - x[None, :]) ** 2) / 2 * width**2
        return scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf")).softmax(-1) @ y

    @mistake("The 2 is missing in the kernel: 2 * width ** 2.")
    def two_missing(x, y, width):
        scores = -((x[:, None] - x[None, :]) ** 2) / width**2
        return scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf")).softmax(-1) @ y

    @mistake("The width is squared in the kernel: 2 * width ** 2. At a width of one the slip does not show.")
    def width_not_squared(x, y, width):
        scores = -((x[:, None] - x[None, :]) ** 2) / (2 * width)
        return scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf")).softmax(-1) @ y

    @mistake("The distance is not squared: this is Laplace's kernel, not Gauss's.")
    def distance_not_squared(x, y, width):
        scores = -(x[:, None] - x[None, :]).abs() / (2 * width**2)
        return scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf")).softmax(-1) @ y

    @mistake("The sign of the score is missing: the farthest points get the most attention. Scores fall with distance.")
    def farthest_first(x, y, width):
        scores = (x[:, None] - x[None, :]) ** 2 / (2 * width**2)
        return scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf")).softmax(-1) @ y


soft_look_up = SoftLookUp()
masked_weights = MaskedWeights()
multiplied_mask = MultipliedMask()
score_gradient = ScoreGradient()
leave_one_out = LeaveOneOut()
