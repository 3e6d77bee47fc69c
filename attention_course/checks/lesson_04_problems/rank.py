import math

import torch

from ..problem import Problem, mistake


class Rank(Problem):
    """The sentences of a beam, the best first, by log probability over a power of the length."""

    hints = (
        "What is the score of a sentence with power 0, and with power 1?",
        "The score is log_probability / len(words) ** power. Log probabilities are negative: which end of the sorted list is the best?",
        "ranked = sorted(hypotheses, key=lambda pair: pair[1] / len(pair[0]) ** power, reverse=True), and of each pair only the words.",
    )
    praise = (
        "Which power is best is found out by trying, on sentences that are neither trained on nor kept for the test."
    )

    def inputs(self, generator):
        def hypothesis(length):
            log = -length * (0.3 + 0.5 * torch.rand((), generator=generator).item()) - 0.6
            numbers = torch.randint(8, (length - 1,), generator=generator).tolist()
            return [*(["un", "deux", "homme", "chien", "qui", "court", "dans", "la"][i] for i in numbers), "<eos>"], log

        short = ["un", "homme", "<eos>"]
        middle = ["un", "homme", "court", "<eos>"]
        long = ["un", "homme", "court", "dans", "la", "rue", "<eos>"]
        yield "one sentence", ([(middle, -2.0)], 1.0)
        yield "two sentences of one length", ([(middle, -3.0), (["un", "chien", "court", "<eos>"], -2.0)], 1.0)
        yield "a power of 0, which leaves the sums as they are", ([(long, -3.0), (short, -2.4)], 0.0)
        yield "a power of 1, and a long sentence whose mean is better", ([(short, -2.4), (long, -3.0)], 1.0)
        yield "a power of 1, and a short sentence whose mean is better", ([(long, -4.2), (short, -1.5)], 1.0)
        yield "an empty translation, which is nothing but <eos>", ([(middle, -3.2), (["<eos>"], -1.1)], 1.0)
        yield "a power of one half", ([(short, -2.0), (long, -3.4), (middle, -2.2)], 0.5)
        for power in (0.0, 0.3, 0.6, 1.0, 1.4):
            lengths = torch.randperm(9, generator=generator)[:6] + 2
            yield f"six sentences and a power of {power}", ([hypothesis(n) for n in lengths.tolist()], power)

    def answer(hypotheses, power):
        def score(hypothesis):
            words, log_probability = hypothesis
            return log_probability / len(words) ** power

        ranked = sorted(hypotheses, key=score, reverse=True)
        return [words for words, _ in ranked]

    @mistake(
        "The worst comes first. Log probabilities are negative, and the best is the largest, the one nearest to zero."
    )
    def worst_first(hypotheses, power):
        return Rank.answer(hypotheses, power)[::-1]

    @mistake(
        "The sentences were sorted by the sum of log probabilities alone. Every further word makes the sum smaller, so the short ones win. "
        "Divide by the length to the given power."
    )
    def power_ignored(hypotheses, power):
        return Rank.answer(hypotheses, 0)

    @mistake("The sum was divided by the length itself, whatever the power: len(words) ** power.")
    def always_the_mean(hypotheses, power):
        return Rank.answer(hypotheses, 1)

    @mistake("The sum was multiplied by the length. It is negative, and that makes long sentences worse still.")
    def multiplied(hypotheses, power):
        return Rank.answer(hypotheses, -power)

    @mistake(
        "The length was multiplied by the power. That ranks the sentences by their mean whatever the power is, and at 0 it divides by zero. "
        "The power is an exponent: len(words) ** power."
    )
    def factor(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / (len(words) * power))

    @mistake(
        "That is the length penalty of Google's translator (Wu and others 2016), ((5 + length) / 6) ** power. Asked for is the plain one, "
        "length ** power."
    )
    def five_more(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / ((5 + len(words)) / 6) ** power)

    @mistake(
        "A reward was added for every word. That is another cure for short sentences, and a usual one. Here the sum is to be divided by the "
        "length to the given power."
    )
    def reward(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log + len(words) * power)

    @mistake(
        "The word <eos> was not counted. Its log probability is in the sum like the others, and a translation that is nothing else would have "
        "the length zero."
    )
    def end_not_counted(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / (len(words) - 1) ** power)

    @mistake(
        "The log probability was turned into a probability and then divided. Divide it as it is: log_probability / len(words) ** power."
    )
    def probability_divided(hypotheses, power):
        return in_order(hypotheses, lambda words, log: math.exp(log) / len(words) ** power)

    @mistake("The sentences are as they came. Beam search had sorted them by another score.")
    def as_they_came(hypotheses, power):
        return [words for words, _ in hypotheses]

    @mistake("The order is right, but each sentence still has its log probability with it. Return the words alone.")
    def pairs_returned(hypotheses, power):
        ranked = Rank.answer(hypotheses, power)
        return sorted(hypotheses, key=lambda pair: ranked.index(pair[0]))

    @mistake("That is the best sentence. Asked for are all of them, the best first.")
    def only_the_best(hypotheses, power):
        return Rank.answer(hypotheses, power)[0]


def in_order(hypotheses, score) -> list[list[str]]:
    """The sentences by a score (words, log probability) -> number, the largest first."""
    return [words for words, _ in sorted(hypotheses, key=lambda pair: score(*pair), reverse=True)]
