import torch

from attention_course.checks.problem import Problem, mistake


class ClipByNorm(Problem):
    """Gradient clipping: where all gradients together are too long, one factor makes them shorter."""

    hints = (
        "Put all numbers of all tensors into one long vector, in your mind. How long is this vector?",
        "The length is the root of the sum of all squares, over all tensors. Where it is above the limit, every tensor is multiplied by limit / length.",
        "length = sum(g.square().sum() for g in gradients) ** 0.5; factor = limit / length if length > limit else 1.0; return [factor * g for g in gradients].",
    )
    praise = (
        "All numbers were multiplied by the same factor, so that the direction of the whole gradient stays as it was."
    )

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        numbers = torch.tensor
        yield "one tensor that is too long", ([numbers([3.0, -4.0])], 2.0)
        yield "one tensor that is short enough", ([numbers([0.3, -0.4])], 2.0)
        yield "zeros", ([torch.zeros(2)], 0.5)
        yield "a tensor whose length is the limit", ([numbers([3.0, 4.0])], 5.0)
        yield "a single negative number that is too long", ([numbers([-2.5])], 2.0)
        yield "a length a little below the limit", ([numbers([1.2, 1.6])], 2.5)
        yield "a length that is above the limit, though its square is not", ([numbers([0.3, 0.4])], 0.375)
        yield "two tensors, each short enough alone", ([numbers([3.0]), numbers([-4.0])], 4.5)
        yield "two tensors, of which one is too long", ([numbers([6.0, 2.0]), numbers([0.3])], 3.0)
        yield "two tensors that are short enough", ([numbers([0.6, -0.2]), numbers([0.3])], 3.0)
        yield "a matrix", ([numbers([[3.0, 1.0], [-1.0, 2.0]])], 1.5)
        yield "as many zeros as other numbers", ([torch.zeros(2), numbers([5.0, 7.0])], 3.0)
        yield "a matrix and a vector", ([randn(2, 3), 3 * randn(3)], 1.7)
        yield "a matrix and a vector that are short enough", ([randn(2, 2) / 20, randn(2) / 20], 0.6)
        yield "tensors of four shapes", ([randn(2, 3), randn(()), randn(4), randn(2, 1, 2)], 2.6)

    def admissible(self, generator):
        def whole(most):
            return int(torch.randint(0, most, (), generator=generator))

        size = 2.0 ** (whole(7) - 3)
        shapes = [[1 + whole(3) for _ in range(whole(4))] for _ in range(1 + whole(4))]
        gradients = [size * torch.randn(shape, generator=generator) * (whole(6) > 0) for shape in shapes]
        return gradients, 0.3 + 3 * torch.rand((), generator=generator).item()

    def answer(gradients, limit):
        length = sum(g.square().sum() for g in gradients) ** 0.5
        factor = limit / length if length > limit else 1.0
        return [factor * g for g in gradients]

    by_itself = "Each tensor was measured by itself. Measure all tensors together, as one long vector, and multiply all of them by one factor, limit / length."
    unrooted = "The length is the root of the sum of the squares. The root is missing."
    small_ones = "Gradients that are short enough were made longer. Where the length is not above the limit, all stay as they are."
    mean = "The length was taken from the mean of the squares. Add the squares up: the more numbers there are, the longer the vector."
    other_length = "Something else than the length was used: squares are added up over all tensors, and the root of the sum is taken."

    @mistake(
        "Each number was cut off at the limit by itself (clipping by value), which turns the gradient into another direction. Multiply all numbers by one factor, limit / length."
    )
    def by_value(gradients, limit):
        return [g.clamp(-limit, limit) for g in gradients]

    @mistake(
        "Only numbers above the limit were cut off, each by itself. Multiply all numbers by one factor, limit / length."
    )
    def by_value_above(gradients, limit):
        return [g.clamp(max=limit) for g in gradients]

    @mistake(by_itself)
    def each_alone(gradients, limit):
        return [clip([g], limit)[0] for g in gradients]

    @mistake(by_itself)
    def all_to_the_limit(gradients, limit):
        return [limit * g / g.norm() for g in gradients]

    @mistake(
        "The length of all tensors together was compared with the limit, and then each tensor was divided by its own length. Multiply all of them by one factor, limit / length."
    )
    def factors_of_their_own(gradients, limit):
        if norm(gradients) <= limit:
            return gradients
        return [limit * g / g.norm() for g in gradients]

    @mistake(
        "Only tensors that are too long by themselves were made shorter. Where the length of all together is above the limit, every tensor is multiplied by the factor."
    )
    def only_the_long_ones(gradients, limit):
        length = norm(gradients)
        return [g * limit / length if g.norm() > limit else g for g in gradients]

    @mistake("Each row was made shorter by itself. Measure all tensors together, as one long vector.")
    def each_row_alone(gradients, limit):
        return [g * (limit / g.norm(dim=-1, keepdim=True)).clamp(max=1) for g in gradients]

    @mistake(
        "The lengths of the tensors were added up. Lengths do not add: add up the squares of all numbers, then take the root of the sum."
    )
    def sum_of_lengths(gradients, limit):
        return clip(gradients, limit, sum(g.norm() for g in gradients))

    @mistake("The lengths of the tensors were added up before the root. Add up their squares.")
    def root_of_the_lengths(gradients, limit):
        return clip(gradients, limit, sum(g.norm() for g in gradients) ** 0.5)

    @mistake(
        "The lengths of the tensors were averaged. Add up the squares of all numbers, then take the root of the sum."
    )
    def mean_of_lengths(gradients, limit):
        return clip(gradients, limit, sum(g.norm() for g in gradients) / len(gradients))

    @mistake("Only the longest tensor was measured. Measure all tensors together, as one long vector.")
    def longest_tensor(gradients, limit):
        return clip(gradients, limit, max(g.norm() for g in gradients))

    @mistake("Only the first tensor was measured. Measure all tensors together, as one long vector.")
    def first_tensor(gradients, limit):
        return clip(gradients, limit, gradients[0].norm())

    @mistake("Only the last tensor was measured. Add up the squares of all tensors, inside the loop.")
    def last_tensor(gradients, limit):
        return clip(gradients, limit, gradients[-1].norm())

    @mistake(unrooted)
    def squared_length(gradients, limit):
        return clip(gradients, limit, norm(gradients) ** 2)

    @mistake("The squared length was compared with the limit. Take the root first: length > limit.")
    def square_compared(gradients, limit):
        length = norm(gradients)
        return [g * limit / length for g in gradients] if length**2 > limit else gradients

    @mistake(
        "The length was compared with the limit, and then its square was divided by. The factor is limit / length."
    )
    def divided_by_the_square(gradients, limit):
        length = norm(gradients)
        return [g * limit / length**2 for g in gradients] if length > limit else gradients

    @mistake(small_ones)
    def always_scaled(gradients, limit):
        return [g * (limit / norm(gradients)) for g in gradients]

    @mistake(small_ones)
    def always_scaled_but_zeros(gradients, limit):
        return [g * (limit / (norm(gradients) + 1e-6)) for g in gradients]

    @mistake("The condition is turned round: long gradients stay as they are, and short ones are made longer.")
    def only_short_ones(gradients, limit):
        length = norm(gradients)
        return [g * (limit / length) for g in gradients] if length < limit else gradients

    @mistake(
        "The largest number was taken for the length. The length is the root of the sum of the squares of all numbers."
    )
    def largest_number(gradients, limit):
        return clip(gradients, limit, max(g.abs().max() for g in gradients))

    @mistake(mean)
    def root_mean_square(gradients, limit):
        return clip(gradients, limit, together(gradients).square().mean().sqrt())

    @mistake(mean)
    def mean_squares_added(gradients, limit):
        return clip(gradients, limit, sum(g.square().mean() for g in gradients).sqrt())

    @mistake("The sizes of the numbers were added up. Add up their squares, then take the root.")
    def sizes_added(gradients, limit):
        return clip(gradients, limit, together(gradients).abs().sum())

    @mistake(other_length)
    def numbers_added(gradients, limit):
        return clip(gradients, limit, together(gradients).sum())

    @mistake(other_length)
    def largest_row_sum(gradients, limit):
        return clip(gradients, limit, sum(g.abs().mean() for g in gradients))

    @mistake("Long gradients were brought to length 1. The limit is missing in the factor: limit / length.")
    def to_length_one(gradients, limit):
        length = norm(gradients)
        return [g / length for g in gradients] if length > limit else gradients

    @mistake(
        "The factor is upside down: with length / limit, long gradients become longer still. It is limit / length."
    )
    def upside_down(gradients, limit):
        length = norm(gradients)
        return [g * length / limit for g in gradients] if length > limit else gradients

    @mistake(
        "The factor was squared. It is limit / length, with the length itself: the root of the sum of the squares."
    )
    def factor_squared(gradients, limit):
        length = norm(gradients)
        return [g * (limit / length) ** 2 for g in gradients] if length > limit else gradients

    @mistake("Long gradients were multiplied by the limit. The factor is limit / length.")
    def times_the_limit(gradients, limit):
        return [g * limit for g in gradients] if norm(gradients) > limit else gradients

    @mistake("Long gradients were only divided by the limit. The factor is limit / length.")
    def over_the_limit(gradients, limit):
        return [g / limit for g in gradients] if norm(gradients) > limit else gradients

    @mistake("Long gradients were set to zero. They keep their direction, and get the length limit.")
    def dropped(gradients, limit):
        return [0 * g for g in gradients] if norm(gradients) > limit else gradients

    @mistake(
        "Nothing was made shorter. Where the length of all together is above the limit, multiply by limit / length."
    )
    def unchanged(gradients, limit):
        return gradients

    @mistake("That is the length, as clip_grad_norm_ returns it. Return the list of the gradients.")
    def length_alone(gradients, limit):
        return norm(gradients)

    @mistake(
        "That is 0, as clip_grad_norm_ returns it where it finds nothing. It takes parameters and looks at their .grad; here the tensors are the gradients themselves."
    )
    def nothing_found(gradients, limit):
        return torch.tensor(0.0)

    @mistake("The list is right, and something else was returned beside it. Return the list alone.")
    def list_and_length(gradients, limit):
        return clip(gradients, limit), norm(gradients)

    @mistake("The list is right, and something else was returned beside it. Return the list alone, without the length.")
    def length_and_list(gradients, limit):
        return norm(gradients), clip(gradients, limit)

    @mistake("That is one long vector. Return a list, with tensors of the shapes that came in.")
    def one_vector(gradients, limit):
        return clip([together(gradients)], limit)[0]

    @mistake("That is one long vector in a list. Return the tensors one by one, in the shapes that came in.")
    def one_vector_in_a_list(gradients, limit):
        return clip([together(gradients)], limit)

    @mistake("The tensors in your list are flat. Each keeps the shape that it came in.")
    def flat(gradients, limit):
        return [g.flatten() for g in clip(gradients, limit)]


def together(gradients):
    return torch.cat([g.flatten() for g in gradients])


def norm(gradients):
    return together(gradients).norm()


def clip(gradients, limit, length=None):
    """As it should be, or with something else in the place of the length."""
    length = norm(gradients) if length is None else length
    return [g * limit / length for g in gradients] if length > limit else gradients
