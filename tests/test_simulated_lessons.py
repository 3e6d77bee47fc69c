"""A lesson is run with less of everything, on the device it is to be tried on, and what a GPU would refuse is told."""

import cut_short
import pytest
import simulated
from simulated import lessons

LESSON = '''
# %% [markdown] name="title"
"""
# Title
"""

# %% name="imports"
import torch
from torch import nn
from attention_course import training
from attention_course.data import grammar

# %% name="promise"
pairs = grammar.pairs(5000)
assert len(pairs) == 5000, "a promise"

# %% name="train"
def draw():
    return (torch.ones(2, 3, 3),), torch.zeros(2, 3, dtype=torch.long)

class Model(nn.Linear):
    def forward(self, x):
        return super().forward(x), None

model = Model(3, 4)
losses = training.train_classifier(model, draw, steps=1000, learning_rate=0.1, progress=False)

# %% name="look"
model(torch.ones(1, 3))[0].argmax(-1)

# %% name="numpy"
torch.ones(2).numpy()

# %% name="wrong"
1 / 0

# %% name="shown"
class Shown:
    def _repr_mimebundle_(self):
        shown.append(True)

shown = []
Shown()

# %% name="generator"
torch.rand(2, generator=torch.Generator())
'''


@pytest.fixture
def run(tmp_path, monkeypatch):
    if reason := simulated.unfit():
        pytest.skip(reason)
    monkeypatch.setattr(cut_short, "WARM_UP", {})

    def run(setting):
        source = tmp_path / "00_toy.py"
        source.write_text(LESSON, encoding="utf-8")
        return lessons.run(source, lessons.SETTINGS[setting])

    return run


def test_a_lesson_runs_to_its_end_and_only_what_is_wrong_fails(run):
    report = run("cpu")
    assert report.failed == {"00_toy:wrong": "ZeroDivisionError at 00_toy:wrong:1: division by zero"}
    assert report.refused == []


@pytest.mark.parametrize(
    ("setting", "cells"),
    [("auto", []), ("auto, Apple's", []), ("all there", ["generator", "numpy"])],
)
def test_what_would_be_refused_is_told_with_its_cell(setting, cells, run):
    report = run(setting)
    assert list(report.failed) == ["00_toy:wrong"]
    assert sorted({name.split(":")[1] for name, _, _, _ in report.refused}) == cells
