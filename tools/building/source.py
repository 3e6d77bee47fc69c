"""Sources in py:percent: the one place that knows jupytext."""

import hashlib
import json
import re
from collections.abc import Iterable

import jupytext
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from .course import CourseError, Page

# Comments stay comments: by default jupytext takes "# cat sat on the mat" for a shell command and uncomments it.
FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
ADDED = ("badges", "colab", "all-passed")  # the names of cells that are not written in a source
ONLY_JUPYTEXT = {"name", "cell_marker", "lines_to_next_cell", "lines_to_end_of_cell_marker"}
NEW_CELL = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


def read(page: Page) -> NotebookNode:
    """The notebook of a source, without outputs: a cell's id is its name, its metadata are the source's."""
    text = page.source.read_text(encoding="utf-8")
    cells = jupytext.reads(text, fmt=FORMAT).cells
    lines: dict[str, int] = {}
    for cell, line in zip(cells, _cell_lines(text, len(cells)), strict=True):
        name = cell.metadata.get("name", "")
        where = f"{page.shown(page.source)}:{line}"
        if not name:
            raise CourseError(f'{where}: this cell has no name; write for example # %% name="why-scale"')
        if not NAME.fullmatch(name):
            raise CourseError(f'{where}: the cell name "{name}" must be 1 to 64 letters, digits, - or _')
        if name in ADDED:
            raise CourseError(f'{where}: the cell name "{name}" is kept for a cell that the build adds')
        if name in lines:
            raise CourseError(f'{where}: the cell name "{name}" is used already in line {lines[name]}')
        lines[name] = line
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return new_notebook(cells=[_cell(cell) for cell in cells], metadata=metadata)


def program(notebook: NotebookNode) -> str:
    """The Python that the code cells are, one below the other."""
    plain = TransformerManager().transform_cell  # a line such as %pip becomes a call
    return "".join(plain(cell.source) for cell in notebook.cells if cell.cell_type == "code")


def code_hash(cells: Iterable[NotebookNode]) -> str:
    """SHA-256 of the code that a lesson executes; the Colab cell is not part of it."""
    code = [cell.source for cell in cells if cell.cell_type == "code" and cell.get("id") != "colab"]
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()


def _cell(cell: NotebookNode) -> NotebookNode:
    metadata = {key: value for key, value in cell.metadata.items() if key not in ONLY_JUPYTEXT}
    return NEW_CELL[cell.cell_type](cell.source, id=cell.metadata["name"], metadata=metadata)


def _cell_lines(text: str, count: int) -> list[int]:
    """The line on which each cell starts, for messages: jupytext does not tell."""
    markers = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"# (%%(\s|$)|In\[)", line)]
    before = [1] if len(markers) < count else []  # text above the first marker is a cell too
    return (before + markers + [1] * count)[:count]
