"""Which lessons have problems, which problems these are, and which of them are still to be solved."""

import importlib
import sys
from collections.abc import Callable
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


def unsolved(lesson: ModuleType) -> list[str]:
    """The problems whose last check in this process did not come out correct."""
    return [name for name, p in problems(lesson).items() if p.last is None or p.last.outcome != "correct"]


def unsolved_in(lesson: str) -> Callable[[], list[str]]:
    """What a lesson's module offers as `check.unsolved()`; its last line is `unsolved = unsolved_in(__name__)`."""
    return lambda: unsolved(sys.modules[lesson])
