"""Lesson 11's problems: they agree with the package, and with answers and slips in other styles."""

import math

import numpy as np
import pytest
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from torch.testing import assert_close

from attention_course.checks import lesson_11 as check
from attention_course.positions import ShawAttention
from attention_course.positions.rotary import rotate
from attention_course.positions.t5 import bucket


def halves_complex(x, places):
    D = x.shape[-1]
    first, second = x.chunk(2, -1)
    angles = places[:, None] / 10_000 ** (torch.arange(0, D, 2) / D)
    turned = torch.complex(first, second) * torch.polar(torch.ones_like(angles), angles)
    return torch.cat([turned.real, turned.imag], -1)


def halves_numpy(x, places):
    x, places = np.asarray(x), np.asarray(places)
    angles = np.outer(places, 10_000.0 ** (-2 * np.arange(x.shape[1] // 2) / x.shape[1]))
    angles = np.concatenate([angles, angles], -1)
    first, second = np.split(x, 2, -1)
    return x * np.cos(angles) + np.concatenate([-second, first], -1) * np.sin(angles)


def shaw_loop(Q, K, vectors):
    L, D = Q.shape
    k = (len(vectors) - 1) // 2
    found = torch.empty(L, L)
    for i in range(L):
        for j in range(L):
            found[i, j] = Q[i] @ (K[j] + vectors[max(-k, min(k, j - i)) + k]) / math.sqrt(D)
    return found


def shaw_numpy(Q, K, vectors):
    Q, K, vectors = map(np.asarray, (Q, K, vectors))
    k, at = len(vectors) // 2, np.arange(len(Q))
    index = np.clip(at[None] - at[:, None], -k, k) + k
    return (Q @ K.T + np.take_along_axis(Q @ vectors.T, index, 1)) / np.sqrt(Q.shape[1])


def buckets_one_by_one(back, buckets, farthest):
    half = buckets // 2

    def one(far):
        if far < half:
            return far
        return min(buckets - 1, half + int(math.log(far / half) / math.log(farthest / half) * half))

    return torch.tensor([one(int(far)) for far in back.flatten()]).view_as(back)


def buckets_numpy(back, buckets, farthest):
    back, half = np.asarray(back), buckets // 2
    share = np.log(np.maximum(back, 1).astype(np.float32) / half) / math.log(farthest / half)
    return np.where(back < half, back, np.minimum(half + np.floor(share * half).astype(int), buckets - 1))


def squeezed_linspace(length, trained):
    return np.arange(length) * (trained / max(length, trained))


def squeezed_branches(length, trained):
    if length <= trained:
        return torch.arange(length)
    return [place * trained / length for place in range(length)]


STYLES = {
    check.rotate_halves: [halves_complex, halves_numpy],
    check.shaw_scores: [shaw_loop, shaw_numpy],
    check.past_buckets: [buckets_one_by_one, buckets_numpy],
    check.squeezed: [squeezed_linspace, squeezed_branches],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def halves_by_neighbours(x, places):
    return rotate(x, places)


def halves_by_pair(x, places):
    return halves_complex(x, places).unflatten(-1, (2, -1)).mT


SLIPS = [
    (check.rotate_halves, "neighbours", halves_by_neighbours),
    (check.rotate_halves, "backwards", lambda x, places: halves_numpy(x, -np.asarray(places))),
    (check.rotate_halves, "counted", lambda x, places: halves_complex(x, torch.arange(len(x)))),
    (check.rotate_halves, "interleaved", lambda x, places: halves_by_pair(x, places).flatten(1)),
    (check.shaw_scores, "turned_round", lambda Q, K, vectors: shaw_loop(Q, K, vectors.flip(0))),
    (check.shaw_scores, "without_scale", lambda Q, K, vectors: shaw_numpy(Q, K, vectors) * math.sqrt(Q.shape[1])),
    (check.shaw_scores, "without_keys", lambda Q, K, vectors: shaw_loop(Q, 0 * K, vectors)),
    (check.past_buckets, "half_for_the_future", lambda back, buckets, farthest: bucket(-back, buckets, farthest)),
    (check.past_buckets, "all_exact", lambda back, buckets, farthest: np.minimum(back, buckets - 1)),
    (check.squeezed, "stretched", lambda length, trained: np.linspace(0, trained, length, endpoint=False)),
    (check.squeezed, "wrapped", lambda length, trained: [place % trained for place in range(length)]),
]  # fmt: skip


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def tried(problem):
    return [arguments for _, arguments in problem.inputs(torch.Generator().manual_seed(0))]


def test_halves_are_neighbours_in_another_order():
    for x, places in tried(check.rotate_halves):
        size = x.shape[-1]
        order = torch.arange(size).view(2, -1).mT.flatten()  # 0, D/2, 1, D/2 + 1, ...
        assert_close(type(check.rotate_halves).answer(x, places)[:, order], rotate(x[:, order], places))


def test_the_scores_are_the_package_s():
    for Q, K, vectors in tried(check.shaw_scores):
        attend = ShawAttention(Q.shape[1], len(vectors) // 2)
        attend.to_keys.data = vectors
        assert_close(type(check.shaw_scores).answer(Q, K, vectors).softmax(-1), attend(Q, K, K)[1])


@pytest.mark.parametrize("buckets", [8, 32])
def test_the_buckets_are_the_package_s_with_twice_as_many(buckets):
    back = torch.arange(300)
    assert type(check.past_buckets).answer(back, buckets, 128).equal(bucket(-back, 2 * buckets, 128))
