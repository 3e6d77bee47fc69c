"""Lesson 19's problems: they agree with the package, and with answers and slips in other styles."""

import math

import numpy as np
import pytest
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch.testing import assert_close

from attention_course.checks import lesson_19 as check
from attention_course.efficient.hashing import addresses, hash_vectors, hashing_mask
from attention_course.layers.reversible import run_backwards
from attention_course.masks import others_mask


def buckets_numpy(x, R):
    turned = np.einsum("nd,rdb->rnb", np.asarray(x), np.asarray(R))
    return np.concatenate([turned, -turned], -1).argmax(-1)


def buckets_by_loops(x, R):
    found = []
    for axes in R:
        ends = list(axes.T) + [-axis for axis in axes.T]
        found.append([max(range(len(ends)), key=lambda e: float(vector @ ends[e])) for vector in x])
    return torch.tensor(found)


def largest_of_absolutes(x, R):
    turned = x @ R
    axis = turned.abs().argmax(-1)
    positive = turned.gather(-1, axis[..., None]).squeeze(-1) > 0
    return torch.where(positive, axis, axis + R.shape[-1])


def meets_by_loops(buckets, window):
    mask = [[False] * len(buckets) for _ in buckets]
    for i, bucket in enumerate(buckets):
        members = [j for j in range(i) if buckets[j] == bucket][-window:]
        for j in members or [i]:
            mask[i][j] = True
    return mask


def meets_numpy(buckets, window):
    buckets = np.asarray(buckets)
    earlier = np.tril(buckets[:, None] == buckets, -1)
    ranks = earlier.sum(-1)  # of each in its bucket
    mask = earlier & (ranks[:, None] - ranks <= window)
    return mask | (np.eye(len(buckets), dtype=bool) & (ranks == 0)[:, None])


def softmax_undivided(outputs, sums):
    exponentials = (sums - sums.max(0).values).exp()
    return torch.einsum("rn,rnd->nd", exponentials, outputs) / exponentials.sum(0)[:, None]


def softmax_numpy(outputs, sums):
    outputs, sums = np.asarray(outputs), np.asarray(sums)
    total = np.logaddexp.reduce(sums, axis=0)
    return (np.exp(sums - total)[..., None] * outputs).sum(0)


def one_after_the_other(outputs, sums):
    output, total = outputs[0], sums[0]
    for its_output, its_sum in zip(outputs[1:], sums[1:], strict=True):
        share = torch.sigmoid(its_sum - total)[:, None]
        output, total = (1 - share) * output + share * its_output, torch.logaddexp(total, its_sum)
    return output


def count_up(p, wanted):
    rounds, missed = 0, 1.0
    while 1 - missed < wanted:
        rounds, missed = rounds + 1, missed * (1 - p)
    return rounds


def back_in_place_of_names(F, G, y1, y2):
    return [y1 - F(y2 - G(y1)), y2 - G(y1)]


def back_by_steps(F, G, y1, y2):
    return run_backwards([F, G], y1, y2)


