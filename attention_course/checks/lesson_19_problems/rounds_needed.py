import math

import torch

from ..problem import Problem, mistake


class RoundsNeeded(Problem):
    """How many rounds make a pair meet at least once with the chance that is wanted."""

    hints = (
        "It is easier to ask for the opposite: what is the chance that the two miss each other in every one of r rounds?",
        "They miss each other r times with (1 - p)^r. Look for the first r at which what is left of 1 is enough, or solve for r with logarithms.",
        "rounds = 1; while 1 - (1 - p) ** rounds < wanted: rounds += 1. Or math.ceil(math.log(1 - wanted) / math.log(1 - p)).",
    )
    praise = "The cost grows with the rounds, and what is missed falls by the same factor with each: the last per cent is dear."

    def inputs(self, generator):
        def between(low, high):
            return low + (high - low) * torch.rand((), generator=generator).item()

        yield "half a chance a round, wanted: at least 0.6", (0.5, 0.6)
        yield "a chance of 0.8 a round, as for cat and mat, wanted: at least 0.99", (0.8, 0.99)
        yield "a rare meeting that is wanted almost surely", (between(0.05, 0.2), between(0.9, 0.99))
        yield "a meeting about every third round", (between(0.25, 0.4), between(0.93, 0.97))
        yield "a likely meeting that is wanted less than half of the time", (between(0.5, 0.7), between(0.2, 0.45))

    def answer(p, wanted):
        rounds = 1
        while 1 - (1 - p) ** rounds < wanted:
            rounds += 1
        return rounds

    @mistake("The chances were added up. Rounds may both find the pair, and then it is found once.")
    def added_up(p, wanted):
        return math.ceil(wanted / p)

    @mistake("That many rounds are not quite enough: round up.")
    def rounded_down(p, wanted):
        return math.floor(math.log(1 - wanted) / math.log(1 - p))

    @mistake(
        "That would be the number of rounds in *all* of which the pair meets. Once is enough: ask how often they miss each other."
    )
    def in_all_rounds(p, wanted):
        return math.ceil(math.log(wanted) / math.log(p))

    @mistake("That is one round too many.")
    def one_too_many(p, wanted):
        return math.floor(math.log(1 - wanted) / math.log(1 - p)) + 2

    @mistake("A number of rounds is whole: round up.")
    def a_fraction(p, wanted):
        return math.log(1 - wanted) / math.log(1 - p)
