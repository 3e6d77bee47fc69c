"""The index of equations: what they say (docs/sources.md), their code and their tests (docs/equations.toml)."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROW = re.compile(r"^\| \((\d+)\) \| ([^|]+) \| [^|]+ \| ([^|]+) \| (\[\d\d\][^|]*) \|$", re.MULTILINE)
HEAD = """# The equations, and where they are

The numbers are those of the survey ([What the two sources say](sources.md)). The letters are those of the course
([Notation](notation.md)). Each equation stands in a lesson, is code in the package, and has a test.
"""


@dataclass(frozen=True)
class Group:
    """Equations that are one piece of code. rows: number, what it is, formula, lessons. code: names below
    `attention_course`. tests: as pytest names them."""

    rows: list[tuple[int, str, str, str]]
    code: list[str]
    tests: list[str]


def load(root: Path) -> list[Group]:
    """All of them, in order. Raises ValueError where the two files do not have the same numbers."""
    said = (root / "docs/sources.md").read_text(encoding="utf-8")
    told = {int(row[1]): (int(row[1]), *row.groups()[1:]) for row in ROW.finditer(said)}
    groups = tomllib.loads((root / "docs/equations.toml").read_text(encoding="utf-8"))["equation"]
    placed = {number for group in groups for number in group["numbers"]}
    if told.keys() != placed:
        raise ValueError(f"sources.md and equations.toml differ in {sorted(told.keys() ^ placed)}")
    return [Group([told[n] for n in group["numbers"]], group["code"], group["tests"]) for group in groups]


def page(root: Path) -> str:
    """The page, as Markdown."""
    parts = [HEAD]
    for group in load(root):
        first, last = group.rows[0][0], group.rows[-1][0]
        lessons = " and ".join(dict.fromkeys(row[3] for row in group.rows))
        parts.append(f"## ({first})" + (f" to ({last})" if last > first else "") + "\n")
        rows = [f"| ({number}) | {what} | {formula} |" for number, what, formula, _ in group.rows]
        parts.append("\n".join(["| | what it is | |", "|---|---|---|", *rows]) + "\n")
        parts.append(f"- Lesson: {lessons}")
        parts.append(f"- Code: {', '.join(f'`attention_course.{name}`' for name in group.code)}")
        tests = [name.partition("::") for name in group.tests]
        parts.append(f"- Test: {', '.join(f'`{name}` ({file})' for file, _, name in tests)}\n")
    return "\n".join(parts)
