"""Lesson 20's problems: they agree with the package and PyTorch, and with answers and slips in other styles."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch.testing import assert_close

from attention_course.checks import lesson_20 as check
from attention_course.efficient.grouped_query import grouped
from attention_course.efficient.local import LocalAttention
from attention_course.layers import MultiHeadAttention
from attention_course.masks import causal_mask
from attention_course.models.transformer import Config, TransformerDecoder


def merge_numpy(m_a, l_a, o_a, m_b, l_b, o_b):
    m = np.maximum(m_a, m_b)
    return m, l_a * np.exp(m_a - m) + l_b * np.exp(m_b - m), o_a * np.exp(m_a - m) + o_b * np.exp(m_b - m)


def merge_as_keys(m_a, l_a, o_a, m_b, l_b, o_b):
    """Each half as one key with the score log l + m."""
    logs = torch.cat([m_a + l_a.log(), m_b + l_b.log()], -1)
    weights = logs.softmax(-1)
    m = torch.maximum(m_a, m_b)
    ell = (logs - m).exp().sum(-1, keepdim=True)
    return m, ell, ell * (weights[:, :1] * o_a / l_a + weights[:, 1:] * o_b / l_b)


def merge_by_case(m_a, l_a, o_a, m_b, l_b, o_b):
    shrink = (-(m_a - m_b).abs()).exp()
    first = m_a >= m_b
    return (
        torch.where(first, m_a, m_b),
        torch.where(first, l_a + l_b * shrink, l_a * shrink + l_b),
        torch.where(first, o_a + o_b * shrink, o_a * shrink + o_b),
    )


def gradient_numpy(scores, V, output, log_sums, g):
    scores, V, output, log_sums, g = map(np.asarray, (scores, V, output, log_sums, g))
    return np.exp(scores - log_sums) * (g @ V.T - np.einsum("ld,ld->l", g, output)[:, None])


def gradient_loop(scores, V, output, log_sums, g):
    found = torch.zeros_like(scores)
    for i in range(len(scores)):
        for j in range(scores.shape[1]):
            found[i, j] = torch.exp(scores[i, j] - log_sums[i, 0]) * (g[i] @ (V[j] - output[i]))
    return found


def mask_numpy(L, S):
    return np.arange(S)[None] <= np.arange(S - L, S)[:, None]


def mask_list(L, S):
    return [[j <= S - L + i for j in range(S)] for i in range(L)]


def bytes_by_counting(layers, heads, groups, head_size, bytes_a_number, words, window):
    total = 0
    for word in range(words):
        if window is None or words - word < window:
            total += layers * groups * (head_size + head_size) * bytes_a_number
    return total


def bytes_by_shapes(layers, heads, groups, head_size, bytes_a_number, words, window):
    keys = np.zeros((layers, groups, words, head_size), f"V{bytes_a_number}")
    kept = keys if window is None else keys[:, :, max(0, words - window + 1) :]
    return 2 * kept.nbytes


def average_loop(W_K, H, G):
    heads = list(W_K.chunk(H))
    size = H // G
    return torch.cat([torch.stack(heads[i * size : (i + 1) * size]).mean(0) for i in range(G)])


def average_numpy(W_K, H, G):
    W_K = np.asarray(W_K)
    D = len(W_K) // H
    return np.concatenate([sum(np.split(part, H // G)) / (H // G) for part in np.split(W_K, G)]).reshape(G * D, -1)


STYLES = {
    check.merge: [merge_numpy, merge_as_keys, merge_by_case],
    check.score_gradient: [gradient_numpy, gradient_loop],
    check.cached_mask: [mask_numpy, mask_list],
    check.cache_bytes: [bytes_by_counting, bytes_by_shapes],
    check.average_heads: [average_loop, average_numpy],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def merged_with(factor_a, factor_b):
    def answer(m_a, l_a, o_a, m_b, l_b, o_b):
        m = torch.where(m_a > m_b, m_a, m_b)
        a, b = factor_a(m_a, m), factor_b(m_b, m)
        return m, a * l_a + b * l_b, a * o_a + b * o_b

    return answer


def mend(old, new):
    return torch.exp(old - new)


SLIPS = [
    (check.merge, "asked_by_if", lambda m_a, l_a, o_a, m_b, l_b, o_b: (
        lambda m: (m, l_a * mend(m_a, m) + l_b * mend(m_b, m), o_a * mend(m_a, m) + o_b * mend(m_b, m)))(
            max(m_a, m_b))),
    (check.merge, "m_of_the_first", lambda m_a, l_a, o_a, m_b, l_b, o_b: (
        m_a, l_a + l_b * mend(m_b, m_a), o_a + o_b * mend(m_b, m_a))),
    (check.score_gradient, "divided_by_the_root", lambda s, V, o, n, g: (
        gradient_loop(s, V, o, n, g) / V.shape[1] ** 0.5)),
    (check.score_gradient, "overflows", lambda s, V, o, n, g: (
        torch.exp(s) / torch.exp(n) * (g @ V.T - (g * o).sum(1, True)))),
    (check.cached_mask, "another_kind_of_number", lambda L, S: np.tril(np.ones((L, S)), S - L)),
    (check.cached_mask, "infinity_to_be_added", lambda L, S: np.where(mask_numpy(L, S), 0.0, -np.inf)),
    (check.cache_bytes, "none_subtracted_from", lambda n, H, G, D, b, w, x: 2 * n * G * D * b * min(w, x - 1)),
    (check.average_heads, "one_row_a_group", lambda W, H, G: torch.stack([part.mean(0) for part in W.chunk(G)])),
    (check.merge, "upside_down", merged_with(lambda old, new: 1 / mend(old, new), lambda old, new: 1 / mend(old, new))),
    (check.merge, "not_mended", merged_with(lambda *_: 1, lambda *_: 1)),
    (check.merge, "first_half_alone", merged_with(mend, lambda *_: 1)),
    (check.merge, "divided_already", lambda *a: (lambda m, ell, o: (m, ell, o / ell))(*merge_by_case(*a))),
    (check.score_gradient, "without_the_mean", lambda s, V, o, n, g: np.exp(s - n) * (g @ V.T)),
    (check.score_gradient, "softmax_of_the_tile", lambda s, V, o, n, g: (
        gradient_loop(s, V, o, s.logsumexp(-1, True), g))),
    (check.score_gradient, "mean_of_the_tile", lambda s, V, o, n, g: gradient_loop(s, V, (s - n).exp() @ V, n, g)),
    (check.cached_mask, "upper_left", lambda L, S: np.tril(np.ones((L, S), bool))),
    (check.cached_mask, "turned_round", lambda L, S: np.arange(S)[None] > np.arange(S - L, S)[:, None]),
    (check.cached_mask, "not_itself", lambda L, S: [[j < S - L + i for j in range(S)] for i in range(L)]),
    (check.cache_bytes, "heads_counted", lambda n, H, G, D, b, w, x: 2 * n * H * D * b * min(w, (x or 1e9) - 1)),
    (check.cache_bytes, "window_whole", lambda n, H, G, D, b, w, x: 2 * n * G * D * b * min(w, x or 1e9)),
    (check.average_heads, "summed", lambda W, H, G: (
        torch.stack(W.chunk(G)).unflatten(1, (H // G, -1)).sum(1).flatten(0, 1))),
    (check.average_heads, "heads_apart", lambda W, H, G: sum(W.chunk(H // G)) / (H // G)),
]  # fmt: skip


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def given(problem):
    return [arguments for _, arguments in problem.inputs(torch.Generator().manual_seed(0))]


@pytest.mark.parametrize("split", [1, 3, 6])
def test_merged_halves_are_attention(split):
    generator = torch.Generator().manual_seed(0)
    scores, values = torch.randn(2, 7, generator=generator), torch.randn(7, 3, generator=generator)
    halves = []
    for part in (slice(0, split), slice(split, 7)):
        m = scores[:, part].amax(-1, keepdim=True)
        halves += [m, (scores[:, part] - m).exp().sum(-1, keepdim=True), (scores[:, part] - m).exp() @ values[part]]
    _, ell, o = type(check.merge).answer(*halves)
    assert_close(o / ell, scores.softmax(-1) @ values)


def test_the_gradient_is_autograd_s():
    generator = torch.Generator().manual_seed(0)
    scores, V = torch.randn(3, 7, generator=generator).requires_grad_(), torch.randn(7, 4, generator=generator)
    g = torch.randn(3, 4, generator=generator)
    output = scores.softmax(-1) @ V
    (expected,) = torch.autograd.grad(output, scores, g)
    found = type(check.score_gradient).answer(scores[:, 2:5], V[2:5], output, scores.logsumexp(-1, keepdim=True), g)
    assert_close(found, expected[:, 2:5])


def test_the_mask_is_the_package_s():
    for L, S in given(check.cached_mask):
        assert type(check.cached_mask).answer(L, S).equal(causal_mask(L, S))


@pytest.mark.parametrize("window", [None, 4])
def test_the_bytes_are_those_of_a_decoder(window):
    options = {"attend": lambda: LocalAttention(window)} if window else {}
    decoder = TransformerDecoder(12, Config(16, 4, 8, 2, dropout=0.0, **options))
    _, _, state = decoder.step(torch.ones(1, 9, dtype=torch.long))
    held = sum(x.numel() * x.element_size() for block in state.blocks for x in (block.keys, block.values))
    assert type(check.cache_bytes).answer(2, 4, 4, 4, 4, 9, window) == held


def test_the_averages_are_the_package_s():
    layer = MultiHeadAttention(8, 4)
    found = type(check.average_heads).answer(layer.project_key.weight, 4, 2)
    assert_close(found, grouped(layer, 2).project_key.weight)


def test_is_causal_is_the_mistake_upper_left():
    Q, K, V = torch.randn(1, 1, 2, 4), torch.randn(1, 1, 5, 4), torch.randn(1, 1, 5, 4)
    wrong = check.cached_mask.mistakes["upper_left"](2, 5)
    assert_close(
        F.scaled_dot_product_attention(Q, K, V, is_causal=True), F.scaled_dot_product_attention(Q, K, V, wrong)
    )
