"""The course's steps in nbgrader: stubs in place of solutions, the judge's verdicts in place of what a cell says."""

import textwrap
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell, new_output
from nbgrader import preprocessors
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from attention_course.checks.result import SIGNS
from attention_course.grading import assignment, handed_in, marking


def configure(c, course: Path) -> None:
    """The settings of a course, to be called in its nbgrader_config.py, which stands in the course's folder."""
    c.CourseDirectory.root = c.Judged.course = str(course)
    c.CourseDirectory.submitted_directory = "readable"  # what was handed in, made readable by `marking`
    c.GenerateAssignment.preprocessors = [
        preprocessors.IncludeHeaderFooter,
        PutStubs,
        preprocessors.LockCells,
        preprocessors.ComputeChecksums,
        preprocessors.SaveCells,
        preprocessors.ClearOutput,
        preprocessors.CheckCellMetadata,
    ]
    c.Autograde.autograde_preprocessors = [
        Judged,
        preprocessors.LimitOutput,
        preprocessors.SaveAutoGrades,
        preprocessors.AssignLatePenalties,
        preprocessors.CheckCellMetadata,
    ]


class PutStubs(NbGraderPreprocessor):
    """What is handed out in place of the solutions."""

    def preprocess(self, nb, resources):
        return assignment.handed_out(nb), resources


class Judged(NbGraderPreprocessor):
    """The notebook as it was run beside the judge. Under each check stands the judge's verdict, which brings points."""

    course = Unicode(help="The course's folder.").tag(config=True)

    def preprocess(self, nb, resources):
        told, course = resources["nbgrader"], Path(self.course)
        work = marking.Work(course, told["student"], told["assignment"], told["notebook"])
        outcome = work.outcome()
        if outcome is None:  # formgrader's button: it was not marked yet
            marked = {other.student: found for other, found in marking.mark(course, told["assignment"])}
            outcome = marked.get(work.student) or marking.Outcome({}, ["Nothing was handed in."], nbformat.writes(nb))
        return judged(nb, outcome), resources


def judged(notebook, outcome):
    """A notebook with the outputs that its cells had, and the judge's verdicts under the checks."""
    run = nbformat.reads(outcome.notebook, as_version=4)
    for cell, executed in zip(notebook.cells, run.cells, strict=False):
        if cell.cell_type != "code":
            continue
        cell.outputs = executed.get("outputs", [])
        if handed_in.is_check(cell):
            name = handed_in.problem_of(handed_in.grade_id(cell))
            cell.outputs = [_said(outcome.verdict(name))]
    if outcome.failures:
        text = "\n".join(f"- {why}" for why in outcome.failures)
        notebook.cells.insert(0, new_markdown_cell(f"**While this was run:**\n\n{text}", id="while-it-was-run"))
    return notebook


def _said(verdict):
    """An output that brings all points or none: nbgrader takes one of the kind "error" for none."""
    text = f"{SIGNS[verdict['outcome']]} {verdict['outcome'].capitalize()}. {verdict['message']}".rstrip()
    text = "\n".join(textwrap.fill(line, 100) if ". " in line else line for line in text.splitlines())
    if verdict["outcome"] == "correct":
        return new_output("stream", name="stdout", text=text + "\n")
    return new_output("error", ename=verdict["outcome"], evalue=verdict["message"], traceback=[text])
