"""Lesson 09's problems: they agree with the package, and with answers and slips in other styles."""

import math

import numpy as np
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from torch.testing import assert_close

from attention_course.checks import lesson_09 as check
from attention_course.layers import SelfAttention, hop_penalty
from attention_course.masks import length_mask, others_mask


def relate_numpy(x, h, W_1, W_2, v, real):
    x, h, W_1, W_2, v, real = map(np.asarray, (x, h, W_1, W_2, v, real))
    energies = np.einsum("bijk,k->bij", np.tanh((x @ W_2.T)[:, :, None] + (x @ W_1.T)[:, None]), v)
    shares = np.exp(energies) * real[:, None]
    return shares / shares.sum(-1, keepdims=True) @ h


def relate_loops(x, h, W_1, W_2, v, real):
    contexts = torch.zeros(h.shape)
    for b in range(len(x)):
        for i in range(x.shape[1]):
            keys = [j for j in range(x.shape[1]) if real[b, j]]
            shares = [math.exp(v @ torch.tanh(W_1 @ x[b, j] + W_2 @ x[b, i])) for j in keys]
            contexts[b, i] = sum(share / sum(shares) * h[b, j] for share, j in zip(shares, keys, strict=True))
    return contexts


def penalty_norm(A):
    return torch.linalg.matrix_norm(torch.einsum("bit,bjt->bij", A, A) - torch.eye(A.shape[1])) ** 2


def penalty_loops(A):
    rows = A.tolist()
    return [
        sum(
            (sum(x * y for x, y in zip(a, b, strict=True)) - (i == j)) ** 2
            for i, a in enumerate(s)
            for j, b in enumerate(s)
        )
        for s in rows
    ]


def may_ask_lists(lengths, longest, reach):
    return [
        [[j < n and j != i and abs(i - j) <= reach for j in range(longest)] for i in range(longest)]
        for n in lengths.tolist()
    ]


def may_ask_package(lengths, longest, reach):
    near = torch.ones(longest, longest, dtype=torch.bool).tril(reach).triu(-reach)
    return length_mask(lengths, longest) & others_mask(longest) & near


STYLES = {
    check.batch_relate: [relate_numpy, relate_loops],
    check.penalty: [penalty_norm, penalty_loops],
    check.may_ask: [may_ask_lists, may_ask_package],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


SLIPS = [
    (check.batch_relate, "matrices_swapped", lambda x, h, W_1, W_2, v, real: relate_numpy(x, h, W_2, W_1, v, real)),
    (check.batch_relate, "padding_asked", lambda x, h, W_1, W_2, v, real: relate_numpy(x, h, W_1, W_2, v, real | True)),
    (check.penalty, "words_compared", lambda A: torch.linalg.matrix_norm(A.mT @ A - torch.eye(A.shape[-1])) ** 2),
    (check.penalty, "not_squared", lambda A: torch.linalg.matrix_norm(A @ A.mT - torch.eye(A.shape[1]))),
    (check.may_ask, "itself_allowed", lambda n, longest, reach: length_mask(n, longest) & torch.ones(
        longest, longest, dtype=torch.bool).tril(reach).triu(-reach)),
    (check.may_ask, "padding_asked", lambda n, longest, reach: (torch.ones(
        len(n), longest, longest, dtype=torch.bool).tril(reach).triu(-reach) & others_mask(longest))),
]  # fmt: skip


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def test_the_contexts_are_the_package_s():
    for _, (x, h, W_1, W_2, v, real) in check.batch_relate.inputs(torch.Generator().manual_seed(0)):
        layer = SelfAttention(x.shape[-1], len(v))
        layer.load_state_dict({"score.project_key.weight": W_1, "score.project_query.weight": W_2, "score.v": v})
        contexts, _ = layer(x, real.unsqueeze(1), h)
        assert_close(type(check.batch_relate).answer(x, h, W_1, W_2, v, real), contexts)


def test_the_penalty_is_the_package_s():
    for _, (A,) in check.penalty.inputs(torch.Generator().manual_seed(0)):
        assert_close(type(check.penalty).answer(A), hop_penalty(A))
