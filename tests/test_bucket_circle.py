"""The picture of buckets says who meets whom, and takes only what fits."""

import pytest

from attention_course.lessons.lesson_19.bucket_circle import bucket_circle

WORDS = ["the", "cat", "$5", "the"]


def test_its_words_say_who_is_where_and_how_many_meet():
    figure = bucket_circle([20, 100, 250, 20], [0, 1, 3, 0], WORDS, turn=10, sectors=4, window=2)
    assert "“the” A, “cat” B, “$5” D, “the” A" in figure.alt and figure.alt.endswith("1 pairs of words meet.")
    assert figure.png()[:4] == b"\x89PNG"
    full = bucket_circle([0] * 4, [0] * 4, WORDS, turn=0, sectors=2, window=2)
    assert full.alt.endswith("5 pairs of words meet.")


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match="words: expected 2"):
        bucket_circle([0, 1], [0, 0], ["a"], turn=0, sectors=4, window=1)
    with pytest.raises(ValueError, match="buckets: expected one in 0 to 3"):
        bucket_circle([0, 1], [0, 4], ["a", "b"], turn=0, sectors=4, window=1)
