"""An answer that runs elsewhere: for a `Problem` it is a function like any other."""

import io
import sys
from typing import Any

import numpy as np
import torch

from attention_course.checks.watching import Watched
from attention_course.grading import wire

WITH_ERRORS = ("builtins", "torch", "numpy", "attention_course")
"""Packages whose exceptions are told apart; all others are just exceptions of their names."""


class Remote:
    """The function that a submission has handed over. Raises `wire.Broken` where the submission has gone."""

    def __init__(self, stream: io.BufferedIOBase, empty: bool):
        self.stream, self.empty = stream, empty
        self.__name__ = "your function"

    def ask(self, wish: str, *given: Any) -> dict[str, Any]:
        """Have the submission do something, and hear what came of it. Raises what the answer raised."""
        wire.send(self.stream, wire.of_judge({"wish": wish, "given": given}))
        reply = wire.from_submission(wire.receive(self.stream, wire.MOST_BYTES))
        if "error" in reply:
            raise _error(reply)
        return reply

    def __call__(self, *arguments: Any) -> Any:
        asked = [a for a in arguments if isinstance(a, torch.Tensor) and a.requires_grad]
        leaves = tuple(
            a.detach().clone().requires_grad_() if isinstance(a, torch.Tensor) and a.requires_grad else a
            for a in arguments
        )
        reply = self.ask("call", leaves)
        for mine, theirs in zip(arguments, reply.get("arguments", ()), strict=False):
            _written(mine, theirs)
        value = reply.get("value")
        if asked and reply.get("gradient") and isinstance(value, torch.Tensor):
            return _Slope.apply(value, self, *asked)
        return value

    def watched(self, arguments: tuple) -> Watched:
        """As `checks.watching.watch`, there."""
        reply = self.ask("watch", arguments)
        return Watched(
            int(reply["steps"]), int(reply["largest"]), set(map(str, reply["called"])), set(map(int, reply["used"]))
        )


class _Slope(torch.autograd.Function):
    """A result whose gradient is asked of the submission."""

    @staticmethod
    def forward(ctx, value, remote, *asked):
        ctx.remote, ctx.number = remote, len(asked)
        return value.clone()

    @staticmethod
    def backward(ctx, direction):
        slopes = ctx.remote.ask("slope", direction)["slopes"]
        if len(slopes) != ctx.number:
            raise wire.Broken("another number of gradients than was asked for")
        return None, None, *slopes


def _written(mine: Any, theirs: Any) -> Any:
    """An argument with what the submission has done to its copy. What could not be sent (a function) is as it was."""
    if isinstance(mine, torch.Tensor) and isinstance(theirs, torch.Tensor) and mine.shape == theirs.shape:
        if not mine.requires_grad and not torch.equal(mine, theirs.to(mine.dtype)):
            mine.copy_(theirs)
        return mine
    if isinstance(mine, np.ndarray) and isinstance(theirs, np.ndarray) and mine.shape == theirs.shape:
        mine[...] = theirs
        return mine
    if isinstance(mine, list) and isinstance(theirs, list):
        mine[:] = [_written(*pair) for pair in zip(mine, theirs, strict=False)] + theirs[len(mine) :]
        return mine
    if isinstance(mine, dict) and isinstance(theirs, dict):
        now = {key: _written(mine[key], value) if key in mine else value for key, value in theirs.items()}
        mine.clear()
        mine.update(now)
        return mine
    return mine if isinstance(theirs, wire.Unsendable) else theirs


def _error(reply: dict[str, Any]) -> Exception:
    """What the answer raised, with the learner's lines, as far as they can be told."""
    kind, module, text = str(reply["error"])[:80], str(reply.get("module")), str(reply.get("said", ""))[:2000]
    known: Any = getattr(sys.modules.get(module), kind, None) if module.partition(".")[0] in WITH_ERRORS else None
    if not (isinstance(known, type) and issubclass(known, Exception)):
        known = type(kind, (Exception,), {})
    try:
        error = known(text)
    except TypeError:  # UnicodeDecodeError wants more
        error = Exception(text)
    error.lines_of_submission = [str(line)[:300] for line in reply.get("lines", ())][:8]
    error.by_hand = reply.get("by_hand") is True
    return error
