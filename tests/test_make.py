"""`make` by itself, with programs that only note how they were called: it works in every folder, and hands on paths."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTES = "noted calls"
# The interpreter that makes an environment is copied into it, as every program that is called there.
INTERPRETER = """\
#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
    mkdir -p "$3/bin"
    for name in python ruff lint-imports; do cp "$0" "$3/bin/$name"; done
else
    printf '%s\\n' "$ATTENTION_COURSE_DATA" "$ATTENTION_COURSE_CACHE" "$0 $*" >> "$NOTES"
fi
"""
TARGETS = ("lab", "test", "quick", "lessons", "notebooks", "experiments", "site", "data", "binder", "colab")
TARGETS += ("assignment", "grade", "hostile")

pytestmark = pytest.mark.skipif(os.name != "posix" or not shutil.which("make"), reason="needs make and a shell")


@pytest.fixture(params=["plain", "a space", 'it\'s 5$HOME "(x)" `y`; #1 été'])
def folder(request, tmp_path):
    """A folder with what make reads, and an interpreter in a folder of such a name as well."""
    folder = tmp_path / request.param
    (folder / "experiments").mkdir(parents=True)
    (folder / "experiments/00_first.py").touch()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    (folder / "python").write_text(INTERPRETER)
    (folder / "python").chmod(0o755)
    return folder


def called(folder, target, python="./python", **environment):
    """The calls of programs that the target makes: the mirror and the cache that they are told, and the command."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ATTENTION_COURSE", "MAKE"))}
    notes = folder / NOTES
    notes.unlink(missing_ok=True)
    subprocess.run(
        ["make", "-s", target, f"PYTHON={python}"],
        cwd=folder,
        env=kept | {"NOTES": str(notes)} | environment,
        check=True,
    )
    lines = notes.read_text(encoding="utf-8").splitlines()
    return list(zip(lines[::3], lines[1::3], lines[2::3], strict=True))


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_works_in_every_folder(folder, target):
    commands = [command for *_, command in called(folder, target)]
    assert commands[0] == ".venv/bin/python -m pip install -q -c constraints.txt -e .[test]"
    assert len(commands) > 1 and all(
        command.startswith((".venv/bin/python ", ".venv/bin/ruff ")) for command in commands
    )
    once = [
        f".venv/bin/python -m pip install -q -c constraints.txt -e .[{extras}]" for extras in ("test", "test,grading")
    ]
    again = [command for *_, command in called(folder, target)]
    assert again == [command for command in commands if command not in once]  # the environment is there now


def test_the_course_opens(folder):
    *_, command = called(folder, "lab")[-1]
    assert command.startswith(".venv/bin/python -m jupyterlab ")
    assert command.endswith("--notebook-dir=. notebooks/00_start_here.ipynb")


@pytest.mark.parametrize(
    "given",
    [
        "",
        " ",
        "/x/my data",
        "/x/it's $HOME (1), été",
        "~/data",
        "~ann/my data",
        "http://a.org/b c",
        "https://a.org",
        "file:///x/my%20data",
        "file:/x",
    ],
)
def test_what_does_not_depend_on_the_folder_stays_as_it_is(folder, given):
    calls = called(folder, "test", ATTENTION_COURSE_DATA=given, ATTENTION_COURSE_CACHE=given)
    assert {call[:2] for call in calls} == {(given, given)}


@pytest.mark.parametrize("given", ["data", "my data", "../it's $HOME (1), été"])
def test_a_relative_folder_is_one_of_where_make_stands(folder, given):
    here = f"{folder}/{given}"
    assert {call[:2] for call in called(folder, "test", ATTENTION_COURSE_DATA=given)} == {(here, "")}
    assert {call[:2] for call in called(folder, "test", ATTENTION_COURSE_CACHE=given)} == {("", here)}


def test_the_interpreter_may_lie_in_any_folder(tmp_path, folder):
    (tmp_path / "my programs (new)").mkdir()
    python = shutil.move(folder / "python", tmp_path / "my programs (new)/python")
    assert called(folder, "lab", python)
