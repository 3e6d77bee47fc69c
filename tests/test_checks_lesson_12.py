"""Lesson 12's problems: they agree with the package and PyTorch, and with answers and slips in other styles."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch.testing import assert_close

from attention_course.checks import lesson_12 as check
from attention_course.functional import scaled_dot_product_attention
from attention_course.models.transformer import Block, Config, Transformer


def norm_numpy(x, gain, bias):
    x = np.asarray(x)
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * np.asarray(gain) + np.asarray(
        bias
    )


def norm_with_std(x, gain, bias):
    centred = x - x.mean(-1)[..., None]
    return gain * centred / (x.std(-1, unbiased=False, keepdim=True) ** 2 + 1e-5) ** 0.5 + bias


def norm_word_by_word(x, gain, bias):
    rows = [(row - row.mean()) / (row.var(unbiased=False) + 1e-5).sqrt() for row in x.reshape(-1, x.shape[-1])]
    return torch.stack(rows).reshape(x.shape) * gain + bias


def norm_from_squares(x, gain, bias):
    mean, squares = x.mean(-1, keepdim=True), (x * x).mean(-1, keepdim=True)
    return gain * (x - mean) * torch.rsqrt(squares - mean**2 + 1e-5) + bias


def block_in_place(x, norm_1, look, norm_2, feed_forward):
    total = look(norm_1(x))
    total += x
    found = feed_forward(norm_2(total))
    found += total
    return found


def block_in_one_line(x, norm_1, look, norm_2, feed_forward):
    return x + look(norm_1(x)) + feed_forward(norm_2(x + look(norm_1(x))))


def block_step_by_step(x, norm_1, look, norm_2, feed_forward):
    found = look(norm_1(x))
    total = x + found
    thought = feed_forward(norm_2(total))
    return total + thought


def cached_numpy(query, key, value, keys, values):
    query, key, value, keys, values = map(np.asarray, (query, key, value, keys, values))
    keys = np.concatenate([keys, key[:, None]], 1)
    values = np.concatenate([values, value[:, None]], 1)
    scores = np.exp(np.einsum("bd,bnd->bn", query, keys) / np.sqrt(query.shape[1]))
    return np.einsum("bn,bnd->bd", scores / scores.sum(1, keepdims=True), values), keys, values


def cached_by_the_package(query, key, value, keys, values):
    keys, values = (torch.cat([old, new.unsqueeze(1)], 1) for old, new in ((keys, key), (values, value)))
    context, _ = scaled_dot_product_attention(query.unsqueeze(1), keys, values)
    return context.squeeze(1), keys, values


def cached_sentence_by_sentence(query, key, value, keys, values):
    if not keys.shape[1]:
        return value, key[:, None], value[:, None]
    keys = torch.stack([torch.cat([old, new[None]]) for old, new in zip(keys, key, strict=True)])
    values = torch.stack([torch.cat([old, new[None]]) for old, new in zip(values, value, strict=True)])
    rows = [(k @ q / len(q) ** 0.5).softmax(0) @ v for q, k, v in zip(query, keys, values, strict=True)]
    return [torch.stack(rows), keys, values]


def sees_with_a_seed(f, x):
    torch.manual_seed(0)
    rows = []
    for j in range(len(x)):
        changed = x.clone()
        changed[j] = torch.randn(x.shape[1])
        rows.append((f(changed) - f(x)).abs().amax(1) > 1e-6)
    return torch.stack(rows).T


def sees_with_the_words_changed_one_after_another(f, x):
    changed, before, found = x.clone(), f(x), []
    for j in range(len(x)):
        changed[j] = torch.rand(x.shape[1])
        now = f(changed)
        found.append([bool((a - b).abs().max() > 1e-6) for a, b in zip(now, before, strict=True)])
        before = now
    return np.array(found).T


def sees_gradients(f, x):
    x = x.clone().requires_grad_()
    found = torch.zeros(len(x), len(x), dtype=torch.bool)
    for i, output in enumerate(f(x)):
        for number in output:
            (gradient,) = torch.autograd.grad(number, x, retain_graph=True)
            found[i] |= (gradient.abs() > 1e-9).any(1)
    return found


def sees_jacobian(f, x):
    return torch.autograd.functional.jacobian(f, x).abs().amax((1, 3)) > 1e-9


def sees_numpy(f, x):
    x, random = np.asarray(x, dtype=np.float64), np.random.default_rng(0)
    found = np.zeros((len(x), len(x)), dtype=bool)
    for j in range(len(x)):
        changed = x.copy()
        changed[j] = random.normal(size=x.shape[1])
        found[:, j] = np.abs(f(changed) - f(x)).max(1) > 1e-8
    return found


def count_as_a_real_number(S, T, E, F, N):
    return (S + T + 4) * E + T + N * (12 * E * (E + 1.0) + 2 * (2 * E * F + E + F) + 10 * E)


def count_in_parts(S, T, E, F, N):
    total = E * S + E * T + T
    for side in ("reader", "writer"):
        for _ in range(N):
            total += 4 * E**2 + 4 * E + 2 * E  # self-attention and its norm
            if side == "writer":
                total += 4 * E**2 + 4 * E + 2 * E
            total += 2 * E * F + E + F + 2 * E
        total += 2 * E
    return total


def count_the_package(S, T, E, F, N):
    model = Transformer(S, T, Config(size=E, heads=1, hidden=F, layers=N, positions=None))
    return sum(p.numel() for p in model.parameters())


STYLES = {
    check.layer_norm: [norm_numpy, norm_with_std, norm_word_by_word, norm_from_squares],
    check.block: [block_in_one_line, block_step_by_step, block_in_place],
    check.cached_look: [cached_numpy, cached_by_the_package, cached_sentence_by_sentence],
    check.sees: [
        sees_gradients,
        sees_jacobian,
        sees_numpy,
        sees_with_a_seed,
        sees_with_the_words_changed_one_after_another,
    ],
    check.count_parameters: [count_in_parts, count_the_package, count_as_a_real_number],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def sees_sum_of_gradients(f, x):
    x = x.clone().requires_grad_()
    rows = [torch.autograd.grad(output.sum(), x, retain_graph=True)[0] for output in f(x)]
    return torch.stack([(row.abs() > 1e-6).any(1) for row in rows])


def sees_doubled(f, x):
    columns = []
    for j in range(len(x)):
        changed = x.clone()
        changed[j] *= 2
        columns.append((~torch.isclose(f(changed), f(x), atol=1e-6)).any(1))
    return torch.stack(columns, 1)


def cached_late(query, key, value, keys, values):
    weights = (torch.einsum("bd,bnd->bn", query, keys) / query.shape[1] ** 0.5).softmax(-1)
    context = torch.einsum("bn,bnd->bd", weights, values)
    return context, torch.cat([keys, key[:, None]], 1), torch.cat([values, value[:, None]], 1)


def norm_with(divisor):
    return lambda x, gain, bias: (x - x.mean(-1, keepdim=True)) / divisor(x) * gain + bias


def cached_with(scale=lambda D: D**0.5, weigh=lambda scores: scores.softmax(1)):
    def answer(query, key, value, keys, values):
        keys, values = torch.cat([keys, key[:, None]], 1), torch.cat([values, value[:, None]], 1)
        scores = torch.einsum("bd,bnd->bn", query, keys) / scale(query.shape[1])
        return torch.einsum("bn,bnd->bd", weigh(scores), values), keys, values

    return answer


def sees_with(put=lambda word: torch.randn(len(word)), changed=lambda difference: difference.abs() > 1e-6):
    def answer(f, x):
        found = torch.zeros(len(x), len(x), dtype=torch.bool)
        for j in range(len(x)):
            y = x.clone()
            y[j] = put(x[j])
            found[:, j] = changed(f(y) - f(x)).any(1)
        return found

    return answer


SLIPS = [
    (check.layer_norm, "epsilon_outside", norm_with(lambda x: x.std(-1, keepdim=True, unbiased=False) + 1e-5)),
    (check.layer_norm, "one_less_and_late", norm_with(lambda x: x.std(-1, keepdim=True) + 1e-5)),
    (check.layer_norm, "epsilon_at_least", norm_with(
        lambda x: x.var(-1, keepdim=True, correction=0).clamp(min=1e-5).sqrt())),
    (check.layer_norm, "nan_to_zero", lambda x, gain, bias: torch.nan_to_num(
        norm_with(lambda x: x.std(-1, keepdim=True, correction=0))(x, 1, 0)) * gain + bias),
    (check.layer_norm, "as_batch_norm", lambda x, gain, bias: gain * F.batch_norm(
        x.flatten(0, 1), None, None, training=True).view_as(x) + bias if x.shape[0] * x.shape[1] > 1 else bias + 0 * x),
    (check.layer_norm, "against_the_statement", lambda x, gain, bias: F.layer_norm(x, gain.shape, gain, bias)),
    (check.layer_norm, "against_the_statement", lambda x, *a: torch.nn.LayerNorm(x.shape[-1])(x) * a[0] + a[1]),
    (check.block, "without_the_first_norm", lambda x, a, look, b, feed: x + look(x) + feed(b(x + look(x)))),
    (check.block, "found_normalised", lambda x, a, look, b, feed: x + a(look(x)) + b(feed(x + a(look(x))))),
    (check.block, "normalised_again", lambda *a: a[3](block_in_one_line(*a))),
    (check.block, "norms_exchanged", lambda x, a, look, b, feed: block_in_one_line(x, b, look, a, feed)),
    (check.cached_look, "softmax_over_sentences", cached_with(weigh=lambda scores: scores.softmax(0))),
    (check.cached_look, "divided_by_the_size", cached_with(scale=lambda D: D)),
    (check.cached_look, "key_and_value_exchanged", lambda q, k, v, K, V: cached_numpy(q, v, k, K, V)),
    (check.cached_look, "values_before_keys", lambda *a: [cached_numpy(*a)[i] for i in (0, 2, 1)]),
    (check.sees, "set_to_zero", sees_with(lambda word: 0)),
    (check.sees, "rounding_counted", sees_with(changed=lambda difference: difference != 0)),
    (check.sees, "thousandths_missed", sees_with(changed=lambda difference: difference.abs() > 0.01)),
    (check.sees, "grown_ones", sees_with(changed=lambda difference: difference > 1e-6)),
    (check.sees, "another_kind_of_number", lambda f, x: sees_jacobian(f, x).float()),
    (check.count_parameters, "untied_without_bias", lambda S, T, *a: count_in_parts(S, T, *a) + T * a[0] - T),
    (check.count_parameters, "positions_of_one_side", lambda *a: count_in_parts(*a) + 512 * a[2]),
    (check.count_parameters, "one_last_norm", lambda *a: count_in_parts(*a) - 2 * a[2]),
    (check.layer_norm, "one_less", lambda x, gain, bias: (
        (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True) + 1e-5).sqrt() * gain + bias)),
    (check.layer_norm, "over_the_words", lambda x, gain, bias: norm_with_std(x.mT, 1, 0).mT * gain + bias),
    (check.layer_norm, "without_epsilon", lambda x, gain, bias: (
        (x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True, unbiased=False) * gain + bias)),
    (check.block, "norms_behind", lambda x, a, look, b, feed: b(a(x + look(x)) + feed(a(x + look(x))))),
    (check.block, "without_residual", lambda x, a, look, b, feed: feed(b(look(a(x))))),
    (check.block, "side_by_side", lambda x, a, look, b, feed: x + feed(b(x)) + look(a(x))),
    (check.cached_look, "looked_too_early", cached_late),
    (check.cached_look, "cache_not_grown", lambda *a: (cached_by_the_package(*a)[0], a[3], a[4])),
    (check.sees, "transposed", lambda f, x: sees_jacobian(f, x).T),
    (check.sees, "summed", sees_sum_of_gradients),
    (check.sees, "multiplied", sees_doubled),
    (check.count_parameters, "no_cross_attention", lambda S, T, E, F, N: (
        (S + T) * E + T + 2 * N * (4 * E * (E + 1) + 2 * E * F + E + F + 4 * E) + 4 * E)),
]  # fmt: skip


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def test_the_norm_is_pytorch_s():
    for _, (x, gain, bias) in check.layer_norm.inputs(torch.Generator().manual_seed(0)):
        assert_close(type(check.layer_norm).answer(x, gain, bias), F.layer_norm(x, x.shape[-1:], gain, bias))


def test_the_block_is_the_package_s():
    torch.manual_seed(0)
    block, x = Block(Config(size=8, heads=2, hidden=12, dropout=0.0)), torch.randn(1, 5, 8)
    ours = type(check.block).answer(
        x, block.norm_self_attention, lambda y: block.self_attention(y)[0], block.norm_mlp, block.mlp
    )
    assert_close(ours, block(x)[0])


@pytest.mark.parametrize("layers", [1, 2])
def test_the_count_is_the_package_s(layers):
    ours = type(check.count_parameters).answer(12, 11, 6, 10, layers)
    assert ours == count_the_package(12, 11, 6, 10, layers)


def test_the_matrix_is_the_one_that_gradients_show():
    for _, (f, x) in check.sees.inputs(torch.Generator().manual_seed(0)):
        assert type(check.sees).answer(f, x).equal(sees_gradients(f, x))
