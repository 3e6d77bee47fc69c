"""The plots of lessons 01 and 02 show what they claim: values are read back from what was drawn."""

import numpy as np
import pytest
import torch

from attention_course.lessons.lesson_01.look import look
from attention_course.lessons.lesson_01.measurements import measurements
from attention_course.lessons.lesson_02.colour_strips import colour_strips
from attention_course.lessons.lesson_02.diagrams import saturated
from attention_course.lessons.lesson_02.landscape import landscape, landscapes
from attention_course.lessons.lesson_02.learned import learned
from attention_course.plots import bands, lines

KEYS = torch.tensor([[2.0, 0.0], [1.0, 2.0], [0.0, -1.0]])
VALUES = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])


def points(ax, marker):
    return [tuple(map(float, line.get_xydata()[0])) for line in ax.lines if line.get_marker() == marker]


def test_look_puts_the_context_at_the_weighted_average():
    figure = look(["cat", "sat", "mat"], torch.tensor([1.0, 0.0]), KEYS, VALUES, torch.tensor([0.5, 0.25, 0.25]))
    left, right = figure.axes
    assert points(right, "D") == [(0.5, 0.25)]
    assert points(left, "o") == [(2, 0), (1, 2), (0, -1)] and points(right, "o") == [(1, 0), (0, 0), (0, 1)]
    assert {t.get_text() for t in left.texts} >= {"cat  0.50", "sat  0.25", "mat  0.25"}
    assert {t.get_text() for t in right.texts} == {"cat", "sat", "mat", "context"}
    assert "context vector is (0.50, 0.25)" in figure.alt


def test_look_draws_what_is_heavier_thicker_and_larger():
    left, right = look(["a", "b", "c"], [0.0, 1.0], KEYS, VALUES, [0.7, 0.2, 0.1]).axes
    widths = [line.get_linewidth() for line in right.lines if line.get_marker() == "None"][:3]
    discs = [line.get_markersize() for line in left.lines if line.get_marker() == "o"]
    assert widths == sorted(widths, reverse=True) and widths[0] > 5 * widths[2]
    assert discs == sorted(discs, reverse=True) and discs[0] > 2 * discs[2]


def test_look_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"expected \(2,\), \(3, 2\) and \(3, 2\), got \(3,\)"):
        look(["a", "b", "c"], [1.0, 0.0, 0.0], KEYS, VALUES, [0.5, 0.25, 0.25])
    with pytest.raises(ValueError, match="words"):
        look(["a", "b"], [1.0, 0.0], KEYS, VALUES, [0.5, 0.25, 0.25])


def test_measurements_marks_the_answer_of_the_query():
    x, y, weights = np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 60.0]), np.array([0.5, 0.25, 0.25])
    figure = measurements(x, y, curve=(x, y), query=2.5, weights=weights, x_label="year", y_label="flow")
    ax = figure.axes[0]
    assert points(ax, "D") == [(2.5, 25.0)]
    shades = ax.collections[-1].get_array()
    assert np.allclose(shades, weights)
    assert "answered with 25; it looks most at 1, with 0.50" in figure.alt


def test_measurements_without_a_query_are_plain_points():
    ax = measurements([1, 2], [3, 4], x_label="x", y_label="y").axes[0]
    assert np.allclose(ax.lines[0].get_xydata(), [[1, 3], [2, 4]])


@pytest.mark.parametrize("weights", [[0.5, 0.5], [0.5, 0.6, -0.1], [0.5, np.nan, 0.5]])
def test_measurements_refuses_weights_that_do_not_fit(weights):
    with pytest.raises(ValueError, match="weights"):
        measurements([1, 2, 3], [1, 2, 3], query=1.0, weights=weights, x_label="x", y_label="y")


def test_lines_are_the_curves_and_the_lowest_point_is_marked():
    x = [1.0, 10.0, 100.0]
    figure = lines(x, {"up": [1, 2, 3], "dip": [5, 1, 4]}, x_label="x", y_label="y", log="x", low="dip")
    ax = figure.axes[0]
    assert np.allclose(ax.lines[0].get_ydata(), [1, 2, 3]) and np.allclose(ax.lines[1].get_ydata(), [5, 1, 4])
    assert points(ax, "o") == [(10.0, 1.0)]
    assert ax.get_xscale() == "log" and ax.get_yscale() == "linear"
    assert "“dip” is lowest at 10, with 1" in figure.alt
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()  # told apart in grey print


def test_lines_refuses_a_curve_of_another_length():
    with pytest.raises(ValueError, match=r"short: expected \(3,\) like x, got \(2,\)"):
        lines([1, 2, 3], {"short": [1, 2]}, x_label="x", y_label="y")


