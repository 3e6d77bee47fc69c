import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.checks.stand_in import StandIn

SQUARE = StandIn("lambda x: x ** 2", lambda x: x**2)
TRIPLE = StandIn("lambda x: 3 * x", lambda x: 3 * x)
SINE = StandIn("lambda x: torch.sin(x).cumsum(-1)", lambda x: torch.sin(x).cumsum(-1))
SHIFT = StandIn("lambda x: abs(x) + 1", lambda x: abs(x) + 1)


class WayBack(Problem):
    """The inputs of a reversible layer, from its outputs."""

    hints = (
        "Write down the two equations of the way forward. Which of the two inputs stands in an equation where everything else is known?",
        "y2 = x2 + G(y1), and y1 and y2 are given: that gives x2. Then y1 = x1 + F(x2) gives x1.",
        "x2 = y2 - G(y1); x1 = y1 - F(x2); return x1, x2.",
    )
    praise = "Neither F nor G was inverted; the square has no inverse at all."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "the lesson's example", outputs(SQUARE, TRIPLE, torch.tensor([1.0]), torch.tensor([2.0]))
        yield "the two functions exchanged", outputs(TRIPLE, SQUARE, torch.tensor([1.0]), torch.tensor([-2.0]))
        yield "a fraction and a negative number", outputs(SHIFT, TRIPLE, torch.tensor([-0.7]), torch.tensor([0.4]))
        yield "four numbers", outputs(SINE, SHIFT, randn(4), randn(4))
        yield "two words of three numbers", outputs(SHIFT, SINE, randn(2, 3), randn(2, 3))

    def admissible(self, generator):
        F, G = (list(ALL)[int(i)] for i in torch.randint(0, len(ALL), (2,), generator=generator))
        sizes = torch.randint(1, 5, (int(torch.randint(1, 4, (), generator=generator)),), generator=generator).tolist()
        return outputs(F, G, *(torch.randn(sizes, generator=generator) for _ in "12"))

    def answer(F, G, y1, y2):
        x2 = y2 - G(y1)
        return y1 - F(x2), x2

    places = "F and G have changed places. G was added last, and to what became y2, so it is taken off first."
    once_more = "What was added has been added once more, in one line or in both. Take it off."
    one_only = "One of the two came back. Asked for are both, x1 and x2, in this order."
    same_twice = "The same function stands in both lines. F(x2) was added to x1, and G(y1) to x2."
    unchanged = "A `y` came back as it was. Both have had something added to them on the way forward."
    g_given_another = "G was not given y1. On the way forward it was, and y1 is at hand: x2 = y2 − G(y1)."
    wrong_way_round = "The difference is the wrong way round: what was added is taken off y, as in y2 − G(y1)."

    @mistake(
        "The computation began with x1, from F(y2). On the way forward F was given x2, which has to be recovered first."
    )
    def the_wrong_one_first(F, G, y1, y2):
        x1 = y1 - F(y2)
        return x1, y2 - G(x1)

    @mistake("F was given y2. It was given x2 on the way forward: use the one that you have just computed.")
    def f_of_the_output(F, G, y1, y2):
        return y1 - F(y2), y2 - G(y1)

    @mistake("F was given y1. It was given x2 on the way forward: use the one that you have just computed.")
    def f_of_the_other_output(F, G, y1, y2):
        return y1 - F(y1), y2 - G(y1)

    @mistake("F was given G(y1), which is only what x2 lacks. It was given x2 itself: y2 − G(y1).")
    def f_of_what_was_taken_off(F, G, y1, y2):
        return y1 - F(G(y1)), y2 - G(y1)

    @mistake("F was given y2 + G(y1). It was given x2, which is the difference, y2 − G(y1).")
    def f_of_a_sum(F, G, y1, y2):
        return y1 - F(y2 + G(y1)), y2 - G(y1)

    @mistake(g_given_another)
    def g_of_y2(F, G, y1, y2):
        x2 = y2 - G(y2)
        return y1 - F(x2), x2

    @mistake(g_given_another)
    def each_of_its_own(F, G, y1, y2):
        return y1 - F(y1), y2 - G(y2)

    @mistake(g_given_another)
    def g_of_x1(F, G, y1, y2):
        x1 = y1 - F(y2 - G(y1))
        return x1, y2 - G(x1)

    @mistake(g_given_another)
    def second_line_of_x1(F, G, y1, y2):
        x2 = y2 - G(y1 - F(y2))
        return y1 - F(x2), x2

    @mistake(g_given_another)
    def f_of_y2_and_g_of_y2(F, G, y1, y2):
        return y1 - F(y2), y2 - G(y2)

    @mistake(places)
    def exchanged(F, G, y1, y2):
        x2 = y2 - F(y1)
        return y1 - G(x2), x2

    @mistake(places)
    def exchanged_and_of_the_outputs(F, G, y1, y2):
        return y1 - G(y2), y2 - F(y1)

    @mistake(places)
    def exchanged_and_x1_first(F, G, y1, y2):
        x1 = y1 - G(y2)
        return x1, y2 - F(x1)

    @mistake(same_twice)
    def f_twice(F, G, y1, y2):
        x2 = y2 - F(y1)
        return y1 - F(x2), x2

    @mistake(same_twice)
    def g_twice(F, G, y1, y2):
        x2 = y2 - G(y1)
        return y1 - G(x2), x2

    @mistake("The outputs have changed places. y2 is the one that G was added to, so x2 = y2 − G(y1) comes first.")
    def outputs_swapped(F, G, y1, y2):
        x2 = y1 - G(y2)
        return y2 - F(x2), x2

    @mistake(once_more)
    def added_again(F, G, y1, y2):
        x2 = y2 + G(y1)
        return y1 + F(x2), x2

    @mistake(once_more)
    def g_added_again(F, G, y1, y2):
        x2 = y2 + G(y1)
        return y1 - F(x2), x2

    @mistake(once_more)
    def f_added_again(F, G, y1, y2):
        x2 = y2 - G(y1)
        return y1 + F(x2), x2

    @mistake(
        "That is the way forward once more, with y1 and y2 in the place of x1 and x2. Take off what was added, the last first."
    )
    def forward_again(F, G, y1, y2):
        z1 = y1 + F(y2)
        return z1, y2 + G(z1)

    @mistake(wrong_way_round)
    def negative(F, G, y1, y2):
        x2 = G(y1) - y2
        return F(x2) - y1, x2

    @mistake(wrong_way_round)
    def first_negative(F, G, y1, y2):
        x2 = y2 - G(y1)
        return F(x2) - y1, x2

    @mistake(wrong_way_round)
    def second_negative(F, G, y1, y2):
        x2 = G(y1) - y2
        return y1 - F(x2), x2

    @mistake("The right numbers in the wrong order: x1 comes first.")
    def second_first(F, G, y1, y2):
        x2 = y2 - G(y1)
        return x2, y1 - F(x2)

    @mistake(one_only)
    def x1_alone(F, G, y1, y2):
        return y1 - F(y2 - G(y1))

    @mistake(one_only)
    def x2_alone(F, G, y1, y2):
        return y2 - G(y1)

    @mistake(unchanged)
    def y1_left(F, G, y1, y2):
        return y1, y2 - G(y1)

    @mistake(unchanged)
    def y2_left(F, G, y1, y2):
        return y1 - F(y2), y2

    @mistake(unchanged)
    def y2_left_and_x1_right(F, G, y1, y2):
        return y1 - F(y2 - G(y1)), y2

    @mistake(unchanged)
    def both_left(F, G, y1, y2):
        return y1, y2

    @mistake("That is what was added, and not what it was added to. Take it off y1 and y2.")
    def what_was_added(F, G, y1, y2):
        return F(y2 - G(y1)), G(y1)

    @mistake("A quotient was taken. What was added is taken off.")
    def divided(F, G, y1, y2):
        x2 = y2 / G(y1)
        return y1 / F(x2), x2

    @mistake("From y1 was taken x2 itself. What was added to x1 is F(x2).")
    def without_f(F, G, y1, y2):
        x2 = y2 - G(y1)
        return y1 - x2, x2

    @mistake("From y2 was taken y1 itself. What was added to x2 is G(y1).")
    def without_g(F, G, y1, y2):
        x2 = y2 - y1
        return y1 - F(x2), x2


ALL = SQUARE, TRIPLE, SINE, SHIFT


def outputs(F, G, x1, x2):
    """The functions and what the layer makes of x1 and x2."""
    y1 = x1 + F(x2)
    return F, G, y1, x2 + G(y1)
