"""Beam search: what it finds is scored rightly, and is the best where nothing is left out."""

import itertools
import math

import pytest
import torch
from factories import FAMILIES, SOURCE, DeviceIsGiven, leaves, new_model, new_translator, widen
from torch import nn
from torch.testing import assert_close

from attention_course.beam_search import beam, pick
from attention_course.data.vocabulary import BOS, EOS, pad
from attention_course.decoding import greedy
from attention_course.models.luong import LuongState

every_family = pytest.mark.parametrize("name", FAMILIES)
LENGTHS = [5, 3, 1]


def rescored(model, source, translations):
    """The log probabilities of translations of one sentence, and their weights, from teacher forcing."""
    previous, target = (pad([first + w for w in translations]) for first in ([BOS], []))
    with torch.no_grad():
        logits, weights = model(source.expand(len(previous), -1), previous)
    logs = logits[:, :-1].log_softmax(-1).gather(-1, target[..., None])[..., 0].tolist()
    return [sum(log[: len(w)]) for log, w in zip(logs, translations, strict=True)], weights


def every_sentence(words, max_length):
    """All that can be said in up to `max_length` words of a vocabulary: what has ended, and what is broken off."""
    others = [w for w in range(words) if w != EOS]
    for n in range(max_length):
        yield from ([*beginning, EOS] for beginning in itertools.product(others, repeat=n))
    yield from (list(sentence) for sentence in itertools.product(others, repeat=max_length))


class Table(nn.Module):
    """Probabilities of the next word by the words so far. Its state is these words; it has no weights."""

    def __init__(self, table, words=8):
        super().__init__()
        self.table, self.words = table, words

    def encode(self, source):
        return None, torch.zeros(len(source), 0, dtype=torch.int64)

    def step(self, previous, state, memory):
        state = torch.cat([state, previous[:, None]], 1)
        rows = [self.table.get(tuple(row[1:]), {EOS: 1.0}) for row in state.tolist()]
        return torch.tensor([[row.get(word, 0.0) for word in range(self.words)] for row in rows]).log(), state, None


# Against greedy decoding, teacher forcing, and trying everything


@every_family
def test_a_beam_of_one_is_greedy_decoding(name):
    model = new_model(name)
    words, weights = greedy(model, SOURCE, max_length=8)
    for i, hypotheses in enumerate(beam(model, SOURCE, width=1, max_length=8)):
        (only,) = hypotheses
        n = len(only.words)
        assert only.words == words[i, :n].tolist()
        assert n == 8 or only.words[-1] == EOS
        if weights is None:
            assert only.weights is None
        else:
            assert_close(only.weights, weights[i, :n])


@every_family
@pytest.mark.parametrize("power", [0.0, 0.7])
def test_words_scores_and_weights_are_those_of_teacher_forcing(name, power):
    model = new_model(name)
    for i, hypotheses in enumerate(beam(model, SOURCE, width=5, max_length=6, length_power=power)):
        assert len({tuple(h.words) for h in hypotheses}) == 5
        logs, all_weights = rescored(model, SOURCE[i], [h.words for h in hypotheses])
        for row, (h, log) in enumerate(zip(hypotheses, logs, strict=True)):
            assert math.isclose(h.log_probability, log, abs_tol=1e-4)
            assert math.isclose(h.score, h.log_probability / len(h.words) ** power, rel_tol=1e-9)
            assert EOS not in h.words[:-1]
            if all_weights is not None:
                assert_close(h.weights, all_weights[row, : len(h.words)])
        scores = [h.score for h in hypotheses]
        assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("name", ["encoder-decoder", "RNNsearch, additive", "Luong, bilinear"])
@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_a_beam_as_wide_as_the_language_finds_everything_and_the_best_first(name, power):
    model = new_model(name, target_words=5)
    sentences = list(every_sentence(5, 3))
    assert len(sentences) == 1 + 4 + 16 + 64
    logs, _ = rescored(model, SOURCE[0], sentences)
    scores = {tuple(w): log / len(w) ** power for w, log in zip(sentences, logs, strict=True)}
    (found,) = beam(model, SOURCE[:1], width=100, max_length=3, length_power=power)
    assert {tuple(h.words) for h in found} == set(scores)
    assert found[0].words == list(max(scores, key=scores.get))
    for h in found:
        assert math.isclose(h.score, scores[tuple(h.words)], abs_tol=1e-4)
    (narrow,) = beam(model, SOURCE[:1], width=3, max_length=3, length_power=power)
    assert all(math.isclose(h.score, scores[tuple(h.words)], abs_tol=1e-4) for h in narrow)


# By hand


SHORT_OR_LONG = Table({(): {4: 0.6, EOS: 0.4}, (4,): {5: 0.8, 6: 0.2}, (4, 5): {7: 0.75, 6: 0.25}})


@pytest.mark.parametrize("power, best", [(0.0, [EOS]), (0.5, [4, 5, 7, EOS]), (1.0, [4, 5, 7, EOS])])
def test_without_a_power_of_the_length_short_sentences_win(power, best):
    ((first, *_),) = beam(SHORT_OR_LONG, SOURCE[:1], width=4, length_power=power)
    assert first.words == best  # 0.4 is more than 0.6 * 0.8 * 0.75 = 0.36, but not by the word
    assert math.isclose(math.exp(first.log_probability), 0.4 if best == [EOS] else 0.36, rel_tol=1e-6)


