import torch

from ..problem import Problem, mistake


class ReinforceEstimate(Problem):
    """REINFORCE's estimate of the gradient with respect to the energies, from some draws."""

    hints = (
        "What is the derivative of log softmax(e)_k with respect to e_i? Something is taken off everywhere, and at i = k one is added.",
        "d log alpha_k / d e_i is (1 if i == k else 0) - alpha_i. Each draw's row is multiplied by its reward, less the baseline; then take the mean over the draws.",
        "alpha = energies.softmax(-1), chosen = torch.nn.functional.one_hot(draws, len(energies)), and the answer is "
        "((rewards - baseline).unsqueeze(1) * (chosen - alpha)).mean(0).",
    )
    praise = "With enough draws it comes as near to the exact gradient as you like, whatever the baseline. With few, the baseline decides how far off it is."

    def inputs(self, generator):
        def drawn(regions, count, baseline):
            energies = torch.randn(regions, generator=generator)
            draws = torch.randint(regions, (count,), generator=generator)
            return energies, draws, -3 + torch.randn(count, generator=generator), baseline

        yield "one draw among two regions, without a baseline", drawn(2, 1, 0.0)
        yield "one draw among three regions, with a baseline", drawn(3, 1, -2.5)
        yield "two draws among three regions", drawn(3, 2, 0.0)
        yield "nine draws among five regions, with a baseline", drawn(5, 9, -2.5)

    def answer(energies, draws, rewards, baseline):
        alpha = energies.softmax(-1)
        chosen = torch.nn.functional.one_hot(draws, len(energies))  # (draws, regions)
        return ((rewards - baseline).unsqueeze(1) * (chosen - alpha)).mean(0)

    @mistake(
        "The sign is turned round: this is the gradient of a loss, and would make good draws rarer. Asked for is the direction in which the expected reward grows."
    )
    def downhill(energies, draws, rewards, baseline):
        return -ReinforceEstimate.answer(energies, draws, rewards, baseline)

    @mistake(
        "The softmax's other half is missing. To raise the energy of the drawn region lowers the weights of all others: the derivative of log alpha_k is (1 or 0) - alpha_i."
    )
    def drawn_alone(energies, draws, rewards, baseline):
        chosen = torch.nn.functional.one_hot(draws, len(energies))
        return ((rewards - baseline).unsqueeze(1) * chosen).mean(0)

    @mistake(
        "Each draw was weighted with its probability once more. How often a region is drawn sees to that already; with it a likely region counts twice over."
    )
    def weighted_twice(energies, draws, rewards, baseline):
        alpha = energies.softmax(-1)
        chosen = torch.nn.functional.one_hot(draws, len(energies))
        return ((rewards - baseline).unsqueeze(1) * alpha[draws].unsqueeze(1) * (chosen - alpha)).mean(0)

    @mistake("The baseline has not been used. On average that makes no difference; on these draws it does.")
    def no_baseline(energies, draws, rewards, baseline):
        return ReinforceEstimate.answer(energies, draws, rewards, 0.0)

    @mistake("The baseline was added. It is what is expected anyway, and to be taken off the reward.")
    def baseline_added(energies, draws, rewards, baseline):
        return ReinforceEstimate.answer(energies, draws, rewards, -baseline)

    @mistake("That is the sum over the draws. An estimate of an expectation is their mean.")
    def summed(energies, draws, rewards, baseline):
        return ReinforceEstimate.answer(energies, draws, rewards, baseline) * len(draws)

    @mistake(
        "Rewards and derivatives were averaged separately, and then multiplied. It is the reward of a draw that goes with the derivative of the same draw."
    )
    def averaged_apart(energies, draws, rewards, baseline):
        chosen = torch.nn.functional.one_hot(draws, len(energies))
        return (rewards - baseline).mean() * (chosen - energies.softmax(-1)).mean(0)
