"""Answers that were copied: from another learner, or from the course, which is public.

Answers are compared problem by problem, as code: comments, spaces and line breaks do not count. Short answers are left
out, since learners who have never met write the same ones.
"""

import ast
from pathlib import Path

import nbformat

from attention_course.checks import catalogue
from attention_course.checks.problem import Problem
from attention_course.grading import handed_in, marking

LEAST = 160
"""So many characters of code an answer must have before its being the same says something."""
COURSE = "the course's own solution"


def copied(course: Path, assignment: str) -> dict[str, list[str]]:
    """By learner: a sentence for each other learner, or the course, whose answers are the same."""
    own = {name: _code(problem.source()) for name, problem in _problems(assignment).items()}
    by_code: dict[tuple[str, str], list[str]] = {}
    for work in marking.works(course, assignment):
        for problem, code in _answers(work).items():
            by_code.setdefault((problem, code), []).append(work.student)
    same: dict[str, dict[str, list[str]]] = {}
    for (problem, code), learners in by_code.items():
        for one in learners:
            others = [other for other in learners if other != one] if code != own[problem] else [COURSE]
            for other in others:
                same.setdefault(one, {}).setdefault(other, []).append(problem)
    return {
        one: [f"The same code as {other}: {', '.join(problems)}." for other, problems in others.items()]
        for one, others in same.items()
    }


def _problems(assignment: str) -> dict[str, Problem]:
    """The problems of an assignment, such as 04_translation."""
    return catalogue.problems(catalogue.lesson(f"lesson_{assignment[:2]}"))


def _answers(work: marking.Work) -> dict[str, str]:
    """The answers of a submission that are long enough to be compared, by problem."""
    problems = _problems(work.assignment)
    try:
        cells = handed_in.read(work.submitted).cells
    except handed_in.Unreadable:
        return {}
    out = {handed_in.grade_id(cell): _code(cell.source) for cell in nbformat.read(work.released, as_version=4).cells}
    handed = {handed_in.grade_id(cell): _code(cell.source) for cell in cells if cell.cell_type == "code"}
    found = {handed_in.problem_of(name): code for name, code in handed.items() if name and code != out.get(name)}
    return {name: code for name, code in found.items() if name in problems and code}


def _code(text: str) -> str:
    """Code without its comments and spaces; nothing where it is short or is no Python."""
    try:
        code = ast.unparse(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return code if len(code) >= LEAST else ""
