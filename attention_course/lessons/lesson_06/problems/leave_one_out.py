import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.checks.watching import watch


class LeaveOneOut(Problem):
    """REINFORCE's estimate from several draws, each with the mean reward of the others as its baseline."""

    hints = (
        "First the baselines, one for each draw. Which number, taken from the sum of all rewards, leaves the sum of the others?",
        "A draw's baseline is (rewards.sum() - rewards) / (len(rewards) - 1). Its reward less this number multiplies the derivative of log a_k, "
        "which is (1 if i == k else 0) - a_i; then take the mean over the draws.",
        "others = (rewards.sum() - rewards) / (len(rewards) - 1), chosen = torch.nn.functional.one_hot(draws, len(scores)), and the answer is "
        "((rewards - others).unsqueeze(1) * (chosen - scores.softmax(-1))).mean(0).",
    )
    praise = (
        "No running average and no second network: the draws are each other's baseline. Kool, van Hoof and Welling (2019) "
        "recommend it to whoever can afford two draws. (The rewards less these baselines sum to zero over the draws, so that the weights a drop out.)"
    )

    def inputs(self, generator):
        yield "two draws among two regions", drawn(generator, 2, [0, 1])
        yield "two draws, both of the same region", drawn(generator, 3, [2, 2])
        yield "three draws among three regions", drawn(generator, 3, [1, 0, 1])
        yield "four draws among three regions, one of which is never drawn", drawn(generator, 3, [2, 0, 0, 2])
        yield "nine draws among five regions", drawn(generator, 5, [0, 4, 2, 2, 1, 3, 0, 0, 4])

    def admissible(self, generator):
        regions, draws = (int(torch.randint(1, 8, (), generator=generator)) for _ in range(2))
        return drawn(generator, regions, torch.randint(0, regions, (draws + 1,), generator=generator).tolist())

    def answer(scores, draws, rewards):
        others = (rewards.sum() - rewards) / (len(rewards) - 1)  # of each draw, the mean of the rest
        chosen = torch.nn.functional.one_hot(draws, len(scores))  # (draws, regions)
        return ((rewards - others).unsqueeze(1) * (chosen - scores.softmax(-1))).mean(0)

    def disobeys(self, answer):
        used = {"backward", "grad", "_make_dual"} & watch(answer, drawn_once()).called
        if used:
            return "But autograd found the derivative. Write it yourself: the derivative of log a_k with respect to z_i is (1 if i = k, else 0) − a_i."
        return None

    other_derivative = (
        "The derivative of log a_k with respect to z_i is (1 if i = k, else 0) − a_i. Another one stands in its place: what is divided or multiplied by a_k is "
        "that of something else."
    )
    not_averaged = "That is one gradient for each draw, or one number for all regions. Take the mean over the draws, and keep the regions: (S,)."
    scaled = "The rewards were brought to another scale by their standard deviation. That is a trick for training; the estimate has no such factor."
    one_other = "The baseline is the reward of one other draw. It is the mean of all the others."
    lost = "A region that is drawn several times got the value of one draw only: with an index, later values replace the earlier. Add them up."
    same_for_all = "The baseline is the same for all draws here, and each draw's own reward is in it. It is the mean of the others', so each draw has its own."

    @mistake(
        "The mean of all rewards was taken off, the draw's own among them. Then the baseline depends on the draw, and the estimate is on average too "
        "small, by the factor (N - 1) / N: with two draws it is half of what it should be."
    )
    def own_reward_included(scores, draws, rewards):
        return estimate(scores, draws, rewards - rewards.mean())

    @mistake("No baseline has been used. On average that makes no difference; on these draws it does.")
    def no_baseline(scores, draws, rewards):
        return estimate(scores, draws, rewards)

    @mistake(
        "The sum of the other rewards was divided by N, and there are only N - 1 others. Such a baseline still does no harm on average, but it "
        "is not their mean."
    )
    def divided_by_all(scores, draws, rewards):
        return estimate(scores, draws, rewards - (rewards.sum() - rewards) / len(rewards))

    @mistake("The sum of the other rewards was taken off. The baseline is their mean: divide by N − 1.")
    def sum_of_the_others(scores, draws, rewards):
        return estimate(scores, draws, rewards - (rewards.sum() - rewards))

    @mistake("The sum of all rewards was divided by N − 1. Leave the draw's own reward out of the sum as well.")
    def sum_of_all_by_the_others(scores, draws, rewards):
        return estimate(scores, draws, rewards - rewards.sum() / (len(rewards) - 1))

    @mistake("The baseline alone is there. What counts is how much better a draw was: its reward less the baseline.")
    def baseline_alone(scores, draws, rewards):
        return estimate(scores, draws, others(rewards))

    @mistake("The baseline was added. Take it off: what counts is how much better a draw was than the others.")
    def baseline_added(scores, draws, rewards):
        return estimate(scores, draws, rewards + others(rewards))

    @mistake(same_for_all)
    def best_as_baseline(scores, draws, rewards):
        return estimate(scores, draws, rewards - rewards.max())

    @mistake(same_for_all)
    def median_as_baseline(scores, draws, rewards):
        return estimate(scores, draws, rewards - rewards.median())

    @mistake(same_for_all)
    def expected_as_baseline(scores, draws, rewards):
        return estimate(scores, draws, rewards - scores.softmax(-1)[draws] @ rewards)

    @mistake(
        "Other draws of the same region were left out, too. A draw's baseline is the mean of all other draws, whatever they drew."
    )
    def draws_of_other_regions(scores, draws, rewards):
        means = [rewards[draws != draw].mean().nan_to_num() for draw in draws]
        return estimate(scores, draws, rewards - torch.stack(means))

    @mistake("The baseline is the mean of the draws before. It is that of all the others, later ones too.")
    def draws_before(scores, draws, rewards):
        means = [rewards[:i].mean().nan_to_num() for i in range(len(draws))]
        return estimate(scores, draws, rewards - torch.stack(means))

    @mistake(one_other)
    def the_draw_before(scores, draws, rewards):
        return estimate(scores, draws, rewards - rewards.roll(1))

    @mistake(one_other)
    def the_next_draw(scores, draws, rewards):
        return estimate(scores, draws, rewards - rewards.roll(-1))

    @mistake(scaled)
    def by_the_deviation(scores, draws, rewards):
        return estimate(scores, draws, rewards - others(rewards)) / rewards.std()

    @mistake(scaled)
    def standardised(scores, draws, rewards):
        return estimate(scores, draws, rewards - rewards.mean()) / rewards.std()

    @mistake(
        "The sign is turned round: this is the gradient of a loss, and would make good draws rarer. Asked for is the direction in which the expected reward grows."
    )
    def downhill(scores, draws, rewards):
        return -LeaveOneOut.answer(scores, draws, rewards)

    @mistake("That is the sum over the draws. An estimate of an expectation is their mean.")
    def summed(scores, draws, rewards):
        return LeaveOneOut.answer(scores, draws, rewards) * len(draws)

    @mistake(
        "The sum over the draws was divided by N − 1. That is for the baseline; the estimate is the mean over all N draws."
    )
    def mean_over_the_others(scores, draws, rewards):
        return LeaveOneOut.answer(scores, draws, rewards) * len(draws) / (len(draws) - 1)

    @mistake("The sum over the draws was divided by the number of regions. An estimate is the mean over the draws.")
    def divided_by_regions(scores, draws, rewards):
        return LeaveOneOut.answer(scores, draws, rewards) * len(draws) / len(scores)

    @mistake(not_averaged)
    def one_a_draw(scores, draws, rewards):
        return terms(scores, draws, rewards - others(rewards))

    @mistake(not_averaged)
    def averaged_over_regions(scores, draws, rewards):
        return terms(scores, draws, rewards - others(rewards)).mean(1)

    @mistake(not_averaged)
    def one_number(scores, draws, rewards):
        return terms(scores, draws, rewards - others(rewards)).mean()

    @mistake("The region that was drawn has no part in it: of (1 if i = k, else 0) − a_i the first term is missing.")
    def without_the_one(scores, draws, rewards):
        return weighed(scores, draws, rewards, lambda chosen, weights, drawn: -weights)

    @mistake(
        "Only regions that were drawn got a gradient. To make one likelier makes all others less likely: the derivative of log a_k is −a_i for each of these."
    )
    def drawn_alone(scores, draws, rewards):
        return weighed(scores, draws, rewards, lambda chosen, weights, drawn: chosen * (1 - weights))

    @mistake(
        "The weight a is that of the region drawn, in all places. The derivative of log a_k with respect to z_i has a_i in it."
    )
    def weight_of_the_drawn(scores, draws, rewards):
        return weighed(scores, draws, rewards, lambda chosen, weights, drawn: chosen - drawn)

    @mistake(
        "That is the derivative of a_k itself. REINFORCE has that of log a_k, which is not multiplied by a_k once more: draws are as frequent as a says."
    )
    def derivative_of_the_weight(scores, draws, rewards):
        return weighed(scores, draws, rewards, lambda chosen, weights, drawn: drawn * (chosen - weights))

    @mistake(other_derivative)
    def divided_by_the_weight(scores, draws, rewards):
        return weighed(scores, draws, rewards, lambda chosen, weights, drawn: (chosen - weights) / drawn)

    @mistake(
        "One over a_k is the derivative of log a_k with respect to a_k. Asked for is that with respect to the scores: (1 if i = k, else 0) − a_i."
    )
    def with_respect_to_the_weight(scores, draws, rewards):
        return weighed(scores, draws, rewards, lambda chosen, weights, drawn: chosen / drawn)

    @mistake("That is log a_k itself. Its derivative with respect to z_i is asked for: (1 if i = k, else 0) − a_i.")
    def logarithm_itself(scores, draws, rewards):
        return weighed(scores, draws, rewards, lambda chosen, weights, drawn: chosen * drawn.log())

    @mistake(lost)
    def later_ones_replace(scores, draws, rewards):
        gradient = torch.zeros_like(scores)
        for draw, advantage in zip(draws, rewards - others(rewards), strict=True):
            gradient[draw] = advantage / len(draws)
        return gradient

    @mistake(lost)
    def later_ones_replace_with_weights(scores, draws, rewards):
        gradient, weights = torch.zeros_like(scores), scores.softmax(-1)
        for draw, advantage in zip(draws, rewards - others(rewards), strict=True):
            gradient[draw] = advantage * (1 - weights[draw]) / len(draws)
        return gradient

    @mistake(
        "The draws of each region were averaged first. The mean is over all draws: a region that is drawn twice counts twice."
    )
    def region_by_region(scores, draws, rewards):
        advantages = rewards - others(rewards)
        means = [advantages[draws == i].mean().nan_to_num() for i in range(len(scores))]
        return torch.stack(means) - scores.softmax(-1) * advantages.mean()

    @mistake(
        "That is the gradient of an expectation over all regions, with the mean rewards of those drawn. REINFORCE takes the mean over the draws."
    )
    def exact_gradient(scores, draws, rewards):
        means = torch.stack([rewards[draws == i].mean().nan_to_num() for i in range(len(scores))])
        weights = scores.softmax(-1)
        return weights * (means - weights @ means)


def others(rewards):
    """Of each draw, the mean reward of the rest."""
    return (rewards.sum() - rewards) / (len(rewards) - 1)


def terms(scores, draws, advantages):
    chosen = torch.nn.functional.one_hot(draws, len(scores))
    return advantages.unsqueeze(1) * (chosen - scores.softmax(-1))


def estimate(scores, draws, advantages):
    return terms(scores, draws, advantages).mean(0)


def weighed(scores, draws, rewards, derivative):
    """The estimate with another derivative of log a_k."""
    chosen, weights = torch.nn.functional.one_hot(draws, len(scores)), scores.softmax(-1)
    advantages = (rewards - others(rewards)).unsqueeze(1)
    return (advantages * derivative(chosen, weights, weights[draws].unsqueeze(1))).mean(0)


def drawn(generator, regions, draws):
    """Scores, draws and rewards that are negative and not far from each other, as log probabilities are."""
    scores = 1.5 * torch.randn(regions, generator=generator)
    rewards = -3 + torch.randn(len(draws), generator=generator)
    return scores, torch.tensor(draws), rewards


def drawn_once():
    return torch.tensor([0.5, -0.5, 0.2]), torch.tensor([0, 2, 2]), torch.tensor([-3.0, -2.0, -4.5])
