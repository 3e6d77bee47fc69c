"""The page of claims: what is asserted, how it was tested, and what came out, lesson by lesson, from the results."""

from pathlib import Path

import nbformat

from attention_course import claims

HEAD = """# What is claimed, and what was measured

The survey, the glossary and the papers make claims. Each was written down with its measure and its threshold, and then
measured. *Holds* means that the whole 95 % interval meets the threshold. *In part*: its mean does. *Not decided here*:
the interval lies on both sides. A verdict speaks of our data and sizes, not of all.

"""


def page(notebooks: Path) -> str:
    """The page, as Markdown: a table for each lesson that tests claims."""
    lessons = sorted({claim.lesson for claim in claims.load().values()})
    parts = [f"## [{_title(notebooks, name)}](../notebooks/{name}.ipynb)\n\n{_table(name)}" for name in lessons]
    return HEAD + "\n\n".join(parts) + "\n"


def _title(notebooks: Path, name: str) -> str:
    cells = nbformat.read(notebooks / f"{name}.ipynb", as_version=4).cells
    words = [line for cell in cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    return next(line for line in words if line.startswith("# ")).removeprefix("# ")


def _table(lesson: str) -> str:
    return claims.table(lesson)._repr_html_()
