"""Numbers as a table, so that a cell that shows them holds no formatting."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, repr=False)
class Table:
    """Rows of text under named columns. A notebook shows it as Markdown, a terminal as aligned text."""

    columns: list[str]
    rows: list[list[str]]
    numbers: list[bool]
    """Which columns hold numbers: those stand at the right."""

    def __repr__(self):
        lines = [self.columns, *self.rows]
        widths = [max(len(line[j]) for line in lines) for j in range(len(self.columns))]
        return "\n".join(
            "  ".join(
                cell.rjust(width) if number else cell.ljust(width)
                for cell, width, number in zip(line, widths, self.numbers, strict=True)
            ).rstrip()
            for line in lines
        )

    def _repr_markdown_(self):
        rule = ["---:" if number else ":---" for number in self.numbers]
        cells = [[cell.replace("|", "\\|") for cell in line] for line in (self.columns, rule, *self.rows)]
        return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], digits: int = 2, powers: bool = False) -> Table:
    """A table whose cells are words, numbers, or vectors of numbers: Python's, NumPy's or torch's.

    digits: how many follow the point. Whole numbers of Python have none.
    powers: whether numbers too small for that are written with a power of ten, and not as zero.

    Raises ValueError where a row has more or fewer cells than there are columns.
    """
    rows = [list(row) for row in rows]
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"rows: expected {len(columns)} cells, one for each column, got {len(row)}: {row}")
    numbers = [bool(rows) and not any(isinstance(row[j], str) for row in rows) for j in range(len(columns))]
    return Table(list(columns), [[as_cell(cell, digits, powers) for cell in row] for row in rows], numbers)


def as_cell(given, digits: int = 2, powers: bool = False) -> str:
    """How one cell is written: (0.67, 0.09) for a vector, with a true minus sign."""
    if hasattr(given, "detach"):
        given = given.detach().cpu().numpy()
    if isinstance(given, np.ndarray | np.generic):
        given = given.tolist()
    if isinstance(given, list | tuple):
        return f"({', '.join(as_cell(part, digits, powers) for part in given)})"
    if isinstance(given, str | bool) or given is None:
        return {None: "–", True: "yes", False: "no"}.get(given, given)
    if isinstance(given, int):
        return f"{given:,}".replace("-", "−")
    if given != given or given in (float("inf"), float("-inf")):
        return {"inf": "∞", "-inf": "−∞"}.get(str(given), "NaN")
    tiny = powers and 0 < abs(given) < 0.5 * 10**-digits
    return (f"{given:.1e}" if tiny else f"{given:,.{digits}f}").replace("-", "−")
