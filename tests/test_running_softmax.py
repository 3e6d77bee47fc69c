"""The picture of a softmax in tiles: its numbers are those of the softmax, and wrong arguments are named."""

import numpy as np
import pytest

from attention_course.lessons.lesson_20.running_softmax import running_softmax

SCORES = np.array([0.0, 1.0, 3.0, 2.0, 1.5])


def test_the_last_bar_is_the_sum_and_its_layers_the_shares():
    figure = running_softmax(SCORES, list("abcde"), 2)
    above, below = figure.axes
    last = [bar.get_height() for bar in below.patches][-3:]
    shares = np.exp(SCORES - 3)
    np.testing.assert_allclose(last, [shares[:2].sum(), shares[2:4].sum(), shares[4]])
    assert [t.get_text() for t in above.texts] == ["m = 1.0", "m = 3.0", "m = 3.0"]
    assert [t.get_text() for t in below.texts] == ["1.37", "1.55", "1.78"]


def test_what_shrinks_is_written_over_the_bar():
    _, below = running_softmax(SCORES[[0, 1, 4, 2, 3]], list("abcde"), 3).axes
    said = [t.get_text() for t in below.texts]
    assert said == ["tile 1", "1.83", "tile 1", "tile 2", "1.78\nwhat was there\nbefore × 0.22"]
    assert [t.get_text() for t in below.get_xticklabels()] == ["tile 1", "tile 2"]


def test_the_text_says_what_it_shows():
    assert running_softmax(SCORES, list("abcde"), 3).alt == (
        "5 scores in tiles of 3. After each tile: m 3.00, sum 1.19, what was there times 1.00; "
        "m 3.00, sum 1.78, what was there times 1.00."
    )


@pytest.mark.parametrize("tile", [1, 5, 9])
def test_any_tile_and_negative_scores(tile):
    figure = running_softmax(SCORES - 9, list("abcde"), tile)
    assert figure.png()


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="tile: expected at least 1, got 0"):
        running_softmax(SCORES, list("abcde"), 0)
    with pytest.raises(ValueError, match="scores: expected one row"):
        running_softmax(SCORES[None], list("abcde"), 2)
    with pytest.raises(ValueError, match="labels"):
        running_softmax(SCORES, list("abc"), 2)
