"""Every figure takes tensors of the pretended device, and shows what it shows of arrays."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest
import torch
from figures import CORNERS, IMAGE, XY, some
from matplotlib.figure import Figure

from attention_course import lessons, plots
from attention_course.lessons.lesson_01.measurements import measurements
from attention_course.lessons.lesson_01.plane import plane
from attention_course.lessons.lesson_02.landscape import landscape
from attention_course.lessons.lesson_07.document_map import document_map
from attention_course.lessons.lesson_08.hop_maps import hop_maps
from attention_course.lessons.lesson_10.step_panels import Grid, step_panels
from attention_course.lessons.lesson_11.length_panels import length_panels
from attention_course.lessons.lesson_17.reach_grid import reach_grid
from attention_course.lessons.lesson_18.share_curves import share_curves
from attention_course.lessons.lesson_19.bucket_circle import bucket_circle
from attention_course.lessons.lesson_20.running_softmax import running_softmax
from attention_course.plots.picture import describe

AB, ABC, ABCD = [*"ab"], [*"abc"], [*"abcd"]
X, Y, PLACES = np.linspace(1, 3, 4), np.array([0.5, 2.0, 1.0, 3.0]), np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]])
APART = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))


FIGURES = {  # each of what `given` makes of the arrays
    plots.attention_map: lambda given: plots.attention_map(given(some(2, 3)), AB, ABC),
    plots.bands: lambda given: plots.bands(given(X), {"a": given(np.stack([Y, Y - 1, Y + 1], 1))}, **XY),
    plots.head_grid: lambda given: plots.head_grid(given(some(2, 2, 3)), AB, ABC),
    plots.lines: lambda given: plots.lines(given(X), {"a": given(Y), "b": [given(y) for y in Y]}, low="a", **XY),
    plots.picture_grid: lambda given: plots.picture_grid(IMAGE, given(some(2, 4).reshape(2, 2, 2)), AB),
    plots.shaded_sentence: lambda given: plots.shaded_sentence(ABC, given(some(3))),
    plots.weight_bars: lambda given: plots.weight_bars(given(some(3)), ABC),
    measurements: lambda given: measurements(
        given(X), given(Y), curve=(given(X), given(Y)), query=2.0, weights=given(some(4)), **XY
    ),
    plane: lambda given: plane(given(PLACES[0]), given(PLACES), given(some(3)), ABC),
    landscape: lambda given: landscape(given(X), given(X), given(np.outer(X, X)), given(PLACES[0])),
    document_map: lambda given: document_map([AB, AB], given(some(2)), given(some(2, 2))),
    hop_maps: lambda given: hop_maps(IMAGE, given(some(2, 4)), CORNERS, 20, ABCD),
    step_panels: lambda given: step_panels({"a": [Grid(given(some(2, 3)), AB)]}),
    length_panels: lambda given: length_panels(given(X), {"a": given(np.stack([Y, Y]))}, mark=1.0, mark_label="", **XY),
    reach_grid: lambda given: reach_grid({"a": given(APART)}),
    share_curves: lambda given: share_curves(
        given(X), {"a": given(Y)}, {"a": 4.0}, {"b": (given(Y), 1.0)}, share_label="s", amount_label="a", **XY
    ),
    bucket_circle: lambda given: bucket_circle(
        given(np.array([0.0, 90.0, 200.0])), given(np.array([0, 1, 2])), ABC, turn=0, sectors=4, window=2
    ),
    running_softmax: lambda given: running_softmax(given(Y), ABCD, 2),
}


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
def test_a_figure_takes_tensors_of_any_device(figure, sim):
    picture = FIGURES[figure](lambda array: torch.tensor(array, device=sim, requires_grad=array.dtype == float))
    expected = FIGURES[figure](np.asarray)
    picture.draw_without_rendering()
    assert picture.alt == expected.alt


def test_every_figure_of_the_package_is_here():
    modules = [plots]
    for found in pkgutil.walk_packages(lessons.__path__, f"{lessons.__name__}."):
        if ".problems" not in found.name:
            modules.append(importlib.import_module(found.name))
    made = {thing for module in modules for thing in vars(module).values() if returns_a_figure(thing)}
    assert made == set(FIGURES)


def returns_a_figure(thing):
    return inspect.isfunction(thing) and thing.__annotations__.get("return") is Figure and thing is not describe
