"""The grid shows every head's weights, in the colours and the layout it promises, and says what is in it."""

import numpy as np
import pytest
import torch
from figures import some_weights
from matplotlib.text import Text

from attention_course.plots import ATTENTION_COLOURS, head_grid, picture_grid
from attention_course.plots.picture_grid import faded

FRENCH = ["le", "chat", "était", "assis", "sur", "le", "tapis"]
ENGLISH = ["the", "cat", "sat", "on", "the", "mat"]
ATTACK = "<img src=x onerror=alert(1)>"


def maps(picture):
    return [ax for ax in picture.axes if ax.images]


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def positions(axes, side):
    return [round(getattr(ax.get_position(), side), 6) for ax in axes]


@pytest.mark.parametrize("shape", [(7, 6), (3, 7, 6), (8, 7, 6), (2, 3, 7, 6), (1, 1, 7, 6)])
def test_every_head_is_drawn_with_its_weights_on_one_scale(shape):
    weights = some_weights(*shape)
    drawn = maps(head_grid(weights, FRENCH, ENGLISH))
    assert len(drawn) == np.prod(shape[:-2])
    for ax, shades in zip(drawn, weights.reshape(-1, 7, 6), strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), shades)
        assert ax.images[0].get_clim() == (0, 1) and ax.images[0].get_cmap() is ATTENTION_COLOURS


def test_layers_lie_below_one_another_and_words_stand_at_the_outer_maps():
    picture = head_grid(some_weights(2, 3, 7, 6), FRENCH, ENGLISH, layers=["hop 1", "hop 2"], title="Hops")
    drawn = maps(picture)
    upper, lower = drawn[:3], drawn[3:]
    assert len(set(positions(upper, "y0"))) == 1 and positions(upper, "x0") == positions(lower, "x0")
    assert positions(upper, "y0")[0] > positions(lower, "y1")[0]
    assert [labels(ax.xaxis) for ax in drawn] == [ENGLISH] * 3 + [[]] * 3
    assert [labels(ax.yaxis) for ax in drawn] == [FRENCH, [], []] * 2
    assert [ax.get_title(loc="left") for ax in drawn] == ["head 1", "head 2", "head 3", "", "", ""]
    assert {"hop 1", "hop 2", "Hops"} <= {text.get_text() for text in picture.findobj(Text)}
    assert (upper[0].texts[0].get_text(), upper[0].get_ylabel()) == ("key", "query")


def test_heads_of_one_layer_stand_four_abreast_under_their_names():
    drawn = maps(head_grid(some_weights(8, 7, 6), FRENCH, ENGLISH, heads=list("abcdefgh")))
    assert [ax.get_title(loc="left") for ax in drawn] == list("abcdefgh")
    assert len(set(positions(drawn, "x0"))) == 4 and len(set(positions(drawn, "y0"))) == 2
    assert [labels(ax.xaxis) for ax in drawn] == [ENGLISH] * 8
    assert [labels(ax.yaxis) for ax in drawn] == [FRENCH, [], [], []] * 2


@pytest.mark.parametrize("shape", [(1, 1), (8, 6, 6), (4, 8, 30, 30), (2, 3, 1, 90), (5, 40, 3), (12, 12, 9, 9)])
def test_all_of_it_lies_on_the_picture_and_apart(shape):
    rows, columns = ((ENGLISH * 15)[:count] for count in shape[-2:])
    picture = head_grid(some_weights(*shape), rows, columns)
    picture.draw_without_rendering()
    assert picture.get_size_inches()[0] * 96 < 1000
    texts = [text for text in picture.findobj(Text) if text.get_text() and text.get_visible()]
    for box in [artist.get_window_extent() for artist in texts + maps(picture)]:
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= picture.bbox.x1 + 1 and box.y1 <= picture.bbox.y1 + 1
    boxes = [ax.get_window_extent() for ax in maps(picture)]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(text.get_fontsize() >= 9 for text in texts)