STYLES = {
    check.buckets: [buckets_numpy, buckets_by_loops, largest_of_absolutes],
    check.rounds_needed: [
        count_up,
        lambda p, wanted: math.ceil(math.log2(1 - wanted) / math.log2(1 - p)),
        lambda p, wanted: float(np.ceil(np.log1p(-wanted) / np.log1p(-p))),
    ],
    check.who_meets: [meets_by_loops, meets_numpy],
    check.one_softmax: [softmax_undivided, softmax_numpy, one_after_the_other],
    check.way_back: [back_in_place_of_names, back_by_steps],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


SLIPS = [
    (check.buckets, "behind_the_rounds", lambda x, R: np.concatenate([x @ R, -(x @ R)]).argmax(-1)),
    (check.buckets, "negative_ends_first", lambda x, R: buckets_numpy(-x, R)),
    (check.rounds_needed, "more_than_wanted", lambda p, wanted: int(math.log(1 - wanted) / math.log(1 - p)) + 1),
    (check.rounds_needed, "at_most_a_thousand", lambda p, wanted: next(
        (r for r in range(1, 1000) if 1 - (1 - p) ** r >= wanted), None)),
    (check.who_meets, "one_too_many", lambda b, w: meets_by_loops(b, w + 1)),
    (check.who_meets, "itself_alone", lambda b, w: np.eye(len(b), dtype=bool)),
    (check.one_softmax, "added_up", lambda outputs, sums: sum(outputs)),
    (check.one_softmax, "one_maximum_for_all", lambda outputs, sums: (
        torch.einsum("rn,rnd->nd", (sums - sums.max()).exp(), outputs) / (sums - sums.max()).exp().sum(0)[:, None])),
    (check.way_back, "g_of_x1", lambda F, G, y1, y2: (lambda x1: (x1, y2 - G(x1)))(y1 - F(y2 - G(y1)))),
    (check.buckets, "one_end_only", lambda x, R: np.einsum("nd,rdb->rnb", x, R).argmax(-1)),
    (check.buckets, "opposite_together", lambda x, R: np.abs(np.einsum("nd,rdb->rnb", x, R)).argmax(-1)),
    (check.buckets, "rounds_last", lambda x, R: buckets_numpy(x, R).T),
    (check.rounds_needed, "added_up", lambda p, wanted: -int(-wanted // p)),
    (check.rounds_needed, "rounded_down", lambda p, wanted: count_up(p, wanted) - 1),
    (check.rounds_needed, "in_all_rounds", lambda p, wanted: math.ceil(math.log(wanted, p))),
    (check.who_meets, "always_itself", lambda b, w: torch.tensor(meets_by_loops(b, w)) | torch.eye(len(b)).bool()),
    (check.who_meets, "without_window", lambda b, w: meets_by_loops(b, len(b))),
    (check.who_meets, "alone_with_nothing", lambda b, w: torch.tensor(meets_by_loops(b, w)) & others_mask(len(b))),
    (check.one_softmax, "averaged", lambda outputs, sums: sum(outputs) / len(outputs)),
    (check.one_softmax, "overflows", lambda outputs, sums: (
        torch.einsum("rn,rnd->nd", sums.exp(), outputs) / sums.exp().sum(0)[:, None])),
    (check.way_back, "f_of_the_output", lambda F, G, y1, y2: [y1 - F(y2), y2 - G(y1)]),
    (check.way_back, "exchanged", lambda F, G, y1, y2: [y1 - G(y2 - F(y1)), y2 - F(y1)]),
]  # fmt: skip


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def solved(problem):
    """The solution's answers beside what it was asked."""
    for _, arguments in problem.inputs(torch.Generator().manual_seed(0)):
        yield arguments, type(problem).answer(*arguments)


def test_buckets_are_the_package_s():
    for (x, R), answer in solved(check.buckets):
        assert answer.equal(hash_vectors(x, R))


def test_who_meets_is_the_package_s_mask():
    for (buckets, window), answer in solved(check.who_meets):
        mask = hashing_mask(addresses(buckets[None], window), window, causal=True)
        others = others_mask(len(buckets))
        assert (answer & others).equal(mask & others)


def test_one_softmax_is_one_softmax():
    generator = torch.Generator().manual_seed(0)
    scores, values = torch.randn(3, 4, 5, generator=generator), torch.randn(3, 5, 2, generator=generator)
    outputs = scores.softmax(-1) @ values
    together = scores.transpose(0, 1).flatten(1).softmax(-1) @ values.flatten(0, 1)
    assert_close(type(check.one_softmax).answer(outputs, scores.logsumexp(-1)), together)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_so_many_rounds_are_enough_and_one_fewer_is_not(p):
    for wanted in (0.3, 0.77, 0.99):
        rounds = type(check.rounds_needed).answer(p, wanted)
        assert 1 - (1 - p) ** rounds >= wanted > 1 - (1 - p) ** (rounds - 1)


def test_the_way_back_is_the_package_s():
    for (F, G, y1, y2), answer in solved(check.way_back):
        assert_close(answer, run_backwards([F, G], y1, y2))
