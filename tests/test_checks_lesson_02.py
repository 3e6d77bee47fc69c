"""Lesson 02's problems: answers in other styles, slips as learners make them, and what the sentences promise."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch.testing import assert_close

from attention_course.checks import lesson_02 as check
from attention_course.scores import AdditiveScore, MultiplicativeScore


def additive_einsum(queries, keys, W_Q, W_K, u):
    sums = torch.einsum("ble,ed->bld", queries, W_Q)[:, :, None] + torch.einsum("bse,ed->bsd", keys, W_K)[:, None]
    return torch.einsum("blsd,d->bls", sums.tanh(), u)


def additive_numpy(queries, keys, W_Q, W_K, u):
    queries, keys, W_Q, W_K = (np.asarray(x) for x in (queries, keys, W_Q, W_K))
    q, k = np.dot(queries, W_Q), np.dot(keys, W_K)
    return np.tanh(q[:, :, np.newaxis, :] + k[:, np.newaxis, :, :]) @ np.asarray(u)


def additive_loops(queries, keys, W_Q, W_K, u):
    out = torch.zeros(len(queries), queries.shape[1], keys.shape[1])
    for n in range(len(queries)):
        for i, x in enumerate(queries[n]):
            for j, y in enumerate(keys[n]):
                out[n, i, j] = torch.tanh(x @ W_Q + y @ W_K) @ u
    return out


def hidden_numpy(W_Q, W_K):
    return np.asarray(W_Q) @ np.asarray(W_K).T


def hidden_outer(W_Q, W_K):
    return sum(torch.outer(one, two) for one, two in zip(W_Q.T, W_K.T, strict=True))


def hidden_unit_vectors(W_Q, W_K):
    return [[float((W_Q[i] * W_K[j]).sum()) for j in range(len(W_K))] for i in range(len(W_Q))]


def spread_root(D, query_std, key_std, repeats):
    return math.sqrt(D * repeats) * query_std * key_std


def spread_tensor(D, query_std, key_std, repeats):
    return torch.tensor(D * repeats).sqrt() * query_std * key_std


def cosine_library(queries, keys, temperature):
    return F.cosine_similarity(queries[:, None], keys[None], dim=-1) / temperature


def cosine_normalize(queries, keys, temperature):
    return F.normalize(queries, dim=-1) @ F.normalize(keys, dim=-1).T / temperature


def cosine_numpy(queries, keys, temperature):
    lengths = np.linalg.norm(queries, axis=-1)[:, None] * np.linalg.norm(keys, axis=-1)
    return np.divide(queries @ keys.T, lengths, out=np.zeros(lengths.shape), where=lengths > 0) / temperature


STYLES = {
    check.additive_scores: [additive_einsum, additive_numpy],
    check.hidden_matrix: [hidden_numpy, hidden_outer, hidden_unit_vectors],
    check.score_spread: [spread_root, spread_tensor],
    check.cosine_scores: [cosine_library, cosine_normalize, cosine_numpy],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


SLIPS = [
    (check.additive_scores, "against_the_statement", additive_loops),
    (check.additive_scores, "against_the_statement",
     lambda q, k, *rest: torch.stack([additive_einsum(a[None], b[None], *rest)[0] for a, b in zip(q, k, strict=True)])),
    (check.additive_scores, "matrices_swapped",
     lambda q, k, W_Q, W_K, u: additive_einsum(q, k, W_K, W_Q, u)),
    (check.additive_scores, "only_pairs", lambda q, k, W_Q, W_K, u: torch.tanh(k @ W_K + q @ W_Q).matmul(u)),
    (check.additive_scores, "turned_round",
     lambda q, k, W_Q, W_K, u: additive_einsum(q, k, W_Q, W_K, u).transpose(1, 2)),
    (check.additive_scores, "weights_returned",
     lambda q, k, W_Q, W_K, u: torch.softmax(additive_einsum(q, k, W_Q, W_K, u), 2)),
    (check.hidden_matrix, "transposed", lambda W_Q, W_K: (W_Q @ W_K.T).T),
    (check.score_spread, "root_of_D", lambda D, *_: math.sqrt(D)),
    (check.score_spread, "repeats_ignored", lambda D, q, k, r: math.sqrt(D * q**2 * k**2)),
    (check.cosine_scores, "nan_for_zeros",
     lambda q, k, t: q @ k.T / q.norm(dim=1)[:, None] / k.norm(dim=1) / t),
    (check.cosine_scores, "temperature_forgotten", lambda q, k, t: F.normalize(q) @ F.normalize(k).T),
    (check.cosine_scores, "lengths_left", lambda q, k, t: torch.einsum("le,se->ls", q, k) / t),
]  # fmt: skip


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def test_the_answers_are_the_package_s_scores():
    torch.manual_seed(0)
    queries, keys = torch.randn(2, 3, 4), torch.randn(2, 5, 6)
    additive, multiplicative = AdditiveScore(4, 6, 3), MultiplicativeScore(4, 6, 3)
    matrices = [(m.project_query.weight.mT, m.project_key.weight.mT) for m in (additive, multiplicative)]
    assert_close(type(check.additive_scores).answer(queries, keys, *matrices[0], additive.u), additive(queries, keys))
    W = type(check.hidden_matrix).answer(*matrices[1])
    assert_close(queries @ W @ keys.mT, multiplicative(queries, keys))


@pytest.mark.parametrize("repeats", [1, 4])
def test_the_spread_is_the_spread(repeats):
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(20_000, 64 // repeats, generator=generator).repeat(1, repeats) for _ in range(2))
    measured = (0.5 * a * 3 * b).sum(-1).std().item()
    assert measured == pytest.approx(type(check.score_spread).answer(64, 0.5, 3.0, repeats), rel=0.03)


def test_of_the_four_networks_only_the_first_gets_no_gradient():
    noise = torch.randn(200, 8, generator=torch.Generator().manual_seed(0))
    values = torch.rand(200, 8, generator=torch.Generator().manual_seed(1))
    found = {}
    for letter, scores in {"A": 30 * noise, "B": 300 + noise, "C": 0.1 * noise - 300, "D": 0 * noise}.items():
        scores.requires_grad_()
        (scores.softmax(-1) * values).sum().backward()
        found[letter] = scores.grad.norm(dim=-1).median().item()
    assert found["A"] < 1e-3 and min(found[letter] for letter in "BCD") > 0.05
    assert check.stands_still.right == "A"


def test_queries_of_zero_learn():
    queries, keys = torch.zeros(1, 4, requires_grad=True), torch.randn(8, 4, requires_grad=True)
    ((queries @ keys.mT).softmax(-1) @ torch.randn(8, 1)).sum().backward()
    assert not keys.grad.any() and queries.grad.any()
