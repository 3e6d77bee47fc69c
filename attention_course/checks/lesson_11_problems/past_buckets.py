import torch

from ..problem import Problem, mistake


class PastBuckets(Problem):
    """T5's buckets for a model that looks only back: all of them for the past."""

    hints = (
        "Nothing lies ahead, so nothing need be kept for it: half of *all* buckets are exact now, and the other half share what is farther.",
        "The share of the way from `exact` to `farthest`, on a logarithmic scale, is log(back / exact) / log(farthest / exact): 0 at one end, 1 at the other. "
        "How many buckets are there to share out, and what becomes of what lies beyond?",
        "exact = buckets // 2; grown = exact + (share * (buckets - exact)).long(), with back.clamp(min=1) inside the logarithm; return torch.where(back < exact, "
        "back, grown.clamp(max=buckets - 1)).",
    )
    praise = "T5's encoder, which looks both ways, gives half of the buckets to either side."

    def inputs(self, generator):
        yield "near distances", (torch.arange(4), 8, 32)
        yield "the first that is not near", (torch.tensor([3, 4]), 8, 32)
        yield "distances up to the farthest", (torch.arange(32), 8, 32)
        yield "distances beyond the farthest", (torch.tensor([31, 32, 33, 500]), 8, 32)
        yield "a table of distances", (torch.randint(0, 300, (5, 6), generator=generator), 32, 128)

    def answer(back, buckets, farthest):
        exact = buckets // 2
        share = (back.clamp(min=1) / exact).log() / torch.tensor(farthest / exact).log()
        grown = exact + (share * (buckets - exact)).long()
        return torch.where(back < exact, back, grown.clamp(max=buckets - 1))

    @mistake(
        "Half of the buckets stay empty: they are kept for keys that lie ahead, as in the lesson. This model never looks ahead."
    )
    def half_for_the_future(back, buckets, farthest):
        return PastBuckets.answer(back, buckets // 2, farthest)

    @mistake(
        "Beyond the farthest distance the buckets go on, and a table of biases has no row for them. Whatever is farther falls into the last: clamp."
    )
    def not_clamped(back, buckets, farthest):
        return grown(back, buckets, farthest)

    @mistake("The buckets were rounded to the nearest. They are cut off: a bucket begins where its number is reached.")
    def rounded(back, buckets, farthest):
        exact = buckets // 2
        share = (back.clamp(min=1) / exact).log() / torch.tensor(farthest / exact).log()
        found = (exact + (share * (buckets - exact)).round().long()).clamp(max=buckets - 1)
        return torch.where(back < exact, back, found)

    @mistake(
        "The far distances are shared out evenly. T5 does it on a logarithmic scale: the farther away, the less an exact distance matters."
    )
    def even_steps(back, buckets, farthest):
        exact = buckets // 2
        share = (back - exact) / (farthest - exact)
        found = (exact + (share * (buckets - exact)).long()).clamp(max=buckets - 1)
        return torch.where(back < exact, back, found)

    @mistake("Every distance has a bucket of its own here, up to the last. Only the first half of them is exact.")
    def all_exact(back, buckets, farthest):
        return back.clamp(max=buckets - 1)

    @mistake(
        "The far distances begin again at bucket 0, together with the near ones. The near ones have taken the first half: add it."
    )
    def from_zero(back, buckets, farthest):
        exact = buckets // 2
        found = (grown(back, buckets, farthest) - exact).clamp(max=buckets - exact - 1)
        return torch.where(back < exact, back, found)


def grown(back, buckets, farthest):
    """The buckets, without an end."""
    exact = buckets // 2
    share = (back.clamp(min=1) / exact).log() / torch.tensor(farthest / exact).log()
    return torch.where(back < exact, back, exact + (share * (buckets - exact)).long())
