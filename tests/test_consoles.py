"""What the course prints can be printed on every console: what it does not know is replaced, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from attention_course import checks
from attention_course.checks.result import SIGNS, Note, Result, showable

ROOT = Path(checks.__file__).parents[2]
EVERYTHING = r"""
from attention_course import checks, cli
from attention_course.checks.result import Result
from attention_course.data import registry

for lesson in checks.lessons():
    for name, problem in checks.problems(lesson).items():
        results = [problem(None), problem("\u221a"), problem(NotImplemented), Result("correct", None, problem.praise)]
        results += [Result("wrong", name, mistake.sentence) for name, mistake in problem.mistakes.items()]
        for shown in (*results, *(problem.hint() for _ in problem.hints), problem.solution()):
            print(shown)
            print([shown], f"{shown!r}")
registry.report = lambda: [("donn\u00e9es", 1, 2.0, "cache"), ("\udce9", 2, 3.0, None)]
registry.entries = lambda: {"donn\u00e9es/\u00e9.csv": None}


def unavailable(name):
    raise registry.DatasetUnavailable("\u2192 pas de r\u00e9seau \udce9 \u221a")


registry.fetch = unavailable
for arguments in (["doctor"], ["progress"], ["data", "--all"], ["data", "\u221a"]):
    print(cli.main(arguments))
"""


def printed(encoding, tmp_path):
    """All that a learner may see, as a console of that encoding shows it: (out, err)."""
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "0"}
    environment["ATTENTION_COURSE_PROGRESS"] = str(tmp_path / "progrès √.json")
    command = [sys.executable, "-c", EVERYTHING]
    run = subprocess.run(command, capture_output=True, env=environment, cwd=tmp_path)
    assert run.returncode == 0, run.stderr.decode(encoding, "replace")[-2000:]
    return [text.decode(encoding).splitlines() for text in (run.stdout, run.stderr)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return printed("utf-8", tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_everything_can_be_printed_on_every_console(encoding, whole, tmp_path):
    for shown, meant in zip(printed(encoding, tmp_path), whole, strict=True):
        assert len(shown) == len(meant) > 1
        for here, there in zip(shown, meant, strict=True):
            if there.isascii():
                assert here == there or "progr" in here or " cores" in here


@pytest.fixture
def console(monkeypatch):
    def with_encoding(encoding):
        monkeypatch.setattr(sys, "stdout", type("Console", (), {"encoding": encoding})())

    return with_encoding


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "√2 ✓ “…” −1 é"),
        ("cp1252", "sqrt2 + “…” -1 é"),
        ("ascii", 'sqrt2 + "..." -1 ?'),
        ("latin-1", 'sqrt2 + "..." -1 é'),
        (None, "√2 ✓ “…” −1 é"),
    ],
)
def test_what_a_console_knows_stays_and_the_rest_becomes_plainer(encoding, shown, console):
    console(encoding)
    assert showable("√2 ✓ “…” −1 é") == shown
    assert repr(Result("wrong", None, "√2 ✓ “…” −1 é")).endswith(f" Wrong. {shown}")
    assert repr(Note("√2 ✓ “…” −1 é", "é")).partition("\n")[0].endswith(f" {shown}")


def test_a_name_of_bytes_that_are_no_text_can_be_printed():
    assert showable("a\udce9b") == "a?b"


def test_where_there_is_no_console_nothing_is_replaced(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert str(Result("correct", None, "")) == f"{SIGNS['correct']} Correct."
