"""The pictures show what they claim: everything here is read back from what was drawn."""

import itertools
import os
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from figures import some_weights
from jupyter_client.manager import start_new_kernel
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

from attention_course.plots import ATTENTION_COLOURS, Picture, attention_map, shaded_sentence, weight_bars
from attention_course.plots.colours import luminance, readable_on
from attention_course.plots.png import with_palette

WORDS = ["the", "cat", "sat", "on", "the", "mat", "."]
NASTY = ["$5", "x_1", "<img src=x onerror=alert(1)>", "\\alpha", "été", "%", "", "$a$", "a^2 {b}"]
ROW = np.array([0.05, 0.7, 0.05, 0.05, 0.05, 0.05, 0.05])


def shown(labels):
    return [label.get_text() for label in labels]


def boxes(artists):
    return [artist.get_window_extent() for artist in artists]


def drawn(picture):
    picture.draw_without_rendering()
    return picture


def texts(picture):
    return [text for text in picture.findobj(Text) if text.get_visible()]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_map_shows_the_weights_on_a_scale_from_0_to_1():
    weights = some_weights(3, 7) / 2
    picture = drawn(attention_map(weights, ["le", "chat", "dort"], WORDS, title="A title"))
    ax, bar = picture.axes
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array(), weights)
    assert image.get_clim() == (0, 1) and image.get_cmap() is ATTENTION_COLOURS
    assert shown(ax.get_yticklabels()) == ["le", "chat", "dort"] and shown(ax.get_xticklabels()) == WORDS
    assert [box.x0 for box in boxes(ax.get_xticklabels())] == sorted(box.x0 for box in boxes(ax.get_xticklabels()))
    assert [box.y0 for box in boxes(ax.get_yticklabels())][::-1] == sorted(
        box.y0 for box in boxes(ax.get_yticklabels())
    )
    assert all(box.y0 > ax.get_window_extent().y1 for box in boxes(ax.get_xticklabels()))
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("query (target word)", "key (source word)")
    assert ax.get_title(loc="left") == "A title"
    assert bar.get_ylim() == (0, 1) and bar.get_ylabel() == "attention weight"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_weights_may_be_tensors_of_any_type_that_require_grad(dtype):
    weights = torch.softmax(torch.randn(2, 3, dtype=dtype, requires_grad=True), -1)
    image = attention_map(weights, ["a", "b"], ["c", "d", "e"]).axes[0].images[0]
    np.testing.assert_array_equal(image.get_array(), weights.detach().double().numpy())
    assert weight_bars([1, 0], ["a", "b"]).axes[0].patches[0].get_width() == 1


def test_map_values_stand_in_their_cells_and_can_be_read():
    weights = np.linspace(0, 1, 21).reshape(3, 7)
    ax = attention_map(weights, ["a", "b", "c"], WORDS, values=True).axes[0]
    found = {text.get_position(): text for text in ax.texts}
    for (row, column), weight in np.ndenumerate(weights):
        assert found[column, row].get_text() == f"{weight:.2f}"
        assert contrast(found[column, row].get_color(), ATTENTION_COLOURS(weight)) >= 4.5


def test_colours_run_evenly_from_white_to_dark_in_grey():
    light = np.array([luminance(ATTENTION_COLOURS(step)) for step in range(256)])
    lightness = 116 * np.cbrt(light) - 16  # CIE L*, as the eye sees it
    assert light[0] == 1 and lightness[-1] < 20
    assert (np.diff(lightness) < 0).all() and np.abs(lightness - np.linspace(100, lightness[-1], 256)).max() < 2
    assert all(contrast(readable_on(shade), shade) >= 4.5 for shade in ATTENTION_COLOURS(np.arange(256)))


