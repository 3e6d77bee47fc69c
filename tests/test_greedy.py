"""Greedy decoding: the most probable words, an end in time, and nothing left behind."""

import pytest
import torch
from factories import FAMILIES, SOURCE, DeviceIsGiven, new_model, new_translator, widen
from torch import nn
from torch.testing import assert_close

from attention_course.data.vocabulary import BOS, EOS
from attention_course.decoding import greedy

every_family = pytest.mark.parametrize("name", FAMILIES)
ONE_WORD = torch.ones(2, 1, dtype=torch.int64)


def up_to_the_end(words, weights, max_length=9):
    """What there is of each sentence, without what stands behind its end."""
    ends = [row.index(EOS) + 1 if EOS in row else max_length for row in words.tolist()]
    weights = [None] * len(words) if weights is None else weights
    return [(w[:n].tolist(), None if a is None else a[:n]) for w, a, n in zip(words, weights, ends, strict=True)]


class Speller(nn.Module):
    """Says the given words by heart, one sentence a row, and gives attention to nothing."""

    def __init__(self, *sentences):
        super().__init__()
        self.sentences = torch.tensor(sentences)

    def encode(self, source):
        assert not self.training
        return None, torch.zeros(len(source), dtype=torch.int64)

    def step(self, previous, state, memory):
        said = nn.functional.one_hot(self.sentences[torch.arange(len(state)), state], 11).float()
        return said, state + 1, torch.zeros(len(state), 1)


SPELLER = Speller([4, EOS, 5, 5, 5, 5], [6, 7, 8, EOS, 5, 5])


@every_family
def test_the_words_are_the_most_probable_ones_under_teacher_forcing(name):
    model = new_model(name)
    words, weights = greedy(model, SOURCE, max_length=9)
    assert len(words.unique()) > 3
    previous = torch.cat([torch.full((3, 1), BOS), words[:, :-1]], 1)
    logits, expected = model(SOURCE, previous)
    assert logits.argmax(-1).equal(words)
    if expected is None:
        assert weights is None
    else:
        assert_close(weights, expected.detach())


@every_family
def test_neither_padding_nor_other_sentences_change_the_words(name):
    model = new_model(name)
    together = up_to_the_end(*greedy(model, SOURCE, max_length=9))
    with_padding = up_to_the_end(*greedy(model, widen(SOURCE), max_length=9))
    alone = [up_to_the_end(*greedy(model, SOURCE[i : i + 1, :n], max_length=9))[0] for i, n in enumerate([5, 3, 1])]
    for (words, weights), (wide_words, wide_weights), (its_words, its_weights), n in zip(
        together, with_padding, alone, [5, 3, 1], strict=True
    ):
        assert wide_words == words == its_words
        if weights is not None:
            assert_close(wide_weights[:, :5], weights)
            assert_close(its_weights, weights[:, :n])
            assert not wide_weights[:, 5:].any() and not weights[:, n:].any()


def test_it_stops_when_every_sentence_has_ended():
    words, weights = greedy(SPELLER, ONE_WORD)
    assert words.tolist() == [[4, EOS, 5, 5], [6, 7, 8, EOS]]
    assert weights.shape == (2, 4, 1)


@pytest.mark.parametrize("max_length", [1, 3])
def test_it_stops_at_the_longest(max_length):
    assert greedy(SPELLER, ONE_WORD, max_length)[0].shape == (2, max_length)


@pytest.mark.parametrize("max_length", [0, -1])
def test_it_cannot_say_less_than_a_word(max_length):
    with pytest.raises(ValueError, match=f"max_length: expected at least 1 word, got {max_length}"):
        greedy(SPELLER, ONE_WORD, max_length)


def test_a_batch_without_sentences_has_no_translations_and_one_without_words_is_told():
    words, weights = greedy(new_translator(), SOURCE[:0])
    assert len(words) == len(weights) == 0
    with pytest.raises(ValueError, match="source: expected at least one word"):
        greedy(new_translator(), SOURCE[:, :0])


@pytest.mark.parametrize("training", [True, False])
def test_it_leaves_the_mode_and_the_gradients_as_they_were(training):
    model = new_translator(dropout=0.5).train(training)
    words, weights = greedy(model, SOURCE)
    assert words.equal(greedy(model, SOURCE)[0])  # no dropout, though the model may be in training
    assert not weights.requires_grad
    assert all(module.training == training for module in model.modules())
    assert torch.is_grad_enabled()


def test_it_leaves_the_mode_as_it_was_when_the_model_raises():
    model = new_translator().train()
    with pytest.raises(IndexError):
        greedy(model, torch.tensor([[99]]))
    assert all(module.training for module in model.modules())


@every_family
def test_nothing_is_made_without_a_device(name):
    model = new_model(name)
    with DeviceIsGiven():
        _, weights = greedy(model, SOURCE, max_length=2)
    assert weights is None or weights.dtype == torch.float64
