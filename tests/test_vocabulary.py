"""Words as numbers: their order, their way back, and the padding."""

import pytest
import torch

from attention_course.data.vocabulary import BOS, EOS, UNKNOWN, Vocabulary, pad
from attention_course.masks import PAD

SENTENCES = [["b", "a", "c"], ["b", "c"], ["d"]]


def test_words_stand_by_frequency_then_alphabet_behind_the_special_ones():
    vocabulary = Vocabulary(SENTENCES)
    assert vocabulary.words == ["<pad>", "<bos>", "<eos>", "<unk>", "b", "c", "a", "d"]
    assert [vocabulary.words[n] for n in (PAD, BOS, EOS, UNKNOWN)] == vocabulary.words[:4]
    assert len(vocabulary) == 8
    assert Vocabulary(SENTENCES[::-1]).words == vocabulary.words


def test_words_come_back_as_they_went():
    vocabulary = Vocabulary(iter(SENTENCES))
    assert [vocabulary.decode(vocabulary.encode(s)) for s in SENTENCES] == SENTENCES


@pytest.mark.parametrize("minimum, known", [(1, "abcd"), (2, "bc"), (3, "")])
def test_rare_and_foreign_words_are_unknown(minimum, known):
    vocabulary = Vocabulary(SENTENCES, minimum)
    assert [word for word in "abcdx" if vocabulary.encode([word]) != [UNKNOWN]] == list(known)
    assert vocabulary.decode(vocabulary.encode(["x"])) == ["<unk>"]


def test_decoding_stops_at_the_end_and_leaves_padding_and_beginning_out():
    assert Vocabulary(SENTENCES).decode([BOS, 4, PAD, 5, EOS, 6]) == ["b", "c"]
    assert Vocabulary([]).decode([]) == []


@pytest.mark.parametrize(
    "sentences, rows",
    [([[4], [5, 6, 7]], [[4, PAD, PAD], [5, 6, 7]]), ([[], [4]], [[PAD], [4]]), ([[4, 5]], [[4, 5]])],
)
def test_short_sentences_are_filled_up_on_the_right(sentences, rows):
    assert pad(sentences).tolist() == rows
    assert pad(sentences).dtype == torch.int64


def test_no_sentences_and_empty_sentences_are_padded_to_nothing():
    assert pad([]).shape == (0, 0) and pad([]).dtype == torch.int64
    assert pad([[], []]).shape == (2, 0)


def test_padding_writes_into_no_sentence():
    sentences = [[4], [5, 6]]
    pad(sentences)
    assert sentences == [[4], [5, 6]]
