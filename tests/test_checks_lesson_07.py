"""Lesson 07's problems: they agree with the package, and with answers and slips in other styles."""

import numpy as np
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch.testing import assert_close

from attention_course.checks import lesson_07 as check
from attention_course.layers import AttentionPooling
from attention_course.models.hierarchical import HierarchicalAttention, Identity, Level


def levels_numpy(words, mask, W_k, u, W_k_s, u_s):
    words, mask, W_k, u, W_k_s, u_s = (np.asarray(x) for x in (words, mask, W_k, u, W_k_s, u_s))

    def pool(x, allowed, W_k, u):
        weights = np.exp(np.tanh(x @ W_k.T) @ u) * allowed
        total = weights.sum(-1, keepdims=True)
        return np.einsum("...t,...te->...e", weights / np.where(total == 0, 1, total), x)

    return pool(pool(words, mask, W_k, u), mask.any(-1), W_k_s, u_s)


def levels_loops(words, mask, W_k, u, W_k_s, u_s):
    def pool(vectors, W_k, u):
        if not vectors:
            return torch.zeros(words.shape[-1], dtype=words.dtype)
        weights = torch.stack([u @ torch.tanh(W_k @ x) for x in vectors]).softmax(0)
        return sum(weight * x for weight, x in zip(weights, vectors, strict=True))

    documents = []
    for sentences, allowed in zip(words, mask, strict=True):
        made = [
            pool([x for x, a in zip(s, m, strict=True) if a], W_k, u)
            for s, m in zip(sentences, allowed, strict=True)
            if m.any()
        ]
        documents.append(pool(made, W_k_s, u_s))
    return torch.stack(documents)


def levels_nan_to_num(words, mask, W_k, u, W_k_s, u_s):
    def pool(x, allowed, W_k, u):
        scores = (torch.tanh(x @ W_k.T) @ u).masked_fill(~allowed, -torch.inf)
        return (scores.softmax(-1).nan_to_num()[..., None] * x).sum(-2)

    return pool(pool(words, mask, W_k, u), mask.any(-1), W_k_s, u_s)


def levels_padding_masked_later(words, mask, W_k, u, W_k_s, u_s):
    def pool(x, allowed, W_k, u):  # what the first level makes of sentences without words does not matter
        return ((torch.tanh(x @ W_k.T) @ u).masked_fill(~allowed, -1e9).softmax(-1)[..., None] * x).sum(-2)

    return pool(pool(words, mask, W_k, u), mask.any(-1), W_k_s, u_s) * mask.any((1, 2))[:, None]


def keep_lists(document, weights, count):
    ranked = sorted(range(len(document)), key=lambda i: -float(weights[i]))
    return [sentence for i, sentence in enumerate(document) if i in ranked[:count]]


def keep_topk(document, weights, count):
    kept = torch.topk(torch.as_tensor(weights)[: len(document)], min(count, len(document))).indices
    return [document[i] for i in kept.sort().values]


def keep_by_rank(document, weights, count):
    own = [float(w) for w in weights[: len(document)]]
    return [sentence for sentence, w in zip(document, own, strict=True) if sum(other > w for other in own) < count]


def keep_numpy(document, weights, count):
    return [document[i] for i in np.sort(np.argsort(-np.asarray(weights)[: len(document)])[:count])]


def rows_unfold(image, side):
    image = torch.as_tensor(image)
    return image.unfold(0, side, side).unfold(1, side, side).flatten(-2)


def rows_lists(image, side):
    rows, columns = image.shape[0] // side, image.shape[1] // side
    return [
        [[float(image[r * side + i, c * side + j]) for i in range(side) for j in range(side)] for c in range(columns)]
        for r in range(rows)
    ]


def rows_of_pixels(image, side):
    return torch.stack([image[i::side, j::side] for i in range(side) for j in range(side)], -1)


def rows_split(image, side):
    return torch.stack([torch.stack([patch.flatten() for patch in row.split(side, 1)]) for row in image.split(side)])


