import torch

from attention_course.checks.problem import Problem, mistake


class HowMany(Problem):
    """For each row, the number of words it looks at: the exponential of its entropy."""

    hints = (
        "Take it in steps, for all rows at once: w log w for each weight, the sum along each row, the sign, exp.",
        "What is 0 * log 0 on a computer, and what should it be here?",
        "torch.special.xlogy(weights, weights) is w log w, and 0 where w is 0. Sum it along each row, change the sign, take exp: "
        "(-torch.special.xlogy(weights, weights).sum(-1)).exp().",
    )
    praise = "The number is called the perplexity of the row. One is as sharp as a row can be."

    def inputs(self, generator):
        yield "a row that looks at two words alike", (torch.tensor([[0.5, 0.5]]),)
        yield (
            "two rows, of which one looks at all words alike",
            (torch.tensor([[0.25] * 4, [0.4, 0.4, 0.1, 0.1]]),),
        )
        yield "a row with all its weight on one word", (torch.tensor([[0.0, 1.0, 0.0]]),)
        yield "five rows of six weights", (torch.randn(5, 6, generator=generator).softmax(-1),)

    def admissible(self, generator):
        rows, columns = (int(n) for n in torch.randint(1, 7, (2,), generator=generator))
        scores = 3 * torch.randn(rows, columns, generator=generator)
        hidden = torch.rand(rows, columns, generator=generator) < 0.3  # weights of exactly zero, but never all of a row
        hidden[:, 0] = False
        return (scores.masked_fill(hidden, -torch.inf).softmax(-1),)

    def answer(weights):
        entropy = -torch.special.xlogy(weights, weights).sum(-1)
        return entropy.exp()

    @mistake(
        "A weight of exactly zero gives 0 * log 0, which is NaN on a computer. What is not looked at should count for "
        "nothing: torch.special.xlogy sees to that; a tiny number added inside the logarithm helps as well."
    )
    def nan_at_zero(weights):
        return (-(weights * weights.log()).sum(-1)).exp()

    @mistake(
        "That is the entropy itself. Two words looked at alike have the entropy log 2 = 0.69; exp of it gives the 2."
    )
    def entropy_not_number(weights):
        return -torch.special.xlogy(weights, weights).sum(-1)

    @mistake(
        "Logarithm and exponential do not fit: with log2 the entropy is in bits, and the way back is 2 ** entropy, not exp."
    )
    def bits_and_exp(weights):
        return (-torch.special.xlogy(weights, weights).sum(-1) / torch.log(torch.tensor(2.0))).exp()

    @mistake(
        "Summed down the columns: that is one number for each English word. A row is a French word, and the last axis."
    )
    def down_the_columns(weights):
        return (-torch.special.xlogy(weights, weights).sum(0)).exp()

    @mistake(
        "That is one number for the whole map. Each row is a distribution of its own, and gets a number of its own."
    )
    def whole_map(weights):
        return (-torch.special.xlogy(weights, weights).sum()).exp()

    @mistake("The sign is missing: w log w is never positive, so entropy is minus the sum.")
    def sign_missing(weights):
        return torch.special.xlogy(weights, weights).sum(-1).exp()

    @mistake(
        "That is one over the sum of squares: another measure of how many, which agrees only where all that count weigh alike. "
        "Asked for is exp of the entropy."
    )
    def one_over_the_squares(weights):
        return 1 / weights.square().sum(-1)

    @mistake(
        "The weights that are not zero were counted. A word with hardly any weight then counts as much as any other."
    )
    def not_zero_counted(weights):
        return (weights > 0).sum(-1)

    @mistake("The mean was taken in the entropy. It is a sum: a word without weight changes nothing in it.")
    def mean_for_the_sum(weights):
        return (-torch.special.xlogy(weights, weights).mean(-1)).exp()

    @mistake(
        "What was added inside the logarithm is too large: it changes the result. 1e-12 keeps log 0 away as well, and shows nowhere."
    )
    def large_epsilon(weights):
        return (-(weights * (weights + 0.01).log()).sum(-1)).exp()