@pytest.mark.parametrize("rows, columns", [(1, 1), (1, 7), (7, 1), (8, 7), (16, 16), (40, 40), (90, 70)])
def test_labels_are_legible_apart_and_inside_at_every_size(rows, columns):
    names = ([*WORDS, "incompréhensibles"] * 12)[: max(rows, columns)]
    picture = drawn(attention_map(some_weights(rows, columns), names[:rows], names[:columns]))
    ax = picture.axes[0]
    assert all(text.get_fontsize() >= 9 for text in texts(picture)) and picture.dpi == 96
    assert picture.get_size_inches()[0] * 96 < 1000
    lines = boxes(ax.get_yticklabels())
    assert all(above.y0 >= below.y1 - 1 for above, below in itertools.pairwise(lines))
    flat = [label for label in ax.get_xticklabels() if label.get_rotation() == 0]
    assert all(a.x1 < b.x0 for a, b in zip(boxes(flat), boxes(flat)[1:], strict=False))
    for box in boxes(text for text in texts(picture) if text.get_text()):
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= picture.bbox.x1 and box.y1 <= picture.bbox.y1
    if max(rows, columns) <= 40:
        assert len(ax.get_xticks()) == columns and len(ax.get_yticks()) == rows
    else:
        assert shown(ax.get_yticklabels()) == [names[int(i)] for i in ax.get_yticks()]


@pytest.mark.parametrize("horizontal", [True, False])
def test_bars_are_as_long_as_the_weights_from_zero(horizontal):
    picture = drawn(weight_bars(ROW, WORDS, horizontal=horizontal, title="t"))
    ax = picture.axes[0]
    length = [bar.get_width() if horizontal else bar.get_height() for bar in ax.patches]
    np.testing.assert_array_equal(length, ROW)
    assert (ax.get_xlim() if horizontal else ax.get_ylim()) == (0, 1)
    assert (ax.get_xlabel() if horizontal else ax.get_ylabel()) == "attention weight"
    labels = ax.get_yticklabels() if horizontal else ax.get_xticklabels()
    assert shown(labels) == WORDS
    start = [-box.y1 if horizontal else box.x0 for box in boxes(ax.patches)]
    assert start == sorted(start)  # in reading order
    for bar, box in zip(boxes(ax.patches), boxes(labels), strict=True):
        assert abs((bar.y0 + bar.y1) - (box.y0 + box.y1)) < 16 if horizontal else box.x0 < bar.x1 and bar.x0 < box.x1
    assert shown(ax.texts) == [f"{weight:.2f}" for weight in ROW]
    assert weight_bars(ROW, WORDS, horizontal=horizontal, limit=0.7).get_size_inches() == pytest.approx(
        weight_bars(ROW[::-1], WORDS, horizontal=horizontal, values=False).get_size_inches()
    )


def test_sentence_runs_on_and_wraps_by_the_size_of_its_words():
    words = [*WORDS, "incompréhensibles"] * 5
    weights = some_weights(1, 40)[0]
    picture = drawn(shaded_sentence(words, weights, values=True, width=4))
    ax = picture.axes[0]
    shades = [patch for patch in ax.get_children() if isinstance(patch, Rectangle) and patch is not ax.patch]
    written, numbers = ax.texts[::2], ax.texts[1::2]
    assert shown(written) == words and shown(numbers) == [f"{weight:.2f}" for weight in weights]
    before = None
    for shade, word, number, weight in zip(shades, written, numbers, weights, strict=True):
        np.testing.assert_array_equal(shade.get_facecolor(), ATTENTION_COLOURS(weight))
        assert contrast(word.get_color(), shade.get_facecolor()) >= 4.5
        box, text = shade.get_window_extent(), word.get_window_extent()
        assert box.x0 <= text.x0 and text.x1 <= box.x1 and box.y0 <= text.y0 and text.y1 <= box.y1
        assert number.get_window_extent().y1 <= box.y0 and box.x1 <= picture.bbox.x1
        assert before is None or (box.x0 > before.x1 if box.y0 == before.y0 else box.y1 < before.y0 and box.x0 < 20)
        before = box
    assert len({box.y0 for box in boxes(shades)}) > 3 and picture.get_size_inches()[0] <= 4.1