GARDEN_PATH = Table({(): {4: 0.6, 5: 0.4}, (4,): {6: 0.5, 7: 0.5}, (5,): {6: 1.0}})


def test_a_wider_beam_finds_what_a_greedy_one_has_passed_by():
    best = {width: beam(GARDEN_PATH, SOURCE[:1], width=width)[0][0] for width in (1, 2)}
    assert best[1].words[0] == 4 and math.isclose(math.exp(best[1].log_probability), 0.3, rel_tol=1e-6)
    assert best[2].words == [5, 6, EOS] and math.isclose(math.exp(best[2].log_probability), 0.4, rel_tol=1e-6)


def test_there_may_be_fewer_sentences_than_the_beam_is_wide():
    (found,) = beam(GARDEN_PATH, SOURCE[:1], width=50)
    assert sorted(h.words for h in found) == [[4, 6, EOS], [4, 7, EOS], [5, 6, EOS]]
    assert math.isclose(sum(math.exp(h.log_probability) for h in found), 1, rel_tol=1e-6)


def test_what_has_ended_stays_as_it_is():
    model = new_model("Luong, additive")
    earlier = beam(model, SOURCE, width=300, max_length=2)
    for before, after in zip(earlier, beam(model, SOURCE, width=1200, max_length=3), strict=True):
        kept = {tuple(h.words): h for h in after}
        ended = [h for h in before if h.words[-1] == EOS]
        assert len(ended) == 11
        for h in ended:
            same = kept[tuple(h.words)]
            assert (same.log_probability, same.score) == (h.log_probability, h.score)
            assert_close(same.weights, h.weights)


# What has ended is kept aside


A, B, C, D = 3, 4, 5, 6
NINE = range(7, 16)
GETS_WORSE = Table(
    {(): {A: 0.51, B: 0.49}, (A,): {EOS: 0.2} | dict.fromkeys(NINE[:8], 0.1), (B,): {C: 0.5, D: 0.5}}
    | {(B, word): dict.fromkeys(NINE, 1 / 9) for word in (C, D)},
    words=16,
)


@pytest.mark.parametrize("width", [1, 2, 3, 20])
def test_a_sentence_that_has_ended_is_not_pushed_out_by_one_that_gets_worse(width):
    """After b, the two beginnings look better than a sentence that has ended after a, until they go on."""
    ((first, *_),) = beam(GETS_WORSE, SOURCE[:1], width=width, max_length=3)
    assert first.words == [A, EOS] or width == 20
    assert first.score > math.log(0.51 * 0.2) / 2 - 1e-6  # which is greedy search's


class Random(nn.Module):
    """The probabilities of a word depend on all words before it, by chance; the state is these words."""

    def __init__(self, seed, words=5):
        super().__init__()
        self.seed, self.words = seed, words

    def logs(self, said):
        number = sum(word * (self.words + 1) ** i for i, word in enumerate(said, 1))
        generator = torch.Generator().manual_seed(1_000_003 * self.seed + number)
        return (1.5 * torch.randn(self.words, generator=generator)).log_softmax(-1)

    def encode(self, source):
        return None, torch.zeros(len(source), 0, dtype=torch.int64)

    def step(self, previous, state, memory):
        state = torch.cat([state, previous[:, None]], 1)
        return torch.stack([self.logs(tuple(row[1:])) for row in state.tolist()]), state, None

    def total(self, said):
        return sum(self.logs(tuple(said[:i]))[word].item() for i, word in enumerate(said))


def in_plain_words(model, width, max_length, power):
    """The search as its docstring has it, one beginning at a time, and without an early end."""

    def score(found):
        said, log = found
        return log / len(said) ** power

    alive, aside = [((), 0.0)], set()
    for _ in range(max_length):
        candidates = []
        for said, log in alive:
            if EOS in said:
                candidates.append((said, log))
                continue
            logs = model.logs(said)
            candidates += [((*said, word), log + logs[word].item()) for word in range(model.words)]
            if logs.argmax() == EOS:
                aside.add(((*said, EOS), log + logs[EOS].item()))
        alive = sorted(candidates, key=score, reverse=True)[:width]
        aside |= {found for found in alive if EOS in found[0]}
    found = aside | {found for found in alive if EOS not in found[0]}
    return sorted(((score(f), list(f[0])) for f in found), reverse=True)[:width]


POWERS = [-1.0, 0.0, 0.5, 1.0, 2.0]


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("width", [1, 2, 3, 7])
def test_it_is_the_search_in_plain_words(width, power):
    for seed in range(6):
        model = Random(seed)
        ((*found,),) = beam(model, SOURCE[:1], width=width, max_length=6, length_power=power)
        expected = in_plain_words(model, width, 6, power)
        assert [h.words for h in found] == [words for _, words in expected]
        assert all(math.isclose(h.score, score, rel_tol=1e-5) for h, (score, _) in zip(found, expected, strict=True))


