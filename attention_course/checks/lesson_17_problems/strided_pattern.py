import torch

from ..problem import Problem, mistake


class StridedPattern(Problem):
    """Who may attend to whom: the last few positions, and before them every so many."""

    hints = (
        "The rule speaks only of how far j stands behind i. Make that table first, n by n, and then ask it three questions.",
        "With i = torch.arange(n), the table is behind = i[:, None] - i. One question is whether j is not in the future, one whether it is near, one whether it is in i's column.",
        "i = torch.arange(n); behind = i[:, None] - i; then (behind >= 0) & ((behind < stride) | (behind % stride == 0)).",
    )
    praise = "In two layers every earlier word is in reach: a column's step takes you near it, and a near step onto it."

    def inputs(self, generator):
        yield "two positions and a stride of 1, which allows all of the past", (2, 1)
        yield "four positions and a stride of 4", (4, 4)
        yield "five positions and a stride of 2", (5, 2)
        yield "a stride longer than the text", (3, 5)
        n = int(torch.randint(11, 30, (1,), generator=generator))
        yield f"a text of {n} words and a stride of 4", (n, 4)

    def answer(n, stride):
        i = torch.arange(n)
        behind = i[:, None] - i
        return (behind >= 0) & ((behind < stride) | (behind % stride == 0))

    @mistake(
        "The future is in reach. Without behind >= 0 everything that is still to come counts as near, since its distance is negative."
    )
    def future_seen(n, stride):
        return (behind(n) < stride) | (behind(n) % stride == 0)

    @mistake(
        "Here the far keys stand at fixed places, wherever the query is: j is a multiple of the stride, instead of i - j. That is nearer to the *fixed* pattern."
    )
    def fixed_places(n, stride):
        far = (torch.arange(n) % stride == 0) & (behind(n) >= 0)
        return far | ((behind(n) >= 0) & (behind(n) < stride))

    @mistake("Only the far keys are there. The last `stride` positions, with no gaps, belong to the pattern, too.")
    def far_only(n, stride):
        return (behind(n) >= 0) & (behind(n) % stride == 0)

    @mistake("Only the near keys are there: this is a window. Further back every stride-th position is seen as well.")
    def near_only(n, stride):
        return (behind(n) >= 0) & (behind(n) < stride)

    @mistake(
        "The two conditions are joined with “and”, which leaves the word itself alone. A key may be near *or* in the column."
    )
    def joined_with_and(n, stride):
        return (behind(n) >= 0) & (behind(n) < stride) & (behind(n) % stride == 0)

    @mistake("Rows and columns have changed places: a row is a query, and a query looks back.")
    def transposed(n, stride):
        return StridedPattern.answer(n, stride).mT

    @mistake("The table is turned round: True means *may attend*.")
    def inverted(n, stride):
        return ~StridedPattern.answer(n, stride)


def behind(n):
    """How far each key stands behind each query."""
    i = torch.arange(n)
    return i[:, None] - i
