"""The standard library's docstrings: whole texts, every one in one part only, and pieces that miss no character."""

import random

import pytest

from attention_course.data import docstrings


def test_texts_are_those_of_the_library_every_one_once():
    texts = docstrings.docstrings()
    assert len(texts) == len(set(texts)) > 1000
    assert any(random.Random.choice.__doc__ in text for text in texts)
    assert docstrings.docstrings() is texts


def test_no_text_is_in_both_parts():
    train, test = docstrings.text("train"), docstrings.text("test")
    assert len(train) > 5 * len(test) > 100_000
    between = 2 * (len(docstrings.docstrings()) - 1)
    assert len(train + "\n\n" + test) == sum(map(len, docstrings.docstrings())) + between
    with pytest.raises(ValueError, match=r"part: expected .train. or .test., got 'valid'"):
        docstrings.text("valid")


def test_every_number_but_the_first_is_predicted_once():
    assert docstrings.pieces(list(range(9)), 4) == [[0, 1, 2, 3, 4], [4, 5, 6, 7, 8]]
    assert docstrings.pieces(list(range(10)), 4)[-1] == [4, 5, 6, 7, 8]
    assert docstrings.pieces(list(range(8)), 4, 2) == [[0, 1, 2, 3, 4], [2, 3, 4, 5, 6]]
    with pytest.raises(ValueError, match="numbers: expected more than 4, got 4"):
        docstrings.pieces([1, 2, 3, 4], 4)
