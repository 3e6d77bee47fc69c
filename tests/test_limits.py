"""No test fails on a machine that is only busy: limits of time are for what hangs, and threads are set in one place."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
from building import execution  # noqa: E402

HANGS = 1_800  # seconds
WITH_A_CLOCK_OF_THEIR_OWN = {"test_short_waits.py"}
TESTS = sorted(set(ROOT.glob("tests/**/*.py")) - {ROOT / "tests" / name for name in WITH_A_CLOCK_OF_THEIR_OWN})


def test_a_cell_is_cut_off_only_when_it_hangs():
    assert re.search(r"--nbval-cell-timeout=(\d+)", (ROOT / "Makefile").read_text())[1] == str(HANGS)
    assert execution.CELL_TIMEOUT == HANGS


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_no_limit_of_time_in_a_test_is_meant_for_what_is_slow(path):
    """A number given as `timeout`, or to `wait`; in milliseconds where Playwright takes it (`wait_for...`)."""
    short = []
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            given = [word.value for word in call.keywords if word.arg == "timeout"] + call.args * (name == "wait")
            numbers = [v.value for v in given if isinstance(v, ast.Constant) and isinstance(v.value, int | float)]
            seconds = [number / (1_000 if name.startswith("wait_for") else 1) for number in numbers]
            short += [f"line {call.lineno}: {s:g} s" for s in seconds if 1 <= s < HANGS]
    assert not short


SOURCES = sorted(ROOT.glob("notebooks/src/**/*.py"))
CLOCKS = {"perf_counter", "process_time", "monotonic"}
each_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}-{path.stem}")


def names(node: ast.AST) -> set[str]:
    """All names in a piece of code, those of attributes included."""
    return {getattr(n, "id", getattr(n, "attr", None)) for n in ast.walk(node)} - {None}


def timed_asserts(code: str) -> list[int]:
    """The lines of the asserts that ask something of a time, of what was computed from one, or of a clock."""
    timed = set(CLOCKS)
    for statement in ast.parse(code).body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign) and names(node.value) & timed:
                timed |= set().union(*(names(target) for target in node.targets))
        if isinstance(statement, ast.FunctionDef) and names(statement) & timed:
            timed.add(statement.name)
    asserts = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Assert)]
    return [node.lineno for node in asserts if names(node.test) & timed]


def test_an_assert_on_a_time_is_found():
    code = "def took(f):\n    start = time.process_time()\n    f()\n    return time.process_time() - start\n\n\n"
    assert timed_asserts(f"{code}a, b = took(f), took(g)\nratio = a / b\nassert ratio > 2") == [9]
    assert not timed_asserts(f"{code}a = took(f)\nc = f()\nassert c == 2")


@each_source
def test_no_notebook_asserts_a_time(path):
    assert not timed_asserts(path.read_text(encoding="utf-8"))


@each_source
def test_notebooks_leave_the_number_of_threads_to_one_function(path):
    assert "set_num_threads" not in path.read_text(encoding="utf-8")
