"""The command line, with a registry that needs no network."""

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from attention_course import checks, cli
from attention_course.checks import lesson_00, lesson_01
from attention_course.data import registry

FILES = ["letters/a.gz", "letters/b.gz", "digits/all.csv"]


@pytest.fixture
def store(monkeypatch, tmp_path):
    monkeypatch.setenv("ATTENTION_COURSE_PROGRESS", str(tmp_path / "progress.json"))
    return tmp_path / "progress.json"


@pytest.fixture
def fetched(monkeypatch, tmp_path):
    """Fetch without a network: what was asked for, in order; `letters/b.gz` cannot be had."""
    asked = []

    def fetch(name):
        asked.append(name)
        if name == "letters/b.gz":
            raise registry.DatasetUnavailable(f"{name} cannot be had: no network.\nTry again later")
        return tmp_path / name

    monkeypatch.setattr(registry, "entries", lambda: dict.fromkeys(FILES))
    monkeypatch.setattr(registry, "fetch", fetch)
    return asked


def run(capsys, *arguments):
    code = cli.main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def test_doctor(capsys, monkeypatch, store):
    version = metadata.version

    def installed(package):
        if package == "jupyterlab":
            raise metadata.PackageNotFoundError(package)
        return version(package)

    rows = [
        ("letters", 2, 0.5, "cache"),
        ("digits", 1, 12.04, None),
        ("a", 9, 1.0, "download"),
        ("b", 1, 1.0, "mirror"),
    ]
    monkeypatch.setattr(metadata, "version", installed)
    monkeypatch.setattr(registry, "report", lambda: rows)
    code, out, err = run(capsys, "doctor")
    assert (code, err) == (0, "")
    first, *lines = out.splitlines()
    assert "PyTorch" in first and "cores" in first
    assert lines[0] == f"numpy {version('numpy')}"
    assert lines[2:] == [
        "jupyterlab is not installed",
        "",
        "Data sets:",
        "letters  2 files   0.5 MB  here",
        "digits    1 file  12.0 MB  out of reach just now",
        "a        9 files   1.0 MB  can be downloaded",
        "b         1 file   1.0 MB  in the mirror",
        "",
        f"Progress is kept in {store}",
        "",
        "Missing, with what mends it:",
        "- jupyterlab is not installed:",
        '    pip install "jupyterlab>=4.2"',
        "- the data set digits is out of reach:",
        "    attention-course data digits   # with a network",
    ]


def test_doctor_where_nothing_is_missing(capsys, monkeypatch):
    monkeypatch.setattr(registry, "report", list)
    assert run(capsys, "doctor")[1].endswith("\n\nNothing is missing.\n")


def test_doctor_where_a_version_is_too_low(capsys, monkeypatch):
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "1.0" if name == "matplotlib" else version(name))
    monkeypatch.setattr(registry, "report", list)
    out = run(capsys, "doctor")[1]
    assert '- matplotlib is 1.0, and the course needs >=3.8:\n    pip install --upgrade "matplotlib>=3.8"\n' in out


def test_doctor_where_progress_is_off(capsys, monkeypatch):
    monkeypatch.setattr(registry, "report", list)
    told = "\n\nProgress is not kept: ATTENTION_COURSE_PROGRESS is off, or CI is set.\n"
    assert told in run(capsys, "doctor")[1]


def test_progress(capsys, store):
    lesson_01.multiplied_mask("A")
    lesson_01.multiplied_mask("B")
    lesson_01.soft_look_up(None)
    lesson_00.what_it_proves("D")
    kept = json.loads(store.read_text())
    kept["lesson_01"]["no_longer_there"] = {"outcome": "correct", "tries": 1000}
    kept["lesson_99"] = {"later": {"outcome": "correct", "tries": 1000}}
    store.write_text(json.dumps(kept))
    code, out, err = run(capsys, "progress")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["lesson", "solved", "tries"]
    assert lines[1].split() == ["00:", "reading", "an", "attention", "map", "0", "of", "4", "1"]
    assert lines[2].split() == ["01:", "attention", "as", "a", "weighted", "sum", "1", "of", "5", "2"]
    number = len(checks.lessons())
    assert len(lines) == number + 4 and len({len(line) for line in lines[: number + 1]}) == 1
    assert lines[-2] == "Go on with lesson 00: its problem most_attended is the first that is not solved."
    assert lines[-1] == f"Kept in {store}; delete this file to start afresh."


def test_progress_before_anything_was_done(capsys, store):
    code, out, _ = run(capsys, "progress")
    assert code == 0 and " 0 of 5 " in out and not store.exists()


def test_progress_that_cannot_be_read(capsys, store):
    store.write_text("not json")
    code, out, err = run(capsys, "progress")
    assert (code, err) == (0, "")
    assert out.endswith("It could not be read. The next check will set it aside and begin another.\n")
    assert store.read_text() == "not json"


def test_progress_that_is_off(capsys):
    code, out, _ = run(capsys, "progress")
    assert code == 0 and out.endswith("\nProgress is not kept: ATTENTION_COURSE_PROGRESS is off, or CI is set.\n")


def test_data(capsys, fetched, tmp_path):
    assert run(capsys, "data", "digits") == (0, f"{tmp_path / 'digits/all.csv'}\n", "")
    assert fetched == ["digits/all.csv"]


def test_data_that_cannot_be_had(capsys, fetched, tmp_path):
    code, out, err = run(capsys, "data", "--all")
    assert code == 1
    assert err == "letters/b.gz cannot be had: no network.\nTry again later\n"
    assert out.splitlines() == [str(tmp_path / "letters/a.gz"), str(tmp_path / "digits/all.csv")]
    assert fetched == FILES


def test_data_of_an_unknown_name(capsys, fetched):
    assert run(capsys, "data", "digits", "nope", "no") == (
        1,
        "",
        "There is no data set nope, no; there are letters, digits.\n",
    )
    assert not fetched


def test_an_interrupt(capsys, monkeypatch, fetched):
    def interrupt(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(registry, "fetch", interrupt)
    assert run(capsys, "data", "digits") == (130, "", "interrupted\n")


@pytest.mark.parametrize("arguments", [[], ["data"], ["data", "digits", "--all"], ["nothing"], ["doctor", "x"]])
def test_what_makes_no_sense(arguments, capsys, fetched):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "usage: attention-course" in capsys.readouterr().err
    assert not fetched


def test_help_imports_nothing_heavy():
    program = """
import sys
from attention_course import cli
try:
    cli.main(["--help"])
except SystemExit as stop:
    assert stop.code == 0
assert not {"torch", "numpy", "matplotlib", "pooch", "platformdirs"} & set(sys.modules)
"""
    root = Path(cli.__file__).parents[1]
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert all(f"\n    {command} " in run.stdout for command in ("doctor", "progress", "data"))


def test_where_limits_cannot_be_set_nothing_is_marked(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cli.main(["grade", "--course", str(tmp_path)]) == 1
    assert "on Linux only" in capsys.readouterr().err
