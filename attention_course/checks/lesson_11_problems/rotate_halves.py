import torch

from ..problem import Problem, mistake


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

        yield "one pair at place 1", (torch.tensor([[1.0, 0.0]]), torch.tensor([1]))
        yield "one pair at place 2, its second number", (torch.tensor([[0.0, 1.0]]), torch.tensor([2]))
        yield "two pairs at place 1", (torch.tensor([[1.0, 2.0, 3.0, 4.0]]), torch.tensor([1]))
        yield "three words of six numbers", (randn(3, 6), torch.arange(3))
        yield "three words at places 5, 2 and 9", (randn(3, 8), torch.tensor([5, 2, 9]))

    def answer(x, places):
        D = x.shape[-1]
        rates = 10_000 ** (-torch.arange(0, D, 2) / D)
        angles = places[:, None] * rates  # (L, D / 2)
        first, second = x.chunk(2, -1)
        sin, cos = angles.sin(), angles.cos()
        return torch.cat([first * cos - second * sin, first * sin + second * cos], -1)

    @mistake("Nothing was turned: what comes back is x itself.")
    def not_turned(x, places):
        return x.clone()

    @mistake(
        "Those are the lesson's pairs of neighbours, (0, 1), (2, 3) and so on. Here number m of the first half belongs to number m of the second."
    )
    def neighbours(x, places):
        sin, cos = sin_cos(places, x.shape[-1])
        even, odd = x[:, 0::2], x[:, 1::2]
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(1)

    @mistake(
        "The pairs are right, but the result stands in the order of neighbours. What came from the halves goes back into the halves: cat and not stack."
    )
    def interleaved(x, places):
        return torch.stack(turned(x, *sin_cos(places, x.shape[-1])), -1).flatten(1)

    @mistake(
        "They are turned backwards: the sign of the sine stands at the wrong number. Turning by a positive angle takes (1, 0) to (cos, sin)."
    )
    def backwards(x, places):
        sin, cos = sin_cos(places, x.shape[-1])
        return torch.cat(turned(x, -sin, cos), -1)

    @mistake(
        "All pairs turn at one speed. Pair m turns by 10000^(-2m/D) a place, so that some hands are slow enough to tell far places apart."
    )
    def one_speed(x, places):
        angles = places[:, None] * torch.ones(x.shape[-1] // 2)
        return torch.cat(turned(x, angles.sin(), angles.cos()), -1)

    @mistake("The rates fall too slowly: the exponent is -2m/D for pair m, and -m/D came.")
    def slow_fall(x, places):
        D = x.shape[-1]
        angles = places[:, None] * 10_000 ** (-torch.arange(D // 2) / D)
        return torch.cat(turned(x, angles.sin(), angles.cos()), -1)

    @mistake(
        "The words were taken to stand at 0, 1, 2 and so on. With a cache, a new word comes alone and stands at place 57: use `places`."
    )
    def counted(x, places):
        return torch.cat(turned(x, *sin_cos(torch.arange(len(x)), x.shape[-1])), -1)

    @mistake(
        "The second half does not turn with the first: its new numbers are made of second * cos + first * sin, from the old first half."
    )
    def one_after_the_other(x, places):
        sin, cos = sin_cos(places, x.shape[-1])
        first, second = x.chunk(2, -1)
        first = first * cos - second * sin
        return torch.cat([first, first * sin + second * cos], -1)


def sin_cos(places, size):
    """Sine and cosine of each place's angles, (L, size / 2) each."""
    angles = places[:, None] * 10_000 ** (-torch.arange(0, size, 2) / size)
    return angles.sin(), angles.cos()


def turned(x, sin, cos):
    """Both halves, turned."""
    first, second = x.chunk(2, -1)
    return first * cos - second * sin, first * sin + second * cos
