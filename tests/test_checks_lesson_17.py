"""Lesson 17's problems: they agree with the package, and with answers and slips in other styles."""

import numpy as np
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from torch.testing import assert_close

from attention_course.checks import lesson_17 as check
from attention_course.efficient.dilated import DilatedAttention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.reach import layers_needed
from attention_course.efficient.strided import strided_mask


def strided_loop(n, stride):
    return [[j <= i and (i - j < stride or (i - j) % stride == 0) for j in range(n)] for i in range(n)]


def strided_numpy(n, stride):
    i, j = np.indices((n, n))
    return np.tril((i - j < stride) | ((i - j) % stride == 0))


def local_one_query_at_a_time(Q, K, V, w):
    found = []
    for i in range(len(Q)):
        near = slice(max(0, i - w + 1), i + w)
        found.append((Q[i] @ K[near].mT / Q.shape[1] ** 0.5).softmax(-1) @ V[near])
    return torch.stack(found)


def local_chunk_loop(Q, K, V, w):
    n, found = len(Q), []
    for start in range(0, n, w):
        keys = torch.arange(max(0, start - w), min(n, start + 2 * w))
        far = (keys - torch.arange(start, start + w)[:, None]).abs() >= w
        scores = Q[start : start + w] @ K[keys].T / Q.shape[1] ** 0.5
        found.append(scores.masked_fill(far, -torch.inf).softmax(-1) @ V[keys])
    return torch.cat(found)


def local_numpy(Q, K, V, w):
    Q, K, V = map(np.asarray, (Q, K, V))
    n, D = Q.shape
    output = np.zeros_like(V)
    for i in range(n):
        scores = K[max(0, i - w + 1) : i + w] @ Q[i] / np.sqrt(D)
        weights = np.exp(scores - scores.max())
        output[i] = weights / weights.sum() @ V[max(0, i - w + 1) : i + w]
    return output


def dilated_text_by_text(Q, K, V, window, w, g):
    output = torch.empty_like(V)
    for first in range(g):
        output[first::g] = window(Q[first::g], K[first::g], V[first::g], w)
    return output


def dilated_reshape(Q, K, V, window, w, g):
    q, k, v = (x.reshape(len(x) // g, g, -1).permute(1, 0, 2) for x in (Q, K, V))
    return window(q, k, v, w).permute(1, 0, 2).reshape(V.shape)


def heard_by_search(patterns):
    n = len(patterns[0])
    found = torch.zeros(n, n, dtype=torch.bool)
    for i in range(n):
        asked = {i}
        for pattern in reversed(patterns):
            asked |= {j for k in asked for j in range(n) if pattern[k, j]}
        found[i, list(asked)] = True
    return found


def heard_numpy(patterns):
    known = np.eye(len(patterns[0]), dtype=int)
    for pattern in patterns:
        known = np.minimum(known + np.asarray(pattern).astype(int) @ known, 1)
    return known.astype(bool)


def heard_as_one_product(patterns):
    eye = torch.eye(len(patterns[0]))
    known = eye
    for pattern in patterns:
        known = (pattern.float() + eye) @ known
    return known > 0


STYLES = {
    check.strided_pattern: [strided_loop, strided_numpy],
    check.local_both_sides: [local_one_query_at_a_time, local_chunk_loop, local_numpy],
    check.dilated: [dilated_text_by_text, dilated_reshape],
    check.heard_of: [heard_by_search, heard_numpy, heard_as_one_product],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def masked(Q, K, V, w):
    i = np.arange(len(Q))
    far = torch.from_numpy(np.abs(i[:, None] - i) >= w)
    return (Q @ K.T / Q.shape[1] ** 0.5).masked_fill(far, -1e30).softmax(-1) @ V


def chunks_of_three(seen):
    """A learner's three chunks, with a mask of his own."""

    def answer(Q, K, V, w):
        n, found = len(Q), []
        for start in range(0, n, w):
            keys = torch.arange(max(0, start - w), min(n, start + 2 * w))
            queries = torch.arange(start, start + w)[:, None]
            scores = Q[start : start + w] @ K[keys].T / Q.shape[1] ** 0.5
            found.append(scores.masked_fill(~seen(queries, keys, w), -torch.inf).softmax(-1) @ V[keys])
        return torch.cat(found)

    return answer


SLIPS = [
    (check.strided_pattern, "future_seen", lambda n, s: [
        [i - j < s or (i - j) % s == 0 for j in range(n)] for i in range(n)]),
    (check.strided_pattern, "fixed_places", lambda n, s: [
        [j <= i and (i - j < s or j % s == 0) for j in range(n)] for i in range(n)]),
    (check.strided_pattern, "joined_with_and", lambda n, s: torch.eye(n).bool()),
    (check.strided_pattern, "near_only", lambda n, s: np.tril(np.ones((n, n))) - np.tril(np.ones((n, n)), -s) > 0),
    (check.strided_pattern, "transposed", lambda n, s: strided_numpy(n, s).T),
    (check.local_both_sides, "the_whole_square", masked),
    (check.local_both_sides, "three_whole_chunks", chunks_of_three(lambda i, j, w: (i // w - j // w).abs() < 2)),
    (check.local_both_sides, "backwards_only", chunks_of_three(lambda i, j, w: (i >= j) & (j > i - w))),
    (check.local_both_sides, "chunk_by_chunk", chunks_of_three(lambda i, j, w: i // w == j // w)),
    (check.dilated, "pieces", lambda Q, K, V, window, w, g: torch.cat(
        [window(q, k, v, w) for q, k, v in zip(Q.chunk(g), K.chunk(g), V.chunk(g), strict=True)])),
    (check.dilated, "not_brought_back", lambda Q, K, V, window, w, g: torch.cat(
        [window(Q[i::g], K[i::g], V[i::g], w) for i in range(g)])),
    (check.dilated, "no_gaps", lambda Q, K, V, window, w, g: window(Q[None], K[None], V[None], w)[0]),
    (check.heard_of, "wrong_order", lambda patterns: heard_by_search(list(reversed(patterns)))),
    (check.heard_of, "united", lambda patterns: heard_numpy([sum(patterns) > 0])),
    (check.heard_of, "transposed", lambda patterns: heard_numpy(patterns).T),
    (check.global_in_a_decoder, "A", "A"),
    (check.global_in_a_decoder, "E", "e"),
]  # fmt: skip


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def each_input(problem):
    return [arguments for _, arguments in problem.inputs(torch.Generator().manual_seed(0))]


def test_the_answers_are_the_package_s():
    for n, stride in each_input(check.strided_pattern):
        assert type(check.strided_pattern).answer(n, stride).equal(strided_mask(n, stride))
    for *tensors, w in each_input(check.local_both_sides):
        expected, _ = LocalAttention(w, causal=False)(*(x[None] for x in tensors))
        assert_close(type(check.local_both_sides).answer(*tensors, w), expected[0])
    for *tensors, window, w, g in each_input(check.dilated):
        expected, _ = DilatedAttention(w, g)(*(x[None] for x in tensors))
        assert_close(type(check.dilated).answer(*tensors, window, w, g), expected[0])
    for (patterns,) in each_input(check.heard_of):
        assert type(check.heard_of).answer(patterns).equal(layers_needed(patterns) >= 0)


def test_a_square_that_is_no_bigger_than_three_chunks_is_allowed():
    *tensors, w = each_input(check.local_both_sides)[1]
    assert_close(check.local_both_sides.run(masked, *tensors, w), local_one_query_at_a_time(*tensors, w))
