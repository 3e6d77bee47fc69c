import torch

from ..lesson_10_problems.stand_in import StandIn
from ..problem import Problem, mistake

SQUARE = StandIn("lambda x: x ** 2", lambda x: x**2)
TRIPLE = StandIn("lambda x: 3 * x", lambda x: 3 * x)
SINE = StandIn("lambda x: torch.sin(x).cumsum(-1)", lambda x: torch.sin(x).cumsum(-1))
SHIFT = StandIn("lambda x: x.abs() + 1", lambda x: x.abs() + 1)


class WayBack(Problem):
    """The inputs of a reversible layer, from its outputs."""

    hints = (
        "Write down the two equations of the way forward. Which of the two inputs stands in an equation where everything else is known?",
        "y2 = x2 + G(y1), and y1 and y2 are given: that gives x2. Then y1 = x1 + F(x2) gives x1.",
        "x2 = y2 - G(y1); x1 = y1 - F(x2); return x1, x2.",
    )
    praise = "Neither F nor G was inverted; the square has no inverse at all."

    def inputs(self, generator):
        def outputs(F, G, x1, x2):
            y1 = x1 + F(x2)
            return F, G, y1, x2 + G(y1)

        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "the lesson's example", outputs(SQUARE, TRIPLE, torch.tensor([1.0]), torch.tensor([2.0]))
        yield "the two functions exchanged", outputs(TRIPLE, SQUARE, torch.tensor([1.0]), torch.tensor([-2.0]))
        yield "four numbers", outputs(SINE, SHIFT, randn(4), randn(4))
        yield "two words of three numbers", outputs(SHIFT, SINE, randn(2, 3), randn(2, 3))

    def answer(F, G, y1, y2):
        x2 = y2 - G(y1)
        return y1 - F(x2), x2

    @mistake(
        "The computation began with x1, from F(y2). On the way forward F was given x2, which has to be recovered first."
    )
    def the_wrong_one_first(F, G, y1, y2):
        x1 = y1 - F(y2)
        return x1, y2 - G(x1)

    @mistake("F was given y2. It was given x2 on the way forward: use the one that you have just computed.")
    def f_of_the_output(F, G, y1, y2):
        return y1 - F(y2), y2 - G(y1)

    @mistake("F and G have changed places. G was added last, so it is taken off first.")
    def exchanged(F, G, y1, y2):
        x2 = y2 - F(y1)
        return y1 - G(x2), x2

    @mistake("What was added has been added once more. Take it off.")
    def added_again(F, G, y1, y2):
        x2 = y2 + G(y1)
        return y1 + F(x2), x2

    @mistake("The right numbers in the wrong order: x1 comes first.")
    def second_first(F, G, y1, y2):
        x2 = y2 - G(y1)
        return x2, y1 - F(x2)
