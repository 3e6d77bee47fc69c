"""The panels of small curves show what they are given, on one scale."""

import numpy as np
import pytest

from attention_course.lessons.lesson_11.length_panels import length_panels

LABELS = {"x_label": "position", "y_label": "loss", "mark": 64, "mark_label": "trained"}
X = [16, 64, 256]
CURVES = {"$none": [[3.0, 2.0, 4.0], [3.2, 2.2, 4.4]], "rotary": [[3.0, 1.0, 1.5]]}


def test_a_line_for_each_training_and_the_level_at_the_mark():
    figure = length_panels(X, CURVES, across=3, **LABELS)
    shown = [ax for ax in figure.axes if ax.get_visible()]
    assert [ax.get_title(loc="left") for ax in shown] == ["$none", "rotary"]
    curves = [line.get_ydata() for line in shown[0].lines if len(line.get_ydata()) == 3]
    assert np.array_equal(curves, CURVES["$none"])
    assert any(np.allclose(line.get_ydata(), 2.1) for line in shown[0].lines)
    assert len({ax.get_ylim() for ax in shown}) == 1
    assert "$none: 3.10 at 16, 2.10 at 64, 4.20 at 256. rotary: 3.00 at 16, 1.00 at 64, 1.50 at 256." in figure.alt
    figure.png()


def test_what_does_not_fit_is_told():
    with pytest.raises(ValueError, match=r"rotary: expected rows of 3 numbers like x, got \(1, 2\)"):
        length_panels(X, {"rotary": [[1.0, 2.0]]}, **LABELS)
    with pytest.raises(ValueError, match="mark: expected one of x, got 65"):
        length_panels(X, CURVES, **LABELS | {"mark": 65})
