"""A class from release to feedback, by nbgrader itself; `make hostile` runs it. Learners come, go, and hand in anew."""

import csv
import shutil

import nbformat
import pytest

from attention_course import cli
from attention_course.grading import sample
from attention_course.grading.handed_in import grade_id

pytest.importorskip("nbgrader", reason="needs nbgrader: make hostile")
pytestmark = pytest.mark.hostile
NAME = "00_start_here"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course after its first grading, with three learners: all right, all wrong, nothing."""
    folder = tmp_path_factory.mktemp("class")
    assert run("assignment", "0", "--sample", "--course", folder) == 0
    for learner in sample.LEARNERS[3:]:
        shutil.rmtree(folder / "submitted" / learner)
    assert run("grade", "--course", folder, "--at-once", "2") == 0
    return folder


def run(*arguments):
    return cli.main([str(argument) for argument in arguments])


def rows(path):
    with path.open(encoding="utf-8") as file:
        return {row.get("student_id") or row["learner"]: row for row in csv.DictReader(file)}


def points(course):
    """By learner: of our table and of nbgrader's."""
    ours, nbgraders = rows(course / f"results_{NAME}.csv"), rows(course / "grades.csv")
    assert ours.keys() == nbgraders.keys()
    return {name: (float(row["points of the judge"]), float(nbgraders[name]["score"])) for name, row in ours.items()}


def test_each_gets_what_was_earned_and_is_told_why(course):
    most = float(rows(course / f"results_{NAME}.csv")["ada"]["of"])
    assert points(course) == {"ada": (most, most), "bruno": (0, 0), "chiara": (0, 0)} and most > 0
    notes = {name: row["notes"] for name, row in rows(course / f"results_{NAME}.csv").items()}
    assert not notes["ada"] and "points_right: " in notes["bruno"]
    assert notes["bruno"] != notes["chiara"]  # all wrong is not all empty
    for name in notes:
        assert (course / "feedback" / name / NAME / f"{NAME}.html").is_file()


def test_what_is_handed_out_stands_alone(course):
    place = course / "release" / NAME
    assert f"{NAME}.ipynb" in (place / "README.md").read_text()
    notebook = nbformat.read(place / f"{NAME}.ipynb", as_version=4)
    assert not [cell.source for cell in notebook.cells if "](" in cell.source.replace("](http", "")]
    assert not [cell for cell in notebook.cells if cell.get("outputs")]


def test_cells_of_a_graded_assignment_stay(course, capsys):
    before = (course / "release" / NAME / f"{NAME}.ipynb").read_bytes()
    assert run("assignment", "00", "--explain", "--course", course) == 1
    assert "has been graded" in capsys.readouterr().err
    assert (course / "release" / NAME / f"{NAME}.ipynb").read_bytes() == before


def test_another_file_name_is_told_and_stops_nobody(course, capsys):
    place = course / "submitted" / "dora" / NAME
    place.mkdir(parents=True)
    shutil.copy(course / "release" / NAME / f"{NAME}.ipynb", place / f"{NAME} (1).ipynb")
    assert run("grade", "00", "--course", course) == 0
    assert f"There is no {NAME}.ipynb; there is {NAME} (1).ipynb." in capsys.readouterr().out
    assert points(course).keys() == {"ada", "bruno", "chiara", "dora"}


def test_who_leaves_is_forgotten(course):
    for leaver in ("bruno", "dora"):
        shutil.rmtree(course / "submitted" / leaver, ignore_errors=True)
    assert run("grade", "--course", course) == 0
    assert points(course).keys() == {"ada", "chiara"}
    assert not list(course.glob("*/bruno*"))


def test_who_hands_in_anew_is_marked_anew(course):
    path = course / "submitted" / "chiara" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    right = nbformat.read(course / "submitted" / "ada" / NAME / f"{NAME}.ipynb", as_version=4)
    solved = {grade_id(cell): cell.source for cell in right.cells}
    for cell in notebook.cells:
        if grade_id(cell) == "points-right":
            cell.source = solved["points-right"]
    nbformat.write(notebook, path)
    assert run("grade", "--course", course) == 0
    assert points(course)["chiara"][0] == points(course)["chiara"][1] > 0


def test_work_in_another_place_is_named(course, capsys):
    right = course / "submitted" / "ada" / NAME / f"{NAME}.ipynb"
    for place in ("ewa", "finn/00_start", "gus"):
        (course / "submitted" / place).mkdir(parents=True)
    shutil.copy(right, course / "submitted" / f"{NAME}.ipynb")
    shutil.copy(right, course / "submitted" / "ewa")
    shutil.copy(right, course / "submitted" / "finn" / "00_start")
    assert run("grade", "--course", course) == 0
    told = capsys.readouterr().out.partition("NOT MARKED")[2]
    assert f"submitted/{NAME}.ipynb: put it into submitted/NAME/{NAME}/, as {NAME}.ipynb" in told
    assert f"submitted/ewa/{NAME}.ipynb: put it into submitted/ewa/{NAME}/, as {NAME}.ipynb" in told
    assert f"submitted/finn/00_start: no assignment has this name (released: {NAME})" in told
    assert "submitted/gus: the folder is empty" in told and "ada" not in told
    assert points(course).keys() == {"ada", "chiara"}


def test_a_stop_while_nbgrader_works_takes_no_feedback_away(course, monkeypatch):
    def stopped(*arguments):
        raise KeyboardInterrupt

    before = sorted(course.glob("feedback/*/*/*.html"))
    monkeypatch.setattr("attention_course.grading.course.nbgrader", stopped)
    assert run("grade", "--course", course) == 130
    assert before and sorted(course.glob("feedback/*/*/*.html")) == before
