"""Diagrams: whatever is drawn is told, everything stays inside, and no text lies on another."""

import itertools

import numpy as np
import pytest
import torch
from matplotlib.text import Text
from test_plots_on_sim import FIGURES

from attention_course.plots.cells import as_text
from attention_course.plots.colours import ATTENTION_COLOURS, luminance
from attention_course.plots.diagram import Board
from attention_course.plots.roles import ROLES, SOFT

DIAGRAMS = [figure for figure in FIGURES if figure.__module__.endswith(".diagrams")]
NARROW = 390  # pixels: a telephone


def board():
    return Board(4, 2, "A figure.")


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda diagram: f"{diagram.__module__[-11:-9]} {diagram.__name__}")
def test_texts_stay_inside_lie_apart_and_can_be_read_on_a_telephone(diagram):
    figure = FIGURES[diagram](np.asarray)
    figure.draw_without_rendering()
    texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    boxes = [text.get_window_extent() for text in texts]
    for text, box in zip(texts, boxes, strict=True):
        said = text.get_text()
        assert box.x0 > -1 and box.y0 > -1, said
        assert box.x1 < figure.bbox.x1 + 1 and box.y1 < figure.bbox.y1 + 1, said
    for (one, a), (other, b) in itertools.combinations(zip(texts, boxes, strict=True), 2):
        apart = min(a.x1, b.x1) - max(a.x0, b.x0) < 1.5 or min(a.y1, b.y1) - max(a.y0, b.y0) < 3
        assert apart, f"{one.get_text()!r} lies on {other.get_text()!r}"
    pixels = min(text.get_fontsize() for text in texts) / 72 * 96 * min(1, NARROW / (figure.get_figwidth() * 96))
    assert pixels >= 8


def test_a_small_matrix_is_told_number_by_number_and_a_large_one_by_the_row_that_is_framed():
    small, large = board(), board()
    small.matrix(1, 1, torch.tensor([[2, -1.5], [0.0, float("-inf")]]), "key", title="keys", rows=["cat", "mat"])
    assert small.picture.alt == "A figure. keys (2, 2): cat 2, −1.50; mat 0, −∞."
    large.matrix(1, 1, np.arange(18).reshape(6, 3), title="sums", columns="abc", frame=4)
    assert large.picture.alt == "A figure. sums (6, 3), columns a, b, c: 12, 13, 14; framed: row 5."


def test_what_is_drawn_is_told():
    drawn = board()
    drawn.box(1, 1, r"$\div\ \sqrt{2}$", "score", shape="(6, 6)")
    drawn.step(1, 1, 3, "compare")
    drawn.sentence(0, 1, ["the", "cat"])
    drawn.say(1, 1, "said")
    drawn.text(1, 1, "not said")
    assert drawn.picture.alt == "A figure. Box: ÷ √2 (6, 6). Step 3 compare. “the cat”. said."


@pytest.mark.parametrize(("entry", "text"), [
    (2.0, "2"), (-1.0, "−1"), (0.0, "0"), (0.667, "0.67"), (-0.004, "−0.00"), (1e-9, "0.00"), (12, "12"),
    (True, "T"), (False, "F"), (np.float32(0.5), "0.50"), ("the", "the"),
    (float("nan"), "NaN"), (float("-inf"), "−∞"), (float("inf"), "∞"),
])  # fmt: skip
def test_how_a_number_is_written(entry, text):
    assert as_text(entry) == text


@pytest.mark.parametrize("entries", [[], [[]], [[[1.0]]], [None], [1j]])
def test_what_is_no_matrix_is_refused(entries):
    with pytest.raises(ValueError, match="entries: expected a vector or a matrix"):
        board().matrix(1, 1, entries)


def test_weights_have_the_shade_that_they_have_in_every_map():
    assert ROLES["weight"].shade(0.3) == ATTENTION_COLOURS(0.3)
    shades = [luminance(ROLES["weight"].shade(weight)) for weight in np.linspace(0, 1, 6)]
    assert shades == sorted(shades, reverse=True) and shades[0] == pytest.approx(1)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "mask"])
def test_titles_can_be_read_on_white_and_the_letter_on_its_badge(role):
    for colour in (ROLES[role].edge, SOFT):
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5  # WCAG 2, AA


def test_roles_have_letters_of_their_own():
    letters = [role.letter for role in ROLES.values() if role.letter]
    assert len(letters) == len(set(letters))


def test_a_place_finds_its_sides_and_rows():
    place = board().matrix(1, 0.5, np.ones((4, 2)), cell=(0.5, 0.25))
    assert (place.left, place.top, place.right, place.bottom, place.x, place.y) == (1, 0.5, 2, 1.5, 1.5, 1)
    assert place.row(1).top == 0.75 and place.row(1).bottom == 1.0
    assert place.side("right", 0.25) == (2, 0.75) and place.side("top") == (1.5, 0.5)
