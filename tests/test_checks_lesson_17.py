"""Lesson 17's problems: they agree with the package, and with answers and slips in other styles."""

import numpy as np
import pytest
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch.testing import assert_close

from attention_course.checks import lesson_17 as check
from attention_course.efficient.dilated import DilatedAttention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.reach import layers_needed
from attention_course.efficient.strided import strided_mask

pytestmark = pytest.mark.usefixtures("unchecked")  # long texts, word by word


def strided_loop(n, stride):
    return [[j <= i and (i - j < stride or (i - j) % stride == 0) for j in range(n)] for i in range(n)]


def strided_numpy(n, stride):
    i, j = np.indices((n, n))
    return np.tril((i - j < stride) | ((i - j) % stride == 0))


def strided_slices(n, stride):
    table = torch.zeros(n, n, dtype=torch.bool)
    for i in range(n):
        table[i, max(0, i - stride) : i + 1 : 1] = True  # one further back is in the column
        table[i, i % stride : i : stride] = True
    return table


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


def local_gathered(Q, K, V, w):
    places = torch.arange(len(Q))[:, None] + torch.arange(1 - w, w)
    there, places = (places >= 0) & (places < len(Q)), places.clamp(0, len(Q) - 1)
    scores = torch.einsum("id,ijd->ij", Q, K[places]) / Q.shape[1] ** 0.5
    return torch.einsum("ij,ijd->id", scores.masked_fill(~there, -torch.inf).softmax(-1), V[places])


def dilated_text_by_text(Q, K, V, window, w, g):
    output = torch.empty_like(V)
    for first in range(g):
        output[first::g] = window(Q[first::g], K[first::g], V[first::g], w)
    return output


