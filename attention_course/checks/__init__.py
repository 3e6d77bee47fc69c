"""Checks for the exercises: `from attention_course.checks import lesson_01 as check`, then `check.soft_look_up(mine)`.

Each lesson has a module, and a folder with a file for each of its problems. A problem is a `Problem`: what to try an
answer on, hints, the solution as real code, and the mistakes one makes, as real code too, with the sentence that names
each.
"""

from .catalogue import lessons, problems
from .problem import Choice, Problem, mistake
from .result import Result

__all__ = ["Choice", "Problem", "Result", "lessons", "mistake", "problems"]
