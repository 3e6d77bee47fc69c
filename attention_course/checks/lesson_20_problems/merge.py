import torch

from ..problem import Problem, mistake


class Merge(Problem):
    """One softmax of two halves that were computed apart."""

    hints = (
        "Both halves have subtracted a largest score of their own. Which one should they have subtracted, and by what factor is each half wrong?",
        "The common m is the larger of the two. A sum that was made with m_a should have been made with m: multiply it by exp(m_a − m). The same factor serves l and o.",
        "m = torch.maximum(m_a, m_b); a, b = (m_a - m).exp(), (m_b - m).exp(); return m, l_a * a + l_b * b, o_a * a + o_b * b.",
    )
    praise = "The order of the halves does not matter, and neither does where they were computed: that is how one sentence can be spread over several machines."

    def inputs(self, generator):
        def half(keys, queries=1, size=1, level=0.0):
            scores = torch.randn(queries, keys, generator=generator) + level
            values = torch.randn(keys, size, generator=generator)
            m = scores.amax(-1, keepdim=True)
            exponentials = (scores - m).exp()
            return m, exponentials.sum(-1, keepdim=True), exponentials @ values

        equal = torch.tensor([[2.0]]), torch.tensor([[1.0]])
        yield (
            "two halves of one key each, with equal scores",
            (*equal, torch.tensor([[3.0]]), *equal, torch.tensor([[5.0]])),
        )
        yield "a second half with the larger score", (*half(1), *half(1, level=3.0))
        yield "a first half with the larger score", (*half(2, level=3.0), *half(3))
        yield "scores near 1,000, whose exponentials overflow", (*half(2, level=1_000.0), *half(2, level=1_000.0))
        yield "four queries, which differ in which half is larger", (*half(3, 4, 2), *half(5, 4, 2))

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
    def upside_down(m_a, l_a, o_a, m_b, l_b, o_b):
        m = torch.maximum(m_a, m_b)
        a, b = (m - m_a).exp(), (m - m_b).exp()
        return m, l_a * a + l_b * b, o_a * a + o_b * b

    @mistake(
        "Only the first half was mended. It is not always the second one that brings the larger score: both get their factor, and for one of them it is 1."
    )
    def first_half_alone(m_a, l_a, o_a, m_b, l_b, o_b):
        m = torch.maximum(m_a, m_b)
        a = (m_a - m).exp()
        return m, l_a * a + l_b, o_a * a + o_b

    @mistake("Here l was mended and o was not. Both are sums of the same exponentials, and need the same factor.")
    def o_not_mended(m_a, l_a, o_a, m_b, l_b, o_b):
        m, ell, _ = Merge.answer(m_a, l_a, o_a, m_b, l_b, o_b)
        return m, ell, o_a + o_b

    @mistake(
        "Here o has been divided by l. It stays a sum until the last half has come; who divides now cannot merge a third half."
    )
    def divided_already(m_a, l_a, o_a, m_b, l_b, o_b):
        m, ell, o = Merge.answer(m_a, l_a, o_a, m_b, l_b, o_b)
        return m, ell, o / ell

    @mistake(
        "The exponentials were brought back to their full size, without a largest score subtracted. It is right on paper, and overflows where scores are large."
    )
    def full_size(m_a, l_a, o_a, m_b, l_b, o_b):
        m = torch.maximum(m_a, m_b)
        a, b = m_a.exp(), m_b.exp()
        return m, (l_a * a + l_b * b) / m.exp(), (o_a * a + o_b * b) / m.exp()

    @mistake(
        "Here m became the sum of both. It is the largest score of all keys, and that is the larger of the two halves' largest."
    )
    def m_added(m_a, l_a, o_a, m_b, l_b, o_b):
        m = m_a + m_b
        a, b = (m_a - m).exp(), (m_b - m).exp()
        return m, l_a * a + l_b * b, o_a * a + o_b * b