def dilated_reshape(Q, K, V, window, w, g):
    q, k, v = (x.reshape(len(x) // g, g, -1).permute(1, 0, 2) for x in (Q, K, V))
    return window(q, k, v, w).permute(1, 0, 2).reshape(V.shape)


def dilated_word_by_word(Q, K, V, window, w, g):
    texts = [slice(i % g, i + 1, g) for i in range(len(Q))]
    return torch.stack([window(Q[text], K[text], V[text], w)[-1] for text in texts])


def needed_by_search(patterns):
    n, rows = len(patterns[0]), []
    asked = {n - 1}
    for pattern in [*reversed(patterns), None]:
        rows.append([word in asked for word in range(n)])
        if pattern is not None:
            asked |= {j for i in asked for j in range(n) if pattern[i, j]}
    return rows[::-1]


def needed_numpy(patterns):
    needed = np.zeros((len(patterns) + 1, len(patterns[0])), dtype=int)
    needed[-1, -1] = 1
    for layer in range(len(patterns) - 1, -1, -1):
        needed[layer] = np.minimum(needed[layer + 1] + needed[layer + 1] @ np.asarray(patterns[layer]).astype(int), 1)
    return needed.astype(bool)


def needed_by_gradients(patterns):
    states = [torch.ones(len(patterns[0]), requires_grad=True)]
    for pattern in patterns:
        states.append(states[-1] + pattern.float() @ states[-1])
    return torch.stack(torch.autograd.grad(states[-1][-1], states)) > 0


def needed_by_products(patterns):
    eye = torch.eye(len(patterns[0]))
    row, rows = eye[-1], [eye[-1] > 0]
    for pattern in patterns[::-1]:
        row = row @ (pattern.float() + eye)
        rows.append(row > 0)
    return torch.stack(rows[::-1])


STYLES = {
    check.strided_pattern: [strided_loop, strided_numpy, strided_slices],
    check.local_both_sides: [local_one_query_at_a_time, local_chunk_loop, local_numpy, local_gathered],
    check.dilated: [dilated_text_by_text, dilated_reshape, dilated_word_by_word],
    check.states_needed: [needed_by_search, needed_numpy, needed_by_products, needed_by_gradients],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def masked(Q, K, V, w, apart=lambda i, j: abs(i - j)):
    i = np.arange(len(Q))
    far = torch.from_numpy(apart(i[:, None], i) >= w)
    return (Q @ K.T / Q.shape[1] ** 0.5).masked_fill(far, -1e30).softmax(-1) @ V


def masked_numpy(Q, K, V, w):
    Q, K, V = (np.asarray(x, float) for x in (Q, K, V))
    i = np.arange(len(Q))
    weights = np.exp(Q @ K.T / np.sqrt(Q.shape[1])) * (abs(i[:, None] - i) < w)
    return weights / weights.sum(1, keepdims=True) @ V


def rows_of_a_mask(Q, K, V, w):
    Q, K, V = (np.asarray(x, float) for x in (Q, K, V))
    near, rows = abs(np.subtract.outer(range(len(Q)), range(len(Q)))) < w, []
    for q, row in zip(Q, near, strict=True):
        weights = np.exp(K[row] @ q / np.sqrt(len(q)))
        rows.append(weights / weights.sum() @ V[row])
    return rows


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


def needed_with(patterns, below):
    rows = [torch.arange(len(patterns[0])) == len(patterns[0]) - 1]
    for pattern in reversed(patterns):
        rows.append(below(rows[-1], pattern))
    return torch.stack(rows).flip(0)


SLIPS = [
    (check.strided_pattern, "future_seen", lambda n, s: [
        [i - j < s or (i - j) % s == 0 for j in range(n)] for i in range(n)]),
    (check.strided_pattern, "fixed_places", lambda n, s: [
        [j <= i and (i - j < s or j % s == 0) for j in range(n)] for i in range(n)]),
    (check.strided_pattern, "joined_with_and", lambda n, s: torch.eye(n).bool()),
    (check.strided_pattern, "near_only", lambda n, s: np.tril(np.ones((n, n))) - np.tril(np.ones((n, n)), -s) > 0),
    (check.strided_pattern, "transposed", lambda n, s: strided_numpy(n, s).T),
    (check.strided_pattern, "far_to_both_sides", lambda n, s: [
        [(j <= i and i - j < s) or (i - j) % s == 0 for j in range(n)] for i in range(n)]),
    (check.strided_pattern, "itself_left_out", lambda n, s: [
        [j in (*range(max(0, i - s + 1), i), *range(i - s, -1, -s)) for j in range(n)] for i in range(n)]),
    (check.strided_pattern, "first_position_left_out", lambda n, s: [
        [j in (*range(max(0, i - s + 1), i + 1), *range(i, 0, -s)) for j in range(n)] for i in range(n)]),
    (check.strided_pattern, "another_kind_of_number", lambda n, s: strided_numpy(n, s).astype(int)),
    (check.strided_pattern, "to_be_added", lambda n, s: np.where(strided_numpy(n, s), 0, -np.inf)),
    (check.local_both_sides, "against_the_statement", masked),
    (check.local_both_sides, "against_the_statement", masked_numpy),
    (check.local_both_sides, "against_the_statement", rows_of_a_mask),
    (check.local_both_sides, "backwards_only", lambda *a: masked(*a, lambda i, j: np.where(j <= i, i - j, np.inf))),
    (check.local_both_sides, "one_too_wide", lambda *a: masked(*a, lambda i, j: abs(i - j) - 1)),
    (check.local_both_sides, "full_attention", lambda *a: masked(*a, lambda i, j: 0 * (i - j))),
    (check.local_both_sides, "without_the_next_chunk", lambda Q, K, V, w: torch.cat([
        masked(Q[max(0, i - w) : i + w], K[max(0, i - w) : i + w], V[max(0, i - w) : i + w], w)[-w:]
        for i in range(0, len(Q), w)])),
    (check.local_both_sides, "edges_repeated", lambda Q, K, V, w: torch.stack([
        (K[near] @ q / len(q) ** 0.5).softmax(0) @ V[near] for q, near in zip(Q, [
            [min(max(j, 0), len(Q) - 1) for j in range(i - w + 1, i + w)] for i in range(len(Q))], strict=True)])),
    (check.local_both_sides, "not_scaled", lambda Q, K, V, w: masked_numpy(Q * Q.shape[1] ** 0.5, K, V, w)),
    (check.local_both_sides, "three_whole_chunks", chunks_of_three(lambda i, j, w: (i // w - j // w).abs() < 2)),
    (check.local_both_sides, "backwards_only", chunks_of_three(lambda i, j, w: (i >= j) & (j > i - w))),
    (check.local_both_sides, "chunk_by_chunk", chunks_of_three(lambda i, j, w: i // w == j // w)),
    (check.dilated, "pieces", lambda Q, K, V, window, w, g: torch.cat(
        [window(q, k, v, w) for q, k, v in zip(Q.chunk(g), K.chunk(g), V.chunk(g), strict=True)])),
    (check.dilated, "not_brought_back", lambda Q, K, V, window, w, g: torch.cat(
        [window(Q[i::g], K[i::g], V[i::g], w) for i in range(g)])),
    (check.dilated, "no_gaps", lambda Q, K, V, window, w, g: window(Q[None], K[None], V[None], w)[0]),
    (check.dilated, "one_word_less", lambda Q, K, V, window, w, g: dilated_reshape(Q, K, V, window, max(1, w - 1), g)),
    (check.dilated, "rows_and_columns_swapped", lambda Q, K, V, window, w, g: dilated_text_by_text(
        Q, K, V, window, w, len(Q) // g)),
    (check.dilated, "left_as_texts", lambda Q, K, V, window, w, g: torch.stack([
        window(Q[i::g], K[i::g], V[i::g], w) for i in range(g)])),
    (check.dilated, "against_the_statement", lambda Q, K, V, window, w, g: torch.stack([
        (K[i % g : i + 1 : g][-w:] @ Q[i] / Q.shape[1] ** 0.5).softmax(0) @ V[i % g : i + 1 : g][-w:]
        for i in range(len(Q))])),
    (check.states_needed, "seen_by_all", lambda patterns: needed_with(
        patterns, lambda above, seen: above | seen[above].all(0))),
    (check.states_needed, "nothing_kept", lambda patterns: needed_with(
        patterns, lambda above, seen: (above.float() @ seen.float()).bool())),
    (check.states_needed, "another_kind_of_number", lambda patterns: needed_numpy(patterns).astype(int)),
    (check.states_needed, "lowest_first", lambda patterns: needed_by_search(list(reversed(patterns)))),
    (check.states_needed, "upside_down", lambda patterns: needed_by_products(patterns).flip(0)),
    (check.states_needed, "transposed", lambda patterns: needed_numpy([np.asarray(p).T for p in patterns])),
    (check.states_needed, "last_row_only", lambda patterns: [
        *([seen or j == len(p) - 1 for j, seen in enumerate(p[-1].tolist())] for p in patterns),
        [j == len(patterns[0]) - 1 for j in range(len(patterns[0]))]]),
    (check.states_needed, "without_what_goes_in", lambda patterns: needed_by_search(patterns)[1:]),
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
        expected, _ = LocalAttention(w)(*(x[None] for x in tensors))
        assert_close(type(check.local_both_sides).answer(*tensors, w), expected[0])
    for *tensors, window, w, g in each_input(check.dilated):
        expected, _ = DilatedAttention(w, g)(*(x[None] for x in tensors), causal=True)
        assert_close(type(check.dilated).answer(*tensors, window, w, g), expected[0])
    for (patterns,) in each_input(check.states_needed):
        needed = type(check.states_needed).answer(patterns)
        for layer, row in enumerate(needed[:-1]):  # needed below a layer is what the last word hears from there on
            assert row.equal(layers_needed(patterns[layer:])[-1] >= 0)
