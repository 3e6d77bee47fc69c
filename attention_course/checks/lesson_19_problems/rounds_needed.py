import math

from ..problem import Problem, mistake


class RoundsNeeded(Problem):
    """How many rounds make a pair meet at least once with the chance that is wanted."""

    hints = (
        "It is easier to ask for the opposite: what is the chance that the two miss each other in every one of r rounds?",
        "They miss each other r times with (1 - p)^r. Find the smallest whole r at which that is at most 1 - wanted.",
        "math.ceil(math.log(1 - wanted) / math.log(1 - p)).",
    )
    praise = "The cost grows with the rounds, and what is missed falls by the same factor with each: the last per cent is dear."

    def inputs(self, generator):
        yield "half a chance a round, wanted: at least 0.6", (0.5, 0.6)
        yield "0.8 a round, as for cat and mat, wanted: at least 0.99", (0.8, 0.99)
        yield "0.1 a round, wanted: at least 0.9", (0.1, 0.9)
        yield "0.3 a round, wanted: at least 0.95", (0.3, 0.95)
        yield "0.45 a round, wanted: at least 0.4", (0.45, 0.4)

    def answer(p, wanted):
        return math.ceil(math.log(1 - wanted) / math.log(1 - p))

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
