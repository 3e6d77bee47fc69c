"""More than a plot has looks or room for: what its text names is drawn, each in its own way, or it is refused."""

import itertools

import numpy as np
import pytest
from figures import CORNERS, IMAGE, XY, some
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from attention_course import plots
from attention_course.lessons.lesson_01 import look as lesson_01_look
from attention_course.lessons.lesson_01.measurements import measurements
from attention_course.lessons.lesson_02.colour_strips import colour_strips
from attention_course.lessons.lesson_02.landscape import landscape
from attention_course.lessons.lesson_02.learned import learned
from attention_course.lessons.lesson_07.document_map import document_map
from attention_course.lessons.lesson_08.hop_maps import hop_maps
from attention_course.lessons.lesson_17.reach_grid import reach_grid
from attention_course.lessons.lesson_18.share_curves import share_curves
from attention_course.lessons.lesson_19.bucket_circle import bucket_circle
from attention_course.lessons.lesson_20.running_softmax import running_softmax
from attention_course.plots import Picture
from attention_course.plots.colours import luminance

SHORT = [f"w{i}" for i in range(40)]
LONG = [f"a name that is rather long {i}" for i in range(40)]
X = np.linspace(1, 3, 8)
ABC = ["a", "b", "c"]
APART = np.abs(np.subtract.outer(np.arange(9), np.arange(9)))


def curves(names):
    return {name: np.sin(X + 0.2 * i) for i, name in enumerate(names)}


def bands(names):
    return {name: np.stack([y, y - 0.1, y + 0.1], 1) for name, y in curves(names).items()}


def shares(names, amounts):
    amounts = dict(zip(names, amounts, strict=True))
    return share_curves(X, curves(names), amounts, {}, share_label="s", amount_label="a", **XY)


def keys(count):
    turns = np.arange(count) * 2 * np.pi / count
    return np.stack([2.5 * np.cos(turns), 2.5 * np.sin(turns)], 1)


def look(line):
    return str(line._dash_pattern), line.get_marker(), line.get_fillstyle()  # nothing that is lost in grey


def looks(figure):
    return {look(line) for line in figure.axes[0].lines}


def rectangles(figure):
    return [p for ax in figure.axes for p in ax.get_children() if isinstance(p, Rectangle) and p is not ax.patch]


def frames(figure):
    return [patch for patch in rectangles(figure) if patch.get_facecolor()[3] == 0]


def titled(figure):
    return [ax for ax in figure.axes if ax.get_visible() and ax.get_title(loc="left")]


def points(figure):
    return [line for line in figure.axes[0].lines if line.get_marker() == "o"]


PLOTS = {  # a picture of things with these names, and what of it must be there, one for each
    "lines": (lambda n: plots.lines(X, curves(n), **XY), looks),
    "lines that meet": (lambda n: plots.lines(X, dict.fromkeys(n, X), **XY), looks),
    "bands": (lambda n: plots.bands(X, bands(n), **XY), looks),
    "one amount": (lambda n: shares(n, [64] * len(n)), looks),
    "amounts": (lambda n: shares(n, [4.0**i for i in range(len(n))]), looks),
    "learned": (lambda n: learned({name: some(3, 4) for name in n}, **XY), looks),
    "colours": (
        lambda n: colour_strips({name: some(4, 3) for name in n}, "x"),
        lambda f: f.axes[0].images[0].get_array(),
    ),
    "bars": (lambda n: plots.weight_bars(some(len(n)), n), rectangles),
    "upright bars": (lambda n: plots.weight_bars(some(len(n)), n, horizontal=False), rectangles),
    "queries": (lambda n: plots.attention_map(some(len(n), 3), n, ABC), lambda f: f.axes[0].images[0].get_array()),
    "keys": (lambda n: plots.attention_map(some(3, len(n)), ABC, n), lambda f: f.axes[0].images[0].get_array().T),
    "sentence": (lambda n: plots.shaded_sentence(n, some(len(n))), rectangles),
    "document": (lambda n: document_map([[word] for word in n], some(len(n)), np.ones((len(n), 1))), frames),
    "heads": (lambda n: plots.head_grid(some(len(n), 3, 3), ABC, ABC, heads=n), lambda f: f.axes[:-1]),
    "layers": (lambda n: plots.head_grid(some(len(n), 1, 3, 3), ABC, ABC, layers=n), lambda f: f.axes[:-1]),
    "pictures": (lambda n: plots.picture_grid(IMAGE, some(len(n), 4).reshape(-1, 2, 2), n), titled),
    "hops": (lambda n: hop_maps(IMAGE, some(len(n), 4), CORNERS, 20, "abcd", titles=n), titled),
    "patterns": (lambda n: reach_grid(dict.fromkeys(n, APART)), titled),
    "look": (lambda n: lesson_01_look.look(n, [1, 1], keys(len(n)), keys(len(n)), some(len(n))), points),
    "buckets": (
        lambda n: bucket_circle(np.arange(0, 360, 360 / len(n)), [0] * len(n), n, turn=0, sectors=4, window=2),
        lambda f: rectangles(f)[::2],
    ),
    "scores": (
        lambda n: running_softmax(np.arange(len(n)), n, 2),
        lambda f: f.axes[0].collections[0].get_segments(),
    ),
}  # fmt: skip
MOST = {
    "lines": 5, "lines that meet": 5, "bands": 5, "learned": 7,
    "one amount": 4, "amounts": 6, "buckets": 26, "scores": 32,
}  # fmt: skip
FIRST = {"pictures": 12}  # it says that of more it draws these
NAMED_FROM_TWO = {"heads", "layers"}


