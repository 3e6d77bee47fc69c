"""From a source and its outputs to the notebook's bytes."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from . import address, cleaning, course, source, syllabus, widget_ids
from .course import CourseError, Page
from .execution import CellFailed, execute
from .reach import Reach, changed


def build(
    root: Path, wanted: list[str], force: bool = False, may_execute: bool = True, same_outputs: bool = False
) -> int:
    """Write the notebooks that are not as their sources say; the number of those that could not be built.

    `same_outputs`: the package as it is would give the outputs that there are, and nothing is executed for its sake.
    """
    pages = [page for page in course.pages(root, wanted) if page.source.exists()]
    package, failed = Reach(root), 0
    for page in pages:
        try:
            if write(page.notebook, built(page, package, force, may_execute, same_outputs)):
                print(f"{page.shown(page.notebook)}: written")
        except (CellFailed, CourseError) as error:
            print(f"{page.shown(page.notebook)}: {error}")
            failed += 1
    for path, text in syllabus.made(root).items():
        if write(path, text):
            print(f"{path.relative_to(root).as_posix()}: written, of {syllabus.LIST}")
    print(f"{len(pages) - failed} of {len(pages)} notebooks are of their sources")
    return failed


def built(page: Page, package: Reach, force: bool, may_execute: bool, same_outputs: bool) -> str:
    """The text of the page's notebook; a lesson is executed unless the outputs on the disk are to be kept."""
    fresh, old = source.read(page), load_or_none(page)
    if same_outputs and page.is_lesson and outputs_fit(fresh, old):
        old.metadata["course"]["package"] = package.of(source.program(fresh))
    reason = why_execute(fresh, old, package, force) if page.is_lesson else ""
    if reason and may_execute:
        print(f"{page.name}: executing, {reason}", flush=True)
        cost = execute(fresh, page.notebook.parent)
        print(f"{page.name}: {cost.seconds:.1f} s, {cost.megabytes:.0f} MB")
        reached = package.of(source.program(fresh))
        fresh.metadata["course"] = {"code": source.code_hash(fresh.cells), "package": reached}
    elif reason and not outputs_fit(fresh, old):
        raise CourseError(f"left as it is, for it must be executed: {reason}")
    else:
        keep_outputs(page, fresh, old)
    return finished(page, fresh, course.repository(page.root))


def why_execute(fresh: NotebookNode, old: NotebookNode | None, package: Reach, force: bool) -> str:
    """Why a lesson must be executed; "" where its notebook's outputs are those of this code and this package."""
    if force:
        return "as asked"
    if old is None:
        return "there is no notebook yet"
    if not outputs_fit(fresh, old):
        return "its code is not what was executed"
    if files := changed_since(fresh, old, package):
        return f"it was executed before a change of {files}"
    return ""


def changed_since(fresh: NotebookNode, old: NotebookNode, package: Reach) -> str:
    """The files of the package that are not what the lesson was executed with, in words; "" where there are none."""
    recorded = old.metadata["course"].get("package")
    return changed(recorded if isinstance(recorded, dict) else {}, package.of(source.program(fresh)))


def outputs_fit(fresh: NotebookNode, old: NotebookNode | None) -> bool:
    """Whether the old notebook was executed to its end with just the code of the fresh one."""
    if old is None:
        return False
    code = source.code_hash(fresh.cells)
    recorded = old.metadata.get("course", {}).get("code")
    return code == recorded == source.code_hash(old.cells) and not any(not_executed(cell) for cell in old.cells)


def not_executed(cell: NotebookNode) -> bool:
    """Whether a lesson's cell has no outputs to keep: not executed, or ended by an error."""
    if cell.cell_type != "code" or cell.get("id") == "colab" or not cell.source.strip():
        return False
    return cell.get("execution_count") is None or any(output.output_type == "error" for output in cell.outputs)


def keep_outputs(page: Page, fresh: NotebookNode, old: NotebookNode | None) -> None:
    """Put into a fresh lesson the outputs of the old one, whose code is the same; an exercise has none."""
    if not page.is_lesson:
        fresh.metadata["course"] = {"code": source.code_hash(fresh.cells)}
        return
    fresh.metadata["course"] = old.metadata["course"]
    if "widgets" in old.metadata:
        fresh.metadata["widgets"] = old.metadata["widgets"]
    executed = [cell for cell in old.cells if cell.cell_type == "code" and cell.get("id") != "colab"]
    for cell, before in zip([cell for cell in fresh.cells if cell.cell_type == "code"], executed, strict=True):
        cell.outputs, cell.execution_count = before.outputs, before.execution_count


def finished(page: Page, notebook: NotebookNode, repository: str) -> str:
    """The text of the .ipynb: cleaned, with deterministic widget ids and the cells of the course's address."""
    cleaning.clean(notebook)
    notebook.metadata["language_info"] = {"name": "python"}
    notebook = widget_ids.normalise(notebook, page.name)
    notebook.cells = address.cells(repository, page.shown(page.notebook)) + notebook.cells
    nbformat.validate(notebook)
    return nbformat.v4.writes(notebook) + "\n"


def load(page: Page) -> NotebookNode:
    """The notebook as it lies on the disk: nothing is mended, as nbformat.read would."""
    try:
        return nbformat.v4.reads(page.notebook.read_text(encoding="utf-8"))
    except (ValueError, AttributeError, KeyError) as error:
        raise CourseError(f"{page.shown(page.notebook)}: not a notebook of format 4: {error}") from None


def load_or_none(page: Page) -> NotebookNode | None:
    try:
        return load(page) if page.notebook.exists() else None
    except CourseError:
        return None


def write(path: Path, text: str) -> bool:
    """Write the file as a whole or not at all; False where it holds this text already."""
    data = text.encode()
    if path.exists() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(data)
    temporary.replace(path)
    return True
