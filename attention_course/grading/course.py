"""A course folder: assignments go out, submissions are marked, and points and feedback come of it, by nbgrader."""

import csv
import datetime
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from tqdm import tqdm

from attention_course.grading import copies, handed_in, marking
from attention_course.grading.misfiled import misfiled
from attention_course.grading.running import Outcome


class NbgraderFailed(Exception):
    """What nbgrader said, or that it is not here."""


def nbgrader(course: Path, *arguments: str) -> str:
    """Run a command of nbgrader in a course, and give what it says. Raises NbgraderFailed."""
    if not importlib.util.find_spec("nbgrader"):
        raise NbgraderFailed("nbgrader is not installed: pip install -e '.[grading]', or run `make assignment`.")
    command = [sys.executable, "-m", "nbgrader", *arguments]
    own = str(Path(sys.executable).parent)  # nbgrader calls alembic by name
    programs = os.pathsep.join([own, os.environ.get("PATH", "")])
    surroundings = os.environ | {"JUPYTER_PLATFORM_DIRS": "1", "PATH": programs}
    ended = subprocess.run(command, cwd=course, env=surroundings, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise NbgraderFailed(f"nbgrader {' '.join(arguments)}:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    return ended.stdout + ended.stderr


def release(course: Path, name: str) -> None:
    """Make the learners' version of an assignment; where that fails, the one that was there stays."""
    place = course / "release" / name
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / name
        if place.is_dir():
            shutil.copytree(place, kept)
        try:
            nbgrader(course, "generate_assignment", name, "--create", "--force")
        except NbgraderFailed:
            if kept.is_dir():
                shutil.copytree(kept, place, dirs_exist_ok=True)
            raise


def released(course: Path, lessons: list[str]) -> list[str]:
    """The assignments that were released; of these lessons, where any are named."""
    there = sorted(place.name for place in (course / "release").glob("*") if place.is_dir())
    wanted = [lesson.zfill(2) for lesson in lessons]
    unknown = [lesson for lesson in wanted if not any(lesson in (name, name[:2]) for name in there)]
    if unknown:
        raise NbgraderFailed(f"Not released: {', '.join(unknown)}. Released: {', '.join(there) or 'nothing'}.")
    return [name for name in there if not wanted or name in wanted or name[:2] in wanted]


def grade(course: Path, lessons: list[str], at_once: int = 1) -> None:
    """Mark, write feedback and tables, and print a line for each learner. Raises NbgraderFailed."""
    names = released(course, lessons)
    if not names:
        raise NbgraderFailed(f"Nothing has been released in {course}: begin with the command `assignment`.")
    for name in names:
        works = marking.works(course, name)
        todo = [work for work in works if not work.outcome()]
        with tqdm(total=len(todo), unit="submission", desc=name, disable=not todo) as bar:
            for _ in marking.mark(course, name, at_once=at_once):
                bar.update()
        forget(course, name, besides={work.student for work in works})
        if not works:
            print(f"{name}: nothing was handed in (expected {course}/submitted/NAME/{name}/{name}.ipynb)")
            continue
        nbgrader(course, "autograde", name, "--create", "--force")
        nbgrader(course, "generate_feedback", name, "--force")
        _tell(course, name, works)
    nbgrader(course, "export", "--to", "grades.csv")
    print(f"Points: {course}/grades.csv and results_*.csv. Feedback: {course}/feedback")
    if lost := misfiled(course):
        print("\nNOT MARKED, because it is not where the grader looks:")
        print("\n".join(f"  {path}: {told}" for path, told in lost.items()))


def forget(course: Path, name: str, besides: set[str]) -> None:
    """Take away what is left of submissions that have been taken away, in the folders and in nbgrader's book."""
    from nbgrader.api import Gradebook, MissingEntry

    for folder in ("readable", "judged", "autograded", "feedback"):
        for place in (course / folder).glob(f"*/{name}"):
            if place.parent.name not in besides:
                shutil.rmtree(place)
                if not any(place.parent.iterdir()):
                    place.parent.rmdir()
    with Gradebook(f"sqlite:///{course.resolve() / 'gradebook.db'}") as book:
        try:
            submissions = book.assignment_submissions(name)
        except MissingEntry:
            return
        for learner in [submission.student for submission in submissions if submission.student.id not in besides]:
            book.remove_submission(name, learner.id)
            listed = learner.first_name or learner.last_name or learner.email
            if not listed and not book.student_submissions(learner.id):
                book.remove_student(learner.id)


def _tell(course: Path, name: str, works: list[marking.Work]) -> None:
    """Print and write what came of an assignment: by learner and problem, and what went wrong."""
    points = _points(works[0])
    most, copied, rows = sum(points.values()), copies.copied(course, name), []
    print(f"\n{name}: {len(works)} submissions, {datetime.date.today():%d %B %Y}")
    for work in works:
        outcome = work.outcome() or Outcome(
            {}, ["It was not marked."], nbformat.writes(nbformat.read(work.released, 4))
        )
        verdicts = {problem: outcome.verdict(problem) for problem in points}
        got = {problem: n * (verdicts[problem]["outcome"] == "correct") for problem, n in points.items()}
        notes = list(outcome.failures)
        notes += copied.get(work.student, [])
        missed: dict[str, list[str]] = {}
        for problem, verdict in verdicts.items():
            if verdict["outcome"] != "correct":
                missed.setdefault(verdict["outcome"].capitalize(), []).append(problem)
        told = [f"{kind}: {', '.join(which)}." for kind, which in missed.items()]
        print(f"  {work.student:<24} {sum(got.values()):>3} of {most}  {' '.join([*told, *notes])}")
        lost = [problem for which in missed.values() for problem in which]
        why = [f"{problem}: {verdicts[problem]['message'].partition(chr(10))[0]}" for problem in lost]
        rows.append([work.student, sum(got.values()), most, *got.values(), " ".join([*notes, *why])])
    with (course / f"results_{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["learner", "points of the judge", "of", *points, "notes"])
        writer.writerows(rows)


def _points(work: marking.Work) -> dict[str, int]:
    """What each problem brings."""
    cells = nbformat.read(work.released, as_version=4).cells
    checks = [cell for cell in cells if handed_in.is_check(cell)]
    return {handed_in.problem_of(handed_in.grade_id(cell)): cell.metadata["nbgrader"]["points"] for cell in checks}