@pytest.mark.parametrize("names", [SHORT, LONG], ids=["short names", "long names"])
@pytest.mark.parametrize("plot", PLOTS)
def test_all_that_has_a_name_is_drawn_and_named_or_refused(plot, names):
    draw, parts = PLOTS[plot]
    most = MOST.get(plot, 13)
    for count in {1, most, most + 1} if names is SHORT else {1, 2, 5, 9, most, most + 1}:
        try:
            figure = draw(names[:count])
        except ValueError as error:
            assert ": expected " in str(error)
            assert count > most or plot == "buckets"  # where it depends on the words
            continue
        assert count <= most or plot not in MOST
        drawn = min(count, FIRST.get(plot, count))
        assert len(parts(figure)) == drawn
        figure.draw_without_rendering()
        named = names[: 0 if plot in NAMED_FROM_TWO and count == 1 else drawn]
        written = [text for text in figure.findobj(Text) if is_named(text, names[:count])]
        assert {text.get_text().split("  ")[0].split(":")[0] for text in written} == set(named)
        assert_inside_and_apart(figure, written, plot)


def is_named(text, names):
    said = text.get_text().split("  ")[0].split(":")[0]  # a key with its weight, a curve with its amount
    return said in names and text.get_visible() and (text.axes is None or text.axes.get_visible())


def assert_inside_and_apart(figure, texts, plot):
    boxes = [text.get_window_extent() for text in texts]
    for box in boxes:
        assert box.x0 > -1 and box.y0 > -1 and box.x1 < figure.bbox.x1 + 1 and box.y1 < figure.bbox.y1 + 1
    if plot == "look":  # where keys lie is not for the plot to say
        return
    straight = [box for text, box in zip(texts, boxes, strict=True) if text.get_rotation() % 90 == 0]
    for a, b in itertools.combinations(straight, 2):
        assert min(a.x1, b.x1) - max(a.x0, b.x0) < 1.5 or min(a.y1, b.y1) - max(a.y0, b.y0) < 3


def test_sectors_side_by_side_differ_and_all_have_a_letter():
    for sectors in range(2, 27):
        ax = bucket_circle([0.0], [0], ["cat"], turn=0, sectors=sectors, window=1).axes[0]
        shades = [patch.get_facecolor() for patch in ax.patches[:sectors]]
        assert all(a != b for a, b in itertools.pairwise([*shades, shades[0]]))
        assert len({text.get_text() for text in ax.texts} - {"cat", ""}) == sectors
    with pytest.raises(ValueError, match="sectors: expected at most 26, got 27"):
        bucket_circle([0.0], [0], ["cat"], turn=0, sectors=27, window=1)


def test_arcs_stay_inside_the_picture():
    words = ["w"] * 12
    ax = bucket_circle(np.zeros(12), np.zeros(12, int), words, turn=0, sectors=4, window=12).axes[1]
    arcs = [patch for patch in ax.patches if type(patch).__name__ == "Arc"]
    assert len(arcs) == 66
    assert min(arc.center[1] - arc.height / 2 for arc in arcs) > ax.get_ylim()[0]


