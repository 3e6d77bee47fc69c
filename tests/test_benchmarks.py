"""How the benchmarks time and weigh: everyone gets the same turns, and memory that is touched is seen."""

import importlib.util
from pathlib import Path

import pytest
import torch
from torch import nn

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def load(name):
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def modules_beside_each_other(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)  # as when a script there is run


@pytest.fixture
def racing():
    return load("attention_race")


def test_everyone_runs_as_often_and_goes_first_in_turn(racing):
    calls = []

    def noting(name):
        def function(x):
            calls.append(name)
            return 2 * x

        return racing.contender(function, [torch.ones(2)])

    seconds = racing.race({name: noting(name) for name in "abc"}, rounds=5)
    rounds = ["".join(calls[i : i + 6]) for i in range(0, len(calls), 6)]
    assert rounds == ["bbccaa", "ccaabb", "aabbcc"] * 2  # the first of them is not counted
    assert all(len(taken) == 5 and min(taken) > 0 for taken in seconds.values())


def test_the_backward_pass_reaches_inputs_and_parameters(racing):
    layer = nn.Linear(2, 2)
    linear = racing.contender(layer, [torch.ones(3, 2)], layer)
    assert [x.shape for x in linear.wanted] == [(3, 2), (2, 2), (2,)]
    reached = []
    for x in linear.wanted:
        x.register_hook(lambda gradient: reached.append(gradient.shape))
    linear.backward()
    assert sorted(reached) == sorted(x.shape for x in linear.wanted)
    assert not linear.forward().requires_grad


def test_a_ratio_above_one_means_that_ours_takes_less_time(racing):
    assert racing.ratios([1.0, 2.0], [4.0, 2.0]) == [4.0, 1.0]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="without /proc only the largest peak is known")
def test_memory_that_is_touched_is_seen():
    weighing = load("attention_memory")
    before = weighing.resident("VmRSS")
    block = bytearray(80_000_000)
    assert weighing.resident("VmHWM") - before > 70_000_000
    del block
