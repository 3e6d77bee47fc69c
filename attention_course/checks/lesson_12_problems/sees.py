import torch

from ..lesson_10_problems.stand_in import StandIn
from ..problem import Problem, mistake


def first_from_the_second_before(x):
    """The second number of each word is added to the first of the next."""
    y = 1 * x
    y[1:, 0] = y[1:, 0] + x[:-1, 1]
    return y


def second_from_the_first_before(x):
    """The first number of each word is added to the second of the next."""
    y = 1 * x
    y[1:, 1] = y[1:, 1] + x[:-1, 0]
    return y


def two_that_cancel(x):
    """Both numbers of an output are the sum of all numbers so far, one with a minus sign."""
    y = 0 * x + x.sum(1)[:, None].cumsum(0)
    y[:, 1] = -y[:, 1]
    return y


def normed(x):
    """Each word's numbers with mean 0 and standard deviation 1, added up over the words so far."""
    centred = x - x.mean(1)[:, None]
    return (centred / ((centred * centred).mean(1)[:, None] + 1e-12) ** 0.5).cumsum(0)


NORMED = StandIn("x.cumsum(0), each word normalised first", normed)
ALONE = StandIn("3 * x", lambda x: 3 * x)
BACK = StandIn("x.cumsum(0)", lambda x: x.cumsum(0))
AHEAD = StandIn("x + x[[1, 2, 2]]", lambda x: x + x[[1, 2, 2]])
CENTRED = StandIn("(x - x.mean(1)[:, None]).cumsum(0)", lambda x: (x - x.mean(1)[:, None]).cumsum(0))
FROM_SECOND = StandIn("x, each word's second number added to the next word's first", first_from_the_second_before)
FROM_FIRST = StandIn("x, each word's first number added to the next word's second", second_from_the_first_before)
CANCELLING = StandIn("the sum of all numbers so far, and the same with a minus sign", two_that_cancel)
BACK_AND_AHEAD = StandIn(
    "x.cumsum(0), with the last word added to the first",
    lambda x: x.cumsum(0) + x[[len(x) - 1] + [0] * (len(x) - 1)],
)


class Sees(Problem):
    """Which outputs depend on which inputs: the test that catches a decoder which looks ahead."""

    hints = (
        "Change one word of the input and compare all outputs with what they were. Whoever has changed can see that word.",
        "Change word j by numbers drawn at random, a different one for each of its numbers: f might not notice some special changes. Output i has changed if any "
        "of its numbers has.",
        "for j in range(len(x)): changed = x.clone(); changed[j] += torch.randn(x.shape[1]); column j is ((f(changed) - f(x)).abs() > 1e-6).any(1). Stack the columns "
        "with torch.stack(columns, 1).",
    )
    praise = (
        "Of a decoder this matrix must have False above the diagonal. No loss tells you that; this does, in a second."
    )

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "words that keep to themselves", (ALONE, randn(2, 2))
        yield "words that see themselves and those before", (BACK, randn(3, 2))
        yield "words that see themselves and the next one", (AHEAD, randn(3, 2))
        yield "a function that notices differences between a word's numbers only", (CENTRED, randn(3, 2))
        yield "a function that normalises each word first, as a block does", (NORMED, randn(3, 4))
        yield "a function whose two outputs cancel", (CANCELLING, randn(3, 2))
        yield "a function that hands on a word's second number", (FROM_SECOND, randn(3, 2))
        yield "a function that hands a word's first number on to the next word's second", (FROM_FIRST, randn(3, 2))
        yield "five words, of which the first sees the last", (BACK_AND_AHEAD, randn(5, 3))

    def answer(f, x):
        columns = []
        for j in range(len(x)):
            changed = x.clone()
            changed[j] += torch.randn(x.shape[1], dtype=x.dtype)
            columns.append(((f(changed) - f(x)).abs() > 1e-6).any(1))  # which outputs have noticed
        return torch.stack(columns, 1)

    @mistake(
        "Rows and columns are exchanged. Row i tells which inputs output i sees: a decoder's matrix is full below the diagonal."
    )
    def transposed(f, x):
        return moved(f, x, noise(x)).mT

    @mistake(
        "All numbers of the word were moved by the same amount. A function that looks at differences only, such as a norm, does not notice: move each by "
        "another amount, drawn at random."
    )
    def moved_alike(f, x):
        return moved(f, x, torch.ones_like(x))

    @mistake(
        "The word was only multiplied by a number. A norm divides by the size, and does not notice: put another vector, drawn at random, in its place."
    )
    def multiplied(f, x):
        return moved(f, x, x)

    @mistake("Only the first number of the word was changed. The function may read the others: change all of them.")
    def first_number_moved(f, x):
        change = torch.zeros_like(x)
        change[:, 0] = 1.0
        return moved(f, x, change)

    @mistake("Only the first number of each output was looked at. An output has changed if any of its numbers has.")
    def first_number_compared(f, x):
        return moved(f, x, noise(x), lambda difference: difference[:, 0])

    @mistake(
        "The numbers of an output were added up before they were compared, or before the gradient was taken. Changes can cancel in a sum: behind a norm they "
        "always do. Look at each number."
    )
    def summed(f, x):
        return moved(f, x, noise(x), lambda difference: difference.sum(1).abs() > 1e-4, compared=True)

    @mistake("These are the inputs that an output does not see. True means that it does.")
    def inverted(f, x):
        return ~moved(f, x, noise(x))

    @mistake(
        "A word was counted only where it changes another one. An output may see its own input, too: the diagonal is part of it."
    )
    def without_the_diagonal(f, x):
        return moved(f, x, noise(x)) & ~torch.eye(len(x), dtype=torch.bool)

    @mistake("These are sizes of changes. Asked for is whether there is one: True or False.")
    def sizes(f, x):
        return torch.stack([(f(with_change(x, j, noise(x))) - f(x)).abs().sum(1) for j in range(len(x))], 1)


def noise(x):
    """As many numbers as x, the same every time."""
    return torch.randn(x.shape, generator=torch.Generator().manual_seed(1), dtype=x.dtype)


def with_change(x, j, change):
    """x with one word moved."""
    changed = x.clone()
    changed[j] += change[j]
    return changed


def moved(f, x, change, seen=None, compared=False):
    """Column j: which outputs change when word j does."""
    columns = []
    for j in range(len(x)):
        difference = f(with_change(x, j, change)) - f(x)
        found = difference if seen is None else seen(difference)
        if not compared:
            found = found.abs() > 1e-6
        columns.append(found.any(1) if found.dim() > 1 else found)
    return torch.stack(columns, 1)
