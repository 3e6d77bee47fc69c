import torch

from attention_course.checks.problem import Problem, mistake


class Merge(Problem):
    """One softmax of two halves that were computed apart."""

    hints = (
        "Both halves have subtracted a largest score of their own. Which one should they have subtracted, and by what factor is each half wrong?",
        "The common m is the larger of the two. A sum that was made with m_a should have been made with m: multiply it by exp(m_a − m). The same factor serves l and o.",
        "m = torch.maximum(m_a, m_b); a, b = (m_a - m).exp(), (m_b - m).exp(); return m, l_a * a + l_b * b, o_a * a + o_b * b.",
    )
    praise = "The order of the halves does not matter, and neither does where they were computed: that is how one sentence can be spread over several machines."

    def inputs(self, generator):
        def half(keys, queries=1, size=2, level=0.0):
            return summed(torch.randn(queries, keys, generator=generator) + level, size, generator)

        equal = torch.tensor([[2.0]])
        first = equal, torch.tensor([[1.5]]), torch.tensor([[3.0]])
        yield "two halves with equal largest scores", (*first, equal, torch.tensor([[1.2]]), torch.tensor([[5.0]]))
        yield "a second half with the larger score", (*half(1), *half(2, level=3.0))
        yield "a first half with the larger score", (*half(2, level=2.0), *half(3, level=-1.0))
        yield "two halves of negative scores", (*half(2, level=-3.0), *half(3, level=-4.0))
        yield "scores near 200, whose exponentials overflow", (*half(2, level=200.0), *half(2, level=200.0))
        yield "scores near −200", (*half(2, level=-200.0), *half(3, level=-200.0))
        yield "four queries, which differ in which half is larger", (*half(3, 4, 2), *half(5, 4, 2))
        far = torch.tensor([[0.0], [150.0], [-150.0]])
        yield "queries that differ in size", (*half(2, 3, 2, far), *half(3, 3, 2, far))

    def admissible(self, generator):
        L, D, keys_a, keys_b = (int(n) for n in torch.randint(1, 5, (4,), generator=generator))
        level = 60.0 * torch.randint(-3, 4, (L, 1), generator=generator)
        apart = 3.0 * torch.randint(-1, 2, (L, 1), generator=generator)
        scores = [torch.randn(L, keys, generator=generator) for keys in (keys_a, keys_b)]
        return *summed(scores[0] + level, D, generator), *summed(scores[1] + level + apart, D, generator)

    def answer(m_a, l_a, o_a, m_b, l_b, o_b):
        m = torch.maximum(m_a, m_b)
        a, b = (m_a - m).exp(), (m_b - m).exp()
        return m, l_a * a + l_b * b, o_a * a + o_b * b

    @mistake(
        "The sums were added as they are. Each has subtracted a largest score of its own, so they count in different units: bring both to the larger m first."
    )
    def not_mended(m_a, l_a, o_a, m_b, l_b, o_b):
        return torch.maximum(m_a, m_b), l_a + l_b, o_a + o_b

    @mistake(
        "The factors are upside down. With the larger m less is left of a term, so the factor is exp(old m − new m), which is never above 1."
    )
    def upside_down(*halves):
        return merged(*halves, factor=lambda old, other, new: (new - old).exp())

    one_alone = "Only one half was mended. It is not always the same one that brings the larger score: both get their factor, and for one of them it is 1."
    kept = "The m of one half was kept. It is the larger of the two, which differs from query to query: torch.maximum."
    one_for_all = "There is one m for all queries. Each has its own: the larger of its two, torch.maximum."
    full = "The exponentials were brought back to their full size, without a largest score subtracted. Where scores are large they overflow; multiply by exp(old m − new m)."
    as_mean = "Here o was taken for a mean, and weighted by l. It is a sum already, and gets the same factor as l."
    side_by_side = "The two halves were put side by side. Of every query there is to be one m, one l and one o."
    a_truth_value = "Python's `if`, or its max, asks for one truth value, and every query has an m of its own. torch.maximum and torch.where decide for each."
    order = "The three are right, and in the wrong order: m, l, o."
    logarithm = "Asked for is the sum l itself, and the largest score m: no logarithm is taken."
    shares = "The factors were made to sum to one. They only change the unit: exp(old m − new m)."
    difference = "The factor is made of the two old m. It goes from the old to the new one, exp(old m − new m), and is 1 for the half with the larger m."
    winner = "Only the half with the larger score was kept, or of one quantity the larger. The keys of the other half belong to the sums, too."
    not_all = "Three are asked for: m, l and o. A third half could not be merged otherwise."
    no_largest = "A wrong m was subtracted: it is the largest of all scores, whatever its sign, and no other number."

    @mistake(one_alone)
    def first_half_alone(m_a, l_a, o_a, m_b, l_b, o_b):
        m = torch.maximum(m_a, m_b)
        a = (m_a - m).exp()
        return m, l_a * a + l_b, o_a * a + o_b

    @mistake(one_alone)
    def second_half_alone(m_a, l_a, o_a, m_b, l_b, o_b):
        m = torch.maximum(m_a, m_b)
        b = (m_b - m).exp()
        return m, l_a + l_b * b, o_a + o_b * b

    @mistake("Here l was mended and o was not. Both are sums of the same exponentials, and need the same factor.")
    def o_not_mended(m_a, l_a, o_a, m_b, l_b, o_b):
        m, ell, _ = Merge.answer(m_a, l_a, o_a, m_b, l_b, o_b)
        return m, ell, o_a + o_b

    @mistake("Here o was mended and l was not. Both are sums of the same exponentials, and need the same factor.")
    def l_not_mended(m_a, l_a, o_a, m_b, l_b, o_b):
        m, _, o = Merge.answer(m_a, l_a, o_a, m_b, l_b, o_b)
        return m, l_a + l_b, o

    @mistake("The factors of the two halves have changed places: exp(m_a − m) belongs to l_a and o_a.")
    def factors_swapped(*halves):
        return merged(*halves, factor=lambda old, other, new: (other - new).exp())

    @mistake("The factor was applied twice, or its exponent doubled. Once brings a sum to the new m.")
    def factor_squared(*halves):
        return merged(*halves, factor=lambda old, other, new: (2 * (old - new)).exp())

    @mistake("The differences of the m were taken without their exponential. The factor is exp(old m − new m).")
    def without_exponential(*halves):
        return merged(*halves, factor=lambda old, other, new: old - new)

    @mistake("The factor is negative. It is exp(old m − new m), and sums of exponentials stay positive.")
    def negative(*halves):
        return merged(*halves, factor=lambda old, other, new: -(old - new).exp())

    @mistake("Powers of 2 were taken. The sums hold powers of e: exp(old m − new m).")
    def powers_of_two(*halves):
        return merged(*halves, factor=lambda old, other, new: 2 ** (old - new))

    @mistake(difference)
    def difference_of_the_old(*halves):
        return merged(*halves, factor=lambda old, other, new: (old - other).exp())

    @mistake(difference)
    def distance_of_the_old(*halves):
        return merged(*halves, factor=lambda old, other, new: (-(old - other).abs()).exp())

    @mistake(shares)
    def softmax_of_both(*halves):
        return merged(*halves, factor=lambda old, other, new: (old - other).sigmoid())

    @mistake(shares)
    def softmax_by_hand(*halves):
        return merged(*halves, factor=lambda old, other, new: old.exp() / (old.exp() + other.exp()))

    @mistake(
        "Here o has been divided by l. It stays a sum until the last half has come; who divides now cannot merge a third half."
    )
    def divided_already(*halves):
        m, ell, o = Merge.answer(*halves)
        return m, ell, o / ell

    @mistake(as_mean)
    def o_as_a_mean(m_a, l_a, o_a, m_b, l_b, o_b):
        m, ell, o = Merge.answer(m_a, l_a, o_a * l_a, m_b, l_b, o_b * l_b)
        return m, ell, o / ell

    @mistake(as_mean)
    def o_times_l(m_a, l_a, o_a, m_b, l_b, o_b):
        return Merge.answer(m_a, l_a, o_a * l_a, m_b, l_b, o_b * l_b)

    @mistake(as_mean)
    def not_mended_and_weighted(m_a, l_a, o_a, m_b, l_b, o_b):
        return torch.maximum(m_a, m_b), l_a + l_b, (o_a * l_a + o_b * l_b) / (l_a + l_b)

    @mistake(
        "Each o was divided by its own l. It stays a sum until the last half has come, and shares its factor with l."
    )
    def each_divided(m_a, l_a, o_a, m_b, l_b, o_b):
        return Merge.answer(m_a, l_a, o_a / l_a, m_b, l_b, o_b / l_b)

    @mistake("The result was halved. The sums of both halves add up to those of all keys.")
    def halved(*halves):
        m, ell, o = Merge.answer(*halves)
        return m, ell / 2, o / 2

    @mistake(full)
    def full_size(m_a, l_a, o_a, m_b, l_b, o_b):
        m, ell, o = Merge.full_size_left(m_a, l_a, o_a, m_b, l_b, o_b)
        return m, ell / m.exp(), o / m.exp()

    @mistake(full)
    def full_size_left(*halves):
        return merged(*halves, factor=lambda old, other, new: old.exp())

    @mistake(
        "Here m became the sum of both. It is the largest score of all keys, and that is the larger of the two halves' largest."
    )
    def m_added(*halves):
        return merged(*halves, largest=torch.add)

    @mistake("Here m became the mean of both. It is the largest score of all keys: the larger of the two.")
    def m_averaged(*halves):
        return merged(*halves, largest=lambda a, b: (a + b) / 2)

    @mistake("Here m became the smaller of both. It is the largest score of all keys: the larger of the two.")
    def m_smaller(*halves):
        return merged(*halves, largest=torch.minimum)

    @mistake("Here m became the product of both. It is the largest score of all keys: the larger of the two.")
    def m_multiplied(*halves):
        return merged(*halves, largest=torch.mul)

    @mistake(no_largest)
    def m_by_its_size(*halves):
        return merged(*halves, largest=lambda a, b: torch.where(a.abs() > b.abs(), a, b))

    @mistake(no_largest)
    def m_never_negative(*halves):
        return merged(*halves, largest=lambda a, b: torch.maximum(a, b).clamp(min=0))

    @mistake(no_largest)
    def m_zero(*halves):
        return merged(*halves, largest=lambda a, b: torch.zeros_like(a))

    @mistake(kept)
    def m_of_the_first(*halves):
        return merged(*halves, largest=lambda a, b: a)

    @mistake(kept)
    def m_of_the_second(*halves):
        return merged(*halves, largest=lambda a, b: b)

    @mistake(kept)
    def m_of_one_for_all_queries(*halves):
        return merged(*halves, largest=lambda a, b: a if a.sum() > b.sum() else b)

    @mistake(one_for_all)
    def one_m(*halves):
        return merged(*halves, largest=lambda a, b: torch.maximum(a.max(), b.max()))

    @mistake(one_for_all)
    def one_m_for_each(*halves):
        return merged(*halves, largest=lambda a, b: torch.maximum(a.max(), b.max()).expand_as(a))

    @mistake(a_truth_value)
    def asked_by_if(*halves):
        return merged(*halves, largest=lambda a, b: a if a > b else b)

    @mistake(side_by_side)
    def in_columns(m_a, l_a, o_a, m_b, l_b, o_b):
        return tuple(torch.cat(pair, -1) for pair in ((m_a, m_b), (l_a, l_b), (o_a, o_b)))

    @mistake(side_by_side)
    def in_rows(m_a, l_a, o_a, m_b, l_b, o_b):
        return tuple(torch.cat(pair) for pair in ((m_a, m_b), (l_a, l_b), (o_a, o_b)))

    @mistake(logarithm)
    def m_with_the_logarithm(*halves):
        m, ell, o = Merge.answer(*halves)
        return m + ell.log(), ell, o

    @mistake(logarithm)
    def logarithm_of_l(*halves):
        m, ell, o = Merge.answer(*halves)
        return m, ell.log(), o

    @mistake("Here l was taken for a logarithm. It is a sum, and sums are added after they have got their factors.")
    def l_as_a_logarithm(m_a, l_a, o_a, m_b, l_b, o_b):
        m, _, o = Merge.answer(m_a, l_a, o_a, m_b, l_b, o_b)
        return m, torch.logaddexp(l_a + m_a - m, l_b + m_b - m), o

    @mistake(winner)
    def the_larger_half(m_a, l_a, o_a, m_b, l_b, o_b):
        first = m_a > m_b
        return torch.maximum(m_a, m_b), torch.where(first, l_a, l_b), torch.where(first, o_a, o_b)

    @mistake(winner)
    def the_larger_l(m_a, l_a, o_a, m_b, l_b, o_b):
        return torch.maximum(m_a, m_b), torch.maximum(l_a, l_b), o_a + o_b

    @mistake("The two l were multiplied. They are sums over different keys: add them.")
    def l_multiplied(m_a, l_a, o_a, m_b, l_b, o_b):
        m, _, o = Merge.answer(m_a, l_a, o_a, m_b, l_b, o_b)
        return m, l_a * (m_a - m).exp() * l_b * (m_b - m).exp(), o

    @mistake(not_all)
    def without_m(*halves):
        return Merge.answer(*halves)[1:]

    @mistake(not_all)
    def the_output(*halves):
        _, ell, o = Merge.answer(*halves)
        return o / ell

    @mistake(order)
    def backwards(*halves):
        return Merge.answer(*halves)[::-1]

    @mistake(order)
    def l_first(*halves):
        m, ell, o = Merge.answer(*halves)
        return ell, m, o

    @mistake("The last axis of m and l is lost. They are (L, 1), so that they can be laid beside o.")
    def axis_lost(*halves):
        m, ell, o = Merge.answer(*halves)
        return m[:, 0], ell[:, 0], o


def summed(scores, size, generator):
    """The three of one half, for values drawn at random."""
    m = scores.amax(-1, keepdim=True)
    exponentials = (scores - m).exp()
    values = torch.randn(scores.shape[-1], size, generator=generator)
    return m, exponentials.sum(-1, keepdim=True), exponentials @ values


def merged(m_a, l_a, o_a, m_b, l_b, o_b, largest=torch.maximum, factor=lambda old, other, new: (old - new).exp()):
    """Both halves merged in a way of one's own. factor: of an old m, the other old one and the new one."""
    m = largest(m_a, m_b)
    a, b = factor(m_a, m_b, m), factor(m_b, m_a, m)
    return m, l_a * a + l_b * b, o_a * a + o_b * b
