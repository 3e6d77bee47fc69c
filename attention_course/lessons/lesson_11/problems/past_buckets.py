import math

import torch

from attention_course.checks.problem import Problem, mistake


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
        def table(buckets, farthest, *sizes):
            return (
                clear(torch.randint(0, 2 * farthest, sizes, generator=generator), buckets, farthest),
                buckets,
                farthest,
            )

        yield "near distances", (torch.tensor([0, 1, 3]), 8, 32)
        yield "the first that is not near", (torch.tensor([4]), 8, 32)
        yield "distances that are not near", (torch.tensor([5, 7, 9]), 8, 32)
        yield "far distances", (torch.tensor([18, 25, 31]), 8, 32)
        yield "the farthest distance", (torch.tensor([32]), 8, 32)
        yield "a distance beyond the farthest", (torch.tensor([500]), 8, 32)
        yield "two buckets", (torch.tensor([0, 1, 2, 9]), 2, 7)
        yield "four buckets", (torch.tensor([0, 1, 2, 3, 4, 5, 6]), 4, 5)
        yield "a farthest distance next to the exact ones", (torch.tensor([3, 4, 5, 6]), 8, 5)
        yield "all distances up to 60", (clear(torch.arange(61), 40, 150), 40, 150)
        yield "a table of distances", table(32, 128, 5, 6)
        yield (
            "a table of distances for each of two sentences",
            table(2 * int(torch.randint(3, 9, (), generator=generator)), 100, 2, 3, 4),
        )

    def admissible(self, generator):
        half = int(torch.randint(1, 20, (), generator=generator))
        farthest = half + int(2.0 ** (8 * torch.rand((), generator=generator)))
        dimensions = int(torch.randint(1, 4, (), generator=generator))
        sizes = [int(n) for n in torch.randint(1, 5, (dimensions,), generator=generator)]
        back = farthest * 2.5 * torch.rand(sizes, generator=generator) ** 3  # mostly near ones
        return clear(back.long(), 2 * half, farthest), 2 * half, farthest

    def answer(back, buckets, farthest):
        exact = buckets // 2
        share = (back.clamp(min=1) / exact).log() / torch.tensor(farthest / exact).log()
        grown = exact + (share * exact).long()
        return torch.where(back < exact, back, grown.clamp(max=buckets - 1))

    one_logarithm = "That is the logarithm of a quotient, and asked for is the quotient of two logarithms."
    near_lost = (
        "The near distances, too, went through the logarithm. Below h every distance is a bucket: take it as it is."
    )
    lost_h = "One of the distances in the logarithms, or both, were not divided by h. The share is ln(n / h) / ln(farthest / h): 0 at h, 1 at farthest."
    no_share = "The logarithm of n / h was not divided by that of farthest / h. Their quotient goes from 0 at h to 1 at farthest, whatever the base of both."
    from_the_start = "The far distances begin again at bucket 0, together with the near ones. The near ones have taken the first half: add h."
    wrong_factor = (
        "The share of the way was multiplied by another number. Half of the buckets, h of them, are left to share out."
    )
    fixed = "The lesson's numbers were used, 32 buckets up to a distance of 128. Here both are handed over."
    next_bucket = "The far distances do not begin at bucket h: there the share of the way is 0, and h is added to it."
    not_even = "The far distances are not shared out on a logarithmic scale as asked: the share of the way is ln(n / h) / ln(farthest / h)."

    @mistake(
        "Half of the buckets stay empty: they are kept for keys that lie ahead, as in the lesson. This model never looks ahead."
    )
    def half_for_the_future(back, buckets, farthest):
        return bucket(back, buckets // 2, farthest)

    @mistake(
        "Those are the lesson's buckets for keys that lie ahead. Here `back` is how far a key lies back, and all buckets are for the past."
    )
    def taken_for_the_future(back, buckets, farthest):
        return torch.where(back > 0, buckets // 2 + bucket(back, buckets // 2, farthest), 0)

    @mistake(
        "Only a quarter of the buckets hold one distance each, as in the lesson. With all of them for the past it is half."
    )
    def a_quarter_exact(back, buckets, farthest):
        h = max(1, buckets // 4)
        return bucket(back, buckets, farthest, h=h, cut=lambda share, _: (share * (buckets - h)).long())

    @mistake(
        "Beyond the farthest distance the buckets go on, and a table of biases has no row for them. Whatever is farther falls into the last: clamp."
    )
    def not_clamped(back, buckets, farthest):
        return bucket(back, buckets, farthest, end=None)

    @mistake(
        "The farthest distance, and what lies beyond, got the bucket after the last. They count from 0, so that the last is buckets - 1: clamp the bucket to it."
    )
    def clamped_too_late(back, buckets, farthest):
        return bucket(back, buckets, farthest, end=buckets)

    @mistake("The distance was clamped to farthest - 1, which need not fall into the last bucket. Clamp the bucket.")
    def distance_clamped_below(back, buckets, farthest):
        return bucket(back.clamp(max=farthest - 1), buckets, farthest, end=None)

    @mistake("The last bucket stays empty: it is buckets - 1.")
    def last_empty(back, buckets, farthest):
        return bucket(back, buckets, farthest, end=buckets - 2)

    @mistake(
        "Beyond the farthest distance the buckets begin again, so that far words seem near. Whatever is farther falls into the last: clamp."
    )
    def begins_again(back, buckets, farthest):
        return bucket(back, buckets, farthest, end=None) % buckets

    @mistake("The buckets were rounded to the nearest. They are cut off: a bucket begins where its number is reached.")
    def rounded(back, buckets, farthest):
        return bucket(back, buckets, farthest, cut=lambda share, h: (share * h).round().long())

    @mistake("The buckets were rounded up. They are cut off: a bucket begins where its number is reached.")
    def rounded_up(back, buckets, farthest):
        return bucket(back, buckets, farthest, cut=lambda share, h: (share * h).ceil().long())

    @mistake("The far distances have no whole numbers: what comes of the logarithm is cut off to a bucket.")
    def not_cut(back, buckets, farthest):
        return bucket(back, buckets, farthest, cut=lambda share, h: share * h)

    @mistake(
        "The share was cut off before it was multiplied by h, and everything short of the farthest fell into one bucket. Multiply, then cut off."
    )
    def cut_too_early(back, buckets, farthest):
        return bucket(back, buckets, farthest, cut=lambda share, h: h * share.long())

    @mistake(
        "The quotient n / h was cut off inside the logarithm, so that distances fall together that should not. Cut off only at the end."
    )
    def cut_inside(back, buckets, farthest):
        return bucket(back, buckets, farthest, share=lambda n, h: (n // h).log() / math.log(farthest / h))

    @mistake(
        "The share of the way was not multiplied by h, so that all distances up to the farthest fall into one bucket."
    )
    def without_the_factor(back, buckets, farthest):
        return bucket(back, buckets, farthest, cut=lambda share, h: share.long())

    @mistake(
        "The far distances are shared out evenly. T5 does it on a logarithmic scale: the farther away, the less an exact distance matters."
    )
    def even_steps(back, buckets, farthest):
        return bucket(back, buckets, farthest, share=lambda n, h: (n - h) / (farthest - h))

    @mistake(
        "The far distances are shared out evenly, and by the whole of farthest. T5 does it on a logarithmic scale, from h on."
    )
    def even_steps_from_zero(back, buckets, farthest):
        return bucket(back, buckets, farthest, share=lambda n, h: n / farthest)

    @mistake(not_even)
    def root_steps(back, buckets, farthest):
        return bucket(back, buckets, farthest, share=lambda n, h: ((n - h) / (farthest - h)).clamp(min=0).sqrt())

    @mistake(not_even)
    def one_added(back, buckets, farthest):
        return bucket(back, buckets, farthest, share=lambda n, h: (n / h).log1p() / math.log1p(farthest / h))

    @mistake(not_even)
    def distance_from_h(back, buckets, farthest):
        return bucket(
            back, buckets, farthest, share=lambda n, h: (n - h).clamp(min=0).log1p() / math.log1p(farthest - h)
        )

    @mistake("The quotient of the logarithms stands on its head: ln(n / h) / ln(farthest / h).")
    def upside_down(back, buckets, farthest):
        return bucket(back, buckets, farthest, share=lambda n, h: math.log(farthest / h) / (n / h).log())

    @mistake(lost_h)
    def without_h(back, buckets, farthest):
        return bucket(back, buckets, farthest, share=lambda n, h: n.log() / math.log(farthest))

    @mistake(lost_h)
    def h_above_alone(back, buckets, farthest):
        return bucket(back, buckets, farthest, share=lambda n, h: (n / h).log() / math.log(farthest))

    @mistake(lost_h)
    def h_below_alone(back, buckets, farthest):
        return bucket(back, buckets, farthest, share=lambda n, h: n.log() / math.log(farthest / h))

    @mistake(no_share)
    def natural_logarithm(back, buckets, farthest):
        return bucket(back, buckets, farthest, share=lambda n, h: (n / h).log())

    @mistake(no_share)
    def binary_logarithm(back, buckets, farthest):
        return bucket(back, buckets, farthest, share=lambda n, h: (n / h).log2())

    @mistake(no_share)
    def decimal_logarithm(back, buckets, farthest):
        return bucket(back, buckets, farthest, share=lambda n, h: (n / h).log10())

    @mistake(one_logarithm)
    def logarithm_of_the_quotient_floored(back, buckets, farthest):
        return bucket(back, buckets, farthest, share=lambda n, h: (n / farthest).log(), cut=floored)

    @mistake(one_logarithm)
    def logarithm_of_the_quotient(back, buckets, farthest):
        return bucket(back, buckets, farthest, share=lambda n, h: ((n / h) / (farthest / h)).log())

    @mistake(wrong_factor)
    def times_all_buckets(back, buckets, farthest):
        return bucket(back, buckets, farthest, cut=lambda share, h: (share * buckets).long())

    @mistake(wrong_factor)
    def times_one_less(back, buckets, farthest):
        return bucket(back, buckets, farthest, cut=lambda share, h: (share * (h - 1)).long())

    @mistake("Every distance has a bucket of its own here, up to the last. Only the first half of them is exact.")
    def all_exact(back, buckets, farthest):
        return back.clamp(max=buckets - 1)

    @mistake("All far distances fell into one bucket. They share the second half of them, on a logarithmic scale.")
    def far_into_the_last(back, buckets, farthest):
        return torch.where(back < buckets // 2, back, buckets - 1)

    @mistake("All far distances fell into bucket h. They share the second half of the buckets, on a logarithmic scale.")
    def far_into_the_first(back, buckets, farthest):
        return back.clamp(max=buckets // 2)

    @mistake(from_the_start)
    def from_zero(back, buckets, farthest):
        return bucket(back, buckets, farthest, begin=lambda h: 0)

    @mistake(from_the_start)
    def from_zero_to_half(back, buckets, farthest):
        return bucket(back, buckets, farthest, begin=lambda h: 0, end=buckets // 2 - 1)

    @mistake(next_bucket)
    def one_too_far(back, buckets, farthest):
        return bucket(back, buckets, farthest, begin=lambda h: h + 1)

    @mistake(next_bucket)
    def one_too_near(back, buckets, farthest):
        return bucket(back, buckets, farthest, begin=lambda h: h - 1)

    @mistake(
        "The near distances, too, went through the logarithm. Below h every distance is a bucket: take it as it is."
    )
    def near_ones_as_well(back, buckets, farthest):
        return bucket(back, buckets, farthest, near=lambda back, h: back < 0)

    @mistake("More distances than the first h have a bucket each. From h on they share.")
    def exact_up_to_the_last(back, buckets, farthest):
        return bucket(back, buckets, farthest, near=lambda back, h: back < 2 * h)

    @mistake(near_lost)
    def halves_exchanged_floored(back, buckets, farthest):
        return bucket(back, buckets, farthest, near=lambda back, h: back >= h, cut=floored)

    @mistake(near_lost)
    def halves_exchanged(back, buckets, farthest):
        return bucket(back, buckets, farthest, near=lambda back, h: back >= h)

    @mistake("The near distances were counted from 1. Distance 0, the word itself, has bucket 0.")
    def near_from_one(back, buckets, farthest):
        return torch.where(back < buckets // 2, back + 1, bucket(back, buckets, farthest))

    @mistake(fixed)
    def farthest_fixed(back, buckets, farthest):
        return bucket(back, buckets, 128)

    @mistake(fixed)
    def buckets_fixed(back, buckets, farthest):
        return bucket(back, 32, farthest)

    @mistake("The buckets came back in another shape. Each stands where its distance stood.")
    def flat(back, buckets, farthest):
        return bucket(back, buckets, farthest).flatten()


def floored(share, h):
    """The next whole number below, also of negative shares."""
    return (share * h).floor().long()


def share_of(n, h, farthest):
    """How much of the way from h to the farthest is done at n, on a logarithmic scale."""
    return (n / h).log() / math.log(farthest / h)


def clear(back, buckets, farthest):
    """The distances; those where rounding decides between two buckets are exchanged for the first that is not near."""
    h = buckets // 2
    way = h * share_of(back.clamp(min=1).double(), h, farthest)
    doubtful = (back > h) & (back < farthest) & ((way - way.round()).abs() < 1e-4)
    return back.masked_fill(doubtful, h)


def bucket(back, buckets, farthest, h=None, share=None, cut=None, begin=None, end=-1, near=None):
    """As it should be, with one step of it exchanged."""
    h = h or max(1, buckets // 2)
    n = back.clamp(min=1).double()
    way = share_of(n, h, farthest) if share is None else share(n, h)
    grown = (h if begin is None else begin(h)) + ((way * h).long() if cut is None else cut(way, h))
    grown = grown if end is None else grown.clamp(max=buckets - 1 if end == -1 else end)
    return torch.where(back < h if near is None else near(back, h), back, grown)
