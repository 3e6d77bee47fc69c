"""The page of claims: what is asserted, how it was tested, and what came out, lesson by lesson, from the results."""

from collections.abc import Iterable
from html import escape
from pathlib import Path

import nbformat

from attention_course import claims

HEAD = """# What is claimed, and what was measured

The survey, the glossary and the papers make claims. Each was written down with its measure and its thresholds, and then
measured. The tables name the few whose thresholds came later. A claim has one threshold to hold, and often a weaker one
to hold in part. A verdict speaks of our data and sizes, not of all.

- **Holds**: the whole 95 % interval meets the threshold.
- **Holds in part**: the claim does not hold, but it meets what the column *in part when* asks. Mostly the mean must
  meet the weaker threshold. Where that is a direction (> or <), the whole interval must meet it. (This rule for
  directions was made when the verdicts were known, and changed one of them: that on whether a hierarchy helps
  documents, in lesson 07.)
- **Not decided here**: neither of these, but some of the interval meets the threshold to hold, or the direction asked
  for.
- **Does not hold here**: none of these.

**The interval** is that of Student's t for the mean of independent values: mostly one a seed, otherwise one a split, a
repetition or what else the table says. It is symmetric about the mean and knows no bounds. So the interval of a share
can leave the range from 0 to 1, where few values differ much.

"""
COLUMNS = ("claim", "measure", "holds when", "in part when", "outcome", "measured")


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
    rows = [_row("th", COLUMNS)]
    for claim, verdict in claims.table(lesson).rows:
        found = (verdict.outcome, verdict.measured()) if verdict else ("not measured yet", "")
        rows.append(_row("td", (claim.wording, _measure(claim), str(claim.holds), _in_part(claim), *found)))
    return f"<table>{''.join(rows)}</table>"


def _row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f'<{tag} style="text-align:left">{escape(cell)}</{tag}>' for cell in cells) + "</tr>"


def _measure(claim: claims.Claim) -> str:
    if claim.decided == "Decided beforehand":
        return claim.measure
    return f"{claim.measure}. Thresholds: {claim.decided[0].lower()}{claim.decided[1:]}"


def _in_part(claim: claims.Claim) -> str:
    """What the weaker threshold asks, as `claims` judges; a dash where a direction is asked for and nothing weaker."""
    if not claim.in_part.is_direction:
        return f"mean {claim.in_part}"
    return "–" if claim.in_part == claim.holds else f"interval {claim.in_part}"
