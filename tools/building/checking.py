"""Whether the notebooks are those of their sources. Nothing is executed or written."""

import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from . import address, course, source, syllabus
from .assembly import changed_since, finished, keep_outputs, load, not_executed, outputs_fit
from .course import CourseError, Page
from .reach import Reach

MACHINE_PATH = (
    r"(?<![\w.~-])/(?:(?:home|Users|var/folders|private|mnt|opt|builds|content)/\w|(?:root|tmp|work)\b)"
    r"|\b[A-Za-z]:\\+Users\b|\b(?:site|dist)-packages/|\bipykernel_\d"
)
NOT_A_PATH = re.compile(r"""(?:https?://|data:)[^\s"'<>]+""")
WITHOUT_DATA = "cannot be had here"  # a lesson that goes on without its data set says so in these words
NOT_TEXT = ("image/png", "image/jpeg", "image/gif", "audio/", "video/", "application/pdf", "buffers")


def check(root: Path, wanted: list[str]) -> int:
    """Print one line a finding; the number of those that are not mere warnings."""
    pages = course.pages(root, wanted)
    repository, package = course.repository(root), Reach(root)
    errors, warnings = [], []
    for page in pages:
        found = _findings(page, repository)
        errors += found
        if not found and page.is_lesson and (files := changed_since(source.read(page), load(page), package)):
            warnings.append(f"{page.shown(page.notebook)}: warning: executed before a change of {files}")
    for path, text in syllabus.made(root).items():
        if path.read_text(encoding="utf-8") != text:
            errors.append(f"{path.relative_to(root).as_posix()}: is not what {syllabus.LIST} says: make notebooks")
    for line in errors + warnings:
        print(line)
    print(f"{len(pages)} notebooks checked: {len(errors)} findings, {len(warnings)} warnings")
    return len(errors)


def _findings(page: Page, repository: str) -> list[str]:
    """What is wrong with one page, a line each."""
    where = page.shown(page.notebook)
    if not page.source.exists():
        return [f"{where}: has no source {page.shown(page.source)}"]
    if not page.notebook.exists():
        return [f"{where}: is missing; its source is {page.shown(page.source)}"]
    try:
        fresh, notebook = source.read(page), load(page)
    except CourseError as error:
        return [str(error)]
    expected = address.cells(repository, where) + fresh.cells
    found = [
        *_cells(expected, notebook),
        *_metadata(notebook, page.is_lesson),
        *(_lesson_outputs(notebook) if page.is_lesson else _exercise_outputs(notebook)),
        *_machine_paths(notebook, page.root),
    ]
    if not found and page.is_lesson and not outputs_fit(fresh, notebook):
        found = ["was executed with other code"]
    if not found:
        keep_outputs(page, fresh, notebook)
        if finished(page, fresh, repository) != page.notebook.read_text(encoding="utf-8"):
            found = ["is not, byte for byte, what a build writes"]
    return [f"{where}: {finding}" for finding in found]


def _cells(expected: list[NotebookNode], notebook: NotebookNode) -> Iterator[str]:
    names, there = [cell.id for cell in expected], [cell.get("id") for cell in notebook.cells]
    yield from (f'cell "{name}" of the source is missing' for name in names if name not in there)
    yield from (f'cell "{name}" is not in the source' for name in there if name not in names)
    if sorted(names) == sorted(map(str, there)) and names != there:
        first = next(found for found, name in zip(there, names, strict=True) if found != name)
        yield f'cell "{first}" is not where the source has it'
    edited = notebook.metadata.get("course", {}).get("code") != source.code_hash(notebook.cells)
    wanted = {cell.id: cell for cell in expected}
    for cell in notebook.cells:
        own = wanted.get(cell.get("id"))
        if own is None:
            continue
        if (cell.cell_type, cell.source) != (own.cell_type, own.source):
            in_notebook = edited and own.cell_type == "code" and own.id != "colab"
            yield f'cell "{own.id}" ' + ("was edited in the notebook" if in_notebook else "differs from the source")
        if cell.metadata != own.metadata:
            yield f'cell "{own.id}" has metadata {dict(cell.metadata)}, the source says {dict(own.metadata)}'


def _metadata(notebook: NotebookNode, is_lesson: bool) -> Iterator[str]:
    for key in sorted(set(notebook.metadata) - {"kernelspec", "language_info", "course", "widgets"}):
        yield f'the metadata hold "{key}"'
    hashes = {"code", "package"} if is_lesson else {"code"}
    if set(notebook.metadata.get("course", {})) != hashes:
        yield f'the metadata "course" must hold: {", ".join(sorted(hashes))}'


def _lesson_outputs(notebook: NotebookNode) -> Iterator[str]:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not any(cell.outputs for cell in code):
        yield "has no outputs"
        return
    for cell in filter(not_executed, code):
        errors = [f"{output.ename}: {output.evalue}" for output in cell.outputs if output.output_type == "error"]
        yield f'cell "{cell.get("id")}" ' + (f"holds an error, {errors[0]}" if errors else "was not executed")
    for cell in code:
        if any(WITHOUT_DATA in output.get("text", "") for output in cell.outputs):
            yield f'cell "{cell.get("id")}" was executed without its data set: set ATTENTION_COURSE_DATA'


def _exercise_outputs(notebook: NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
            yield f'cell "{cell.get("id")}" was executed; exercises are not'


def _machine_paths(notebook: NotebookNode, root: Path) -> Iterator[str]:
    pattern = re.compile(f"{re.escape(str(root))}|{MACHINE_PATH}")
    places = [(f'cell "{cell.get("id")}"', cell.get("outputs", [])) for cell in notebook.cells]
    for place, outputs in [*places, ("the state of the widgets", notebook.metadata.get("widgets", {}))]:
        for text in map(lambda text: NOT_A_PATH.sub("", text), _texts(outputs)):
            if found := pattern.search(text):
                yield f"{place} shows a path of a machine: {text[found.start() :].splitlines()[0][:60]}"
                break


def _texts(value) -> Iterator[str]:
    """Every text in outputs or in the state of widgets, but no binary data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if not key.startswith(NOT_TEXT):
                yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