def test_only_the_word_that_asks_has_a_frame():
    ax = drawn(shaded_sentence(WORDS, ROW, framed=2)).axes[0]
    shades = [patch for patch in ax.get_children() if isinstance(patch, Rectangle) and patch is not ax.patch]
    assert [place for place, shade in enumerate(shades) if shade.get_linewidth()] == [2]


@pytest.mark.parametrize("draw", [
    lambda: attention_map(some_weights(9, 9), NASTY, NASTY, title="$5 and $6", query_label="$x$"),
    lambda: weight_bars(some_weights(1, 9)[0], NASTY, title="$5 and $6"),
    lambda: shaded_sentence(NASTY, some_weights(1, 9)[0], title="$5 and $6"),
])  # fmt: skip
def test_words_are_drawn_literally(draw):
    picture = draw()
    words = [text.get_text() for text in texts(picture) if not text.get_parse_math()]
    assert {*NASTY, "$5 and $6"} <= set(words)
    assert not [text for text in texts(picture) if text.get_parse_math() and "$" in text.get_text()]
    assert all(f"“{word}”" in picture.alt for word in NASTY) and picture.png()


def test_invisible_characters_are_shown_and_long_words_are_cut():
    ax = weight_bars([0.5, 0.5], ["\n", "x" * 50]).axes[0]
    assert shown(ax.get_yticklabels()) == ["\\n", "x" * 39 + "…"]


@pytest.mark.parametrize("weights, message", [
    ([0.5, 0.5], r"weights: expected shape \(queries, keys\), got \(2,\)"),
    (np.zeros((0, 2)), r"weights: .*at least one of each, got \(0, 2\)"),
    ([[0.5, np.nan]], r"weights: expected finite numbers, got nan at \[0, 1\]"),
    ([[np.inf, 0]], "weights: expected finite numbers, got inf"),
    ([[-0.1, 0.5]], r"weights: expected no number below 0, got -0.1 at \[0, 0\]"),
    ([[0.1, 1.5]], r"weights: expected no number above 1.*got 1.5 at \[0, 1\]"),
    ([[0.1], [0.1, 0.2]], "weights: expected an array of shape"),
    ([["a", "b"]], "weights: expected real numbers"),
    ([[1.0]], "keys: expected 1, one for each column of weights, got 2"),
    ([[0.5, 0.5]] * 2, "queries: expected 2, one for each row of weights, got 1"),
])  # fmt: skip
def test_bad_input_is_named_and_nothing_is_drawn(weights, message):
    picture = Picture()
    ax = picture.subplots()
    with pytest.raises(ValueError, match=message):
        attention_map(weights, ["q"], ["a", "b"], ax=ax)
    assert not ax.has_data() and picture.alt == "" and len(picture.axes) == 1


def test_other_plots_name_bad_input_too():
    for draw in (lambda w, words: weight_bars(w, words), lambda w, words: shaded_sentence(words, w)):
        with pytest.raises(ValueError, match="expected 2, one for each element of weights, got 1"):
            draw([0.5, 0.5], ["a"])
        with pytest.raises(ValueError, match=r"weights: expected shape \(\w+,\), got \(1, 2\)"):
            draw([[0.5, 0.5]], ["a", "b"])
        with pytest.raises(ValueError, match="the one string 'ab'"):
            draw([0.5, 0.5], "ab")
    with pytest.raises(ValueError, match=r"limit: expected the largest weight, 0\.5, or more"):
        weight_bars([0.5, 0.5], ["a", "b"], limit=0.2)


def test_alternative_text_is_true_of_the_data():
    rows = {
        "sharp": [0, 1, 0, 0],
        "tied": [0.4, 0.4, 0.2, 0],
        "even": [0.25] * 4,
        "masked": [0] * 4,
        "last": [0, 0, 0.1, 0.9],
    }
    alt = attention_map(list(rows.values()), list(rows), ["the", "cat", "on", "the"], title="Five").alt
    assert alt.startswith("Five. Attention map of 5 queries (rows) over 4 keys (columns): ")
    assert "“sharp” looks most at “cat” (1.00)" in alt
    assert "“tied” looks most at “the” at position 1 and “cat” (0.40 each)" in alt
    assert "“even” looks evenly at all 4 (0.25 each)" in alt and "“masked” looks at nothing" in alt
    assert "“last” looks most at “the” at position 4 (0.90)" in alt
    assert "; and 28 more." in attention_map(some_weights(40, 3), range(40), "abc".replace("", " ").split()).alt
    assert "most at “cat” (0.70): “the” 0.05; “cat” 0.70" in weight_bars(ROW, WORDS).alt
    assert "most at “cat” (0.70): “the” 0.05; “cat” 0.70" in shaded_sentence(WORDS, ROW).alt


