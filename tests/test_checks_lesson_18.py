"""Lesson 18's problems: they agree with the package, and with answers and slips in other styles."""

import numpy as np
import pytest
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch.testing import assert_close

from attention_course.checks import lesson_18 as check
from attention_course.efficient import gated
from attention_course.efficient.linear import causal_linear_attention
from attention_course.efficient.random_features import PositiveRandomFeatures

pytestmark = pytest.mark.usefixtures("unchecked")  # long texts, word by word


def running_by_definition(q, k, v, g):
    weights = gated.by_definition(q, k, g.log())
    return weights / weights.sum(-1, keepdim=True) @ v


def running_joined(q, k, v, g):
    v, both, outputs = torch.cat([v, torch.ones(len(v), 1)], 1), 0, []
    for one_q, one_k, one_v, gate in zip(q, k, v, g, strict=True):
        both = gate * both + torch.outer(one_k, one_v)
        outputs.append((one_q @ both)[:-1] / (one_q @ both)[-1])
    return torch.stack(outputs)


def running_numpy(q, k, v, g):
    q, k, v, g = map(np.asarray, (q, k, v, g))
    both, outputs = np.zeros((k.shape[1], v.shape[1] + 1)), []
    for one_q, one_k, one_v, gate in zip(q, k, np.c_[v, np.ones(len(v))], g, strict=True):
        both = gate * both + np.outer(one_k, one_v)
        outputs.append((one_q @ both)[:-1] / (one_q @ both)[-1])
    return np.array(outputs)


def chunk_word_by_word(S, z, q, k, v):
    outputs = []
    for one_q, one_k, one_v in zip(q, k, v, strict=True):
        S, z = S + torch.outer(one_k, one_v), z + one_k
        outputs.append(one_q @ S / (one_q @ z))
    return torch.stack(outputs), S, z


def chunk_cumulated(S, z, q, k, v):
    S, z = S + (k[:, :, None] * v[:, None]).cumsum(0), z + k.cumsum(0)
    return torch.einsum("cf,cfd->cd", q, S) / (q * z).sum(1, keepdim=True), S[-1], z[-1]


def chunk_numpy(S, z, q, k, v):
    S, z, q, k, v = map(np.asarray, (S, z, q, k, v))
    inside = np.tril(q @ k.T)
    return [(q @ S + inside @ v) / (q @ z + inside.sum(1))[:, None], S + k.T @ v, z + k.sum(0)]


def features_numpy(x, W):
    x, W = np.asarray(x), np.asarray(W)
    x = x / np.sqrt(np.sqrt(x.shape[-1]))
    return np.exp(x @ W.T - 0.5 * (x * x).sum(-1, keepdims=True)) / np.sqrt(len(W))


def features_as_product(x, W):
    x = x * x.shape[-1] ** -0.25
    return (x @ W.mT).exp() * (-(x.norm(dim=-1, keepdim=True) ** 2) / 2).exp() * len(W) ** -0.5


def delta_as_projection(k, v, beta):
    S = torch.zeros(k.shape[1], v.shape[1])
    for one_k, one_v, share in zip(k, v, beta, strict=True):
        S = (torch.eye(len(one_k)) - share * torch.outer(one_k, one_k)) @ S + share * torch.outer(one_k, one_v)
    return S


def delta_numpy(k, v, beta):
    k, v, beta = map(np.asarray, (k, v, beta))
    S = np.zeros((k.shape[1], v.shape[1]))
    for t in range(len(k)):
        S += beta[t] * np.outer(k[t], v[t] - S.T @ k[t])
    return S


