"""A notebook as a learner has handed it in, and as it is run: with every check in its place, as it was handed out."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode

MOST_BYTES = 20 * 2**20
"""The largest notebook that is read."""


class Unreadable(Exception):
    """What was handed in is no notebook; the text says why."""


def read(path: Path) -> NotebookNode:
    """The notebook in a file. Raises Unreadable."""
    if path.is_symlink():
        raise Unreadable("The file is a link to another.")
    if not path.is_file():
        others = sorted(other.name for other in path.parent.glob("*") if other.is_file())
        raise Unreadable(f"There is no {path.name}; there is {', '.join(others) or 'nothing'}.")
    if (size := path.stat().st_size) > MOST_BYTES:
        raise Unreadable(f"The file has {size / 2**20:.0f} MB; at most {MOST_BYTES // 2**20} are read.")
    if not size:
        raise Unreadable("The file is empty.")
    try:
        notebook = nbformat.read(path, as_version=4)
        cells = [cell.cell_type + cell.source for cell in notebook.cells]
    except Exception as error:
        raise Unreadable(f"The file is not a notebook ({type(error).__name__}).") from error
    if not cells:
        raise Unreadable("The notebook has no cells.")
    return notebook


def grade_id(cell: NotebookNode) -> str | None:
    """The name under which nbgrader knows a cell; None where it does not."""
    found = cell.metadata.get("nbgrader")
    name = found.get("grade_id") if isinstance(found, dict) else None
    return name if isinstance(name, str) else None


def problem_of(name: str) -> str:
    """The problem of a cell that has this name."""
    return name.removesuffix("-check").replace("-", "_")


def is_check(cell: NotebookNode) -> bool:
    """Whether a cell is one of those that bring points."""
    found = cell.metadata.get("nbgrader")
    return isinstance(found, dict) and bool(found.get("grade")) and not found.get("solution")


def restored(submission: NotebookNode, released: NotebookNode) -> NotebookNode:
    """The submission with each check once, as it was released. One that is missing comes last.

    A learner's other cells stay, where they are. Those that pretend to be a check lose their mark.
    """
    checks = {grade_id(cell): cell for cell in released.cells if is_check(cell)}
    known = {grade_id(cell) for cell in released.cells} - {None}
    cells, there = [], set()
    for cell in submission.cells:
        name = grade_id(cell)
        if name in checks and name not in there:
            cell = checks[name].copy()
        elif name not in known or name in there:
            cell.metadata.pop("nbgrader", None)
        there.add(name)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cells.append(cell)
    cells += [cell.copy() for name, cell in checks.items() if name not in there]
    made = nbformat.v4.new_notebook(cells=cells, metadata=dict(released.metadata))
    for number, cell in enumerate(made.cells):
        cell["id"] = f"c{number}"
    return made


def why_not_handed(executed: NotebookNode, problem: str) -> str:
    """Why no answer to a problem has come to the judge, as far as the executed notebook tells."""
    name = problem.replace("_", "-")
    for wanted, what in ((name, "The cell with the answer"), (f"{name}-check", "The check")):
        found = [cell for cell in executed.cells if grade_id(cell) == wanted]
        if not found:
            return f"{what} is not there."
        for output in found[0].get("outputs", []):
            if output.output_type == "error":
                return f"{what} ended in {output.ename}: {output.evalue}"[:300]
    return "No answer was handed to the judge."