def test_plots_draw_into_axes_of_a_larger_figure():
    picture = Picture((9, 3))
    left, middle, right = picture.subplots(1, 3)
    assert attention_map([[1.0]], ["q"], ["k"], ax=left, colour_bar=False) is picture
    assert weight_bars(ROW, WORDS, ax=middle) is picture and shaded_sentence(WORDS, ROW, ax=right) is picture
    assert picture.alt.index("Attention map") < picture.alt.index("Bars of 7") < picture.alt.index("A sentence of 7")
    plain = Figure()
    assert weight_bars(ROW, WORDS, ax=plain.subfigures(1, 2)[0].subplots()) is plain and "Bars of 7" in plain.alt
    assert pyplot.get_fignums() == []


def test_png_is_sharp_repeatable_and_exact_where_colours_are_flat():
    weights = some_weights(4, 7)
    picture = attention_map(weights, ["a", "b", "c", "d"], WORDS)
    data, metadata = picture._repr_mimebundle_()
    facts = metadata["image/png"]
    image = Image.open(BytesIO(b64decode(data["image/png"]))).convert("RGB")
    assert abs(image.width - 2 * facts["width"]) <= 2 and abs(image.height - 2 * facts["height"]) <= 2
    assert data["text/plain"] == facts["alt"] == picture.alt
    assert picture.png() == b64decode(data["image/png"]) == attention_map(weights, ["a", "b", "c", "d"], WORDS).png()
    for (row, column), weight in np.ndenumerate(weights):
        x, y = picture.axes[0].transData.transform((column, row)) * 2
        assert image.getpixel((int(x), int(image.height - y))) == ATTENTION_COLOURS(weight, bytes=True)[:3]


def test_photographs_keep_all_their_colours():
    buffer = BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (300, 300, 3), dtype=np.uint8)).save(buffer, "PNG")
    assert with_palette(buffer.getvalue()) == buffer.getvalue()


def test_a_cell_shows_its_picture_once_with_and_without_the_inline_backend():
    root = str(Path(__file__).parents[1])
    manager, client = start_new_kernel(env={**os.environ, "PYTHONPATH": root})
    try:
        for setup in ("pass", "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.figure; plt.rcParams"):
            seen = []
            code = f"from attention_course.plots import weight_bars\n{setup}\nweight_bars([0.2, 0.8], ['a', 'b'])"
            reply = client.execute_interactive(code, timeout=1_800, output_hook=seen.append)
            outputs = [m["content"] for m in seen if m["msg_type"] in ("display_data", "execute_result", "stream")]
            assert reply["content"]["status"] == "ok" and len(outputs) == 1
            here = weight_bars([0.2, 0.8], ["a", "b"])._repr_mimebundle_()
            assert (outputs[0]["data"], outputs[0]["metadata"]) == here
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_links_are_ringed_where_key_and_query_meet_and_told():
    figure = attention_map(some_weights(2, 7), ["a", "b"], WORDS, links={(3, 1), (0, 0)})
    rings = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [list(zip(*line.get_data(), strict=True)) for line in rings] == [[(0, 0), (3, 1)]]
    assert "2 links are ringed" in figure.alt


@pytest.mark.parametrize("link", [(7, 0), (0, 2), (-1, 0)])
def test_a_link_outside_the_map_is_named(link):
    with pytest.raises(ValueError, match="links: expected positions among 7 keys and 2 queries"):
        attention_map(some_weights(2, 7), ["a", "b"], WORDS, links=[link])
