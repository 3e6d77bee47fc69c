"""Lesson 09's problems: they agree with the package, and with answers and slips in other styles."""

import numpy as np
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch.testing import assert_close

from attention_course.checks import lesson_09 as check
from attention_course.layers import SelfAttention, hop_penalty
from attention_course.lessons.lesson_09.built import additive_attend
from attention_course.masks import length_mask, others_mask


def relate_numpy(x, V, W_Q, W_K, u, real):
    x, V, W_Q, W_K, u, real = map(np.asarray, (x, V, W_Q, W_K, u, real))
    scores = np.einsum("bijk,k->bij", np.tanh((x @ W_Q)[:, :, None] + (x @ W_K)[:, None]), u)
    shares = np.exp(scores) * real[:, None]
    return shares / shares.sum(-1, keepdims=True) @ V


def relate_padding_gets_nothing(x, V, W_Q, W_K, u, real):
    scores = torch.tanh((x @ W_Q)[:, :, None] + (x @ W_K)[:, None]) @ u
    return scores.masked_fill(~real[:, None], -1e9).softmax(-1) @ V * real[..., None]


def relate_padding_gets_nan(x, V, W_Q, W_K, u, real):
    scores = torch.tanh((x @ W_Q)[:, :, None] + (x @ W_K)[:, None]) @ u
    return scores.masked_fill(~(real[:, None] & real[:, :, None]), -torch.inf).softmax(-1) @ V


def relate_asked_first(x, V, W_Q, W_K, u, real):
    scores = (torch.tanh((x @ W_K)[:, :, None] + (x @ W_Q)[:, None]) * u).sum(-1)
    return torch.where(real[:, :, None], scores, -torch.inf).softmax(1).mT @ V


def relate_mapped(x, V, W_Q, W_K, u, real):
    def one(x, V, real):
        scores = torch.tanh((x @ W_Q)[:, None] + x @ W_K) @ u
        return scores.masked_fill(~real, -torch.inf).softmax(-1) @ V

    return torch.vmap(one)(x, V, real)


def relate_sentence_by_sentence(x, V, W_Q, W_K, u, real):
    alone = [slice(b, b + 1) for b in range(len(x))]
    return torch.cat([relate_asked_first(x[b], V[b], W_Q, W_K, u, real[b]) for b in alone])


def relate_number_by_number(x, V, W_Q, W_K, u, real):
    asking, asked = np.asarray(x @ W_Q), np.asarray(x @ W_K)
    scores = sum(u[i].item() * np.tanh(asking[:, :, None, i] + asked[:, None, :, i]) for i in range(len(u)))
    shares = np.exp(scores) * np.asarray(real)[:, None]
    return shares / shares.sum(-1, keepdims=True) @ np.asarray(V)


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


def penalty_formula(A):
    return (A @ A.mT).square().sum((1, 2)) - 2 * A.square().sum((1, 2)) + A.shape[1]


def may_ask_numpy(lengths, longest, reach):
    i, j = np.indices((longest, longest))
    return (np.abs(i - j) <= reach) & (i != j) & (j < np.asarray(lengths)[:, None, None])


def may_ask_loops(lengths, longest, reach):
    mask = torch.zeros(len(lengths), longest, longest, dtype=torch.bool)
    for b, length in enumerate(lengths.tolist()):
        for i in range(longest):
            mask[b, i, max(0, i - reach) : i + reach + 1] = True
            mask[b, i, i] = False
        mask[b, :, length:] = False
    return mask


def may_ask_lists(lengths, longest, reach):
    return [
        [[j < n and j != i and abs(i - j) <= reach for j in range(longest)] for i in range(longest)]
        for n in lengths.tolist()
    ]


def may_ask_package(lengths, longest, reach):
    near = torch.ones(longest, longest, dtype=torch.bool).tril(reach).triu(-reach)
    return length_mask(lengths, longest) & others_mask(longest) & near


