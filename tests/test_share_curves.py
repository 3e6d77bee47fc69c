"""Curves twice, by what there is to do and by their share: points where they belong, one mark an amount, true words."""

import numpy as np
import pytest

from attention_course.lessons.lesson_18.share_curves import share_curves

X = [4, 16, 64]
CURVES = {"8x8": [0.9, 0.5, 0.1], "4x16": [0.8, 0.4, 0.1], "16x16": [1.0, 0.9, 0.5]}
AMOUNTS = {"8x8": 72, "4x16": 68, "16x16": 272}
LABELS = {"x_label": "pairs", "y_label": "right", "share_label": "numbers a pair", "amount_label": "numbers"}


def figure():
    return share_curves(
        X, CURVES, AMOUNTS, {"softmax": ([1.0, 1.0, 0.98], 16), "other": ([1.0, 1.0, 1.0], 32)}, **LABELS
    )


def test_points_stand_at_their_share():
    left, right = figure().axes
    drawn = {tuple(np.round(line.get_xdata(), 3)) for line in right.lines}
    assert {(18, 4.5, 1.125), (17, 4.25, 1.062), (68, 17, 4.25), (16, 16, 16), (32, 32, 32)} == drawn
    assert all(tuple(line.get_xdata()) == tuple(X) for line in left.lines)


def test_one_amount_has_one_mark_and_every_curve_its_own_look_and_name():
    left, right = figure().axes
    marks = [line.get_marker() for line in left.lines[:3]]
    assert marks[0] == marks[1] != marks[2]
    assert left.lines[0].get_linestyle() != left.lines[1].get_linestyle()
    assert [line.get_fillstyle() for line in right.lines[:3]] == ["full", "none", "full"]
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["4x16: 68", "8x8: 72", "16x16: 272"]
    assert [text.get_text() for text in left.texts] == ["softmax\nother"]


def test_the_text_says_what_is_seen():
    assert "8x8 0.90 to 0.10" in figure().alt and "softmax at 16: 0.98 to 1.00" in figure().alt


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="8x8: expected 3 points and an amount"):
        share_curves(X, {"8x8": [1, 2]}, AMOUNTS, {}, **LABELS)
    with pytest.raises(ValueError, match="2x2: expected"):
        share_curves(X, {"2x2": [1, 1, 1]}, AMOUNTS, {}, **LABELS)
