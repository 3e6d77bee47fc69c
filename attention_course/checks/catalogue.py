"""Which lessons have problems, and which problems these are."""

import importlib
from pathlib import Path
from types import ModuleType

from .problem import Problem


def lessons() -> list[ModuleType]:
    """The modules of all lessons that have problems, in order."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("lesson_*.py"))
    return [importlib.import_module(f"{__package__}.{name}") for name in names]


def problems(lesson: ModuleType) -> dict[str, Problem]:
    """The problems of a lesson's module by name, in the order in which they stand there."""
    return {p.name: p for p in vars(lesson).values() if isinstance(p, Problem)}
