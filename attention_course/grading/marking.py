"""Mark what a class has handed in: each submission is run beside the judge, and what came of it is kept.

A submission that was marked is not run again unless it, the assignment or the secret has changed; so a grader that is
stopped goes on where it was. `readable/` gets, of every submission, what nbgrader can read, whatever was handed in.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat

from attention_course.grading import handed_in, without_solutions
from attention_course.grading.running import STARTING, Limits, Outcome, Task

USUAL = Limits()
STOPPED = (-signal.SIGINT, -signal.SIGTERM, 128 + signal.SIGTERM)
"""How a process ends that was told to, from outside."""

_running: set[subprocess.Popen] = set()


class Stopped(Exception):
    """A submission was being run when the grader was told to stop; nothing of it is kept."""


@dataclass(frozen=True)
class Work:
    """One notebook that one learner was to hand in."""

    course: Path
    student: str
    assignment: str
    notebook: str  # without .ipynb

    @property
    def submitted(self) -> Path:
        return self.course / "submitted" / self.student / self.assignment / f"{self.notebook}.ipynb"

    @property
    def released(self) -> Path:
        return self.course / "release" / self.assignment / f"{self.notebook}.ipynb"

    @property
    def readable(self) -> Path:
        return self.course / "readable" / self.student / self.assignment / f"{self.notebook}.ipynb"

    @property
    def record(self) -> Path:
        return self.course / "judged" / self.student / self.assignment / f"{self.notebook}.json"

    def fingerprint(self) -> str:
        """What the outcome depends on."""
        whole = hashlib.sha256()
        for path in (self.submitted, self.released, self.course / "secret.txt"):
            whole.update(path.read_bytes() if path.is_file() else b"nothing")
            whole.update(b"|")
        return whole.hexdigest()

    def outcome(self) -> Outcome | None:
        """What came of it, where it is marked."""
        try:
            kept = json.loads(self.record.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if kept.pop("of", None) != self.fingerprint():
            return None
        return Outcome(**kept)


def works(course: Path, assignment: str) -> list[Work]:
    """What is to be marked: a notebook for each learner who has handed in anything."""
    released = sorted((course / "release" / assignment).glob("*.ipynb"))
    handed = course / "submitted"
    students = sorted(place.name for place in handed.iterdir() if place.is_dir()) if handed.is_dir() else []
    there = [student for student in students if (handed / student / assignment).is_dir()]
    return [Work(course, student, assignment, path.stem) for student in there for path in released]


def mark(course: Path, assignment: str, limits: Limits = USUAL, at_once: int = 1) -> Iterator[tuple[Work, Outcome]]:
    """Mark all that is not marked yet, and give the outcome of each as it comes."""
    found = works(course, assignment)
    for work in found:
        _make_readable(work)
    todo = [work for work in found if not work.outcome()]
    if not todo:
        return
    with tempfile.TemporaryDirectory(prefix="course-") as folder, ThreadPoolExecutor(at_once) as pool:
        package = without_solutions.copy_package(Path(folder))
        marked = [pool.submit(mark_one, work, package, limits) for work in todo]
        try:
            for work, outcome in zip(todo, marked, strict=True):
                yield work, outcome.result()
        except BaseException:  # Ctrl-C, above all
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(_running):
                process.terminate()
            raise


def mark_one(work: Work, package: Path, limits: Limits) -> Outcome:
    """Mark one submission and keep what came of it."""
    print_of = work.fingerprint()
    notebook = nbformat.read(work.readable, as_version=4)
    secret = (work.course / "secret.txt").read_text(encoding="utf-8").strip()
    try:
        handed_in.read(work.submitted)
        outcome = run(nbformat.writes(notebook), secret, package, limits)
    except handed_in.Unreadable as why:
        outcome = Outcome({}, [str(why)], nbformat.writes(notebook))
    _write(work.record, json.dumps(asdict(outcome) | {"of": print_of}))
    return outcome


def run(notebook: str, secret: str, package: Path, limits: Limits) -> Outcome:
    """Run a notebook in a process of its own. Raises Stopped where that process was told to stop."""
    task = Task(notebook, secret, str(package), limits)
    process = subprocess.Popen(
        [sys.executable, "-m", "attention_course.grading.running"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the grader, which then ends this
    )
    _running.add(process)
    try:
        out, said = process.communicate(json.dumps(asdict(task)), timeout=limits.whole + 2 * STARTING)
        return Outcome(**json.loads(out))
    except subprocess.TimeoutExpired:
        why = "The submission could not be ended in time."
    except (ValueError, TypeError) as error:
        if process.returncode in STOPPED:
            raise Stopped from error
        last = said.strip().splitlines()[-1:] or ["without a word"]
        why = f"The process that runs it ended with {process.returncode} ({last[0][:200]})."
    finally:
        process.kill()
        process.wait()
        _running.discard(process)
    return Outcome({}, [why], notebook)


def _make_readable(work: Work) -> None:
    """The submission as it is run, in the place where nbgrader looks for it."""
    released = nbformat.read(work.released, as_version=4)
    try:
        made = handed_in.restored(handed_in.read(work.submitted), released)
    except handed_in.Unreadable:
        made = released
    _write(work.readable, nbformat.writes(made))
    stamp = work.submitted.with_name("timestamp.txt")
    if stamp.is_file():
        shutil.copyfile(stamp, work.readable.with_name("timestamp.txt"))


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8", errors="replace")
    part.replace(path)
