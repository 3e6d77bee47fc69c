import torch

from attention_course.checks.problem import Problem, mistake


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
        yield (
            "an empty row below a full one",
            (torch.tensor([[1.0, 2.0], [0.5, 3.0]]), torch.tensor([[True, True], [False, False]])),
        )
        yield "scores in the hundreds", (torch.tensor([[200.0, 199.0, 0.0]]), torch.tensor([[True, True, True]]))
        yield (
            "a masked score above all others",
            (torch.tensor([[1.0, 2.0, 300.0]]), torch.tensor([[True, True, False]])),
        )
        yield (
            "allowed scores far below zero",
            (torch.tensor([[-200.0, -201.0, 5.0]]), torch.tensor([[True, True, False]])),
        )
        yield "equal scores", (torch.tensor([[2.0, 2.0, 2.0]]), torch.tensor([[False, True, True]]))
        scores = 2 * torch.randn(4, 5, generator=generator)
        yield "four queries and five keys", (scores, torch.rand(4, 5, generator=generator) < 0.6)

    def admissible(self, generator):
        queries, keys = (int(n) for n in torch.randint(1, 6, (2,), generator=generator))
        size = 10.0 ** torch.randint(-2, 3, (queries, 1), generator=generator)  # up to scores in the hundreds
        scores = size * torch.randn(queries, keys, generator=generator)
        share = torch.rand(queries, 1, generator=generator)  # in some rows all are allowed, in others none
        return scores, torch.rand(queries, keys, generator=generator) < 1.5 * share - 0.25

    def answer(scores, mask):
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        return scores.softmax(-1) * mask

    def run(self, answer, scores, mask):
        """The weights; and a word on their gradient where the answer is written in PyTorch and it is not as it should be."""
        weights = answer(scores, mask)
        spoilt = not_differentiable(answer, scores, mask) if isinstance(weights, torch.Tensor) else None
        return (weights, spoilt) if spoilt else weights

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
        "The mask is used both ways: first it hides the allowed keys, then the product removes the others, so hardly anything "
        "is left. True means may attend: fill where the mask is False, and multiply by the mask."
    )
    def mask_half_inverted(scores, mask):
        return scores.masked_fill(mask, torch.finfo(scores.dtype).min).softmax(-1) * mask

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

    @mistake(
        "The weights are right, but the backward pass stops: the NaN in them were overwritten in place, and softmax needs the "
        "weights that it gave to find its gradient. Keep the row finite from the start, with a very low number instead of -inf."
    )
    def overwritten_in_place(scores, mask):
        weights = scores.masked_fill(~mask, float("-inf")).softmax(-1)
        weights[weights.isnan()] = 0
        return weights

    @mistake("The mask has not been used: every key has its share, the forbidden ones too.")
    def mask_ignored(scores, mask):
        return scores.softmax(-1)

    @mistake("The mask was added to the scores. That lifts the allowed keys by one, and leaves the others in the game.")
    def mask_added(scores, mask):
        return (scores + mask).softmax(-1)

    @mistake("The scores have not been used: each allowed key has the same share.")
    def scores_ignored(scores, mask):
        return mask / mask.sum(-1, keepdim=True).clamp(min=1)

    @mistake(
        "The scores were multiplied by the mask before the softmax. A score of zero is not a weight of zero: masked keys "
        "take a share, and what is cut off afterwards is missing, so the rows no longer sum to one."
    )
    def scores_and_weights_multiplied(scores, mask):
        return (scores * mask).softmax(-1) * mask

    @mistake(
        "A large score has an infinite exp, and infinity divided by infinity is NaN. Subtract the largest score of the row first, "
        "or let softmax do it."
    )
    def overflows(scores, mask):
        weights = scores.exp() * mask
        return weights / weights.sum(-1, keepdim=True).clamp(min=1e-9)

    @mistake("The exponentials have not been divided by their sum: the rows do not sum to one.")
    def not_normalised(scores, mask):
        return scores.exp() * mask


def not_differentiable(answer, scores, mask) -> str | None:
    """What is wrong with the gradient of finite weights; None where it is finite, or where none can be asked for."""
    leaf = scores.clone().requires_grad_()
    try:
        weights = answer(leaf * 1, mask.clone())
    except RuntimeError as error:
        if "requires grad" in str(error):  # it goes through NumPy
            return None
        raise
    if not isinstance(weights, torch.Tensor) or not weights.requires_grad or not weights.isfinite().all():
        return None
    try:
        [slope] = torch.autograd.grad(weights.sum(), leaf, allow_unused=True)
    except RuntimeError as error:
        return f"with a backward pass that stops: {str(error).partition(':')[0]}"
    return None if slope is None or slope.isfinite().all() else "with a gradient of NaN"
