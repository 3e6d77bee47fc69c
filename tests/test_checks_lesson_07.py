"""Lesson 07's problems: they agree with the package, and with answers and slips in other styles."""

import numpy as np
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from torch.testing import assert_close

from attention_course.checks import lesson_07 as check
from attention_course.layers import AttentionPooling
from attention_course.models.hierarchical import AsTheyAre, HierarchicalAttention, Level


def levels_numpy(words, mask, W, v, W_s, v_s):
    words, mask, W, v, W_s, v_s = (np.asarray(x) for x in (words, mask, W, v, W_s, v_s))

    def pool(x, allowed, W, v):
        weights = np.exp(np.tanh(x @ W.T) @ v) * allowed
        total = weights.sum(-1, keepdims=True)
        return np.einsum("...t,...te->...e", weights / np.where(total == 0, 1, total), x)

    return pool(pool(words, mask, W, v), mask.any(-1), W_s, v_s)


def levels_loops(words, mask, W, v, W_s, v_s):
    def pool(vectors, W, v):
        if not vectors:
            return torch.zeros(words.shape[-1], dtype=words.dtype)
        weights = torch.stack([v @ torch.tanh(W @ x) for x in vectors]).softmax(0)
        return sum(weight * x for weight, x in zip(weights, vectors, strict=True))

    documents = []
    for sentences, allowed in zip(words, mask, strict=True):
        made = [
            pool([x for x, a in zip(s, m, strict=True) if a], W, v)
            for s, m in zip(sentences, allowed, strict=True)
            if m.any()
        ]
        documents.append(pool(made, W_s, v_s))
    return torch.stack(documents)


def keep_lists(document, weights, count):
    ranked = sorted(range(len(document)), key=lambda i: -float(weights[i]))
    return [sentence for i, sentence in enumerate(document) if i in ranked[:count]]


def keep_topk(document, weights, count):
    kept = torch.topk(torch.as_tensor(weights)[: len(document)], min(count, len(document))).indices
    return [document[i] for i in kept.sort().values]


def rows_unfold(image, side):
    image = torch.as_tensor(image)
    return image.unfold(0, side, side).unfold(1, side, side).flatten(-2)


def rows_lists(image, side):
    rows, columns = image.shape[0] // side, image.shape[1] // side
    return [
        [[float(image[r * side + i, c * side + j]) for i in range(side) for j in range(side)] for c in range(columns)]
        for r in range(rows)
    ]


STYLES = {
    check.two_levels: [levels_numpy, levels_loops],
    check.keep_top: [keep_lists, keep_topk],
    check.patch_rows: [rows_unfold, rows_lists],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


SLIPS = [
    (check.two_levels, "levels_exchanged", lambda words, mask, W, v, W_s, v_s: levels_numpy(
        words, mask, W_s, v_s, W, v)),
    (check.two_levels, "one_question_for_both", lambda words, mask, W, v, W_s, v_s: levels_loops(
        words, mask, W, v, W, v)),
    (check.two_levels, "words_not_masked", lambda words, mask, *rest: levels_numpy(
        words, torch.as_tensor(mask).any(-1, keepdim=True).expand(mask.shape), *rest)),
    (check.keep_top, "in_the_order_of_weights", lambda document, weights, count: [
        document[i] for i in sorted(range(len(document)), key=lambda i: -float(weights[i]))[:count]]),
    (check.keep_top, "smallest", lambda document, weights, count: keep_lists(document, [-w for w in weights], count)),
    (check.patch_rows, "columns_first", lambda image, side: np.swapaxes(np.asarray(rows_lists(image, side)), 0, 1)),
    (check.patch_rows, "pixels_down", lambda image, side: np.swapaxes(
        np.asarray(rows_lists(np.asarray(image).T, side)), 0, 1)),
]  # fmt: skip


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def test_the_two_levels_are_the_package_s():
    torch.manual_seed(0)
    levels = [Level(AsTheyAre(), AttentionPooling(4, 5)) for _ in range(2)]
    model = HierarchicalAttention(9, *levels, size=4)
    tokens = torch.tensor([[[5, 3, 0], [7, 0, 0]], [[4, 4, 8], [0, 0, 0]]])
    parameters = [p for level in levels for p in (level.pool.project.weight, level.pool.v)]
    document = type(check.two_levels).answer(model.embedding(tokens), tokens != 0, *parameters)
    assert_close(model.classify(document), model(tokens).logits)
