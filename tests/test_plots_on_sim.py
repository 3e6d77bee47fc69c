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
from attention_course.lessons.lesson_00 import diagrams as diagrams_00
from attention_course.lessons.lesson_01 import diagrams as diagrams_01
from attention_course.lessons.lesson_01.look import look
from attention_course.lessons.lesson_01.measurements import measurements
from attention_course.lessons.lesson_02 import diagrams as diagrams_02
from attention_course.lessons.lesson_02.colour_strips import colour_strips
from attention_course.lessons.lesson_02.landscape import landscape, landscapes
from attention_course.lessons.lesson_02.learned import learned, over_sizes
from attention_course.lessons.lesson_03 import diagrams as diagrams_03
from attention_course.lessons.lesson_04 import diagrams as diagrams_04
from attention_course.lessons.lesson_05 import diagrams as diagrams_05
from attention_course.lessons.lesson_06 import diagrams as diagrams_06
from attention_course.lessons.lesson_06 import shown as shown_06
from attention_course.lessons.lesson_07 import diagrams as diagrams_07
from attention_course.lessons.lesson_07.document_map import document_map
from attention_course.lessons.lesson_08 import diagrams as diagrams_08
from attention_course.lessons.lesson_08.hop_maps import hop_maps
from attention_course.lessons.lesson_09 import diagrams as diagrams_09
from attention_course.lessons.lesson_10 import diagrams as diagrams_10
from attention_course.lessons.lesson_11 import diagrams as diagrams_11
from attention_course.lessons.lesson_11.beyond import beyond
from attention_course.lessons.lesson_12 import diagrams as diagrams_12
from attention_course.lessons.lesson_13 import diagrams as diagrams_13
from attention_course.lessons.lesson_13 import figures as figures_13
from attention_course.lessons.lesson_13.two_words import two_words
from attention_course.lessons.lesson_17.reach_grid import reach_grid
from attention_course.lessons.lesson_18.share_curves import share_curves
from attention_course.lessons.lesson_19.bucket_circle import bucket_circle
from attention_course.lessons.lesson_20.running_softmax import running_softmax
from attention_course.page import table
from attention_course.plots.picture import describe

AB, ABC, ABCD = [*"ab"], [*"abc"], [*"abcd"]
X, Y, PLACES = np.linspace(1, 3, 4), np.array([0.5, 2.0, 1.0, 3.0]), np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]])
APART = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))


WORDS = ["cat", "sat", "chair"]
SIX, FEATURES = ["the", "cat", "sat", "on", "the", "mat"], ["being", "thing", "verb", "role"]
ASKED = ["query", "key", "value"]
ASKING = ["cat", "chair", "it", "tired"]


def vectors(given, *shapes):
    """Whole numbers, as hand-made examples have them, as tensors of what `given` makes of them."""
    draw = np.random.default_rng(0)
    return [torch.as_tensor(given(draw.integers(-2, 3, shape).astype(float))) for shape in shapes]