def test_the_alternative_text_says_where_the_sharpest_row_of_each_head_looks():
    weights = np.zeros((3, 2, 3))
    weights[0] = [[0.2, 0.3, 0.5], [0.1, 0.9, 0]]
    weights[1] = 1 / 3
    alt = head_grid(weights, ["le", "chat"], ["the", "cat", "mat"], title="Three heads").alt
    assert alt == (
        "Three heads. Attention maps of 3 heads, 2 queries (rows) over 3 keys (columns). A sharpest row of each: "
        "head 1: “chat” looks most at “cat” (0.90); head 2: “le” looks evenly at all 3 (0.33 each); "
        "head 3: “le” looks at nothing."
    )
    assert "layer 2, head 1: “le” at position" in head_grid(some_weights(2, 2, 7, 6), ["le"] * 7, ENGLISH).alt


def test_words_are_drawn_literally_and_torch_is_welcome():
    weights = torch.softmax(torch.randn(2, 2, 3, requires_grad=True), -1)
    picture = head_grid(weights, ["$5", ATTACK], ["a_1", "%", "\n"], heads=["$x$", ATTACK])
    assert labels(picture.axes[0].xaxis) == ["a_1", "%", "\\n"] and labels(picture.axes[0].yaxis) == ["$5", ATTACK]
    assert picture.png() == picture.png()


@pytest.mark.parametrize("weights, arguments, message", [
    (np.ones((2, 2, 2, 2, 2)), {}, r"weights: expected shape \(layers, heads, queries, keys\), got \(2, 2, 2, 2, 2\)"),
    (np.ones(3), {}, r"weights: expected shape \(queries, keys\), got \(3,\)"),
    ([[1.0], [1.0, 2.0]], {}, "weights: expected an array"),
    (np.full((2, 2), np.nan), {}, "weights: expected finite numbers"),
    (np.full((2, 2), -0.1), {}, "weights: expected no number below 0"),
    (np.ones((2, 3)), {}, "keys: expected 3, one for each column of weights, got 2"),
    (np.ones((3, 2)), {}, "queries: expected 3, one for each row of weights, got 2"),
    (np.ones((2, 2, 2)), {"heads": ["one"]}, "heads: expected 2, one for each head of weights, got 1"),
    (np.ones((2, 2, 2)), {"layers": "ab"}, "layers: expected 1 separate words"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(weights, arguments, message):
    with pytest.raises(ValueError, match=message):
        head_grid(weights, ["a", "b"], ["c", "d"], **arguments)


def test_a_picture_is_strong_where_the_weight_is():
    image = np.zeros((40, 60, 3), np.uint8)
    weights = np.array([[0, 0.1], [0.05, 0]])
    shown = faded(image, weights)
    assert shown.shape == image.shape
    assert shown[:20, 30:].max() < 8 < shown[20:, :30].min() < shown[:20, :30].min() == shown[20:, 30:].max()
    assert (faded(image, np.zeros((2, 2))) == shown[0, 0]).all()


def test_one_picture_for_each_word_or_the_first_twelve():
    image = np.random.default_rng(0).integers(0, 256, (80, 120, 3)).astype(np.uint8)
    weights = some_weights(2, 1, 3, 20).reshape(2, 1, 3, 4, 5)
    weights[0, 0, 0] = np.eye(4, 5) * 0
    weights[0, 0, 1, 2, 3] = 1
    picture = picture_grid(image, weights, ["a", "red", "cat"], layers=["hop 1", "hop 2"])
    assert [ax.get_title(loc="left") for ax in picture.axes][:4] == ["hop 1: a", "hop 1: red", "hop 1: cat", "hop 2: a"]
    assert "Attention over a picture of 4 rows of 5 regions, 6 maps: “hop 1: a” looks at nothing;" in picture.alt
    assert "“hop 1: red” looks most at row 3, column 4 (1.00)" in picture.alt
    many = picture_grid(image, np.full((20, 4, 5), 0.05), [f"w{i}" for i in range(20)])
    assert len(many.axes) == 12 and "20 maps, of which 12 are drawn: “w0” looks evenly at all 20 regions" in many.alt
