import torch

from attention_course.checks.problem import Problem, mistake


class RotateHalves(Problem):
    """Rotary positions with number m of the first half and number m of the second as a pair."""

    hints = (
        "Only one thing differs from the lesson's turn: who is paired with whom. With D = 6 the pairs are (0, 3), (1, 4) and (2, 5).",
        "first, second = x.chunk(2, -1) are the two numbers of all pairs. The angles are places[:, None] * rates, one rate a pair, and so (L, D / 2).",
        "rates = 10_000 ** (-torch.arange(0, D, 2) / D); sin and cos of places[:, None] * rates; torch.cat([first * cos - second * sin, first * sin + "
        "second * cos], -1).",
    )
    praise = "The two layouts do the same with the numbers in another order. But weights trained with one of them are of no use with the other."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "one pair at place 1", (randn(1, 2), torch.tensor([1]))
        yield "one pair at place 3", (randn(1, 2), torch.tensor([3]))
        yield "one pair at place 0, which stays as it is", (randn(1, 2), torch.tensor([0]))
        yield "two words of one pair", (randn(2, 2), torch.arange(2))
        yield "two words of one pair at places 3 and 1", (randn(2, 2), torch.tensor([3, 1]))
        yield "two pairs at place 1", (randn(1, 4), torch.tensor([1]))
        yield "three pairs at place 1", (randn(1, 6), torch.tensor([1]))
        yield "two pairs at place 1500", (randn(1, 4) / 2, torch.tensor([1500]))
        yield "three words of six numbers", (randn(3, 6), torch.arange(3))
        yield "four words at places 5, 2, 9 and 2", (randn(4, 8), torch.tensor([5, 2, 9, 2]))

    def admissible(self, generator):
        L, pairs = (int(n) for n in torch.randint(1, 6, (2,), generator=generator))
        x = (4 * torch.randn(L, 2 * pairs, generator=generator)).round() / 4  # some numbers are equal
        return x, torch.randint(0, 24, (L,), generator=generator)

    def answer(x, places):
        D = x.shape[-1]
        rates = 10_000 ** (-torch.arange(0, D, 2) / D)
        angles = places[:, None] * rates  # (L, D / 2)
        first, second = x.chunk(2, -1)
        sin, cos = angles.sin(), angles.cos()
        return torch.cat([first * cos - second * sin, first * sin + second * cos], -1)

    one_sign = "A sign is wrong in one of the two numbers of a pair, so that it is not turned: (a cos − b sin, a sin + b cos) is."
    new_for_old = "One half was made of the other one's new numbers. Both are made of the old ones: keep those until you have both."
    other_base = "The rates fall from another base than 10000: pair m turns by 10000^(-2m/D) a place."
    exponents = (
        "The first pair turns at the right speed, and the others do not: the exponent is -2m/D, m = 0, 1, 2 and so on."
    )
    half_neighbours = "Halves and neighbours are mixed: numbers, angles or results stand in the one order and are used in the other. Here all are halves: number m of the first half, number m of the second and angle m belong together."
    added = "Sines and cosines were added to the numbers, as the Transformer of 2017 does. Here each pair is turned: its numbers are multiplied by them."

    @mistake("Nothing was turned: what comes back is x itself.")
    def not_turned(x, places):
        return x.clone()

    @mistake(
        "Those are the lesson's pairs of neighbours, (0, 1), (2, 3) and so on. Here number m of the first half belongs to number m of the second."
    )
    def neighbours(x, places):
        return turn(x, places, cut=by_neighbours, join=side_by_side)

    @mistake(
        "The pairs are right, but the result stands in the order of neighbours. What came from the halves goes back into the halves: cat and not stack."
    )
    def interleaved(x, places):
        return turn(x, places, join=side_by_side)

    @mistake(half_neighbours)
    def neighbours_into_halves(x, places):
        return turn(x, places, cut=by_neighbours)

    @mistake(half_neighbours)
    def angles_of_neighbours(x, places):
        angles = (places[:, None] * rates(x.shape[-1])).repeat_interleave(2, -1)
        first, second = x.chunk(2, -1)
        return x * angles.cos() + torch.cat([-second, first], -1) * angles.sin()

    @mistake(half_neighbours)
    def exchanged_with_the_neighbour(x, places):
        angles = (places[:, None] * rates(x.shape[-1])).repeat(1, 2)
        return x * angles.cos() + torch.stack([-x[:, 1::2], x[:, ::2]], -1).flatten(1) * angles.sin()

    @mistake(
        "The pairs were made from both ends, (0, D - 1), (1, D - 2) and so on. Number m belongs to number D/2 + m."
    )
    def from_both_ends(x, places):
        first, second = turn(torch.cat([x[:, : x.shape[1] // 2], x[:, x.shape[1] // 2 :].flip(1)], 1), places).chunk(
            2, -1
        )
        return torch.cat([first, second.flip(1)], 1)

    @mistake("The two halves have changed places in the result. Each number stays where it was.")
    def halves_exchanged(x, places):
        return turn(x, places, join=lambda a, b: torch.cat([b, a], -1))

    @mistake(
        "The two numbers of a pair came back on an axis of their own. Asked for is (L, D), the first half and then the second."
    )
    def stacked(x, places):
        return turn(x, places, join=lambda a, b: torch.stack([a, b], -1))

    @mistake(
        "The two halves came back on an axis of their own. Asked for is (L, D), the first half and then the second."
    )
    def halves_stacked(x, places):
        return turn(x, places, join=lambda a, b: torch.stack([a, b], 1))

    @mistake("Complex numbers came back. Asked for is (L, D): their real parts first, and then their imaginary parts.")
    def still_complex(x, places):
        return turn(x, places, join=torch.complex)

    @mistake(
        "They are turned backwards: the sign of the sine stands at the wrong number. Turning by a positive angle takes (1, 0) to (cos, sin)."
    )
    def backwards(x, places):
        return turn(x, -places)

    @mistake(one_sign)
    def first_with_plus(x, places):
        return turn(x, places, mix=lambda a, b, sin, cos: (a * cos + b * sin, a * sin + b * cos))

    @mistake(one_sign)
    def cosine_with_minus(x, places):
        return turn(x, places, mix=lambda a, b, sin, cos: (a * cos - b * sin, a * sin - b * cos))

    @mistake(one_sign)
    def second_with_minus(x, places):
        return turn(x, places, mix=lambda a, b, sin, cos: (a * cos - b * sin, b * cos - a * sin))

    @mistake(
        "Sine and cosine have changed places. At place 0 the angle is 0, and nothing may change: the number itself is multiplied by the cosine."
    )
    def sine_for_cosine(x, places):
        return turn(x, places, mix=lambda a, b, sin, cos: (a * sin - b * cos, a * cos + b * sin))

    @mistake("Only the first half was changed. Both numbers of a pair turn: the second becomes a sin + b cos.")
    def first_half_alone(x, places):
        return turn(x, places, mix=lambda a, b, sin, cos: (a * cos - b * sin, b))

    @mistake(
        "The numbers were only multiplied by the cosine. In a turn each takes part of the other as well, times the sine."
    )
    def cosine_alone(x, places):
        return turn(x, places, mix=lambda a, b, sin, cos: (a * cos, b * cos))

    @mistake(
        "The first half was multiplied by the cosine and the second by the sine. In a turn each number takes part of both: (a cos − b sin, a sin + b cos)."
    )
    def each_with_one(x, places):
        return turn(x, places, mix=lambda a, b, sin, cos: (a * cos, b * sin))

    @mistake(added)
    def sine_and_cosine_added(x, places):
        return turn(x, places, mix=lambda a, b, sin, cos: (a + sin, b + cos))

    @mistake(added)
    def cosine_and_sine_added(x, places):
        return turn(x, places, mix=lambda a, b, sin, cos: (a + cos, b + sin))

    @mistake(
        "All pairs turn at one speed. Pair m turns by 10000^(-2m/D) a place, so that some hands are slow enough to tell far places apart."
    )
    def one_speed(x, places):
        return turn(x, places, lambda D: torch.ones(D // 2))

    @mistake("The rates fall too slowly: the exponent is -2m/D for pair m, and -m/D came.")
    def slow_fall(x, places):
        return turn(x, places, lambda D: 10_000 ** (-torch.arange(D // 2) / D))

    @mistake(
        "The rates fall too fast: the exponent is -2m/D for pair m, and -4m/D came. The steps of arange(0, D, 2) are 2m already."
    )
    def fast_fall(x, places):
        return turn(x, places, lambda D: rates(D) ** 2)

    @mistake("The rates grow from pair to pair. They fall: the exponent has a minus sign.")
    def growing(x, places):
        return turn(x, places, lambda D: 1 / rates(D))

    @mistake("The slow pairs come first here. Pair 0 is the fastest, by 1 a place, and the last one the slowest.")
    def slow_first(x, places):
        return turn(x, places, lambda D: rates(D).flip(0))

    @mistake("The pairs were counted from 1. Number m begins at 0, so that the first pair turns by 1 a place.")
    def pairs_from_one(x, places):
        return turn(x, places, lambda D: rates(D) * 10_000 ** (-2 / D))

    @mistake(other_base)
    def base_1000(x, places):
        return turn(x, places, lambda D: rates(D) ** 0.75)

    @mistake(other_base)
    def base_100000(x, places):
        return turn(x, places, lambda D: rates(D) ** 1.25)

    @mistake(other_base)
    def base_e(x, places):
        return turn(x, places, lambda D: (-torch.arange(0, D, 2) / D).exp())

    @mistake(exponents)
    def whole_exponents(x, places):
        return turn(x, places, lambda D: 10_000.0 ** (-torch.arange(0, D, 2) // D))

    @mistake(exponents)
    def not_divided(x, places):
        return turn(x, places, lambda D: 10_000.0 ** -torch.arange(0, D, 2))

    @mistake(exponents)
    def down_to_the_base(x, places):
        return turn(x, places, lambda D: 10_000.0 ** -torch.linspace(0, 1, D // 2))

    @mistake("The angles were taken to be degrees. Sine and cosine want them as they are, in radians.")
    def degrees(x, places):
        return turn(x, places * torch.pi / 180)

    @mistake(
        "The words were taken to stand at 0, 1, 2 and so on. With a cache, a new word comes alone and stands at place 57: use `places`."
    )
    def counted(x, places):
        return turn(x, torch.arange(len(x)))

    @mistake("The words were taken to stand at 1, 2, 3 and so on. Where they stand is in `places`.")
    def counted_from_one(x, places):
        return turn(x, torch.arange(len(x)) + 1)

    @mistake("Every word is turned one place too far. Places count from 0, and at 0 nothing is turned.")
    def one_too_far(x, places):
        return turn(x, places + 1)

    @mistake(
        "Places were counted from the first word's. A word is turned by the place where it stands, also where it comes alone."
    )
    def from_the_first_word(x, places):
        return turn(x, places - places[0])

    @mistake("All words are turned alike. The angle is the place times the pair's rate.")
    def place_unused(x, places):
        return turn(x, torch.ones(len(x)))

    @mistake(new_for_old)
    def one_after_the_other(x, places):
        def mix(a, b, sin, cos):
            a = a * cos - b * sin
            return a, a * sin + b * cos

        return turn(x, places, mix=mix)

    @mistake(new_for_old)
    def the_other_after_one(x, places):
        def mix(a, b, sin, cos):
            b = a * sin + b * cos
            return a * cos - b * sin, b

        return turn(x, places, mix=mix)


def rates(D):
    """By how much each pair turns a place."""
    return 10_000.0 ** (-torch.arange(0, D, 2) / D)


def by_halves(x):
    return x.chunk(2, -1)


def by_neighbours(x):
    return x[:, 0::2], x[:, 1::2]


def one_after_another(a, b):
    return torch.cat([a, b], -1)


def side_by_side(a, b):
    return torch.stack([a, b], -1).flatten(1)


def rotated(a, b, sin, cos):
    return a * cos - b * sin, a * sin + b * cos


def turn(x, places, rates=rates, cut=by_halves, mix=rotated, join=one_after_another):
    """As it should be, with one step of it exchanged."""
    angles = places[:, None] * rates(x.shape[-1])
    return join(*mix(*cut(x), angles.sin(), angles.cos()))
