"""The plot of a computation step by step: every array in its panel, the text true of the data."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from attention_course.lessons.lesson_10.step_panels import Grid, step_panels
from attention_course.plots import ATTENTION_COLOURS

WEIGHTS = Grid(np.array([[0.1, 0.9], [0.6, 0.4]]), ["le", "chat"], ["the", "$cat$"], weights=True, marked=1)
NUMBERS = Grid(np.array([[1.0, -2.0, 0.5]]), ["state"], name="numbers")


def drawn(figure):
    return [ax.images[0] for ax in figure.axes]


def test_every_block_is_drawn_as_it_is():
    figure = step_panels({"one": [NUMBERS], "two": [WEIGHTS, NUMBERS]})
    assert [image.get_array().shape for image in drawn(figure)] == [(1, 3), (2, 2), (1, 3)]
    assert np.array_equal(drawn(figure)[1].get_array(), WEIGHTS.array)
    assert [text.get_text() for text in figure.texts] == ["one", "two"]


def test_weights_have_the_one_scale_and_numbers_one_around_zero():
    numbers, weights, other = drawn(step_panels({"": [NUMBERS, WEIGHTS, NUMBERS._replace(limit=8.0)]}))
    assert weights.get_clim() == (0, 1) and to_hex(weights.cmap(1.0)) == to_hex(ATTENTION_COLOURS(1.0))
    assert numbers.get_clim() == (-2, 2) and other.get_clim() == (-8, 8)


def test_zeros_can_be_drawn():
    assert drawn(step_panels({"": [NUMBERS._replace(array=np.zeros((1, 3)))]}))[0].get_clim() == (-1, 1)


def test_the_text_says_what_is_seen():
    alt = step_panels({"numbers": [NUMBERS], "weights": [WEIGHTS]}).alt
    assert "1 rows of 3 numbers from -2 to 1" in alt and "“chat” looks most at “the” (0.60)" in alt


def test_words_are_literal_and_inside_the_picture():
    figure = step_panels({f"panel {i} with a long title": [WEIGHTS, NUMBERS] for i in range(5)})
    figure.draw_without_rendering()
    texts = [t for ax in figure.axes for t in (*ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label)]
    boxes = [t.get_window_extent() for t in (*texts, *figure.texts) if t.get_text()]
    assert "$cat$" in [t.get_text() for t in texts]
    assert all(b.x0 >= 0 and b.y0 >= 0 for b in boxes)
    assert all(b.x1 <= figure.bbox.width and b.y1 <= figure.bbox.height for b in boxes)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (NUMBERS._replace(rows=["a", "b"]), "rows: expected 1"),
        (WEIGHTS._replace(columns=["a"]), "columns: expected 2"),
        (NUMBERS._replace(array=np.zeros(3)), r"array: expected two axes, got the shape \(3,\)"),
    ],
)
def test_what_does_not_fit_is_told(block, message):
    with pytest.raises(ValueError, match=message):
        step_panels({"": [block]})
