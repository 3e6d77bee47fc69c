"""A class that cheats: each submission ends as its points or a named failure, and none gets points it did not earn."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

import nbformat
import psutil
import pytest

from attention_course.grading import assignment, copies, handed_in, marking, sandbox, without_solutions
from attention_course.grading.client import JUDGE
from tests.hostile.cases import CASES, QUICK, SOLUTIONS, WRONG, Case

pytest.importorskip("psutil")
SECRET = "the instructor's secret, 8d1f"


@pytest.fixture(scope="module", autouse=True)
def own_place():
    """Where the submissions of this process run; others, of another process of pytest, may run at the same time."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="h") as place:
        patch.setenv("TMPDIR", place)
        yield place


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of one assignment, laid out and released."""
    folder = tmp_path_factory.mktemp("course")
    place = assignment.lay_out(folder, "04")
    (folder / "secret.txt").write_text(SECRET)
    released = assignment.handed_out(nbformat.read(place, as_version=4))
    target = folder / "release" / place.parent.name / place.name
    target.parent.mkdir(parents=True)
    nbformat.write(released, target)
    return folder


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return without_solutions.copy_package(tmp_path_factory.mktemp("package"))


def handed(course, student, case) -> marking.Work:
    """The work of a student, handed in."""
    [released] = (course / "release").glob("*/*.ipynb")
    work = marking.Work(course, student, released.parent.name, released.stem)
    work.submitted.parent.mkdir(parents=True)
    if case.file is not None:
        work.submitted.write_bytes(case.file)
    else:
        made = case.notebook(nbformat.read(released, as_version=4))
        work.submitted.write_text(nbformat.writes(made), encoding="utf-8", errors="surrogatepass")
    marking._make_readable(work)
    return work


def cases():
    return [
        pytest.param(
            case,
            id=case.name,
            marks=[] if case.quick else pytest.mark.hostile,
        )
        for case in CASES
    ]


@pytest.mark.parametrize("case", cases())
def test_a_submission_ends_as_its_points_or_a_named_failure(case, course, package):
    if case.apart and not sandbox.available():
        pytest.skip("only a sandbox prevents this, and there is none")
    door = socket.create_server(("127.0.0.1", 0))
    door.settimeout(0)
    case.first = case.first.replace("{port}", str(door.getsockname()[1]))
    before = {path: path.read_bytes() for path in course.rglob("*") if path.is_file() and path.name != "secret.txt"}
    work = handed(course, case.name.replace(" ", "-").replace("/", "-"), case)
    outcome = marking.mark_one(work, package, case.limits)
    solved = {name for name, verdict in outcome.verdicts.items() if verdict["outcome"] == "correct"}
    told = "\n".join([*outcome.failures, *(v["message"] for v in outcome.verdicts.values())])
    assert solved <= case.solved, told
    # On a machine that is busy with other things, even an honest cell may take longer than the short limit of a test.
    if "longer than" not in told.replace(case.says, ""):
        assert solved == case.solved, told
        missing = {"No answer"} if SOLUTIONS.keys() - outcome.verdicts.keys() else set()
        assert case.says in told or case.says in missing, told
        assert case.says or case.solved != set(SOLUTIONS) or not outcome.failures
    assert SECRET not in outcome.notebook
    assert len(outcome.notebook) < 2_000_000
    assert {path: path.read_bytes() for path in before} == before  # nobody else's work has changed
    assert not left_behind()
    with pytest.raises(BlockingIOError):
        door.accept()
    door.close()


def left_behind() -> list[psutil.Process]:
    """Processes of our submissions that still run."""
    found = []
    for process in psutil.process_iter():
        try:
            door = process.environ().get(JUDGE, "")
            if door.startswith(os.environ["TMPDIR"]) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            pass
    return found


def test_a_grader_that_was_stopped_goes_on_where_it_was(course, package, monkeypatch):
    case = Case("twice")
    work = handed(course, "goes-on", case)
    calls = []
    monkeypatch.setattr(marking, "run", lambda *a: calls.append(a) or marking.Outcome({}, [], a[0]))
    assert work.outcome() is None
    marking.mark_one(work, package, QUICK)
    assert work.outcome() is not None and len(calls) == 1
    part = work.record.read_text()
    work.record.write_text(part[: len(part) // 2])  # killed while it wrote, on a disk that lost half
    assert work.outcome() is None
    work.record.write_text(part)
    work.submitted.write_text(
        nbformat.writes(Case("other", WRONG).notebook(nbformat.read(work.released, as_version=4)))
    )
    assert work.outcome() is None  # handed in anew


GRADER = """
import sys
from pathlib import Path
from attention_course.grading import marking
list(marking.mark(Path(sys.argv[1]), sys.argv[2]))
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_a_grader_that_is_ended_takes_nobody_s_points(course, how):
    """What it was running when Ctrl-C came, or worse, is not kept as a failure of the learner's, and does not stay."""
    work = handed(course, f"under-way-{how.name}", Case("endless", {"rank": "while True:\n    pass"}))
    grader = subprocess.Popen([sys.executable, "-c", GRADER, course, work.assignment], stderr=subprocess.DEVNULL)
    wait_until(left_behind)
    grader.send_signal(how)
    grader.wait(1_800)
    wait_until(lambda: not left_behind())
    assert not work.record.exists() and work.outcome() is None
    work.submitted.unlink()


def wait_until(what):
    """For what hangs, not for what is slow."""
    end = time.monotonic() + 1_800
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_copies_are_named_by_problem_and_source(course):
    long = "def bleu(translations, references):\n" + "".join(f"    n_{n} = {n} * references\n" for n in range(9))
    one, *_ = (
        handed(course, name, Case(name, WRONG | answers))
        for name, answers in (
            ("twin-a", {"bleu": f"{long}    return n_7"}),
            ("twin-b", {"bleu": f"# mine\n{long}\n    return n_7\n"}),
            ("single", {}),
            ("copier", {"bleu": SOLUTIONS["bleu"].replace("\n", "  # mine\n", 1)}),
        )
    )
    found = copies.copied(course, one.assignment)
    assert found["twin-a"] == ["The same code as twin-b: bleu."]
    assert found["twin-b"] == ["The same code as twin-a: bleu."]
    assert found["copier"] == ["The same code as the course's own solution: bleu."]
    assert "single" not in found  # short answers are the same by chance


def test_a_link_is_not_followed(course, package, tmp_path):
    work = handed(course, "link", Case("link"))
    work.submitted.rename(tmp_path / "elsewhere.ipynb")
    work.submitted.symlink_to(tmp_path / "elsewhere.ipynb")
    with pytest.raises(handed_in.Unreadable, match="link"):
        handed_in.read(work.submitted)


def test_the_package_of_submissions_has_no_solutions(package):
    rooms = list((package / "attention_course" / "lessons").glob("lesson_*"))
    assert rooms and not [room for room in rooms if (room / "problems").exists()]
    for room in rooms:
        if (check := room / "check.py").exists():
            assert "Handed(" in check.read_text() and "import" in check.read_text()
    assert "return" not in json.dumps([path.name for path in rooms])
