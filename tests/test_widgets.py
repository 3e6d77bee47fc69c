"""Moving a control redraws the picture, a failure passes, and readers without a kernel lose nothing."""

from base64 import b64decode

import pytest
from IPython.core.formatters import DisplayFormatter
from ipywidgets import Checkbox, Dropdown, FloatSlider, IntSlider
from matplotlib import pyplot
from matplotlib.figure import Figure

from attention_course.plots import Picture, weight_bars
from attention_course.widgets import AttentionExplorer, Prediction, explore, predict

ATTACK = "<img src=x onerror=alert(1)>"


def bars(share, word="cat"):
    return weight_bars([share, 1 - share], [word, "mat"])


def static(explorer):
    data, metadata = explorer._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id
    assert metadata["image/png"]["alt"] == data["text/plain"]
    return b64decode(data["image/png"]), data["text/plain"]


def test_each_kind_of_control_reaches_the_function():
    seen = []

    def figure(**values):
        seen.append(values)
        return bars(0.5)

    explorer = explore(
        figure, describe={"angle": "query's direction (degrees)"},
        angle=(0.0, 360.0, 30.0, 15.0), share=(0, 1.0, 0.5), count=(1, 9, 3), word=["cat", "mat"], big_step=True,
    )  # fmt: skip
    kinds = {"angle": FloatSlider, "share": FloatSlider, "count": IntSlider, "word": Dropdown, "big_step": Checkbox}
    assert {name: type(control) for name, control in explorer.controls.items()} == kinds
    assert [control.description for control in explorer.controls.values()] == [
        "query's direction (degrees)", "share", "count", "word", "big step",
    ]  # fmt: skip
    angle = explorer.controls["angle"]
    assert (angle.min, angle.max, angle.step, angle.continuous_update) == (0, 360, 15, True)
    assert explorer.children[:5] == tuple(explorer.controls.values()) and explorer.children[5] is explorer.image
    moves = {"angle": 45.0, "share": 0.75, "count": 4, "word": "mat", "big_step": False}
    for name, value in moves.items():
        explorer.controls[name].value = value
        assert seen[-1] == explorer.values and seen[-1][name] == value
    assert seen[0] == {"angle": 30, "share": 0.5, "count": 3, "word": "cat", "big_step": True}
    assert seen[-1] == moves and len(seen) == 6


@pytest.mark.parametrize(("given", "shown"), [
    ((-2.0, 2.0, 1.0, 0.25), ".2f"),
    ((0.0, 10.0, 5.0, 2.5), ".1f"),
    ((0.05, 1.0, 0.15, 0.1), ".2f"),
    ((0.0, 1.0, 0.125, 0.1), ".3f"),
    ((0.0, 2.5, 1.0), ".3f"),
    ((0.0, 5.0, 2.9), ".2f"),
    ((0.0, 3.0, 1.0, 0.1), ".1f"),
    ((0.0, 360.0, 30.0, 15.0), ".0f"),
    ((0.0, 1.0, 0.0, 1 / 3), ".2f"),
    ((0.0, 1e-3, 1e-4, 1e-4), ".4f"),
])  # fmt: skip
def test_a_slider_shows_the_number_that_it_stands_for(given, shown):
    slider = explore(lambda share: bars(0.5), share=given).controls["share"]
    assert slider.readout_format == shown


def test_moving_a_slider_changes_the_picture_but_not_the_static_one():
    explorer = explore(bars, share=(0.0, 1.0, 0.5), word=["cat", "dog"])
    assert explorer.image.value == static(explorer)[0] == bars(0.5).png()
    explorer.controls["share"].value = 0.9
    assert explorer.image.value == bars(0.9).png() != bars(0.5).png()
    assert "“cat” (0.90)" in explorer.words.value  # the alternative text moves along
    assert static(explorer) == (bars(0.5).png(), bars(0.5).alt)
    explorer.controls["share"].value = 0.5
    assert explorer.image.value == static(explorer)[0]


def test_an_error_takes_the_place_of_the_picture_until_the_next_move():
    def fails_above(share):
        if share > 0.8:
            raise ValueError(f"too much {ATTACK}")
        return bars(share)

    explorer = explore(fails_above, share=(0.0, 1.0, 0.5))
    explorer.controls["share"].value = 0.9
    assert explorer.image.layout.display == "none"
    assert "ValueError: too much &lt;img" in explorer.words.value and ATTACK not in explorer.words.value
    explorer.controls["share"].value = 0.7
    assert explorer.image.layout.display is None and explorer.image.value == bars(0.7).png()
    assert "too much" not in explorer.words.value
    with pytest.raises(ValueError, match="too much"):  # no picture to start with
        explore(fails_above, share=(0.0, 1.0, 0.9))