@pytest.mark.parametrize("power", POWERS)
def test_a_beam_as_wide_as_there_are_sentences_finds_the_best(power):
    sentences = [tuple(s) for s in every_sentence(4, 4)]
    for seed in range(4):
        model = Random(seed, words=4)
        scores = {s: model.total(s) / len(s) ** power for s in sentences}
        (found,) = beam(model, SOURCE[:1], width=len(sentences), max_length=4, length_power=power)
        assert tuple(found[0].words) == max(scores, key=scores.get) and len(found) == len(sentences)
        for width in (1, 2, 5, 10):
            (narrow,) = beam(model, SOURCE[:1], width=width, max_length=4, length_power=power)
            assert len(narrow) == width and len({tuple(h.words) for h in narrow}) == width
            assert all(math.isclose(h.score, scores[tuple(h.words)], rel_tol=1e-5) for h in narrow)


@pytest.mark.parametrize("power", POWERS)
def test_it_is_never_worse_than_greedy_search_from_a_beginning_that_it_has_kept(power):
    """The beginning of what greedy search says, up to its end, is in a beam of that width."""
    compared = 0
    for seed in range(40):
        model = Random(seed)
        words = greedy(model, SOURCE[:1], 6)[0][0].tolist()
        if EOS in words:
            said = tuple(words[: words.index(EOS) + 1])
            for width in (1, 2, 4):
                kept = [in_plain_words(model, width, n, power) for n in range(1, len(said))]
                if all(list(said[:n]) in [w for _, w in at] for n, at in enumerate(kept, 1)):
                    ((best, *_),) = beam(model, SOURCE[:1], width=width, max_length=6, length_power=power)
                    assert best.score >= model.total(said) / len(said) ** power - 1e-5
                    compared += 1
    assert compared > 40


@pytest.mark.parametrize("power", POWERS)
def test_it_ends_when_there_is_nothing_more_to_find(power):
    """And then more patience finds the same."""
    for seed in range(6):
        model = Random(seed)
        with_end = model.logs
        model.logs = lambda said, logs=with_end: (logs(said) + torch.eye(5)[EOS] * len(said)).log_softmax(-1)
        steps, step = [], model.step
        model.step = lambda *given, step=step, steps=steps: steps.append(1) or step(*given)
        (found,) = beam(model, SOURCE[:1], width=3, max_length=60, length_power=power)
        assert len(steps) < 30 and all(h.words[-1] == EOS for h in found)
        assert beam(model, SOURCE[:1], width=3, max_length=len(steps), length_power=power) == [found]


# Sentences, states, modes


@every_family
def test_neither_padding_nor_other_sentences_change_what_is_found(name):
    model = new_model(name)
    together, with_padding = (beam(model, source, width=3, max_length=6) for source in (SOURCE, widen(SOURCE)))
    for i, n in enumerate(LENGTHS):
        (alone,) = beam(model, SOURCE[i : i + 1, :n], width=3, max_length=6)
        for its, one, wide in zip(alone, together[i], with_padding[i], strict=True):
            assert its.words == one.words == wide.words
            assert math.isclose(its.log_probability, one.log_probability, abs_tol=1e-5)
            if its.weights is not None:
                assert_close(one.weights[:, :n], its.weights)
                assert not one.weights[:, n:].any() and not wide.weights[:, n:].any()


def test_rows_are_picked_from_every_tensor_of_a_state():
    numbers = torch.arange(4)
    state = (LuongState(numbers, numbers[:, None] * 10, numbers + 100), (numbers,), None)
    picked = pick(state, torch.tensor([3, 0, 0]))
    assert type(picked) is tuple and type(picked[0]) is LuongState and picked[2] is None
    assert [leaf.flatten().tolist() for leaf in leaves(picked[:2])] == [
        [3, 0, 0],
        [30, 0, 0],
        [103, 100, 100],
        [3, 0, 0],
    ]


def test_a_batch_without_sentences_has_no_translations():
    assert beam(new_translator(), SOURCE[:0]) == []


@pytest.mark.parametrize("width, max_length", [(0, 5), (5, 0), (-1, 5)])
def test_a_beam_without_width_or_length_is_told(width, max_length):
    with pytest.raises(ValueError, match=f"max_length and width: expected at least 1, got {max_length} and {width}"):
        beam(new_translator(), SOURCE, width=width, max_length=max_length)


@pytest.mark.parametrize("training", [True, False])
def test_it_leaves_the_mode_as_it_was_also_when_the_model_raises(training):
    model = new_translator(dropout=0.5).train(training)
    first, again = (beam(model, SOURCE, width=2, max_length=4) for _ in range(2))
    assert [h.words for found in first for h in found] == [h.words for found in again for h in found]
    assert not first[0][0].weights.requires_grad
    with pytest.raises(IndexError):
        beam(model, torch.tensor([[99]]))
    assert all(module.training == training for module in model.modules())
    assert torch.is_grad_enabled()


@every_family
def test_nothing_is_made_without_a_device(name):
    model = new_model(name)
    with DeviceIsGiven():
        beam(model, SOURCE, width=2, max_length=3)
