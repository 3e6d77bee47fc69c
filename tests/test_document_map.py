"""The picture of a document shows what it claims: bars and shades are read back from what was drawn."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgba

from attention_course.lessons.lesson_07.document_map import BARS, document_map
from attention_course.plots import ATTENTION_COLOURS, Picture
from attention_course.plots.colours import BAR

SENTENCES = [["the", "cat", "sat"], ["$5", "<b>"]]
SENTENCE_WEIGHTS = torch.tensor([0.75, 0.25])
WORD_WEIGHTS = torch.tensor([[0.2, 0.7, 0.1], [1.0, 0.0, 0.0]])


def test_bars_are_sentence_weights_and_shades_are_word_weights():
    figure = document_map(SENTENCES, SENTENCE_WEIGHTS, WORD_WEIGHTS, mark=0, title="Two sentences")
    [ax] = figure.axes
    bars = [p.get_width() / BARS for p in ax.patches + ax.artists if to_rgba(p.get_facecolor()) == to_rgba(BAR)]
    assert np.allclose(bars, [0.75, 0.25])
    shades = [to_rgba(p.get_facecolor()) for p in ax.patches + ax.artists]
    assert all(to_rgba(ATTENTION_COLOURS(float(w))) in shades for w in (0.2, 0.7, 0.1, 1.0))
    texts = {t.get_text() for t in ax.texts}
    assert {"the", "cat", "sat", "$5", "<b>", "0.75", "0.25", "Two sentences"} <= texts
    assert not any(t.get_parse_math() for t in ax.texts)
    assert len([line for line in ax.lines if line.get_marker() == ">"]) == 1


def test_the_alternative_text_says_where_it_looks():
    said = document_map(SENTENCES, SENTENCE_WEIGHTS, WORD_WEIGHTS, mark=1).alt
    assert "A document of 2 sentences, looked at most at “sentence 1” (0.75)" in said
    assert "Sentence 2 is marked; its weight is 0.25" in said
    assert "sentence 1 0.75, most at “cat” (0.70)" in said


def test_a_long_sentence_wraps_and_makes_the_picture_higher():
    long = [["word"] * 60, ["end"]]
    weights = [np.full(60, 1 / 60), [1.0]]
    wrapped = document_map(long, [0.5, 0.5], weights, width=5)
    assert (
        wrapped.get_figheight() > document_map([["word"], ["end"]], [0.5, 0.5], [[1.0], [1.0]], width=5).get_figheight()
    )


def test_it_draws_into_axes_that_are_given():
    picture = Picture((8, 3))
    assert document_map(SENTENCES, SENTENCE_WEIGHTS, WORD_WEIGHTS, ax=picture.add_subplot()) is picture


def test_weights_of_padding_are_not_looked_at():
    wide = document_map(SENTENCES[:1], SENTENCE_WEIGHTS, WORD_WEIGHTS)
    assert wide.alt == document_map(SENTENCES[:1], SENTENCE_WEIGHTS[:1], WORD_WEIGHTS[:1]).alt


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="expected 2 or more at both levels, one for each sentence, got 1 and 2"):
        document_map(SENTENCES, [1.0], WORD_WEIGHTS)
    with pytest.raises(ValueError, match="sentences: expected 1, one for each weight of weights, got 2"):
        document_map([["one", "two"]], [1.0], [[1.0]])
    with pytest.raises(ValueError, match="no number above 1"):
        document_map(SENTENCES, [1.5, 0.0], WORD_WEIGHTS)