@pytest.mark.parametrize(("made", "plain"), [
    (lambda: explore(bars, share=(0.0, 1.0, 0.5)), "image/png"),
    (lambda: AttentionExplorer([[0.25, 0.75]], ["a"], ["b", "c"]), "image/png"),
    (lambda: Prediction("Which?", ["cat", "mat"]), "text/html"),
])  # fmt: skip
def test_a_notebook_is_given_the_living_and_the_plain_form(made, plain):
    """With ipywidgets 7, too, which would show a widget by other means; `tools/colab.py` runs this there."""
    data, _ = DisplayFormatter().format(made())
    assert {"application/vnd.jupyter.widget-view+json", plain, "text/plain"} <= data.keys()


def test_any_matplotlib_figure_will_do_and_pyplot_keeps_none():
    def plain(height):
        figure = pyplot.figure(figsize=(2, height))
        figure.add_subplot().plot([0, height])
        return figure

    explorer = explore(plain, height=(1, 3, 2))
    explorer.controls["height"].value = 3
    assert pyplot.get_fignums() == []
    png, alt = static(explorer)
    assert png.startswith(b"\x89PNG") and png != explorer.image.value and alt == "Figure with height = 2"
    assert static(explore(lambda on: Figure(), on=True))[1] == "Figure with on = True"
    with pytest.raises(TypeError, match="expected it to return a matplotlib figure, got NoneType"):
        explore(lambda on: None, on=True)


def test_alternative_text_is_escaped_where_it_is_html():
    explorer = explore(lambda on: Picture(alt=ATTACK), on=True)
    assert ATTACK not in explorer.words.value and "&lt;img" in explorer.words.value
    assert static(explorer)[1] == ATTACK


@pytest.mark.parametrize("given", [(0, 1), (0, 1, 2), (1, 0, 0.5), (1, 1, 1), (0, 1, 0.5, 0), [], "cat", 3])
def test_a_control_that_makes_no_sense_is_named(given):
    with pytest.raises(ValueError, match="share: expected"):
        explore(bars, share=given)


def test_a_description_of_nothing_is_refused():
    with pytest.raises(ValueError, match=r"describe: expected names among \['share'\], got shape"):
        explore(bars, share=(0.0, 1.0, 0.5), describe={"shape": "?"})


@pytest.mark.parametrize("clicked, sentence", [
    (None, "The answer: cat. It is what chat means."),
    ("mat", "You predicted mat; it is cat. It is what chat means."),
    ("cat", "You predicted cat, and it is cat. It is what chat means."),
])  # fmt: skip
def test_a_prediction_is_revealed_with_or_without_a_click(clicked, sentence):
    guess = Prediction("Which word?", ["the", "cat", "mat"])
    assert guess.choice is None and guess.buttons.options == ("the", "cat", "mat")
    guess.buttons.value = clicked
    shown = guess.reveal("cat", "It is what chat means.")
    assert repr(shown) == sentence and shown.agreed == (clicked == "cat")
    first, second = sentence.split(". ")
    assert f"<b>{first}.</b> {second}" in shown._repr_html_()


def test_predict_shows_the_question_at_once(capsys):
    guess = predict("Which word?", ["the", "cat"])
    assert "Which word?\nYour prediction: the / cat" in capsys.readouterr().out
    bundle = guess._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == repr(guess) and "<li>the</li><li>cat</li>" in bundle["text/html"]


def test_nothing_the_author_writes_becomes_html():
    guess = Prediction(ATTACK, [ATTACK, "cat & mat"])
    guess.buttons.value = ATTACK
    html = [guess._repr_mimebundle_()["text/html"], guess.children[0].value, guess.reveal(ATTACK, ATTACK)._repr_html_()]
    assert all(ATTACK not in part and "&lt;img src=x onerror=alert(1)&gt;" in part for part in html)
    assert ATTACK in repr(guess) and "cat &amp; mat" in html[0]


def test_predictions_need_different_options_and_an_answer_among_them():
    for options in ([], ["cat"], ["cat", "cat"], "cat"):
        with pytest.raises(ValueError, match="options: expected two or more different answers"):
            Prediction("Which?", options)
    with pytest.raises(ValueError, match=r"answer: expected one of \['cat', 'mat'\], got 'dog'"):
        Prediction("Which?", ["cat", "mat"]).reveal("dog")
