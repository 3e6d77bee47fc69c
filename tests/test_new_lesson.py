"""A lesson that `make new-lesson` lays out: it runs, and passes what every lesson has to pass."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import new_lesson
from building import syllabus

ROOT = Path(__file__).parents[1]

LISTED = """\
[[part]]
number = "I"
title = "One"
lessons = [
    { name = "00_start", title = "Start", about = "what it is" },
    { number = "01", title = "Planned" },
    { number = "02", title = "also planned" },
]

[[part]]
number = "II"
title = "Two"
lessons = [
    { name = "05_five", title = "Five", about = "about five", draft = true },
]
"""


NUMBER = next(entry.order for part in syllabus.load(ROOT) for entry in part.lessons if not entry.name)  # planned
SLUG = "a_trial"
NAME = f"{NUMBER}_{SLUG}"
FOLDERS = ("attention_course", "docs", "experiments", "notebooks", "tests", "tools")


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy of the repository with a new lesson."""
    root = tmp_path_factory.mktemp("course")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in ("README.md", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, root)
    laid_out = run(root, "tools/new_lesson.py", NUMBER, SLUG)
    assert not laid_out.returncode, laid_out.stderr
    built = run(root, "tools/notebooks.py", NUMBER)
    assert not built.returncode, built.stdout + built.stderr
    return root


def run(root, *command):
    """A Python program in a copy, with the copy's package."""
    environment = os.environ | {"PYTHONPATH": str(root), "ATTENTION_COURSE_PROGRESS": "off", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *command], cwd=root, env=environment, capture_output=True, text=True, timeout=1_800
    )


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "ruff", "check"),
        ("-m", "ruff", "format", "--check"),
        (str(Path(sys.executable).with_name("lint-imports")),),
        ("tools/notebooks.py", "--check", NUMBER),
        ("tools/notebooks.py", "--filled", "build/filled", NUMBER),
        ("-m", "pytest", "-q", f"tests/test_checks_lesson_{NUMBER}.py", "tests/test_pages.py"),
        ("tools/mutants.py", NUMBER),
        ("-c", f"import runpy; runpy.run_path('experiments/{NAME}.py')"),
    ],
    ids=lambda command: " ".join(Path(part).name for part in command[:3]),
)
def test_it_passes_what_every_lesson_has_to_pass(copied, command):
    done = run(copied, *command)
    assert not done.returncode, (done.stdout + done.stderr)[-3000:]


def test_it_stands_in_the_syllabus_and_on_the_site(copied):
    readme, index = ((copied / name).read_text(encoding="utf-8") for name in ("README.md", "docs/index.md"))
    assert f"| {NUMBER} | [A trial](notebooks/{NAME}.ipynb) |" in readme
    planned = [line for line in readme.splitlines() if line.endswith("| planned |")]
    assert planned and not any(NUMBER in line for line in planned)
    assert index.count(NAME) == 2


def test_nothing_is_written_over(copied):
    before = (copied / "notebooks/src/lessons/" / f"{NAME}.py").read_bytes()
    again = run(copied, "tools/new_lesson.py", NUMBER, "other_slug")
    assert again.returncode == 1
    assert f"lesson {NUMBER} is there already" in again.stderr
    assert not (copied / f"notebooks/src/lessons/{NUMBER}_other_slug.py").exists()
    assert (copied / "notebooks/src/lessons/" / f"{NAME}.py").read_bytes() == before


@pytest.mark.parametrize("words", [("3", "slug"), ("13", "Slug"), ("13", "two words"), ("13", "a", "--title", 'a "b"')])
def test_what_is_no_number_or_slug_is_refused(words):
    with pytest.raises(SystemExit):
        new_lesson.main(list(words))


def test_a_line_takes_the_place_of_the_planned_one_or_stands_in_order():
    assert new_lesson.with_line(LISTED, "01", "NEW").count("\n") == LISTED.count("\n")
    assert 'what it is" },\nNEW\n    { number = "02"' in new_lesson.with_line(LISTED, "01", "NEW")
    assert '"also planned" },\nNEW\n]' in new_lesson.with_line(LISTED, "04", "NEW")
    assert "draft = true },\nNEW\n]" in new_lesson.with_line(LISTED, "07", "NEW")


@pytest.fixture
def small(tmp_path):
    (tmp_path / "notebooks/src/lessons").mkdir(parents=True)
    for name in ("00_start", "05_five"):
        (tmp_path / f"notebooks/src/lessons/{name}.py").touch()
    (tmp_path / "notebooks/syllabus.toml").write_text(LISTED)
    return tmp_path


def test_the_syllabus_of_a_list(small):
    assert syllabus.table(syllabus.load(small)).splitlines()[2:] == [
        "| **I** | **One** | | |",
        "| 00 | [Start](notebooks/00_start.ipynb) | what it is | [exercises](notebooks/exercises/00_start.ipynb) |",
        "| 01–02 | Planned · also planned | | planned |",
        "| **II** | **Two** | | |",
        "| 05 | [Five](notebooks/05_five.ipynb) | about five (in the making) "
        "| [exercises](notebooks/exercises/05_five.ipynb) |",
    ]


def test_a_list_that_does_not_name_the_lessons_that_are_there_is_an_error(small):
    (small / "notebooks/src/lessons/06_six.py").touch()
    with pytest.raises(syllabus.CourseError, match="stand on one side only: 06_six"):
        syllabus.load(small)
    (small / "notebooks/src/lessons/06_six.py").unlink()
    (small / "notebooks/syllabus.toml").write_text(LISTED.replace('"01"', '"03"'))
    with pytest.raises(syllabus.CourseError, match="every number once, in order, got 00, 03, 02, 05"):
        syllabus.load(small)
