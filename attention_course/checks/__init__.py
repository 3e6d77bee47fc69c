"""Checks for the exercises: `from attention_course.checks import lesson_01 as check`, then `check.soft_look_up(mine)`.

A problem is a `Problem`: what to try an answer on, hints, the solution as real code, and the mistakes one makes, as
real code too, with the sentence that names each. Problems stand in the rooms of the lessons. These are above this
package, which imports none of them: `catalogue` finds them by name, when they are asked for.
"""

from types import ModuleType

from attention_course.checks.catalogue import lesson, lessons, names, problems
from attention_course.checks.problem import Choice, Problem, mistake
from attention_course.checks.result import Result

__all__ = ["Choice", "Problem", "Result", "lessons", "mistake", "problems"]


def __getattr__(name: str) -> ModuleType:
    if name in names():
        return lesson(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; lessons with exercises: {', '.join(names())}")


def __dir__() -> list[str]:
    return sorted([*globals(), *names()])
