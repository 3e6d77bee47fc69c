"""README's syllabus and the index of the site, both made of `notebooks/syllabus.toml`."""

import re
import tomllib
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from .course import CourseError, pages

LIST, README, INDEX = "notebooks/syllabus.toml", "README.md", "docs/index.md"
HEAD = ["| | lesson | what it is about | |", "|---|---|---|---|"]
MARK = "syllabus"


@dataclass(frozen=True)
class Entry:
    """A lesson of the list: one that is there has a name, "04_translation"; one that is planned has a number alone."""

    title: str
    name: str = ""
    number: str = ""
    about: str = ""
    draft: bool = False

    @property
    def order(self) -> str:
        return self.number or self.name[:2]


@dataclass(frozen=True)
class Part:
    """Some lessons under one heading."""

    number: str
    title: str
    lessons: list[Entry]


def load(root: Path) -> list[Part]:
    """The parts of the course. Raises CourseError unless the list and the sources name the same lessons, in order."""
    listed = tomllib.loads((root / LIST).read_text(encoding="utf-8"))["part"]
    parts = [Part(p["number"], p["title"], [Entry(**entry) for entry in p["lessons"]]) for p in listed]
    entries = [entry for part in parts for entry in part.lessons]
    order, names = [entry.order for entry in entries], {entry.name for entry in entries if entry.name}
    if order != sorted(set(order)):
        raise CourseError(f"{LIST}: expected every number once, in order, got {', '.join(order)}")
    there = {page.name for page in pages(root) if page.is_lesson}
    if names != there:
        raise CourseError(f"{LIST}: these lessons stand on one side only: {', '.join(sorted(names ^ there))}")
    return parts


def made(root: Path) -> dict[Path, str]:
    """The text of README and of the site's index as they should be; nothing for a repository without a list."""
    if not (root / LIST).exists():
        return {}
    parts = load(root)
    texts = {README: table(parts), INDEX: index(parts, exercises(root))}
    return {root / name: _between((root / name).read_text(encoding="utf-8"), text) for name, text in texts.items()}


def exercises(root: Path) -> set[str]:
    """The names of the lessons that have exercises."""
    return {page.name for page in pages(root) if not page.is_lesson}


def table(parts: list[Part]) -> str:
    """The syllabus: a row a lesson, and one for neighbours that are planned."""
    rows = list(HEAD)
    for part in parts:
        rows.append(f"| **{part.number}** | **{part.title}** | | |")
        for planned, entries in groupby(part.lessons, key=lambda entry: not entry.name):
            some = list(entries)
            rows += [_planned(some)] if planned else map(_row, some)
    return "\n".join(rows)


def _row(entry: Entry) -> str:
    about = f"{entry.about} (in the making)" if entry.draft else entry.about
    lesson, work = (f"notebooks/{folder}{entry.name}.ipynb" for folder in ("", "exercises/"))
    return f"| {entry.order} | [{entry.title}]({lesson}) | {about} | [exercises]({work}) |"


def _planned(entries: list[Entry]) -> str:
    numbers = "–".join(dict.fromkeys([entries[0].number, entries[-1].number]))
    return f"| {numbers} | {' · '.join(entry.title for entry in entries)} | | planned |"


def index(parts: list[Part], work: set[str]) -> str:
    """The pages of the site: the lessons part by part, then the exercises."""
    trees = {f"{part.number} · {part.title}": [e.name for e in part.lessons if e.name] for part in parts}
    names = [name for listed in trees.values() for name in listed]
    trees["Exercises"] = [f"exercises/{name}" for name in names if name in work]
    return "\n\n".join(
        "\n".join(["```{toctree}", f":caption: {caption}", *(f"../notebooks/{name}" for name in listed), "```"])
        for caption, listed in trees.items()
        if listed
    )


def _between(text: str, new: str) -> str:
    pattern = re.compile(rf"(<!-- {MARK} -->\n).*?(\n<!-- /{MARK} -->)", re.DOTALL)
    return pattern.sub(lambda found: found[1] + new + found[2], text)
