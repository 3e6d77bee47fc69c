import math

import torch

from ..problem import Problem, mistake


class WindowWeights(Problem):
    """local-p: softmax inside a window, times a curve around its centre."""

    hints = (
        "Two steps, in this order: a softmax that knows only the words inside the window, then the curve. How far is each word from the centre?",
        "distance = torch.arange(len(energies)) - centre. A word is inside if distance.abs() <= reach; give the others an energy of minus "
        "infinity before the softmax. The curve multiplies what comes out, and sigma is reach / 2.",
        "weights = energies.masked_fill(~inside, -torch.inf).softmax(0), with inside = distance.abs() <= reach; then "
        "weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2)).",
    )
    praise = "A weight changes smoothly when the centre moves, and so the centre has a gradient. The edges of the window have none."

    def inputs(self, generator):
        def number(low, high):
            return low + (high - low) * torch.rand((), generator=generator).item()

        yield "equal energies in a window that holds every word", (torch.zeros(3), 1.0, 2)
        yield "different energies in a window that holds every word", (torch.tensor([1.0, 0.0, 2.0]), 1.0, 2)
        yield "words outside the window", (torch.tensor([0.5, 1.0, 0.0, 2.0, 1.5]), 2.0, 1)
        yield (
            "an energy outside the window that is above all others",
            (torch.tensor([9.0, 1.0, -2.0, -1.0, 0.0]), 3.0, 2),
        )
        yield "a centre between two words", (torch.tensor([0.5, 1.0, 0.0, 2.0, 1.5, 1.0]), 2.4, 1)
        yield "a window that begins before the first word", (torch.tensor([0.5, 1.0, -1.0, 2.0, 1.5]), 0.8, 2)
        yield "nine words", (torch.randn(9, generator=generator), number(4.0, 7.0), 3)

    def answer(energies, centre, reach):
        distance = torch.arange(len(energies)) - centre
        inside = distance.abs() <= reach
        weights = energies.masked_fill(~inside, -torch.inf).softmax(0)
        return weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake(
        "The weights sum to one: they were divided by their sum after the curve. (A curve taken off the energies as distance² / 2σ² comes to the "
        "same.) Luong leaves them as they are, and a centre far from all words with high energies is handed a smaller context."
    )
    def normalised_again(energies, centre, reach):
        weights = WindowWeights.answer(energies, centre, reach)
        return weights / weights.sum()

    @mistake(
        "The curve multiplied the energies, before the softmax. A negative energy would then rise towards the edge of the window. It is the "
        "weights that it multiplies."
    )
    def curve_on_the_energies(energies, centre, reach):
        distance = torch.arange(len(energies)) - centre
        energies = energies * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))
        return energies.masked_fill(distance.abs() > reach, -torch.inf).softmax(0)

    @mistake("The window lacks its ends. A word that is exactly `reach` away from the centre is still inside: <=.")
    def ends_left_out(energies, centre, reach):
        distance = torch.arange(len(energies)) - centre
        weights = energies.masked_fill(distance.abs() >= reach, -torch.inf).softmax(0)
        return weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake(
        "The softmax ran over all words, and those outside the window were set to zero afterwards. They had already taken their share, and what "
        "is left inside can be next to nothing. Mask first, then softmax."
    )
    def masked_afterwards(energies, centre, reach):
        distance = torch.arange(len(energies)) - centre
        weights = energies.softmax(0) * (distance.abs() <= reach)
        return weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake(
        "The window is the wrong way round: it is the words further than `reach` from the centre that get no weight."
    )
    def window_inverted(energies, centre, reach):
        distance = torch.arange(len(energies)) - centre
        weights = energies.masked_fill(distance.abs() <= reach, torch.finfo(energies.dtype).min).softmax(0)
        return weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake("The words were counted from 1. Here the first word is at place 0, and a centre of 0.0 lies on it.")
    def counted_from_one(energies, centre, reach):
        return WindowWeights.answer(energies, centre - 1, reach)

    @mistake(
        "There is no window: every word has a weight. Those that are further than `reach` from the centre have none."
    )
    def without_window(energies, centre, reach):
        distance = torch.arange(len(energies)) - centre
        return energies.softmax(0) * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake(
        "Energies outside the window were set to zero. Zero is an energy like any other, and exp(0) is 1; only minus infinity gives a weight of "
        "zero."
    )
    def energy_zero_outside(energies, centre, reach):
        distance = torch.arange(len(energies)) - centre
        weights = (energies * (distance.abs() <= reach)).softmax(0)
        return weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake(
        "The curve is too wide: sigma is half the reach, so that at the ends of the window the curve has come down to exp(−2), about a seventh."
    )
    def sigma_is_reach(energies, centre, reach):
        return scaled(energies, centre, reach, lambda d: torch.exp(-(d**2) / (2 * reach**2)))

    @mistake("A factor of two is missing below: the exponent is −(i − p)² / (2σ²).")
    def two_forgotten(energies, centre, reach):
        return scaled(energies, centre, reach, lambda d: torch.exp(-(d**2) / (reach / 2) ** 2))

    @mistake("Sigma has not been squared: the exponent is −(i − p)² / (2σ²).")
    def sigma_not_squared(energies, centre, reach):
        return scaled(energies, centre, reach, lambda d: torch.exp(-(d**2) / (2 * (reach / 2))))

    @mistake("The distance has not been squared: the exponent is −(i − p)² / (2σ²).")
    def distance_not_squared(energies, centre, reach):
        return scaled(energies, centre, reach, lambda d: torch.exp(-d.abs() / (2 * (reach / 2) ** 2)))

    @mistake(
        "The curve was divided by σ√(2π), as the density of a normal distribution is. Here it is no density: at the centre it is 1, and leaves the "
        "weight as it was."
    )
    def density(energies, centre, reach):
        sigma = reach / 2
        return scaled(
            energies, centre, reach, lambda d: torch.exp(-(d**2) / (2 * sigma**2)) / (sigma * (2 * torch.pi) ** 0.5)
        )

    @mistake(
        "The curve is missing. So it is local-m: inside the window nothing says where the centre is, and no gradient reaches it."
    )
    def without_curve(energies, centre, reach):
        return scaled(energies, centre, reach, torch.ones_like)

    @mistake(
        "The centre was rounded to the nearest word. It may lie between two words; rounding has no gradient, and the curve is there so that the "
        "centre can be learned."
    )
    def centre_rounded(energies, centre, reach):
        return WindowWeights.answer(energies, round(centre), reach)

    @mistake(
        "The window was cut off at the first word's side: where centre − reach is negative, Python counts it from the end of the row. Begin the "
        "slice at max(0, …), or compare distances and slice nothing."
    )
    def negative_slice(energies, centre, reach):
        first, last = math.ceil(centre - reach), math.floor(centre + reach)
        weights = torch.zeros_like(energies)
        weights[first : last + 1] = energies[first : last + 1].softmax(0)
        distance = torch.arange(len(energies)) - centre
        return weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake(
        "These are the words of the window alone. Every word of the sentence has its place, with a weight of zero outside: (S,)."
    )
    def window_alone(energies, centre, reach):
        inside = (torch.arange(len(energies)) - centre).abs() <= reach
        return WindowWeights.answer(energies, centre, reach)[inside]


def scaled(energies, centre, reach, curve):
    """The weights inside the window, times another curve."""
    distance = torch.arange(len(energies)) - centre
    return energies.masked_fill(distance.abs() > reach, -torch.inf).softmax(0) * curve(distance)
