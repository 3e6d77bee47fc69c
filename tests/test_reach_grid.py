"""Patterns side by side: what the squares show, in the words and in the pixels."""

import numpy as np
import pytest

from attention_course.lessons.lesson_17.reach_grid import reach_grid

CHAIN = np.array([[0, -1, -1], [1, 0, -1], [2, 1, 0]])


def test_the_words_give_the_shares_of_each_pattern():
    alt = reach_grid({"$chain_1": CHAIN, "all": np.ones((3, 3), dtype=int)}, layers=2).alt
    assert "2 patterns of 3 positions" in alt
    assert "$chain_1: 56%, 67%; all: 100%, 100%." in alt


def test_more_layers_are_lighter_and_too_many_are_white():
    figure = reach_grid({"chain": CHAIN}, layers=1)
    shown = figure.axes[0].images[0]
    colours = shown.cmap(shown.norm(shown.get_array()))[..., :3].sum(-1)
    assert colours[0, 0] == colours[1, 0] < colours[2, 0] == colours[0, 2] == 3
    deeper = reach_grid({"chain": CHAIN}, layers=3).axes[0].images[0]
    colours = deeper.cmap(deeper.norm(deeper.get_array()))[..., :3].sum(-1)
    assert colours[1, 0] < colours[2, 0] < colours[0, 2] == 3


def test_a_pattern_that_is_no_square_is_named():
    with pytest.raises(ValueError, match=r"odd: expected a square, got \(2, 3\)"):
        reach_grid({"odd": np.zeros((2, 3))})
