"""Lesson 11's problems: they agree with the package, and with answers and slips in other styles."""

import math

import numpy as np
import pytest
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
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


def halves_by_matrices(x, places):
    D, found = x.shape[-1], []
    for word, place in zip(x, places, strict=True):
        turn = torch.eye(D)
        for m in range(D // 2):
            cos, sin = (f(torch.tensor(int(place) * 10_000.0 ** (-2 * m / D))) for f in (torch.cos, torch.sin))
            turn[[m, m, m + D // 2, m + D // 2], [m, m + D // 2, m, m + D // 2]] = torch.stack([cos, -sin, sin, cos])
        found.append(turn @ word)
    return torch.stack(found)


def shaw_all_distances(Q, K, vectors):
    """Each query with a vector for every distance there is; row i begins at the distance of the first key."""
    L, k = len(Q), len(vectors) // 2
    with_all = Q @ vectors[torch.arange(1 - L, L).clamp(-k, k) + k].T  # (L, 2L - 1)
    rows = torch.stack([with_all[i, L - 1 - i : 2 * L - 1 - i] for i in range(L)])
    return (Q @ K.T + rows) / math.sqrt(Q.shape[1])


def shaw_row_by_row(Q, K, vectors):
    at, k = torch.arange(len(Q)), len(vectors) // 2
    return torch.stack([(K + vectors[(at - i).clamp(-k, k) + k]) @ q for i, q in enumerate(Q)]) / Q.shape[1] ** 0.5


def buckets_by_search(back, buckets, farthest):
    h = buckets // 2
    begins = torch.tensor([h * (farthest / h) ** (i / h) for i in range(1, h)], dtype=torch.float64)
    return torch.where(back < h, back, h + torch.searchsorted(begins, back.double(), right=True))


STYLES = {
    check.rotate_halves: [halves_complex, halves_numpy, halves_by_matrices],
    check.shaw_scores: [shaw_loop, shaw_numpy, shaw_all_distances, shaw_row_by_row],
    check.past_buckets: [buckets_one_by_one, buckets_numpy, buckets_by_search],
    check.squeezed: [squeezed_linspace, squeezed_branches],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def halves_by_neighbours(x, places):
    return rotate(x, places)


def halves_by_pair(x, places):
    return halves_complex(x, places).unflatten(-1, (2, -1)).mT


def shaw_with_an_array_of_vectors(Q, K, vectors):
    Q, K, vectors = map(np.asarray, (Q, K, vectors))
    k, at = len(vectors) // 2, np.arange(len(Q))
    a = vectors[np.clip(at[None] - at[:, None], -k, k) + k]  # (L, L, D)
    return (Q[:, None] * (K + a)).sum(-1) / np.sqrt(Q.shape[1])


def shaw_not_clamped(Q, K, vectors):
    at = torch.arange(len(Q))
    return (Q @ K.T + (Q @ vectors.T).gather(1, at - at[:, None] + len(vectors) // 2)) / Q.shape[1] ** 0.5


def halves_with_angles_of_neighbours(x, places):
    angles = np.outer(places, 10_000.0 ** (-np.arange(0, x.shape[1], 2) / x.shape[1])).repeat(2, 1)
    first, second = np.split(np.asarray(x), 2, -1)
    return x * np.cos(angles) + np.concatenate([-second, first], -1) * np.sin(angles)


def buckets_with(begin=lambda h: h, share=lambda n, h, farthest: np.log(n / h) / np.log(farthest / h), last=-1):
    def answer(back, buckets, farthest):
        back, h = np.asarray(back), buckets // 2
        far = begin(h) + np.floor(h * share(np.maximum(back, 1), h, farthest)).astype(int)
        return np.where(back < h, back, np.minimum(far, buckets + last))

    return answer


SLIPS = [
    (check.rotate_halves, "angles_of_neighbours", halves_with_angles_of_neighbours),
    (check.rotate_halves, "degrees", lambda x, places: halves_numpy(x, np.radians(places))),
    (check.rotate_halves, "from_the_first_word", lambda x, places: halves_complex(x, places - places[0])),
    (check.rotate_halves, "halves_exchanged", lambda x, places: halves_complex(x, places).roll(x.shape[1] // 2, -1)),
    (check.shaw_scores, "against_the_statement", shaw_with_an_array_of_vectors),
    (check.shaw_scores, "not_clamped", shaw_not_clamped),
    (check.shaw_scores, "with_the_query_s_own_key", lambda Q, K, vectors: (
        shaw_numpy(Q, K, 0 * vectors) + shaw_numpy(K, 0 * K, vectors))),
    (check.shaw_scores, "with_the_key", lambda Q, K, vectors: (
        shaw_numpy(Q, K, 0 * vectors) + shaw_numpy(K, 0 * K, vectors.flip(0)).T)),
    (check.shaw_scores, "divided_by_the_size", lambda Q, K, vectors: shaw_loop(Q, K, vectors) / Q.shape[1] ** 0.5),
    (check.past_buckets, "from_zero", buckets_with(begin=lambda h: 0)),
    (check.past_buckets, "h_above_alone", buckets_with(share=lambda n, h, farthest: np.log(n / h) / np.log(farthest))),
    (check.past_buckets, "clamped_too_late", buckets_with(last=0)),
    (check.past_buckets, "another_kind_of_number", lambda *a: buckets_numpy(*a).astype(float)),
    (check.past_buckets, "distance_clamped_below", lambda back, buckets, farthest: buckets_numpy(
        back.clamp(max=farthest - 1), buckets, farthest)),
    (check.squeezed, "as_it_is", lambda length, trained: np.arange(length)),
    (check.squeezed, "past_the_last", lambda length, trained: (
        np.linspace(0, trained, length) if length > trained else np.arange(length))),
    (check.squeezed, "short_squeezed", lambda length, trained: np.arange(length) * min(1, length / trained)),
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