STYLES = {
    check.batch_relate: [
        relate_numpy,
        relate_padding_gets_nothing,
        relate_padding_gets_nan,
        relate_asked_first,
        relate_mapped,
    ],
    check.penalty: [penalty_norm, penalty_loops, penalty_formula],
    check.may_ask: [may_ask_lists, may_ask_package, may_ask_numpy, may_ask_loops],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def relate_with(weigh):
    def answer(x, V, W_Q, W_K, u, real):
        scores = torch.tanh((x @ W_Q)[:, :, None] + (x @ W_K)[:, None]) @ u
        return weigh(scores, real) @ V

    return answer


def far(longest):
    places = np.arange(longest)
    return places - places[:, None]


def may_ask_from_reach_back(lengths, longest, reach):
    mask = may_ask_loops(lengths, longest, 0)
    for b, length in enumerate(lengths):
        for i in range(longest):
            mask[b, i, i - reach : i + reach + 1] = True
            mask[b, i, i] = False
        mask[b, :, length:] = False
    return mask


SLIPS = [
    (check.batch_relate, "against_the_statement", relate_sentence_by_sentence),
    (check.batch_relate, "against_the_statement", relate_number_by_number),
    (check.batch_relate, "score_of_zero", relate_with(lambda e, real: (e * real[:, None]).softmax(-1))),
    (check.batch_relate, "score_of_minus_ten", relate_with(
        lambda e, real: torch.where(real[:, None], e, -10.0).softmax(-1))),
    (check.batch_relate, "score_of_minus_ten", relate_with(
        lambda e, real: torch.where(real[:, None], e, -20.0).softmax(-1))),
    (check.batch_relate, "padding_asked", relate_with(
        lambda e, real: e.masked_fill(~real[:, :, None], -1e9).softmax(-1))),
    (check.batch_relate, "mask_inverted_with_a_low_number", relate_with(
        lambda e, real: e.masked_fill(real[:, None], -1e9).softmax(-1))),
    (check.batch_relate, "masked_after_softmax", relate_with(
        lambda e, real: e.softmax(-1) * real[:, None] * real[:, :, None])),
    (check.batch_relate, "mask_without_an_axis", relate_with(
        lambda e, real: e.masked_fill(~real, -torch.inf).softmax(-1))),
    (check.batch_relate, "padding_at_the_end", relate_with(
        lambda e, real: e.masked_fill(~length_mask(real.sum(1), e.shape[-1]), -torch.inf).softmax(-1))),
    (check.batch_relate, "softmax_over_queries", relate_with(
        lambda e, real: e.masked_fill(~real[:, None], -1e9).softmax(1))),
    (check.batch_relate, "matrices_swapped", lambda x, V, W_Q, W_K, u, real: relate_numpy(x, V, W_K, W_Q, u, real)),
    (check.batch_relate, "padding_asked", lambda x, V, W_Q, W_K, u, real: relate_numpy(x, V, W_Q, W_K, u, real | True)),
    (check.penalty, "words_compared", lambda A: torch.linalg.matrix_norm(A.mT @ A - torch.eye(A.shape[-1])) ** 2),
    (check.penalty, "not_squared", lambda A: torch.linalg.matrix_norm(A @ A.mT - torch.eye(A.shape[1]))),
    (check.penalty, "absolute", lambda A: (A @ A.mT - torch.eye(A.shape[1])).abs().sum((1, 2))),
    (check.penalty, "ones_taken_off", lambda A: (A @ A.mT - 1).square().sum((1, 2))),
    (check.penalty, "identity_of_sentences", lambda A: (A @ A.mT - torch.eye(len(A))).square().sum((1, 2))),
    (check.penalty, "diagonal_alone", lambda A: (A.square().sum(-1) - 1).square().sum(-1)),
    (check.penalty, "batch_summed", lambda A: torch.norm(A @ A.mT - torch.eye(A.shape[1])) ** 2),
    (check.may_ask, "another_kind_of_number", lambda n, longest, reach: may_ask_package(n, longest, reach).float()),
    (check.may_ask, "another_kind_of_number", lambda n, longest, reach: [
        [[int(0 < abs(i - j) <= reach and j < m) for j in range(longest)] for i in range(longest)] for m in n]),
    (check.may_ask, "to_be_added_with_infinity", lambda *a: torch.where(may_ask_package(*a), 0.0, -torch.inf)),
    (check.may_ask, "no_end_behind", lambda n, longest, reach: (
        np.arange(longest) < n[:, None, None].numpy()) & (far(longest) <= reach) & (far(longest) != 0)),
    (check.may_ask, "start_below_zero", may_ask_from_reach_back),
    (check.may_ask, "padding_may_not_ask", lambda n, longest, reach: (
        may_ask_package(n, longest, reach) & (torch.arange(longest) < n[:, None])[:, :, None])),
    (check.may_ask, "itself_allowed", lambda n, longest, reach: length_mask(n, longest) & torch.ones(
        longest, longest, dtype=torch.bool).tril(reach).triu(-reach)),
    (check.may_ask, "padding_asked", lambda n, longest, reach: (torch.ones(
        len(n), longest, longest, dtype=torch.bool).tril(reach).triu(-reach) & others_mask(longest))),
]  # fmt: skip


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def test_the_contexts_are_the_package_s_and_the_page_s():
    for _, (x, V, W_Q, W_K, u, real) in check.batch_relate.inputs(torch.Generator().manual_seed(0)):
        layer = SelfAttention(x.shape[-1], len(u))
        layer.load_state_dict({"score.project_key.weight": W_K.mT, "score.project_query.weight": W_Q.mT, "score.u": u})
        found = type(check.batch_relate).answer(x, V, W_Q, W_K, u, real)
        assert_close(found, layer(x, real.unsqueeze(1), V)[0])
        assert_close(found, additive_attend(x @ W_Q, x @ W_K, V, u, real.unsqueeze(1))[0])


def test_the_penalty_is_the_package_s():
    for _, (A,) in check.penalty.inputs(torch.Generator().manual_seed(0)):
        assert_close(type(check.penalty).answer(A), hop_penalty(A))
