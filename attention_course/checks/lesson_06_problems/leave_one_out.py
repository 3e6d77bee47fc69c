import torch

from ..problem import Problem, mistake


class LeaveOneOut(Problem):
    """REINFORCE's estimate from several draws, each with the mean reward of the others as its baseline."""

    hints = (
        "First the baselines, one for each draw. Which number, taken from the sum of all rewards, leaves the sum of the others?",
        "A draw's baseline is (rewards.sum() - rewards) / (len(rewards) - 1). Its reward less this number multiplies the derivative of log alpha_k, "
        "which is (1 if i == k else 0) - alpha_i; then take the mean over the draws.",
        "others = (rewards.sum() - rewards) / (len(rewards) - 1), chosen = torch.nn.functional.one_hot(draws, len(energies)), and the answer is "
        "((rewards - others).unsqueeze(1) * (chosen - energies.softmax(-1))).mean(0).",
    )
    praise = (
        "No running average and no second network: the draws are each other's baseline. Kool, van Hoof and Welling (2019) "
        "recommend it to whoever can afford two draws. (The rewards less these baselines sum to zero over the draws, so that alpha drops out.)"
    )

    def inputs(self, generator):
        def drawn(regions, draws):
            energies = torch.randn(regions, generator=generator)
            rewards = -3 + torch.randn(len(draws), generator=generator)
            return energies, torch.tensor(draws), rewards

        yield "two draws among two regions", drawn(2, [0, 1])
        yield "two draws, both of the same region", drawn(3, [2, 2])
        yield "three draws among three regions", drawn(3, [1, 0, 1])
        yield "nine draws among five regions", drawn(5, [0, 4, 2, 2, 1, 3, 0, 0, 4])

    def answer(energies, draws, rewards):
        others = (rewards.sum() - rewards) / (len(rewards) - 1)  # of each draw, the mean of the rest
        chosen = torch.nn.functional.one_hot(draws, len(energies))  # (draws, regions)
        return ((rewards - others).unsqueeze(1) * (chosen - energies.softmax(-1))).mean(0)

    @mistake(
        "The mean of all rewards was taken off, the draw's own among them. Then the baseline depends on the draw, and the estimate is on average too "
        "small, by the factor (N - 1) / N: with two draws it is half of what it should be."
    )
    def own_reward_included(energies, draws, rewards):
        return estimate(energies, draws, rewards - rewards.mean())

    @mistake("No baseline has been used. On average that makes no difference; on these draws it does.")
    def no_baseline(energies, draws, rewards):
        return estimate(energies, draws, rewards)

    @mistake(
        "The sum of the other rewards was divided by N, and there are only N - 1 others. Such a baseline still does no harm on average, but it "
        "is not their mean."
    )
    def divided_by_all(energies, draws, rewards):
        return estimate(energies, draws, rewards - (rewards.sum() - rewards) / len(rewards))

    @mistake(
        "The sign is turned round: this is the gradient of a loss, and would make good draws rarer. Asked for is the direction in which the expected reward grows."
    )
    def downhill(energies, draws, rewards):
        return -LeaveOneOut.answer(energies, draws, rewards)

    @mistake("That is the sum over the draws. An estimate of an expectation is their mean.")
    def summed(energies, draws, rewards):
        return LeaveOneOut.answer(energies, draws, rewards) * len(draws)


def estimate(energies, draws, advantages):
    chosen = torch.nn.functional.one_hot(draws, len(energies))
    return (advantages.unsqueeze(1) * (chosen - energies.softmax(-1))).mean(0)
