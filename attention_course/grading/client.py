"""A problem in an assignment, as a submission has it: it hands the learner's function to the judge."""

import os
import socket
from collections.abc import Callable
from typing import Any

import torch

from attention_course.checks.result import Note
from attention_course.checks.session import neutral
from attention_course.checks.trial import is_empty, own_lines, raised_by_hand, said
from attention_course.checks.watching import seen_of
from attention_course.grading import wire

JUDGE = "ATTENTION_COURSE_JUDGE"
"""The environment variable that names the judge's socket."""


class Handed:
    """A problem without its solution. `grade(mine)` hands a function, or another answer, to the judge."""

    def __init__(self, lesson: str, name: str):
        self.lesson, self.name = lesson, name

    def __repr__(self) -> str:
        return f"<problem {self.name} of {self.lesson}>"

    def __call__(self, answer: Any) -> Note:
        return Note("Not here.", "Where work is graded, only the judge checks: see the feedback.")

    def hint(self) -> Note:
        return Note("Not here.", "Where work is graded there are no hints.")

    solution = hint

    def grade(self, answer: Any, seed: int | None = None) -> Note:
        """Hand over an answer. What the judge finds stands in the feedback, not here. `seed` is the judge's."""
        place = os.environ.get(JUDGE)
        if not place:
            return Note("Not handed over.", f"There is no judge: {JUDGE} is not set.")
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(place)
            with line.makefile("rwb") as stream:
                _hand_over(stream, self, answer)
        return Note("Handed over.", "What the judge says stands in the feedback.")


def _hand_over(stream, problem: Handed, answer: Any) -> None:
    """Tell the judge what answer there is, and call it as often as the judge wishes."""
    given = {"lesson": problem.lesson, "name": problem.name, "callable": callable(answer), "empty": is_empty(answer)}
    wire.send(stream, wire.of_submission(given if callable(answer) else given | {"answer": answer}))
    kept: list[torch.Tensor] = []  # the latest result and the arguments that it has gradients for
    while (wish := wire.from_judge(wire.receive(stream)))["wish"] != "done":
        wire.send(stream, wire.of_submission(WISHES[wish["wish"]](answer, kept, *wish["given"])))


def _call(answer: Callable, kept: list, arguments: tuple) -> dict[str, Any]:
    """Call the answer: what it returns, and what its arguments are now."""
    asked = [a for a in arguments if isinstance(a, torch.Tensor) and a.requires_grad]
    given = [a * 1 if isinstance(a, torch.Tensor) and a.requires_grad else a for a in arguments]
    try:
        with neutral():
            value = answer(*given)
    except (Exception, SystemExit) as error:
        return _raised(error)
    kept[:] = [value, *asked]
    slopes = isinstance(value, torch.Tensor) and value.requires_grad
    return {"value": value, "gradient": slopes, "arguments": [None if callable(a) else a for a in given]}


def _slope(answer: Callable, kept: list, direction: torch.Tensor) -> dict[str, Any]:
    """The gradients of the latest result in a direction."""
    value, *asked = kept
    try:
        return {"slopes": list(torch.autograd.grad(value, asked, direction, allow_unused=True))}
    except RuntimeError as error:
        return _raised(error)


def _watch(answer: Callable, kept: list, arguments: tuple) -> dict[str, Any]:
    """What is seen of one call of the answer."""
    try:
        seen = seen_of(answer, arguments)
    except (Exception, SystemExit) as error:
        return _raised(error)
    return {"steps": seen.steps, "largest": seen.largest, "called": seen.called, "used": seen.used}


def _raised(error: BaseException) -> dict[str, Any]:
    """An exception, as the judge hears of it."""
    text = said(error).removeprefix(type(error).__name__).removeprefix(": ")
    told = {"error": type(error).__name__, "module": type(error).__module__, "said": text}
    return told | {"lines": own_lines(error), "by_hand": raised_by_hand(error)}


WISHES = {"call": _call, "slope": _slope, "watch": _watch}
