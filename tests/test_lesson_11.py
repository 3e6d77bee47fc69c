"""What lesson 11 has for itself: its language model is the package's, and the figure shows what it is given."""

import numpy as np
import pytest
import torch
from torch import nn

from attention_course.lessons.lesson_11 import built
from attention_course.lessons.lesson_11.beyond import beyond
from attention_course.models.transformer import Config, TransformerDecoder
from attention_course.positions import (
    AlibiAttention,
    LearnedPositions,
    RotaryAttention,
    ShawAttention,
    SinusoidalPositions,
    T5Attention,
)

M, E, H, FAR = 11, 16, 2, 40  # characters, sizes; farther than the farthest distances below
NONE = {"positions": None}


class KeysAlone(ShawAttention):
    """As the lesson builds it: no vector joins the value."""

    def output(self, weights, at):
        return None


SCHEMES = {  # what the lesson's model is given, and the package's
    "none": ({}, NONE),
    "sinusoidal": ({"add": built.sinusoidal}, {"positions": SinusoidalPositions}),
    "learned": ({"add": built.Learned(E, FAR)}, {"positions": lambda size: LearnedPositions(size, FAR)}),
    "Shaw": ({"scores": lambda: built.Shaw(E // H, 4)}, {"attend": lambda: KeysAlone(E // H, 4), **NONE}),
    "T5": ({"scores": lambda: built.T5(H, 32)}, {"attend": lambda: T5Attention(H, max_distance=32), **NONE}),
    "ALiBi": ({"scores": lambda: built.ALiBi(H)}, {"attend": lambda: AlibiAttention(H), **NONE}),
    "rotary": ({"scores": lambda: built.rotary}, {"attend": RotaryAttention, **NONE}),
}
NAMES = {
    "positions.vectors": "add.table",
    "attend.to_keys": "scores.vectors",
    "attend.bias": "scores.bias",
    "blocks": "layers",
    "norm_self_attention": "norm_1",
    "norm_mlp": "norm_2",
    "project_query": "W_Q",
    "project_key": "W_K",
    "project_value": "W_V",
    "project_output": "W_O",
    "self_attention.": "",
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_model_is_the_package_s_decoder(scheme):
    ours, theirs = SCHEMES[scheme]
    mine = built.Reader(M, E=E, H=H, **ours)
    package = TransformerDecoder(M, Config(E, H, hidden=4 * E, layers=2, dropout=0.0, **theirs))
    for parameter in package.parameters():
        nn.init.normal_(parameter, std=0.3)  # biases, too
    state = {}
    for name, value in package.state_dict().items():
        for old, new in NAMES.items():
            name = name.replace(old, new)
        if not name.endswith(("to_values", "slopes")):
            state[name] = value
    mine.load_state_dict(state)
    text = torch.randint(M, (3, FAR))
    assert torch.allclose(mine(text), package(text)[0], atol=1e-4)


def test_it_begins_as_the_package_s():
    torch.manual_seed(0)
    ours, theirs = built.linear(64), TransformerDecoder(M, Config(64, 4)).blocks[0].self_attention.project_query
    assert ours.bias.eq(0).all() and theirs.bias.eq(0).all()
    for layer in (ours, theirs):
        assert layer.weight.abs().max().item() == pytest.approx((6 / 128) ** 0.5, rel=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_looks_back_only_so_far(scheme):
    model = built.Reader(M, E=E, H=H, layers=1, **SCHEMES[scheme][0])
    text = torch.randint(M, (2, 12))
    other = text.clone()
    other[:, :8] = (other[:, :8] + 1) % M
    assert torch.allclose(model(text, back=4)[:, -1], model(other, back=4)[:, -1], atol=1e-6)
    assert not torch.allclose(model(text, back=5)[:, -1], model(other, back=5)[:, -1], atol=1e-3)


LABELS = {"x_label": "position", "y_label": "loss", "mark": 64, "mark_label": "trained"}
X = [16, 64, 256]


def test_the_figure_has_a_line_for_each_scheme_and_a_band_for_its_trainings():
    figure = beyond(X, {"#666666": {"$none": [[3.0, 2.0, 4.0], [3.2, 2.2, 4.4]]}, "#2a598c": {"T5": [X]}}, **LABELS)
    lines = [line.get_ydata() for line in figure.axes[0].lines if len(line.get_ydata()) == 3]
    assert np.allclose(lines[0], [3.1, 2.1, 4.2])
    assert "$none 2.10, then 4.20; T5 64.00, then 256.00" in figure.alt
    figure.png()


def test_what_does_not_fit_is_told():
    with pytest.raises(ValueError, match=r"T5: expected rows of 3 numbers like x, got \(1, 2\)"):
        beyond(X, {"#666666": {"T5": [[1.0, 2.0]]}}, **LABELS)
    with pytest.raises(ValueError, match="mark: expected one of x above 0, got 65"):
        beyond(X, {"#666666": {"T5": [X]}}, **LABELS | {"mark": 65})
    with pytest.raises(ValueError, match="groups: expected"):
        beyond(X, {}, **LABELS)
