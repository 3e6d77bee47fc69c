from dataclasses import dataclass

import numpy as np
import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.checks.stand_in import StandIn


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


def bounded(x):
    """A number between 1 and 3, of all words together."""
    total = x.sum()
    return 2 + total / (1 + abs(total))


@dataclass(frozen=True)
class Wired:
    """A linear function; a wire is (output word, its number, input word, its number, weight)."""

    wires: tuple

    def __call__(self, x):
        words = torch.as_tensor(x)
        weights = torch.zeros(*words.shape, *words.shape, dtype=words.dtype)
        for *ends, weight in self.wires:
            weights[tuple(ends)] += weight
        found = torch.tensordot(weights, words, 2)
        return found.numpy() if isinstance(x, np.ndarray) else found

    def __repr__(self):
        return "a linear function"


HANDED_ON = Wired(((1, 0, 0, 0, 1.0), (2, 1, 1, 1, 1.0), (0, 1, 0, 0, 1.0), (1, 0, 1, 1, 1.0)))
NORMED = StandIn("x.cumsum(0), each word normalised first", normed)
ALONE = StandIn("3 * x", lambda x: 3 * x)
BACK = StandIn("x.cumsum(0)", lambda x: x.cumsum(0))
AHEAD = StandIn("x, and to each word the next one added", lambda x: x + x[[*range(1, len(x)), len(x) - 1]])
BEFORE = StandIn("for each word the one before it, for the first itself", lambda x: x[[0, *range(len(x) - 1)]])
SQUARES = StandIn("(x * x).cumsum(0)", lambda x: (x * x).cumsum(0))
WEAK = StandIn("x + x.cumsum(0) / 50000", lambda x: x + x.cumsum(0) / 50_000)
ROUNDED = StandIn("x / 2, with rounding errors that depend on all words", lambda x: x / 2 + bounded(x) - bounded(x))
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
        "for j in range(len(x)): changed = x.clone(); changed[j] = torch.randn(x.shape[1]); column j is ((f(changed) - f(x)).abs() > 1e-6).any(1). Stack the columns "
        "with torch.stack(columns, 1).",
    )
    praise = (
        "Of a decoder this matrix must have False above the diagonal. No loss tells you that; this does, in a second."
    )

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        def alike(words, size):  # words of equal numbers each
            return randn(words, 1).expand(-1, size).clone()

        yield "words that keep to themselves", (ALONE, randn(2, 2))
        yield "words that see themselves and those before", (BACK, randn(3, 2))
        yield "words that see themselves and the next one", (AHEAD, randn(3, 2))
        yield "words that see only the one before", (BEFORE, randn(3, 2))
        yield "a single word", (ALONE, randn(1, 3))
        yield "words that are all the same", (BACK, randn(1, 2).expand(3, -1).clone())
        yield "words of zeros", (BACK, torch.zeros(2, 2))
        yield "a function that squares", (SQUARES, randn(2, 2))
        yield "a function that notices differences between a word's numbers only", (CENTRED, randn(3, 2))
        yield "words of equal numbers, and a function that notices their differences only", (CENTRED, alike(2, 3))
        yield "a function that normalises each word first, as a block does", (NORMED, randn(3, 4))
        yield "a function whose two outputs cancel", (CANCELLING, randn(3, 2))
        yield "a function that hands on a word's second number", (FROM_SECOND, randn(3, 2))
        yield "a function that hands a word's first number on to the next word's second", (FROM_FIRST, randn(3, 2))
        yield "a function that hands on a single number of each word", (HANDED_ON, randn(3, 2))
        yield "words that hardly see those before", (WEAK, randn(3, 8))
        yield "words that keep to themselves but for rounding", (ROUNDED, randn(3, 8))
        yield "five words, of which the first sees the last", (BACK_AND_AHEAD, randn(5, 3))

    def admissible(self, generator):
        def whole(most):
            return int(torch.randint(0, most, (), generator=generator))

        L, E = 1 + whole(4), 1 + whole(4)
        x = torch.randn(L, E, generator=generator)
        x = [x, x, 0 * x, x[:1].expand(L, -1).clone(), x[:, :1].expand(-1, E).clone()][whole(5)]
        if whole(2):
            return (ALONE, BACK, AHEAD, BEFORE, CENTRED, ROUNDED, BACK_AND_AHEAD)[whole(7)], x
        ends = [(whole(L), whole(E), whole(L), whole(E)) for _ in range(whole(2 * L * E))]
        wires = [(*end, float(1 + whole(3))) for end in ends]
        wires += [(i, (a + 1) % E, j, b, -weight) for i, a, j, b, weight in wires if E > 1 and whole(2)]
        # of two wires between the same two numbers one could undo the other
        return Wired(tuple({wire[:4]: wire for wire in wires}.values())), x

    def answer(f, x):
        columns = []
        for j in range(len(x)):
            changed = x.clone()
            changed[j] = torch.randn(x.shape[1])
            columns.append(((f(changed) - f(x)).abs() > 1e-6).any(1))  # which outputs have noticed
        return torch.stack(columns, 1)

    alike = (
        "All numbers of the word were moved by the same amount. A function that looks at differences only, such as a norm, does not notice: move each by "
        "another amount, drawn at random."
    )
    same_number = "All numbers of the word were given the same value, zero or another. A function that looks at differences only does not notice where they were the same before: draw each of them at random."
    times = (
        "The word was only multiplied by a number. A norm does not notice when a word doubles, nor a square when its sign changes, and a word of zeros stays as it is: put "
        "another vector, drawn at random, in its place."
    )
    one_moved = "Only one number of the word was changed. The function may read the others: change all of them."
    one_compared = "Only one number of each output was looked at. An output has changed if any of its numbers has."
    another_word = "Another word of x was put in the word's place. It may be just the same: draw a vector at random."
    signs = "Only numbers that have grown were counted. A number that has become smaller has changed as well: take the absolute value of the difference."
    as_sizes = "These are sizes of changes. Asked for is whether there is one: True or False."
    compared_with_the_input = "The outputs for the changed words were compared with the words that went in. Compare them with the outputs for the words as they were, f(x)."
    never_changed = (
        "One word was never changed, and its column is False. Every word from the first to the last has its turn."
    )
    never_asked = "The matrix was written down without asking f. The test is for any function: change a word, and see which outputs have changed."
    threshold = "Everything that differs at all was taken for a change. Rounding differs as well: a number has changed if it differs by more than 1e-6."
    coarse = "Small changes were missed. A number has changed if it differs by more than 1e-6."
    together = "All outputs were looked at together: a row or an axis too many or too few was asked whether any has changed. any(1) asks each output."
    too_many_axes = "There is an axis too many: whether a single number has changed. An output has changed if any of its numbers has: any(1)."

    @mistake(
        "Rows and columns are exchanged. Row i tells which inputs output i sees: a decoder's matrix is full below the diagonal."
    )
    def transposed(f, x):
        return moved(f, x).mT

    @mistake(alike)
    def moved_alike(f, x):
        return moved(f, x, lambda word: word + 1)

    @mistake(alike)
    def moved_alike_at_random(f, x):
        return moved(f, x, lambda word: word + torch.randn(1))

    @mistake(times)
    def multiplied(f, x):
        return moved(f, x, lambda word: 2 * word)

    @mistake(times)
    def turned_over(f, x):
        return moved(f, x, lambda word: -word)

    @mistake(same_number)
    def set_to_zero(f, x):
        return moved(f, x, lambda word: 0 * word)

    @mistake(same_number)
    def set_to_one_number(f, x):
        return moved(f, x, lambda word: 0 * word + 1.37)

    @mistake(one_moved)
    def first_number_moved(f, x):
        return moved(f, x, lambda word: torch.cat([word[:1] + 1.3, word[1:]]))

    @mistake(one_moved)
    def last_number_moved(f, x):
        return moved(f, x, lambda word: torch.cat([word[:-1], word[-1:] + 1.3]))

    @mistake(one_compared)
    def first_number_compared(f, x):
        return moved(f, x, seen=lambda difference: difference[:, 0].abs() > 1e-6)

    @mistake(one_compared)
    def last_number_compared(f, x):
        return moved(f, x, seen=lambda difference: difference[:, -1].abs() > 1e-6)

    @mistake("An output was counted only where all its numbers have changed. It has changed if any of them has.")
    def all_compared(f, x):
        return moved(f, x, seen=lambda difference: (difference.abs() > 1e-6).all(1))

    @mistake(
        "The numbers of an output were added up before they were compared, or before the gradient was taken. Changes can cancel in a sum: behind a norm they "
        "always do. Look at each number."
    )
    def summed(f, x):
        return moved(f, x, seen=lambda difference: difference.sum(1).abs() > 1e-5)

    @mistake(signs)
    def grown_ones(f, x):
        return moved(f, x, seen=lambda difference: (difference > 1e-6).any(1))

    @mistake(signs)
    def grown_ones_by_a_sum(f, x):
        return moved(f, x, lambda word: word + torch.randn(len(word)), lambda difference: (difference > 1e-6).any(1))

    @mistake(another_word)
    def next_word_s(f, x):
        columns = []
        for j in range(len(x)):
            changed = x.clone()
            changed[j] = x[(j + 1) % len(x)]
            columns.append(noticed(f(changed) - f(x)))
        return torch.stack(columns, 1)

    @mistake(another_word)
    def two_words_exchanged(f, x):
        columns = []
        for j in range(len(x)):
            changed, other = x.clone(), (j + 1) % len(x)
            changed[j], changed[other] = x[other], x[j]
            columns.append(noticed(f(changed) - f(x)))
        return torch.stack(columns, 1)

    @mistake(
        "The words that were changed before have stayed changed. Begin with a copy of x for every word, x.clone() inside the loop, and change that one alone."
    )
    def not_restored(f, x):
        columns, changed = [], x.clone()
        for j in range(len(x)):
            changed[j] = torch.randn(x.shape[1])
            columns.append(noticed(f(changed) - f(x)))
        return torch.stack(columns, 1)

    @mistake("All words were changed at once. Change one at a time, and see which outputs notice that one.")
    def all_words_changed(f, x):
        return torch.stack([noticed(f(torch.randn(x.shape)) - f(x)) for _ in range(len(x))], 1)

    @mistake("One number of every word was changed, x[:, j]. Words are rows: word j is x[j].")
    def columns_changed(f, x):
        columns = []
        for j in range(len(x)):
            changed = x.clone()
            changed[:, j] = torch.randn(len(x))
            columns.append(noticed(f(changed) - f(x)))
        return torch.stack(columns, 1)

    @mistake("These are the inputs that an output does not see. True means that it does.")
    def inverted(f, x):
        return ~moved(f, x)

    @mistake(
        "A word was counted only where it changes another one. An output may see its own input, too: the diagonal is part of it."
    )
    def without_the_diagonal(f, x):
        return moved(f, x) & ~torch.eye(len(x), dtype=torch.bool)

    @mistake("The whole diagonal is True here. An output need not see its own input: ask there as well.")
    def diagonal_taken_for_granted(f, x):
        return moved(f, x) | torch.eye(len(x), dtype=torch.bool)

    @mistake(
        "Nothing above the diagonal was looked at. There a decoder must have False, and the test is to find out whether it has."
    )
    def nothing_above_the_diagonal(f, x):
        return moved(f, x).tril()

    @mistake(never_asked)
    def any_decoder(f, x):
        return torch.ones(len(x), len(x), dtype=torch.bool).tril()

    @mistake(never_asked)
    def any_encoder(f, x):
        return torch.ones(len(x), len(x), dtype=torch.bool)

    @mistake(never_changed)
    def first_left_out(f, x):
        found = moved(f, x)
        found[:, 0] = False
        return found

    @mistake(never_changed)
    def last_left_out(f, x):
        found = moved(f, x)
        found[:, -1] = False
        return found

    @mistake(compared_with_the_input)
    def compared_with_x(f, x):
        columns = [noticed(f(with_change(x, j, drawn)) - x) for j in range(len(x))]
        return torch.stack(columns, 1)

    @mistake(compared_with_the_input)
    def compared_with_the_changed(f, x):
        changed = [with_change(x, j, drawn) for j in range(len(x))]
        return torch.stack([noticed(f(y) - y) for y in changed], 1)

    @mistake(threshold)
    def rounding_counted(f, x):
        return moved(f, x, seen=lambda difference: (difference != 0).any(1))

    @mistake(coarse)
    def thousandths_missed(f, x):
        return moved(f, x, seen=lambda difference: (difference.abs() > 1e-3).any(1))

    @mistake(together)
    def any_output(f, x):
        return moved(f, x, seen=lambda difference: noticed(difference).any().expand(len(x)))

    @mistake(together)
    def over_the_words(f, x):
        return moved(f, x, seen=lambda difference: (difference.abs() > 1e-6).any(0))

    @mistake(too_many_axes)
    def numbers_behind(f, x):
        return moved(f, x, seen=lambda difference: difference.abs() > 1e-6)

    @mistake(too_many_axes)
    def numbers_behind_transposed(f, x):
        return moved(f, x, seen=lambda difference: difference.abs() > 1e-6).transpose(0, 1)

    @mistake(as_sizes)
    def sizes(f, x):
        return moved(f, x, seen=lambda difference: difference.abs().sum(1))

    @mistake(as_sizes)
    def largest_sizes(f, x):
        return moved(f, x, seen=lambda difference: difference.abs().amax(1))

    @mistake(as_sizes)
    def sizes_by_a_sum(f, x):
        return moved(f, x, lambda word: word + torch.randn(len(word)), lambda difference: difference.abs().sum(1))

    @mistake(
        "The gradient of all outputs together tells only which inputs count for any of them. Take it for each number of each output."
    )
    def whole_gradient(f, x):
        x = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(f(x).sum(), x)
        return gradient.abs() > 1e-6


def drawn(word):
    """A vector drawn at random."""
    return torch.randn(len(word))


def noticed(difference):
    """Which outputs have changed."""
    return (difference.abs() > 1e-6).any(1)


def with_change(x, j, change):
    """x with one word changed."""
    changed = x.clone()
    changed[j] = change(x[j])
    return changed


def moved(f, x, change=drawn, seen=noticed):
    """Column j: which outputs change when word j does."""
    return torch.stack([seen(f(with_change(x, j, change)) - f(x)) for j in range(len(x))], 1)
