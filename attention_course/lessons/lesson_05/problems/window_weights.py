import math

import torch

from attention_course.checks.problem import Problem, mistake


class WindowWeights(Problem):
    """local-p: softmax inside a window, times a curve around its centre."""

    hints = (
        "Two steps, in this order: a softmax that knows only the words inside the window, then the curve. How far is each word from the centre?",
        "distance = torch.arange(len(scores)) - centre. A word is inside if distance.abs() <= reach; give the others a score of minus "
        "infinity before the softmax. The curve multiplies what comes out, and sigma is reach / 2.",
        "weights = scores.masked_fill(~inside, -torch.inf).softmax(0), with inside = distance.abs() <= reach; then "
        "weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2)).",
    )
    praise = "A weight changes smoothly when the centre moves, and so the centre has a gradient. The edges of the window have none."

    def inputs(self, generator):
        def randn(n):
            return 1.5 * torch.randn(n, generator=generator)

        yield (
            "scores far below zero",
            (torch.tensor([-73.0, -76.0, -74.0, -75.0, -75.5, -74.5, -74.8]), 2.3, 2),
        )
        yield "nine words, and a centre between two of them", (randn(9), 3.6, 3)
        yield "a centre at a word", (randn(7), 3.0, 2)
        yield "the narrowest window", (torch.tensor([0.5, 1.0, 2.0]), 0.0, 1)
        yield "a window that begins before the first word", (randn(5), 0.8, 2)
        yield "a window that ends after the last word", (randn(6), 4.7, 3)
        yield (
            "a score outside the window that is above all others",
            (torch.tensor([9.0, 1.0, -2.0, -1.0, 0.5]), 3.0, 2),
        )
        yield "different scores in a window that holds every word", (torch.tensor([1.0, 0.5, 2.0]), 1.0, 2)
        yield "a sentence of one word", (randn(1), 0.0, 1)
        # So many words outside, and scores so low inside, that -100 in the place of -inf is seen.
        scores = -80 + randn(1200)
        scores[699:703] = torch.tensor([-86.4, -86.6, -86.5, -86.7])
        yield "a very long text, and scores far below zero", (scores, 700.5, 2)

    def admissible(self, generator):
        def number(n):
            return int(torch.randint(n, (), generator=generator))

        words, reach, kind = 1 + number(8), 1 + number(4), number(3)
        centre = [
            float(number(words)),
            number(2 * words - 1) / 2,
            round((words - 1) * torch.rand((), generator=generator).item(), 2),
        ][kind]
        scores = 10.0 ** (number(3) - 1) * torch.randn(words, generator=generator) + 30 * (number(3) - 1)
        return scores.clamp(-40, 40), centre, reach

    def answer(scores, centre, reach):
        distance = torch.arange(len(scores)) - centre
        inside = distance.abs() <= reach
        weights = scores.masked_fill(~inside, -torch.inf).softmax(0)
        return weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake(
        "The weights sum to one: they were divided by their sum after the curve. (A curve taken off the scores as distance² / 2σ² comes to the "
        "same.) Luong leaves them as they are, and a centre far from all words with high scores is handed a smaller context."
    )
    def normalised_again(scores, centre, reach):
        weights = WindowWeights.answer(scores, centre, reach)
        return weights / weights.sum()

    @mistake(
        "The curve multiplied the scores, before the softmax. A negative score would then rise towards the edge of the window. It is the "
        "weights that it multiplies."
    )
    def curve_on_the_scores(scores, centre, reach):
        distance = torch.arange(len(scores)) - centre
        return (scores * gauss(distance, reach)).masked_fill(distance.abs() > reach, -torch.inf).softmax(0)

    @mistake("The curve was added to the scores, before the softmax. It is the weights that it multiplies.")
    def curve_added(scores, centre, reach):
        distance = torch.arange(len(scores)) - centre
        return (scores + gauss(distance, reach)).masked_fill(distance.abs() > reach, -torch.inf).softmax(0)

    ends = "The window lacks an end. A word that is exactly `reach` away from the centre is still inside, on either side: <=."

    @mistake(ends)
    def ends_left_out(scores, centre, reach):
        return local(scores, centre, reach, inside=lambda d, r: d.abs() < r)

    @mistake(ends)
    def first_left_out(scores, centre, reach):
        return local(scores, centre, reach, inside=lambda d, r: (d > -r) & (d <= r))

    @mistake(ends)
    def last_left_out(scores, centre, reach):
        return local(scores, centre, reach, inside=lambda d, r: (d >= -r) & (d < r))

    @mistake(
        "A word has been lost at the end of the window. A slice ends before its second number: [first : last + 1]."
    )
    def slice_too_short(scores, centre, reach):
        return local(scores, centre, reach, inside=lambda d, r: (d >= -r) & (d + centre < math.floor(centre + r)))

    open_side = "The window is open on one side. A word may be `reach` away on either: the distance has to be taken without its sign."

    @mistake(open_side)
    def open_to_the_left(scores, centre, reach):
        return local(scores, centre, reach, inside=lambda d, r: d <= r)

    @mistake(open_side)
    def open_to_the_right(scores, centre, reach):
        return local(scores, centre, reach, inside=lambda d, r: d >= -r)

    one_side = "The window holds the words on one side of the centre alone. It reaches as far to the other."

    @mistake(one_side)
    def right_half_alone(scores, centre, reach):
        return local(scores, centre, reach, inside=lambda d, r: (d >= 0) & (d <= r))

    @mistake(one_side)
    def left_half_alone(scores, centre, reach):
        return local(scores, centre, reach, inside=lambda d, r: (d <= 0) & (d >= -r))

    size = "The window has another size: from the centre it reaches `reach` words to each side, so it is twice as wide as that."

    @mistake(size)
    def half_as_wide(scores, centre, reach):
        return local(scores, centre, reach, inside=lambda d, r: d.abs() <= r / 2)

    @mistake(size)
    def twice_as_wide(scores, centre, reach):
        return local(scores, centre, reach, inside=lambda d, r: d.abs() <= 2 * r)

    @mistake(
        "The window is too wide: its ends were rounded outwards. A word is inside only if it is at most `reach` away from the centre."
    )
    def rounded_outwards(scores, centre, reach):
        first, last = math.floor(centre - reach), math.ceil(centre + reach)
        return local(scores, centre, reach, inside=lambda d, r: (d + centre > first - 0.5) & (d + centre < last + 0.5))

    @mistake(
        "The softmax ran over all words, and those outside the window were set to zero afterwards. They had already taken their share, and what "
        "is left inside can be next to nothing. Mask first, then softmax."
    )
    def masked_afterwards(scores, centre, reach):
        distance = torch.arange(len(scores)) - centre
        return scores.softmax(0) * (distance.abs() <= reach) * gauss(distance, reach)

    inverted = (
        "The window is the wrong way round: it is the words further than `reach` from the centre that get no weight."
    )

    @mistake(inverted)
    def window_inverted(scores, centre, reach):
        lowest = torch.finfo(scores.dtype).min
        return local(scores, centre, reach, inside=lambda d, r: d.abs() > r, outside=lowest)

    @mistake(inverted)
    def window_inverted_with_inf(scores, centre, reach):
        return local(scores, centre, reach, inside=lambda d, r: d.abs() > r)

    @mistake("The words were counted from 1. Here the first word is at place 0, and a centre of 0.0 lies on it.")
    def counted_from_one(scores, centre, reach):
        return WindowWeights.answer(scores, centre - 1, reach)

    @mistake(
        "There is no window: every word has a weight. Those that are further than `reach` from the centre have none."
    )
    def without_window(scores, centre, reach):
        return local(scores, centre, reach, inside=lambda d, r: d.abs() >= 0)

    not_low_enough = (
        "The scores outside the window are not low enough. A number such as 0 or −10, or ten less than there was, is a score like any other: where "
        "those inside are no higher, the words outside take their share. Only minus infinity is below all."
    )

    @mistake(not_low_enough)
    def score_zero_outside(scores, centre, reach):
        return local(scores, centre, reach, outside=0.0)

    @mistake(not_low_enough)
    def score_zero_outside_and_masked(scores, centre, reach):
        return local(scores, centre, reach, outside=0.0) * window(scores, centre, reach)

    @mistake(not_low_enough)
    def score_of_minus_one_outside(scores, centre, reach):
        return local(scores, centre, reach, outside=-1.0)

    @mistake(not_low_enough)
    def score_of_minus_ten_outside(scores, centre, reach):
        return local(scores, centre, reach, outside=-10.0)

    @mistake(not_low_enough)
    def score_of_minus_ten_outside_and_masked(scores, centre, reach):
        return local(scores, centre, reach, outside=-10.0) * window(scores, centre, reach)

    @mistake(not_low_enough)
    def scores_ten_lower_outside(scores, centre, reach):
        return WindowWeights.without_window(scores - 10.0 * ~window(scores, centre, reach), centre, reach)

    @mistake(not_low_enough)
    def score_of_minus_a_hundred_outside(scores, centre, reach):
        return local(scores, centre, reach, outside=-100.0)

    another_width = "The curve has another width: sigma is half the reach, so that at the ends of the window it has come down to exp(−2), about a seventh."

    @mistake(another_width)
    def sigma_is_reach(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: gauss(d, 2 * r))

    @mistake(another_width)
    def sigma_is_twice_the_reach(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: gauss(d, 4 * r))

    @mistake(another_width)
    def sigma_is_a_quarter(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: gauss(d, r / 2))

    @mistake("Half of the reach was rounded down: // gives a whole number, for a reach of 1 even zero. Divide with /.")
    def sigma_rounded_down(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: gauss(d, 2.0 * (r // 2)))

    two = "The 2 is in another place below: the exponent is −(i − p)² / (2σ²), with σ squared and 2 not."

    @mistake(two)
    def two_forgotten(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: torch.exp(-(d**2) / (r / 2) ** 2))

    @mistake(two)
    def two_squared(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: torch.exp(-(d**2) / (2 * r / 2) ** 2))

    @mistake("Brackets are missing: / 2 * sigma ** 2 divides by 2 and then multiplies. Put 2 * sigma ** 2 in brackets.")
    def brackets_missing(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: torch.exp(-(d**2) / 2 * (r / 2) ** 2))

    @mistake("Sigma has not been squared: the exponent is −(i − p)² / (2σ²).")
    def sigma_not_squared(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: torch.exp(-(d**2) / (2 * (r / 2))))

    @mistake("The distance has not been squared: the exponent is −(i − p)² / (2σ²).")
    def distance_not_squared(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: torch.exp(-d.abs() / (2 * (r / 2) ** 2)))

    @mistake(
        "The minus is missing in the exponent, or has been squared away: the curve rises with the distance. It is −(i − p)² / (2σ²), the minus "
        "before the square."
    )
    def rises_outwards(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: 1 / gauss(d, r))

    @mistake(
        "The curve was divided by σ√(2π), as the density of a normal distribution is. Here it is no density: at the centre it is 1, and leaves the "
        "weight as it was."
    )
    def density(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: gauss(d, r) / (r / 2 * (2 * math.pi) ** 0.5))

    @mistake(
        "The curve was divided by its sum. It is no share: at the centre it is 1, and leaves the weight as it was."
    )
    def curve_made_to_sum_to_one(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: gauss(d, r) / gauss(d, r).sum())

    @mistake(
        "The curve is missing. So it is local-m: inside the window nothing says where the centre is, and no gradient reaches it."
    )
    def without_curve(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: torch.ones_like(d))

    whole = (
        "A whole number was made of the centre or of the distances from it. It may lie between two words; rounding has no gradient, "
        "and the curve is there so that the centre can be learned."
    )

    @mistake(whole)
    def centre_rounded(scores, centre, reach):
        return WindowWeights.answer(scores, round(centre), reach)

    @mistake(whole)
    def centre_cut_off(scores, centre, reach):
        return WindowWeights.answer(scores, int(centre), reach)

    @mistake(whole)
    def distances_cut_off(scores, centre, reach):
        distance = (torch.arange(len(scores)) - centre).long()
        return scores.masked_fill(distance.abs() > reach, -torch.inf).softmax(0) * gauss(distance, reach)

    @mistake(whole)
    def centre_rounded_for_the_window(scores, centre, reach):
        return local(scores, centre, reach, inside=lambda d, r: (d + centre - round(centre)).abs() < r + 0.5)

    @mistake(whole)
    def centre_cut_off_for_the_window(scores, centre, reach):
        return local(scores, centre, reach, inside=lambda d, r: (d + centre - int(centre)).abs() < r + 0.5)

    @mistake(whole)
    def centre_rounded_for_the_curve(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: gauss(d + centre - round(centre), r))

    @mistake(whole)
    def centre_cut_off_for_the_curve(scores, centre, reach):
        return local(scores, centre, reach, curve=lambda d, r: gauss(d + centre - int(centre), r))

    @mistake(
        "The window was cut off at the first word's side: where centre − reach is negative, Python counts it from the end of the row. Begin the "
        "slice at max(0, …), or compare distances and slice nothing."
    )
    def negative_slice(scores, centre, reach):
        first, last = math.ceil(centre - reach), math.floor(centre + reach)
        weights = torch.zeros_like(scores)
        weights[first : last + 1] = scores[first : last + 1].softmax(0)
        return weights * gauss(torch.arange(len(scores)) - centre, reach)

    @mistake("The exponentials were not divided by their sum. Before the curve, the weights in the window sum to one.")
    def not_normalised(scores, centre, reach):
        return scores.exp() * window(scores, centre, reach) * gauss(torch.arange(len(scores)) - centre, reach)

    @mistake(
        "A second softmax was taken at the end. It gives weight to words outside the window again, and the curve is lost in it."
    )
    def softmax_again(scores, centre, reach):
        return WindowWeights.answer(scores, centre, reach).softmax(0)

    @mistake("The scores were taken for weights. A softmax makes weights of them, inside the window.")
    def without_softmax(scores, centre, reach):
        return scores * window(scores, centre, reach) * gauss(torch.arange(len(scores)) - centre, reach)

    @mistake("The scores have not been used: before the curve, every word in the window has the same share.")
    def scores_not_used(scores, centre, reach):
        return WindowWeights.answer(torch.zeros_like(scores), centre, reach)

    @mistake(
        "These are the words of the window alone. Every word of the sentence has its place, with a weight of zero outside: (S,)."
    )
    def window_alone(scores, centre, reach):
        return WindowWeights.answer(scores, centre, reach)[window(scores, centre, reach)]


def window(scores, centre, reach):
    """Which words are inside."""
    return (torch.arange(len(scores)) - centre).abs() <= reach


def gauss(distance, reach):
    """The curve."""
    return torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))


def local(scores, centre, reach, inside=lambda d, r: d.abs() <= r, outside=-torch.inf, curve=gauss):
    """The weights, with another window, another score outside of it or another curve."""
    distance = torch.arange(len(scores)) - centre
    return scores.masked_fill(~inside(distance, reach), outside).softmax(0) * curve(distance, reach)