def test_bands_draw_the_mean_in_its_interval_and_name_the_ends():
    curves = {"flat": [(1, 0.9, 1.1), (1, 0.8, 1.2)], "near": [(2, 1, 3), (1.001, 0.5, 1.5)]}
    figure = bands([4, 1024], curves, x_label="k", y_label="accuracy", log="x")
    ax = figure.axes[0]
    assert np.allclose(ax.lines[1].get_ydata(), [2, 1.001]) and np.allclose(ax.lines[0].get_xdata(), [4, 1024])
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == 0.8 and band[:, 1].max() == 1.2
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()  # told apart in grey print
    assert [t.get_text() for t in ax.get_xticklabels()] == ["4", "1024"] and ax.get_xscale() == "log"
    figure.draw_without_rendering()
    low, high = sorted(t.get_window_extent().y0 for t in ax.texts)
    assert {t.get_text() for t in ax.texts} == {"flat", "near"} and high - low > 10  # names that do not overlap
    assert "At 1024: flat 1 (from 1), near 1 (from 2)" in figure.alt


def test_bands_refuse_what_they_cannot_draw():
    with pytest.raises(ValueError, match=r"thin: expected \(2, 3\), a row .mean, low, high.*got \(2, 2\)"):
        bands([1, 2], {"thin": [(1, 2), (3, 4)]}, x_label="x", y_label="y")
    with pytest.raises(ValueError, match="at most 5, got 6"):
        bands([1], {str(i): [(1, 1, 1)] for i in range(6)}, x_label="x", y_label="y")


def test_landscape_tells_where_the_score_is_highest():
    x, y = np.linspace(-1, 1, 5), np.linspace(-2, 2, 9)
    figure = landscape(x, y, x[None] - y[:, None], torch.tensor([0.5, -0.5]), title="dot")
    assert "for the query (0.5, -0.5) the scores run from -3 to 3, highest at (1, -2)" in figure.alt
    assert figure.axes[0].get_title("left") == "dot"
    landscape(x, y, np.zeros((9, 5)), [0.0, 0.0])  # a plain without lines
    with pytest.raises(ValueError, match=r"expected \(9, 5\) and \(2,\), got \(5, 9\), \(2,\)"):
        landscape(x, y, np.zeros((5, 9)), [0.0, 0.0])


def test_landscapes_stand_side_by_side():
    grid = np.linspace(-1, 1, 5)
    figure = landscapes(grid, {"dot": np.add.outer(grid, grid), "flat": np.zeros((5, 5))}, [1.0, 0.0])
    assert [ax.get_title("left") for ax in figure.axes] == ["dot", "flat"]
    assert "dot: for the query (1, 0)" in figure.alt and "flat: for the query (1, 0) the scores are 0" in figure.alt


def test_colour_strips_draw_each_colour_and_tell_how_far_it_is_from_the_right_one():
    right, answered = np.array([[1.0, 0, 0], [0, 1, 0]]), torch.tensor([[1.0, 0, 0], [0, 1, 0.6]])
    figure = colour_strips({"asked for": right, "answered": answered}, "two questions")
    assert np.allclose(figure.axes[0].images[0].get_array(), [right, answered.numpy()])
    assert figure.alt.endswith("Mean distance from the right colour: answered 0.10.")
    with pytest.raises(ValueError, match=r"answered: expected \(2, 3\), one colour a question, got \(1, 3\)"):
        colour_strips({"asked for": right, "answered": answered[:1]}, "x")


def test_learned_puts_each_point_in_its_interval():
    figure = learned({"dot": [(0.5, 0.9, 0.8, 1.0), (0.97, 0.55, 0.5, 0.6)]}, x_label="weight", y_label="right")
    ax = figure.axes[0]
    assert np.allclose(ax.lines[0].get_xydata(), [(0.5, 0.9), (0.97, 0.55)])
    bars = ax.collections[0].get_segments()
    assert np.allclose(bars, [[(0.5, 0.8), (0.5, 1.0)], [(0.97, 0.5), (0.97, 0.6)]])
    assert "dot 0.55 at 0.97" in figure.alt
    with pytest.raises(ValueError, match=r"thin: expected rows \(x, mean, low, high\), got \(1, 2\)"):
        learned({"thin": [(1, 2)]}, x_label="x", y_label="y")


def test_small_gradients_are_written_as_powers_of_ten():
    parts = torch.tensor([2.0, 1.0, 0.0]), torch.tensor([0.7, 0.2, 0.1]), torch.tensor([0.4, -9e-5, -8.2e-9])
    said = saturated(["cat", "sat", "chair"], dict.fromkeys(["× 1", "× 10"], parts)).alt
    assert "0.40, -9 · 10^-5, -8 · 10^-9" in said
