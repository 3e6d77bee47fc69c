"""Lesson 05's problems: they agree with the package, and with answers and slips in other styles."""

import math

import numpy as np
import pytest
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch.testing import assert_close

from attention_course.checks import lesson_05 as check
from attention_course.metrics import alignment_error_rate
from attention_course.models.ibm1 import Ibm1
from attention_course.models.luong import Luong, PredictiveWindow
from attention_course.scores import DotScore


def rate_numbers(predicted, sure, possible):
    sizes = [
        (len(a & s), len(a & p.union(s)), len(a), len(s)) for a, s, p in zip(predicted, sure, possible, strict=True)
    ]
    in_s, in_p, a, s = np.sum(sizes, axis=0)
    return 1 - (in_s + in_p) / (a + s)


def rate_matrices(predicted, sure, possible):
    a, s, p = torch.zeros(3, len(predicted), 9, 9)
    for matrices, sentences in zip((a, s, p), (predicted, sure, possible), strict=True):
        for matrix, links in zip(matrices, sentences, strict=True):
            for english, french in links:
                matrix[english, french] = 1
    return 1 - (a * (s + torch.maximum(s, p))).sum() / (a + s).sum()


def decoder_numpy(words, hidden, annotations, cell, score, W):
    words, hidden, annotations, W = (np.asarray(x) for x in (words, hidden, annotations, W))
    attentional, written = np.zeros_like(hidden), []
    for t in range(words.shape[1]):
        hidden = cell(words[:, t], attentional, hidden)
        weights = np.exp(score(hidden, annotations))
        context = (weights[..., None] * annotations).sum(1) / weights.sum(-1, keepdims=True)
        attentional = np.tanh(np.concatenate([hidden, context], -1) @ W.T)
        written.append(attentional)
    return np.stack(written, 1)


def decoder_one_by_one(words, hidden, annotations, cell, score, W):
    for_state, for_context = W.tensor_split(2, dim=1)
    written = torch.empty(words.shape)
    for b, its in enumerate(annotations):
        state, fed = hidden[b : b + 1], torch.zeros(1, len(W))
        for t in range(len(words[b])):
            state = cell(words[b : b + 1, t], fed, state)
            [weights] = score(state, its[None]).softmax(1)
            context = sum(weight * annotation for weight, annotation in zip(weights, its, strict=True))
            fed = torch.tanh(state @ for_state.T + for_context @ context)
            written[b, t] = fed[0]
    return written


def window_slice(scores, centre, reach):
    first, last = max(0, math.ceil(centre - reach)), min(len(scores) - 1, math.floor(centre + reach))
    weights = torch.zeros(len(scores))
    weights[first : last + 1] = scores[first : last + 1].softmax(0)
    return weights * torch.exp(-2 * ((torch.arange(len(scores)) - centre) / reach) ** 2)


def window_lists(scores, centre, reach):
    shares = [math.exp(e) if abs(i - centre) <= reach else 0.0 for i, e in enumerate(scores)]
    return [share / sum(shares) * math.exp(-2 * (i - centre) ** 2 / reach**2) for i, share in enumerate(shares)]


def em_counts(t, pairs):
    t, counts = np.asarray(t), np.zeros(t.shape)
    for english, french in pairs:
        block = t[np.ix_(english, french)]
        np.add.at(counts, np.ix_(english, french), block / block.sum(0))
    return counts


def em_numpy(t, pairs):
    counts = em_counts(t, pairs)
    return counts / counts.sum(1, keepdims=True)


def em_lists(t, pairs):
    counts = [[0.0] * t.shape[1] for _ in range(len(t))]
    for english, french in pairs:
        for f in french:
            together = sum(float(t[e, f]) for e in english)
            for e in english:
                counts[e][f] += float(t[e, f]) / together
    return [[count / sum(row) for count in row] for row in counts]


def rate_of_what_is_wrong(predicted, sure, possible):
    sentences = list(zip(predicted, sure, possible, strict=True))
    wrong = sum(len(a - s - p) + len(s - a) for a, s, p in sentences)
    return wrong / sum(len(a) + len(s) for a, s, _ in sentences)


def decoder_einsum(words, hidden, annotations, cell, score, W):
    fed, written = words.new_zeros(hidden.shape), torch.empty(words.shape)
    for t in range(words.shape[1]):
        hidden = cell(words[:, t], fed, hidden)
        context = torch.einsum("bs,bse->be", torch.softmax(score(hidden, annotations), -1), annotations)
        fed = torch.nn.functional.linear(torch.cat((hidden, context), 1), W).tanh()
        written[:, t] = fed
    return written


