"""The hops' picture says where each looks, and takes only what fits."""

import numpy as np
import pytest

from attention_course.lessons.lesson_08.hop_maps import hop_maps

IMAGE = np.full((20, 40, 3), 200, np.uint8)
CORNERS = [(0, 0), (20, 0)]


def test_its_words_say_where_each_hop_looks():
    figure = hop_maps(
        IMAGE, [[0.9, 0.1], [0.2, 0.8]], CORNERS, 20, ["red $5", "blue cat"], expected=[0, 0], heading="What"
    )
    assert "hop 1 looks most at the red $5 (0.90), as expected" in figure.alt
    assert "hop 2 looks most at the blue cat (0.80), not as expected" in figure.alt
    assert figure.png()[:4] == b"\x89PNG"
    assert len(figure.axes) == 2


def test_what_does_not_fit_is_named():
    for wrong in ({"titles": ["one"]}, {"expected": [0]}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            hop_maps(IMAGE, [[0.5, 0.5]] * 2, CORNERS, 20, ["a", "b"], **wrong)
    with pytest.raises(ValueError, match="names"):
        hop_maps(IMAGE, [[0.5, 0.5]], CORNERS, 20, ["a"])
