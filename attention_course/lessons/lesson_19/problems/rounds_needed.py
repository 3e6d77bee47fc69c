import math

import torch

from attention_course.checks.problem import Problem, mistake


class RoundsNeeded(Problem):
    """How many rounds make a pair meet at least once with the chance that is wanted."""

    hints = (
        "It is easier to ask for the opposite: what is the chance that the two miss each other in every one of r rounds?",
        "They miss each other r times with (1 - p)^r. Look for the first r at which what is left of 1 is enough, or solve for r with logarithms.",
        "math.ceil(math.log(1 - wanted) / math.log(1 - p)). Or rounds = 1; while 1 - (1 - p) ** rounds < wanted: rounds += 1.",
    )
    praise = "The cost grows with the rounds, and what is missed falls by the same factor with each: the last per cent is dear."
    any_kind = True

    def inputs(self, generator):
        def between(low, high, rounds):
            while True:  # away from where rounding decides
                p = low + (high - low) * torch.rand((), generator=generator).item()
                wanted = 1 - (1 - p) ** (rounds - 0.8 + 0.7 * torch.rand((), generator=generator).item())
                if not_on_the_edge(p, wanted):
                    return p, wanted

        yield "half a chance a round, wanted: at least 0.6", (0.5, 0.6)
        yield "half a chance a round, wanted: at least 0.75, which is met exactly", (0.5, 0.75)
        yield "a chance of 0.75 a round, and no more wanted", (0.75, 0.75)
        yield "a chance of 0.8 a round, as for cat and mat, wanted: at least 0.99", (0.8, 0.99)
        yield "a rare meeting that is wanted almost surely", between(0.05, 0.2, 20)
        yield "a meeting about every third round", between(0.25, 0.4, 7)
        yield "a likely meeting that is wanted less than half of the time", between(0.5, 0.7, 1)
        yield "a quotient of logarithms just above a whole number", (0.3, 1 - 0.7**4.15)
        yield "a quotient of logarithms just below a whole number", (0.4, 1 - 0.6**3.85)
        yield "a rare meeting", (0.01, 0.983)
        yield "a very rare meeting", (0.002, 0.95)

    def admissible(self, generator):
        if torch.rand((), generator=generator) < 0.2:  # met exactly; numbers without rounding
            rounds, power = (int(i) for i in torch.randint(1, 4, (2,), generator=generator))
            return 1 - 0.5**power, 1 - 0.5 ** (power * rounds)
        while True:
            p, wanted = torch.rand(2, generator=generator).mul(0.98).add(0.01).tolist()
            if not_on_the_edge(p, wanted):
                return p, wanted

    def answer(p, wanted):
        import math

        return math.ceil(math.log(1 - wanted) / math.log(1 - p))

    added = "The chances were added up. Rounds may both find the pair, and then it is found once."
    down = "Where a fraction is left over, that many rounds are not quite enough: round up."
    given_up = "The search ended too early. Where `p` is small it takes thousands of rounds: go on until the chance is reached."
    power_of_p = "The power p^r is the chance that the pair meets in each of r rounds. The chance that it has missed in all of them is (1 − p)^r, and this may be at most 1 − wanted."

    @mistake(added)
    def added_up(p, wanted):
        return math.ceil(wanted / p)

    @mistake(added)
    def added_up_and_rounded_down(p, wanted):
        return int(wanted / p)

    @mistake(added)
    def added_up_and_more_than_wanted(p, wanted):
        return int(wanted / p) + 1

    @mistake(added)
    def added_up_with_a_fraction(p, wanted):
        return wanted / p

    @mistake(down)
    def rounded_down(p, wanted):
        return math.floor(quotient(p, wanted))

    @mistake(down)
    def rounded_to_the_nearest(p, wanted):
        return round(quotient(p, wanted))

    @mistake(down)
    def rounded_to_the_nearest_and_at_least_one(p, wanted):
        return max(1, round(quotient(p, wanted)))

    @mistake(
        "That would be the number of rounds in *all* of which the pair meets. Once is enough: ask how often they miss each other."
    )
    def in_all_rounds(p, wanted):
        return math.ceil(math.log(wanted) / math.log(p))

    @mistake(power_of_p)
    def missed_with_p(p, wanted):
        return math.ceil(math.log(1 - wanted) / math.log(p))

    @mistake(
        "The chance of having missed each other in all rounds, (1 − p)^r, may be at most 1 − wanted. Yours may be as large as `wanted`."
    )
    def missed_as_often_as_wanted(p, wanted):
        return math.ceil(math.log(wanted) / math.log(1 - p))

    @mistake("That is one round too many.")
    def one_too_many(p, wanted):
        return math.ceil(quotient(p, wanted)) + 1

    @mistake(
        "That is one round too many where the chance is reached exactly: “at least” means that equal is enough. math.ceil leaves a whole number as it is, "
        "where floor + 1 does not; and a loop goes on only while the chance is less, <."
    )
    def more_than_wanted(p, wanted):
        return math.floor(quotient(p, wanted)) + 1

    @mistake("A number of rounds is whole: round up.")
    def a_fraction(p, wanted):
        return quotient(p, wanted)

    @mistake("The quotient is upside down: (1 − p)^r = 1 − wanted gives r = log(1 − wanted) / log(1 − p).")
    def upside_down(p, wanted):
        return math.ceil(1 / quotient(p, wanted))

    @mistake("The logarithms were subtracted. r · log(1 − p) = log(1 − wanted), so divide.")
    def logarithms_subtracted(p, wanted):
        return math.ceil(math.log(1 - wanted) - math.log(1 - p))

    @mistake("A number of rounds is not negative. Both logarithms are, so that their quotient is positive as it is.")
    def negative(p, wanted):
        return math.ceil(-quotient(p, wanted))

    @mistake("In the place of −log(1 − p) stands p. The two are near each other only where p is small.")
    def p_for_its_logarithm(p, wanted):
        return math.ceil(-math.log(1 - wanted) / p)

    @mistake(
        "That is how many rounds it takes on average until the pair meets, 1 / p, and `wanted` is not used. Asked for is a chance of at least that."
    )
    def on_average(p, wanted):
        return math.ceil(1 / p)

    @mistake("That is the chance which is reached, and not the number of rounds in which it is.")
    def the_chance(p, wanted):
        return 1 - (1 - p) ** math.ceil(quotient(p, wanted))

    @mistake(
        "The chance was asked of a meeting in just one round, r · p · (1 − p)^(r − 1). They may meet more often: at least once."
    )
    def exactly_once(p, wanted):
        return next((r for r in range(1, 5_000) if r * p * (1 - p) ** (r - 1) >= wanted), None)

    @mistake(given_up)
    def at_most_a_hundred(p, wanted):
        needed = math.ceil(quotient(p, wanted))
        return needed if needed < 100 else None

    @mistake(given_up)
    def at_most_a_thousand(p, wanted):
        needed = math.ceil(quotient(p, wanted))
        return needed if needed < 1_000 else None

    @mistake(given_up)
    def a_hundred_at_most(p, wanted):
        return min(100, math.ceil(quotient(p, wanted)))


def quotient(p: float, wanted: float) -> float:
    """The number of rounds, if there were fractions of one."""
    return math.log(1 - wanted) / math.log(1 - p)


def not_on_the_edge(p: float, wanted: float) -> bool:
    """Whether the number of rounds is the same however one rounds on the way."""
    return abs(quotient(p, wanted) - round(quotient(p, wanted))) > 0.05
