"""What the checks see of how an answer works, in torch and in NumPy."""

import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from attention_course.checks.watching import watch

LENGTHS = (4, 40)
AT_ONCE = {
    "torch": lambda x: torch.softmax(x @ x.T, -1) @ x,
    "numpy": lambda x: np.exp(np.asarray(x) @ np.asarray(x).T).sum(-1),
    "only on arrays": lambda x: np.add.reduce(x.astype(np.float64), axis=0, keepdims=True),
}


def in_a_loop(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
    return out


def while_there_are_some(x):
    n, total = len(x), 0.0
    while n:
        n -= 1
        total = total + x[n].sum()
    return total


LOOPS = {
    "for": in_a_loop,
    "while": while_there_are_some,
    "comprehension": lambda x: torch.stack([row * 2 for row in x]),
    "generator": lambda x: sum(row.sum() for row in x),
    "map": lambda x: torch.stack(list(map(torch.exp, x))),
    "numpy": lambda x: np.stack([row * 2 for row in x.astype(np.float64)]),
    "apply_along_axis": lambda x: np.apply_along_axis(lambda row: row.sum(), 1, x.astype(np.float64)),
    "recursion": lambda x: x[0] + LOOPS["recursion"](x[1:]) if len(x) > 1 else x[0],
}


def steps(answer):
    return [watch(answer, (torch.rand(n, 3),)).steps for n in LENGTHS]


@pytest.mark.parametrize("style", AT_ONCE)
def test_without_a_loop_the_steps_do_not_grow(style):
    few, many = steps(AT_ONCE[style])
    assert few == many


@pytest.mark.parametrize("style", LOOPS)
def test_a_loop_takes_steps_with_the_length(style):
    few, many = steps(LOOPS[style])
    assert many - few >= LENGTHS[1] - LENGTHS[0]


@pytest.mark.parametrize(
    "squared",
    [lambda x: (x @ x.T).sum(), lambda x: (np.asarray(x) @ np.asarray(x).T).sum(), lambda x: x.astype(int) @ x.T],
)
def test_a_large_array_is_seen(squared):
    n = 300
    assert watch(squared, (torch.rand(n, 2),)).largest >= 4 * n * n
    assert watch(lambda x: x.sum(0), (torch.rand(n, 2),)).largest < 4 * n * n / 10
    assert watch(lambda x: np.asarray(x).sum(0), (torch.rand(n, 2),)).largest < 4 * n * n / 10


@pytest.mark.parametrize(
    "normed", [lambda x: F.layer_norm(x, (3,)), torch.nn.LayerNorm(3), lambda x: torch.layer_norm(x, (3,))]
)
def test_the_functions_called_are_named(normed):
    assert "layer_norm" in watch(normed, (torch.rand(2, 3),)).called
    assert "layer_norm" not in watch(lambda x: (x - x.mean(-1, keepdim=True)) / x.std(-1), (torch.rand(3, 3),)).called


def test_the_session_goes_on_as_before():
    trace = lambda frame, event, argument: None
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        watch(AT_ONCE["torch"], (torch.rand(3, 3),))
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)


def test_what_the_answer_raises_comes_through():
    with pytest.raises(ZeroDivisionError):
        watch(lambda x: 1 / 0, (torch.rand(2),))


def test_what_pytorch_loads_when_it_is_first_watched_is_no_step_of_the_answer():
    program = """
import torch
from attention_course.checks import lesson_09
from attention_course.checks.watching import watch
namespace = {"__name__": "__main__"}
exec("import torch\\n" + lesson_09.batch_relate.source(), namespace)
arguments = lesson_09.batch_relate.cases(0)[0].arguments
steps = [watch(namespace["batch_relate"], arguments).steps for _ in range(2)]
assert steps[0] == steps[1] < 100, steps
"""
    subprocess.run([sys.executable, "-c", program], check=True)
