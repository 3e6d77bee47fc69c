"""From words to words: in the order of the input, with weights on real words, and unknown words replaced."""

import random

import pytest
import torch
from factories import FAMILIES, new_model, word_bias
from torch.testing import assert_close

from attention_course.data.vocabulary import BOS, EOS, UNKNOWN, Vocabulary
from attention_course.decoding import align, copy_unknown, translate
from attention_course.masks import PAD

ENGLISH, FRENCH = Vocabulary([list("abcdefgh")]), Vocabulary([list("tuvwxyz")])
LETTERS = random.Random(0)
SENTENCES = [LETTERS.choices("abcdefgh?", k=LETTERS.randint(1, 9)) for _ in range(9)]


def speaker(name):
    """A translator that says no `<pad>` and no `<bos>`, as one that has learned a language."""
    model = new_model(name)
    with torch.no_grad():
        word_bias(model)[[PAD, BOS]] = -1e4
    return model


@pytest.mark.parametrize("name", FAMILIES)
def test_each_translation_is_that_of_its_sentence_whatever_the_batch(name):
    model = speaker(name)
    alone = [translate(model, [sentence], ENGLISH, FRENCH, max_length=7)[0] for sentence in SENTENCES]
    assert len({tuple(t.words) for t in alone}) > 3
    for batch in (1, 4, 250):
        together = translate(model, SENTENCES, ENGLISH, FRENCH, max_length=7, batch=batch)
        assert [t.words for t in together] == [t.words for t in alone]
        if name != "encoder-decoder":
            assert_close([t.weights for t in together], [t.weights for t in alone])


@pytest.mark.parametrize("name", FAMILIES)
def test_weights_stand_for_real_words_alone_and_are_those_of_the_translation(name):
    model = speaker(name)
    for sentence, (words, weights) in zip(SENTENCES, translate(model, SENTENCES, ENGLISH, FRENCH, 7), strict=True):
        assert len(words) <= 7 and "<eos>" not in words
        if name == "encoder-decoder":
            assert weights is None
            continue
        assert weights.shape == (len(words), len(sentence)) and not weights.requires_grad
        previous = torch.tensor([[BOS, *FRENCH.encode(words)]])
        logits, expected = model(torch.tensor([ENGLISH.encode(sentence)]), previous)
        assert_close(weights, expected[0, : len(words)].detach())
        if len(words) < 7:
            assert logits[0, -1].argmax() == EOS


def test_a_sentence_without_words_is_told_whatever_stands_beside_it():
    model, message = speaker("RNNsearch, additive"), "expected at least one word in each, number 1 is empty"
    with pytest.raises(ValueError, match=message):
        translate(model, [["a"], []], ENGLISH, FRENCH)
    with pytest.raises(ValueError, match=message):
        align(model, [(["a"], ["t"]), ([], ["t"])], ENGLISH, FRENCH)
    assert translate(model, [], ENGLISH, FRENCH) == align(model, [], ENGLISH, FRENCH) == []


def test_only_a_model_with_attention_can_align():
    with pytest.raises(TypeError, match="expected a model with attention, got EncoderDecoder"):
        align(speaker("encoder-decoder"), [(["a"], ["t"])], ENGLISH, FRENCH)


@pytest.mark.parametrize("batch", [1, 4, 250])
def test_alignments_are_the_weights_of_the_given_translations(batch):
    model = speaker("RNNsearch, additive").train()
    pairs = [(s, LETTERS.choices("tuvwxyz", k=LETTERS.randint(0, 6))) for s in SENTENCES]
    for (source, target), weights in zip(pairs, align(model, pairs, ENGLISH, FRENCH, batch), strict=True):
        previous = torch.tensor([[BOS, *FRENCH.encode(target)]])
        _, expected = model(torch.tensor([ENGLISH.encode(source)]), previous)
        assert_close(weights, expected[0, : len(target)].detach())
        assert not weights.requires_grad
    assert model.training


def test_no_sentences_have_no_translations():
    assert translate(speaker("encoder-decoder"), [], ENGLISH, FRENCH) == []


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_is_afterwards_what_it_was(training):
    model = speaker("RNNsearch, dot").train(training)
    translate(model, SENTENCES, ENGLISH, FRENCH)
    assert all(module.training == training for module in model.modules())


# Unknown words


def test_an_unknown_word_is_the_source_word_with_the_largest_weight():
    weights = torch.tensor([[0.2, 0.7, 0.1], [0.8, 0.1, 0.1], [0.1, 0.3, 0.6]])
    words = copy_unknown(["le", "<unk>", "<unk>"], ["Ada", "the", "1842"], weights)
    assert words == ["le", "Ada", "1842"]


def test_known_words_and_no_words_stay_as_they_are():
    assert copy_unknown(["<bos>", "x"], ["a"], torch.ones(2, 1)) == ["<bos>", "x"]
    assert copy_unknown([], ["a", "b"], torch.ones(0, 2)) == []


def test_words_and_weights_must_be_as_many():
    with pytest.raises(ValueError):
        copy_unknown(["x", "y"], ["a"], torch.ones(1, 1))


def test_what_is_copied_goes_with_the_weights_of_translate():
    model = speaker("RNNsearch, additive")
    with torch.no_grad():
        model.bias[UNKNOWN] = 1e4
    ((words, weights),) = translate(model, [SENTENCES[0]], ENGLISH, FRENCH, max_length=3)
    assert words == ["<unk>"] * 3
    assert copy_unknown(words, SENTENCES[0], weights) == [SENTENCES[0][i] for i in weights.argmax(-1)]


def test_weights_stay_with_their_words_where_a_model_says_padding():
    model = new_model("RNNsearch, additive")
    with torch.no_grad():
        model.bias[EOS] = -1e4
        model.bias[PAD] = model.bias[PAD] + 0.5
    said = translate(model, SENTENCES, ENGLISH, FRENCH, max_length=7)
    assert any(len(t.words) < 7 for t in said)
    assert all(len(t.weights) == len(t.words) for t in said)