def window_scaled_up(scores, centre, reach):
    inside = torch.tensor([centre - reach <= i <= centre + reach for i in range(len(scores))])
    weights = scores.softmax(0) * inside
    return weights / weights.sum() * torch.exp(-0.5 * ((torch.arange(len(scores)) - centre) / (reach / 2)) ** 2)


def em_one_hot(t, pairs):
    counts = 0
    for english, french in pairs:
        e, f = (
            torch.nn.functional.one_hot(torch.tensor(w), n).float()
            for w, n in zip((english, french), t.shape, strict=True)
        )
        made = e @ t @ f.T
        counts = counts + e.T @ (made / made.sum(0)) @ f
    return counts / counts.sum(1)[:, None]


STYLES = {
    check.error_rate: [rate_numbers, rate_matrices, rate_of_what_is_wrong],
    check.luong_decoder: [decoder_numpy, decoder_one_by_one, decoder_einsum],
    check.window_weights: [window_slice, window_lists, window_scaled_up],
    check.em_step: [em_numpy, em_lists, em_one_hot],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def distances(scores, centre):
    return np.arange(len(scores)) - centre


def window_with(outside):
    """The fault of a number that is not low enough: outside the window it is put in the place of the score."""
    return lambda e, centre, reach: (
        torch.where(torch.from_numpy(abs(distances(e, centre)) <= reach), e, torch.tensor(outside)).softmax(0)
        * torch.exp(torch.from_numpy(-2 * (distances(e, centre) / reach) ** 2))
    )


def decoder_with(zeros=np.zeros_like, ask=lambda old, new: new, end=lambda written: np.stack(written, 1)):
    def decoder(words, hidden, annotations, cell, score, W):
        words, hidden, annotations, W = (np.asarray(x) for x in (words, hidden, annotations, W))
        fed, written = zeros(hidden), []
        for t in range(words.shape[1]):
            old, hidden = hidden, cell(words[:, t], fed, hidden)
            weights = np.exp(score(ask(old, hidden), annotations))
            context = (weights[..., None] * annotations).sum(1) / weights.sum(-1, keepdims=True)
            written.append(fed := np.tanh(np.concatenate([hidden, context], -1) @ W.T))
        return end(written)

    return decoder


def em_assigned(t, pairs):
    t, counts = np.asarray(t), np.zeros(t.shape)
    for english, french in pairs:
        for e in english:
            for f in french:
                counts[e, f] = t[e, f] / t[english, f].sum()
    return counts / counts.sum(1, keepdims=True)


SLIPS = [
    (check.error_rate, "per_cent", lambda *links: 100 * rate_numbers(*links)),
    (check.error_rate, "without_predicted_left_out", lambda a, s, p: rate_numbers(
        *zip(*[links for links in zip(a, s, p, strict=True) if links[0]], strict=True)) if any(a) else 1.0),
    (check.error_rate, "sure_counted_thrice", lambda a, s, p: 1 - sum(
        len([link for link in [*y, *y, *z] if link in x]) for x, y, z in zip(a, s, p, strict=True)
    ) / sum(map(len, [*a, *s]))),
    (check.error_rate, "writes_into_arguments", lambda a, s, p: (
        [z.update(y) for y, z in zip(s, p, strict=True)] and rate_numbers(a, s, p))),
    (check.luong_decoder, "state_fed_first", decoder_with(zeros=np.copy)),
    (check.luong_decoder, "old_state_asks", decoder_with(ask=lambda old, new: old)),
    (check.luong_decoder, "joined_side_by_side", decoder_with(end=lambda written: np.concatenate(written, 1))),
    (check.luong_decoder, "words_first", decoder_with(end=list)),
    (check.window_weights, "score_zero_outside", window_with(0.0)),
    (check.window_weights, "score_of_minus_ten_outside", window_with(-10.0)),
    (check.window_weights, "score_of_minus_ten_outside", window_with(-50.0)),
    (check.window_weights, "score_of_minus_a_hundred_outside", window_with(-100.0)),
    (check.window_weights, "sigma_rounded_down", lambda e, p, r: window_slice(e, p, r) * torch.exp(torch.from_numpy(
        2 * (distances(e, p) / r) ** 2 - distances(e, p) ** 2 / (2 * np.float64(r // 2) ** 2)))),
    (check.window_weights, "centre_cut_off_for_the_window", lambda e, p, r: window_slice(e, int(p), r) * torch.exp(
        torch.from_numpy(2 * (distances(e, int(p)) ** 2 - distances(e, p) ** 2) / r**2))),
    (check.em_step, "last_share_alone", em_assigned),
    (check.em_step, "pairs_once", lambda t, pairs: em_numpy(t, [p for i, p in enumerate(pairs) if p not in pairs[:i]])),
    (check.em_step, "begun_at_one", lambda t, pairs: (c := 1 + em_counts(t, pairs)) / c.sum(1, keepdims=True)),
    (check.em_step, "sentences_swapped", lambda t, pairs: em_numpy(t, [(f, e) for e, f in pairs])),
    (check.error_rate, "sure_not_possible", lambda a, s, p: 1 - sum(
        len(x & y) + len(x & z) for x, y, z in zip(a, s, p, strict=True)) / sum(map(len, [*a, *s]))),
    (check.error_rate, "averaged_over_sentences", lambda a, s, p: np.mean(
        [rate_numbers([x], [y], [z]) for x, y, z in zip(a, s, p, strict=True)])),
    (check.luong_decoder, "cell_turned_round", lambda words, hidden, annotations, cell, score, W: decoder_numpy(
        words, hidden, annotations, lambda word, a, h: cell(word, h, a), score, W)),
    (check.luong_decoder, "words_first", lambda *arguments: np.swapaxes(decoder_numpy(*arguments), 0, 1)),
    (check.window_weights, "normalised_again", lambda e, p, r: torch.where(
        (torch.arange(len(e)) - p).abs() > r, -torch.inf, e - 2 * ((torch.arange(len(e)) - p) / r) ** 2).softmax(0)),
    (check.em_step, "totals_of_the_french", lambda t, pairs: (c := em_counts(t, pairs)) / c.sum(0)),
]  # fmt: skip


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def test_the_rate_is_the_package_s():
    for _, arguments in check.error_rate.inputs(torch.Generator().manual_seed(0)):
        assert type(check.error_rate).answer(*arguments) == pytest.approx(alignment_error_rate(*arguments))


def test_the_decoder_runs_on_the_package_s_parts():
    torch.manual_seed(0)
    luong = Luong(9, 9, score=DotScore(), embedding_size=4, hidden_size=2, decoder_size=4)
    torch.nn.init.zeros_(luong.readout.bias)
    source, previous = torch.randint(4, 9, (2, 5)), torch.randint(4, 9, (2, 3))
    memory, state = luong.encode(source)
    words = luong.cell.from_word(luong.embedding(previous))

    def score(hidden, annotations):
        return luong.score.compare(hidden.unsqueeze(1), luong.score.prepare(annotations)).squeeze(1)

    vectors = type(check.luong_decoder).answer(
        words, state.hidden, memory.annotations, luong.cell, score, luong.readout.weight
    )
    assert_close(luong.words(vectors), luong(source, previous)[0])


def test_the_window_is_the_package_s():
    torch.manual_seed(0)
    luong = Luong(9, 9, window=PredictiveWindow(8, 2), decoder_size=8)
    memory, state = luong.encode(torch.randint(4, 9, (3, 7)))
    centres, _ = luong.window(state.hidden, state.position, torch.tensor([7, 7, 7]))
    scores = luong.score.compare(state.hidden.unsqueeze(1), memory.prepared).squeeze(1)
    for row, centre, weights in zip(scores, centres, luong.look(state.hidden, state.position, memory)[1], strict=True):
        assert_close(type(check.window_weights).answer(row, centre.item(), 2), weights)


def test_iterations_are_the_package_s():
    pairs = [([0, 1], [0, 1]), ([0, 2], [2, 0, 2]), ([1, 0, 1], [1])]
    t = torch.full((3, 3), 1 / 3, dtype=torch.float64)
    for _ in range(4):
        t = type(check.em_step).answer(t, pairs)
    words = [([str(e) for e in english], [str(f) for f in french]) for english, french in pairs]
    reference = Ibm1(words, iterations=4, null=False)
    assert_close(
        t, torch.tensor([[reference.probability(str(f), str(e)) for f in range(3)] for e in range(3)]).double()
    )


def test_a_window_s_weights_sum_to_less_the_further_its_centre_is():
    scores = torch.tensor([0.0, 0.0, 9.0, 0.0, 0.0, 0.0])
    sums = [type(check.window_weights).answer(scores, centre, 3).sum().item() for centre in (2.0, 3.0, 4.0)]
    assert 1 > sums[0] > sums[1] > sums[2]