def weights(given, *shape):
    return torch.as_tensor(given(some(*shape)))


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
    diagrams_00.looking_back: lambda given: diagrams_00.looking_back(),
    diagrams_00.one_step: lambda given: diagrams_00.one_step(
        diagrams_00.ENGLISH,
        "(start)",
        "tapis",
        given(PLACES.ravel()[[0, 1, 2, 3, 4, 5, 0]]),
        weights(given, 7),
        0.5,
        (128, 128, 364),
    ),
    diagrams_00.annotations: lambda given: diagrams_00.annotations(),
    diagrams_00.two_routes: lambda given: diagrams_00.two_routes(),
    diagrams_00.course: lambda given: diagrams_00.course(),
    look: lambda given: look(ABC, given(PLACES[0]), given(PLACES), given(PLACES), given(some(3))),
    diagrams_01.two_sentences: lambda given: diagrams_01.two_sentences(),
    diagrams_01.soft_look_up: lambda given: diagrams_01.soft_look_up(WORDS, *vectors(given, (2,), (3, 2), (3, 2))),
    diagrams_01.three_queries: lambda given: diagrams_01.three_queries(
        WORDS, WORDS, *vectors(given, (3, 2), (3, 2), (3, 2))
    ),
    diagrams_01.padding: lambda given: diagrams_01.padding(
        WORDS,
        *vectors(given, (3,)),
        dict.fromkeys(["no mask", "set to 0\nafter", "−∞\nbefore"], weights(given, 3)),
        *vectors(given, (3, 2)),
    ),
    diagrams_01.batch: lambda given: diagrams_01.batch(
        [WORDS, WORDS],
        *vectors(given, (2, 1, 3)),
        torch.as_tensor(given(np.ones((2, 1, 3), bool))),
        weights(given, 2, 1, 3),
        *vectors(given, (2, 1, 2)),
    ),
    diagrams_01.year_maps: lambda given: diagrams_01.year_maps(
        [1871, 1872, 1873], dict.fromkeys(["leak: σ = 0.2, no mask", "masked: σ = 1.7"], weights(given, 3, 3))
    ),
    diagrams_03.one_vector: lambda given: diagrams_03.one_vector(),
    diagrams_03.gru_step: lambda given: diagrams_03.gru_step(WORDS, [1, 0, 0.5], [0.5, -0.8, 0.2], [0.9, 0.3, 0.6]),
    diagrams_03.teacher_forcing: lambda given: diagrams_03.teacher_forcing(["the", "cat"], ["le", "chat", "dort"]),
    diagrams_04.look_back: lambda given: diagrams_04.look_back(
        WORDS, *vectors(given, (3, 2), (2,), (3,)), weights(given, 3), *vectors(given, (2,))
    ),
    diagrams_04.beam_tree: lambda given: diagrams_04.beam_tree({"le": (0.55, {"petit": 0.4, "vieux": 0.35})}),
    diagrams_06.look_at: lambda given: diagrams_06.look_at(
        IMAGE, *vectors(given, (4, 2), (2,), (4,)), weights(given, 4), *vectors(given, (2,))
    ),
    diagrams_06.regions: lambda given: diagrams_06.regions(IMAGE, *vectors(given, (5, 10, 10)), 3, 4, (0, 2, 4)),
    diagrams_06.two_uses: lambda given: diagrams_06.two_uses(
        *vectors(given, (4, 2)), weights(given, 4), *vectors(given, (2,))
    ),
    shown_06.pictures: lambda given: shown_06.pictures([IMAGE, IMAGE], ["a cat", "two cats"], [[(0, 0, 0.5, 1)], []]),
    shown_06.word_maps: lambda given: shown_06.word_maps(IMAGE, given(some(2, 4).reshape(2, 2, 2)), AB),
    shown_06.cells_and_blobs: lambda given: shown_06.cells_and_blobs(
        IMAGE, given(some(4).reshape(2, 2)), given(some(16).reshape(4, 4))
    ),
    diagrams_05.who_asks: lambda given: diagrams_05.who_asks(
        AB,
        *vectors(given, (2,), (2,)),
        (*vectors(given, (2,)), weights(given, 2), weights(given, 2)),
        (*vectors(given, (2,)), weights(given, 2), weights(given, 2)),
    ),
    diagrams_05.family: lambda given: diagrams_05.family(),
    diagrams_05.local_p: lambda given: diagrams_05.local_p([*WORDS, *ABCD], [1, 1, 1, 2, 4, 2, 1], 3.0, 2),
    diagrams_08.two_looks: lambda given: diagrams_08.two_looks(WORDS, *vectors(given, (3, 5), (3, 8), (2, 3))),
    diagrams_08.network: lambda given: diagrams_08.network(),
    diagrams_08.growing: lambda given: diagrams_08.growing(),
    diagrams_07.two_levels: lambda given: diagrams_07.two_levels(
        [["a", "gem"], ["slow", "start"], ["long"]],
        [given(some(n, 2)) for n in (2, 2, 1)],
        [(given(some(n)), weights(given, n), given(some(2))) for n in (2, 2, 1)],
        (given(some(3)), weights(given, 3), given(some(2))),
    ),
    diagrams_07.batch: lambda given: diagrams_07.batch(
        [[["a", "gem"], ["slow", "start"], ["long", "<pad>"]]] * 2,
        torch.as_tensor(given(np.ones((2, 3, 2), bool))),
    ),
    diagrams_07.network: lambda given: diagrams_07.network(),
    diagrams_11.headlines: lambda given: diagrams_11.headlines(
        [WORDS, WORDS[::-1]], *vectors(given, (2, 3, 2), (2, 3)), weights(given, 2, 3), *vectors(given, (2, 2))
    ),
    diagrams_11.where_order_enters: lambda given: diagrams_11.where_order_enters(),
    diagrams_11.clocks: lambda given: diagrams_11.clocks(range(6), {"first hand": 90, "third hand": 10}),
    diagrams_11.table_of_places: lambda given: diagrams_11.table_of_places(WORDS, *vectors(given, (3, 2), (3, 2))),
    diagrams_11.map_of_places: lambda given: diagrams_11.map_of_places(given(np.linspace(-1, 1, 32).reshape(4, 8))),
    diagrams_11.by_distance: lambda given: diagrams_11.by_distance(
        *vectors(given, (3, 3)), WORDS, "Bias.", "(L, L)", "equal distances,\nequal vectors"
    ),
    diagrams_11.buckets: lambda given: diagrams_11.buckets(["0", "1", "46–63", "91+"]),
    diagrams_11.in_the_plane: lambda given: diagrams_11.in_the_plane(*vectors(given, (2,), (2,)), 1, 0, 90, 3),
    diagrams_12.overview: lambda given: diagrams_12.overview(),
    diagrams_12.eight_steps: lambda given: diagrams_12.eight_steps(
        WORDS,
        *vectors(given, (3, 4), (2, 2), (2, 3, 2), (2, 3, 2), (2, 3), (2, 3), (2, 3)),
        *vectors(given, (2, 2), (4,), (4,)),
    ),
    diagrams_12.norms: lambda given: diagrams_12.norms(),
    diagrams_12.shifted: lambda given: diagrams_12.shifted(
        ["<bos>", "le"], ["le", "<eos>"], torch.as_tensor(given(np.tri(2, dtype=bool)))
    ),
    diagrams_12.cached: lambda given: diagrams_12.cached(ABCD),
    diagrams_13.on_the_way_up: lambda given: diagrams_13.on_the_way_up(dict(enumerate(two_words(1)))),
    figures_13.losses: lambda given: figures_13.losses([5, 15], {"a": [2.0, 1.0], "b": [2.0, 1.5]}),
    figures_13.on_the_way: lambda given: figures_13.on_the_way({"a": [(0, 0.5, 1.0), (8, 0.9, 0.1)]}),
    figures_13.the_map: lambda given: figures_13.the_map(
        [0.1, 0.2], [2, 4], {name: np.array([[1.0, 2], [2, 3]]) for name in ABCD}, 2.4
    ),
    figures_13.schedules: lambda given: figures_13.schedules({name: lambda done: 1 - done for name in ABCD}),
    figures_13.widths: lambda given: figures_13.widths(
        [0.001, 0.002], {name: {"32": [1.0, 2.0], "64": [2.0, 1.0]} for name in AB}
    ),
    figures_13.courses: lambda given: figures_13.courses([1000, 2000], {"a": [2.0, 1.0]}),
    figures_13.budget: lambda given: figures_13.budget([1000, 2000], {"a": [2.0, 1.0]}, {"a": [2.1, 0.9]}),
    diagrams_09.two_rounds: lambda given: diagrams_09.two_rounds(*given(some(2))),
    diagrams_09.project: lambda given: diagrams_09.project(
        ASKING,
        *vectors(given, (4, 5)),
        dict(zip(("query", "key", "value"), vectors(given, (5, 2), (5, 2), (5, 5)), strict=True)),
    ),
    diagrams_09.look: lambda given: diagrams_09.look(
        ASKING,
        *vectors(given, (4, 2), (4, 2), (4, 5), (4, 4)),
        weights(given, 4, 4),
        *vectors(given, (4, 5)),
    ),
    diagrams_09.layer: lambda given: diagrams_09.layer(),
    diagrams_09.two_maps: lambda given: diagrams_09.two_maps(ASKING, {"soft": [weights(given, 4, 4)] * 2}),
    diagrams_09.learned: lambda given: diagrams_09.learned(ASKING, weights(given, 4, 4), 2),
    diagrams_09.causal: lambda given: diagrams_09.causal(
        ASKING, *vectors(given, (4, 4)), torch.as_tensor(given(np.tri(4))).bool(), weights(given, 4, 4)
    ),
    diagrams_09.paths: lambda given: diagrams_09.paths([*WORDS, "on", "it"]),
    diagrams_02.untrained: lambda given: diagrams_02.untrained(
        [*"abcdefghij"], dict.fromkeys(["dot product", "dot product ÷ 32"], *vectors(given, (10,)))
    ),
    diagrams_02.five_scores: lambda given: diagrams_02.five_scores(
        WORDS, *vectors(given, (1, 2), (3, 2), (2, 2), (2, 1)), vectors(given, (2, 4), (2, 4), (4,))
    ),
    diagrams_02.added: lambda given: diagrams_02.added(WORDS, *vectors(given, (1, 4), (3, 4), (4,))),
    diagrams_02.saturated: lambda given: diagrams_02.saturated(
        WORDS, dict.fromkeys(["× 1", "× 3", "× 10"], (*vectors(given, (3,)), weights(given, 3), weights(given, 3)))
    ),
    diagrams_02.shelf: lambda given: diagrams_02.shelf(
        ["cup", "ball", "book", "lamp", "hat", "shoe", "box", "vase"], 1, *vectors(given, (8,), (8, 3))
    ),
    diagrams_10.overview: lambda given: diagrams_10.overview(),
    diagrams_10.swap: lambda given: diagrams_10.swap(
        dict(zip(["cat", "mat"], vectors(given, (2,), (2,)), strict=True)),
        *(dict.fromkeys(["the cat sat on the mat", "the mat sat on the cat"], *vectors(given, (n,))) for n in (2, 4)),
    ),
    diagrams_10.project: lambda given: diagrams_10.project(
        SIX, FEATURES, *vectors(given, (6, 4)), dict(zip(ASKED, vectors(given, *[(4, 2)] * 3), strict=True))
    ),
    diagrams_10.look: lambda given: diagrams_10.look(
        SIX, *vectors(given, (2,), (6, 2), (6, 2), (6,)), weights(given, 6)
    ),
    diagrams_10.both_heads: lambda given: diagrams_10.both_heads(SIX, [weights(given, 6, 6)] * 2),
    diagrams_10.join: lambda given: diagrams_10.join(
        *(SIX, FEATURES, ["who", "where"], *vectors(given, (6, 4))),
        *(vectors(given, (6, 2), (6, 2)), *vectors(given, (4, 4))),
    ),
    diagrams_10.cut_into_heads: lambda given: diagrams_10.cut_into_heads(
        np.array([[[f"{word}$_1$", f"{word}$_2$"]] * 2 for word in WORDS])
    ),
    diagrams_10.masks: lambda given: diagrams_10.masks(
        [*ABCD, "PAD"], torch.as_tensor(given(np.arange(5) < 4)), torch.as_tensor(given(np.tri(5, dtype=bool)))
    ),
    diagrams_10.cross_attention: lambda given: diagrams_10.cross_attention(),
    diagrams_10.layer: lambda given: diagrams_10.layer(),
    diagrams_10.eight_steps: lambda given: diagrams_10.eight_steps(
        [*SIX, "."],
        {h: (10.5 * vectors(given, (7,))[0], weights(given, 7)) for h in (0, 3)},
        ["the", "cat"] * 4,
        [("le", 0.93), ("la", 0.04), ("un", 0.01)],
    ),
    diagrams_10.all_maps: lambda given: diagrams_10.all_maps([*SIX, "."], [*SIX, *ABCD], weights(given, 8, 10, 7)),
    colour_strips: lambda given: colour_strips({"asked for": given(some(4, 3)), "answered": given(some(4, 3))}, "x"),
    over_sizes: lambda given: over_sizes(given(X), {"a": given(X), "dot": given(some(len(X), 3))}, y_label="y"),
    learned: lambda given: learned({"a": given(some(5, 4)), "b": given(some(5, 4))}, **XY),
    landscape: lambda given: landscape(given(X), given(X), given(np.outer(X, X)), given(PLACES[0])),
    landscapes: lambda given: landscapes(given(X), {"a": given(np.outer(X, X))}, given(PLACES[0])),
    document_map: lambda given: document_map([AB, AB], given(some(2)), given(some(2, 2))),
    hop_maps: lambda given: hop_maps(IMAGE, given(some(2, 4)), CORNERS, 20, ABCD),
    beyond: lambda given: beyond(given(X), {"#444444": {"a": given(np.stack([Y, Y]))}}, mark=1.0, mark_label="", **XY),
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


def test_a_table_takes_tensors_of_any_device(sim):
    def shown(device):
        row = [torch.tensor([1.0, 2.0], device=device), torch.tensor(0.5, device=device)]
        return repr(table(["query", "score"], [row]))

    assert shown(sim) == shown("cpu")


def test_every_figure_of_the_package_is_here():
    modules = [plots]
    for found in pkgutil.walk_packages(lessons.__path__, f"{lessons.__name__}."):
        if ".problems" not in found.name:
            modules.append(importlib.import_module(found.name))
    made = {thing for module in modules for thing in vars(module).values() if returns_a_figure(thing)}
    assert made == set(FIGURES)


def returns_a_figure(thing):
    return inspect.isfunction(thing) and thing.__annotations__.get("return") is Figure and thing is not describe