STYLES = {
    check.running: [running_joined, running_numpy],
    check.next_chunk: [chunk_cumulated, chunk_numpy],
    check.random_features: [features_numpy, features_as_product],
    check.delta_rule: [delta_as_projection, delta_numpy],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def running_with(keep, read=lambda sums, divisor: sums / divisor):
    def answer(q, k, v, g):
        S, z, outputs = torch.zeros(k.shape[1], v.shape[1]), torch.zeros(k.shape[1]), []
        for t in range(len(q)):
            S, z = keep(S, torch.outer(k[t], v[t]), g[t]), keep(z, k[t], g[t])
            outputs.append(read(q[t] @ S, q[t] @ z))
        return torch.stack(outputs)

    return answer


def divisor_as_it_was(q, k, v, g):
    return gated.by_definition(q, k, g.log()) @ v / (q * k.cumsum(0)).sum(-1, keepdim=True)


def chunk_with(mask, past, given):
    def answer(S, z, q, k, v):
        new_S, new_z = S + k.mT @ v, z + k.sum(0)
        inside = mask(q @ k.mT)
        read_S, read_z = (new_S, new_z) if past == "new" else (S * past, z * past)
        outputs = (q @ read_S + inside @ v) / (q @ read_z + inside.sum(-1)).unsqueeze(-1)
        return outputs, *given(S, z, new_S, new_z)

    return answer


def features_with(power):
    return lambda x, W: features_numpy(np.asarray(x) * x.shape[-1] ** (0.25 - power), W)


def delta_with(change):
    def answer(k, v, beta):
        S = torch.zeros(k.shape[1], v.shape[1])
        for t in range(len(k)):
            S = S + torch.outer(k[t], change(v[t], S.mT @ k[t], beta[t]))
        return S

    return answer


def new(S, z, new_S, new_z):
    return new_S, new_z


SLIPS = [
    (check.running, "against_the_statement", running_by_definition),
    (
        check.running,
        "only_the_vector_fades",
        lambda q, k, v, g: (q @ k.mT).tril() @ v / gated.by_definition(q, k, g.log()).sum(-1, keepdim=True),
    ),
    (check.next_chunk, "against_the_statement", chunk_word_by_word),
    (
        check.next_chunk,
        "past_missing_in_the_divisor",
        lambda S, z, q, k, v: (chunk_numpy(S, 0 * z, q, k, v)[0], *chunk_numpy(S, z, q, k, v)[1:]),
    ),
    (check.running, "without_divisor", running_with(lambda old, new, g: g * old + new, lambda sums, divisor: sums)),
    (check.running, "without_gate", running_with(lambda old, new, g: old + new)),
    (check.running, "only_the_matrix_fades", divisor_as_it_was),
    (check.running, "faded_after_adding", running_with(lambda old, new, g: g * (old + new))),
    (check.running, "gate_on_the_new_word", running_with(lambda old, new, g: old + g * new)),
    (check.running, "only_the_last_word", running_with(lambda old, new, g: new)),
    (check.running, "not_causal", lambda q, k, v, g: (q @ k.mT) / (q @ k.mT).sum(-1, keepdim=True) @ v),
    (check.next_chunk, "future_in_the_chunk", chunk_with(lambda x: x, 1, new)),
    (check.next_chunk, "counted_twice", chunk_with(torch.tril, "new", new)),
    (check.next_chunk, "future_in_the_chunk", chunk_with(torch.zeros_like, "new", new)),
    (check.next_chunk, "past_forgotten", chunk_with(torch.tril, 0, new)),
    (check.next_chunk, "state_as_it_came", chunk_with(torch.tril, 1, lambda S, z, *_: (S, z))),
    (check.random_features, "whole_scale", features_with(0.5)),
    (check.random_features, "without_scale", features_with(0)),
    (check.random_features, "without_the_mean", lambda x, W: features_numpy(x, W) * len(W) ** 0.5),
    (check.random_features, "divided_by_the_number", lambda x, W: features_numpy(x, W) / len(W) ** 0.5),
    (check.delta_rule, "only_added", delta_with(lambda v, said, beta: beta * v)),
    (check.delta_rule, "without_beta", delta_with(lambda v, said, beta: v - said)),
    (check.delta_rule, "sign_turned", delta_with(lambda v, said, beta: beta * (said - v))),
]


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def test_chunks_and_running_are_the_package_s():
    for _, (q, k, v, g) in check.running.inputs(torch.Generator().manual_seed(0)):
        both = gated.gated_linear_attention(q, k, torch.cat([v, torch.ones(len(v), 1)], -1), g.log())
        assert_close(type(check.running).answer(q, k, v, g), both[:, :-1] / both[:, -1:])
        S, z, outputs = torch.zeros(k.shape[1], v.shape[1]), torch.zeros(k.shape[1]), []
        for chunk in range(0, len(q), 2):
            part = slice(chunk, chunk + 2)
            found, S, z = type(check.next_chunk).answer(S, z, q[part], k[part], v[part])
            outputs.append(found)
        assert_close(torch.cat(outputs), causal_linear_attention(q, k, v))


def test_the_features_are_the_package_s():
    for _, (x, W) in check.random_features.inputs(torch.Generator().manual_seed(0)):
        features = PositiveRandomFeatures(x.shape[-1], len(W))
        features.directions.copy_(W)
        assert_close(type(check.random_features).answer(x, W), features(x))


def test_the_delta_rule_says_the_last_value_of_a_key():
    k = torch.nn.functional.normalize(torch.randn(5, 8), dim=-1)
    v = torch.randn(5, 3)
    S = type(check.delta_rule).answer(torch.cat([k, k[:1]]), torch.cat([v, 2 * v[:1]]), torch.ones(6))
    assert_close(k[0] @ S, 2 * v[0])