STYLES = {
    check.two_levels: [levels_numpy, levels_loops, levels_nan_to_num, levels_padding_masked_later],
    check.keep_top: [keep_lists, keep_topk, keep_by_rank, keep_numpy],
    check.patch_rows: [rows_unfold, rows_lists, rows_of_pixels, rows_split],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def levels_with(weigh, there=lambda mask: mask.any(-1)):
    def answer(words, mask, W_k, u, W_k_s, u_s):
        def pool(x, allowed, W_k, u):
            return torch.einsum("...t,...te->...e", weigh(torch.tanh(x @ W_k.T) @ u, allowed), x)

        return pool(pool(words, mask, W_k, u), there(mask), W_k_s, u_s)

    return answer


def masked(scores, allowed):
    return scores.masked_fill(~allowed, -1e30).softmax(-1) * allowed


def sentences_counted(mask):
    return torch.arange(mask.shape[1]) < mask.any(-1).sum(-1, keepdim=True)


def kept_by_words(document, weights, count):
    kept = keep_lists(document, weights, count)
    best = [document[i] for i in sorted(range(len(document)), key=lambda i: -float(weights[i]))[:count]]
    return kept if best == kept else [sentence for sentence in document if sentence in best]


SLIPS = [
    (check.two_levels, "infinity", levels_with(lambda e, m: e.masked_fill(~m, -torch.inf).softmax(-1))),
    (check.two_levels, "infinity", levels_with(lambda e, m: torch.where(m, e, -torch.inf).softmax(-1) * m)),
    (check.two_levels, "shared_among_padding", levels_with(lambda e, m: e.masked_fill(~m, -1e9).softmax(-1))),
    (check.two_levels, "masked_after_softmax", levels_with(lambda e, m: e.softmax(-1) * m)),
    (check.two_levels, "score_of_zero", levels_with(lambda e, m: (e * m).softmax(-1))),
    (check.two_levels, "empty_sentences_last", levels_with(masked, sentences_counted)),
    (check.two_levels, "first_place_decides", levels_with(masked, lambda mask: mask[:, :, 0])),
    (check.two_levels, "replaced_at_the_end", lambda *given: levels_with(
        lambda e, m: e.masked_fill(~m, -torch.inf).softmax(-1))(*given).nan_to_num()),
    (check.two_levels, "axis_left", lambda *given: levels_numpy(*given)[:, None]),
    (check.keep_top, "words_compared", kept_by_words),
    (check.keep_top, "places_for_ranks", lambda document, weights, count: [
        s for s, r in zip(document, np.argsort(-weights[: len(document)].numpy()), strict=True) if r < count]),
    (check.keep_top, "topk_of_too_many", lambda document, weights, count: [
        document[i] for i in sorted(weights[: len(document)].topk(count).indices)]),
    (check.keep_top, "above_the_mean", lambda document, weights, count: [
        s for s, w in zip(document, weights, strict=False) if w * len(document) > 1]),
    (check.patch_rows, "only_reshaped", lambda image, side: np.asarray(image).reshape(
        len(image) // side, -1, side * side)),
    (check.patch_rows, "pixels_in_front", lambda image, side: torch.nn.functional.unfold(
        image[None, None], side, stride=side).reshape(len(image) // side, -1, side * side)),
    (check.patch_rows, "all_overlapping", lambda image, side: np.lib.stride_tricks.sliding_window_view(
        image, (side, side)).reshape(len(image) - side + 1, -1, side * side)),
    (check.two_levels, "levels_exchanged", lambda words, mask, W_k, u, W_k_s, u_s: levels_numpy(
        words, mask, W_k_s, u_s, W_k, u)),
    (check.two_levels, "one_question_for_both", lambda words, mask, W_k, u, W_k_s, u_s: levels_loops(
        words, mask, W_k, u, W_k, u)),
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
    levels = [Level(Identity(), AttentionPooling(4, 5)) for _ in range(2)]
    model = HierarchicalAttention(9, *levels, size=4)
    tokens = torch.tensor([[[5, 3, 0], [7, 0, 0]], [[4, 4, 8], [0, 0, 0]]])
    parameters = [p for level in levels for p in (level.pool.project.weight, level.pool.u)]
    document = type(check.two_levels).answer(model.embedding(tokens), tokens != 0, *parameters)
    assert_close(model.classify(document), model(tokens).logits)