def test_every_number_of_layers_has_a_shade_of_its_own():
    for layers in range(1, 13):
        colours = reach_grid({"a": APART}, layers=layers).axes[0].images[0].cmap.colors
        lightness = [116 * np.cbrt(luminance(colour)) - 16 for colour in colours]  # CIE L*, as the eye sees it
        assert len(lightness) == layers + 1 and np.diff(lightness).min() > 5
    for layers in (0, 13):
        with pytest.raises(ValueError, match="layers: expected at"):
            reach_grid({"a": APART}, layers=layers)


def test_every_lowest_square_says_of_whom():
    figure = reach_grid(dict.fromkeys(SHORT[:6], APART))
    assert [bool(ax.get_xlabel()) for ax in titled(figure)] == [False, False, True, True, True, True]


@pytest.mark.parametrize("draw", [
    lambda ax: plots.shaded_sentence(SHORT, some(40), ax=ax),
    lambda ax: document_map([SHORT] * 9, some(9), some(9, 40), ax=ax),
], ids=["sentence", "document"])  # fmt: skip
def test_text_that_would_run_out_of_the_figure_is_refused(draw):
    with pytest.raises(ValueError, match=r"ax: expected a figure with \d+ points below its top"):
        draw(Picture((3, 1)).subplots())
    draw(Picture((6, 16)).subplots())


@pytest.mark.parametrize("heading", ["WHICH COLOUR HAS THE MOOSE " * 4, "W" * 60, "", "short"])
def test_a_heading_stays_inside_of_the_picture(heading):
    for count in (1, 3):
        figure = hop_maps(IMAGE, some(count, 4), CORNERS, 20, "abcd", heading=heading)
        said = "".join(text.get_text() for text in figure.texts).replace(" ", "")
        scale = "weight00.51" if count == 1 else "weight00.250.50.751"
        assert said == scale + heading.replace(" ", "")
        figure.set_dpi(192)  # as it is saved
        figure.draw_without_rendering()
        assert all(text.get_window_extent().x1 <= figure.bbox.x1 for text in figure.texts)


def test_in_narrow_axes_numbers_stand_where_names_do():
    ax = plots.weight_bars(some(40), SHORT, ax=Picture((3, 2)).subplots()).axes[0]
    named = [label.get_text() for label in ax.get_yticklabels()]
    assert len(rectangles(ax.figure)) == 40 and 1 < len(named) < 20
    assert [SHORT[i] for i, text in enumerate(ax.texts) if text.get_text()] == named


@pytest.mark.parametrize("draw", [
    lambda: plots.lines(X, {}, **XY),
    lambda: plots.lines([], {"a": []}, **XY),
    lambda: plots.bands(X, {}, **XY),
    lambda: plots.bands([], {"a": np.zeros((0, 3))}, **XY),
    lambda: shares([], []),
    lambda: reach_grid({}),
    lambda: running_softmax([], [], 1),
    lambda: bucket_circle([], [], [], turn=0, sectors=4, window=1),
])  # fmt: skip
def test_nothing_is_refused(draw):
    with pytest.raises(ValueError, match=": expected "):
        draw()


@pytest.mark.parametrize(("draw", "message"), [
    (lambda: plots.lines(X, {"a": X}, low="b", **XY), "low: expected one of a, got b"),
    (lambda: document_map([["a"]], [1.0], [[1.0]], mark=1), "mark: expected the place of one of 1 sentences, got 1"),
    (lambda: plots.shaded_sentence(ABC, some(3), framed=3), "framed: expected the place of one of 3 words, got 3"),
    (lambda: running_softmax([1.0, -np.inf], ["a", "b"], 1), "scores: expected finite numbers"),
])  # fmt: skip
def test_what_is_named_and_not_there_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_the_text_is_true_of_odd_data():
    assert "2 patterns of 5 or 9 positions" in reach_grid({"a": APART, "b": APART[:5, :5]}).alt
    even = landscape([0, 1], [0, 1], np.ones((2, 2)), [0.5, 0.5], title="dot").alt
    assert even == "dot: for the query (0.5, 0.5) the scores are 1 everywhere."
    nothing = measurements([1, 2], [3, 4], query=1.0, weights=[0.0, 0.0], **XY)
    assert nothing.alt.endswith("is answered with 0; it looks at nothing.") and nothing.png()
    small = measurements([1, 2], [0.2, 0.6], query=1.0, weights=[0.5, 0.5], **XY)
    assert "is answered with 0.4; it looks" in small.alt and small.axes[0].texts[0].get_text() == "1: 0.4"
