"""Exercise notebooks filled with their solutions: in these every check must succeed."""

import importlib
import re
from collections.abc import Callable

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from . import source
from .course import CourseError, Page

TAG = "exercise"
ALL_PASSED = """\
for problem in ({problems},):
    assert problem.last.outcome == "correct", problem.name"""


def solution(number: str, problem: str) -> str:
    """The text of a problem's solution, from the package's checks."""
    module = importlib.import_module(f"attention_course.lessons.lesson_{number}.check")
    return getattr(module, problem).source()


def filled(page: Page, lookup: Callable[[str, str], str] = solution) -> NotebookNode:
    """An exercise's notebook with its stubs replaced, and a last cell that fails unless every check succeeded."""
    notebook = source.read(page)
    stubs = [cell for cell in notebook.cells if TAG in cell.metadata.get("tags", [])]
    if not stubs:
        raise CourseError(f'{page.shown(page.source)}: no cell is tagged "{TAG}"')
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    for cell in stubs:
        problem = cell.id.replace("-", "_")
        if not re.search(rf"\bcheck\.{problem}\(", code):
            raise CourseError(f'{page.shown(page.source)}: no cell calls check.{problem}() for the cell "{cell.id}"')
        try:
            cell.source = lookup(page.number, problem).strip("\n")
        except (ImportError, AttributeError) as error:
            raise CourseError(f'{page.shown(page.source)}: no solution for the cell "{cell.id}": {error}') from None
    problems = ", ".join(f"check.{cell.id.replace('-', '_')}" for cell in stubs)
    notebook.cells.append(new_code_cell(ALL_PASSED.format(problems=problems), id="all-passed"))
    return notebook
