"""Which lessons have problems, and which problems these are."""

import importlib
from pathlib import Path
from types import ModuleType

from attention_course.checks.problem import Problem

ROOMS = "attention_course.lessons"


def names() -> list[str]:
    """The lessons that have problems, in order: "lesson_00", "lesson_01", ..."""
    rooms = Path(__file__).parents[1] / "lessons"
    return sorted(check.parent.name for check in rooms.glob("lesson_*/check.py"))


def lesson(name: str) -> ModuleType:
    """The module of a lesson's problems."""
    return importlib.import_module(f"{ROOMS}.{name}.check")


def lessons() -> list[ModuleType]:
    """Those of all lessons, in order."""
    return [lesson(name) for name in names()]


def problems(lesson: ModuleType) -> dict[str, Problem]:
    """The problems of a lesson's module by name, in the order in which they stand there."""
    return {p.name: p for p in vars(lesson).values() if isinstance(p, Problem)}
