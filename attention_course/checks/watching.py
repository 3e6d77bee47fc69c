"""How an answer gets its result: for statements that ask for more than the right values ("without a loop", "in place").

Torch and NumPy are watched alike.
"""

import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import FunctionType

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from attention_course.checks.comparing import as_numpy, fresh
from attention_course.checks.session import neutral
from attention_course.checks.trial import Arguments, attempt, theirs


@dataclass
class Watched:
    """What was seen of one call of an answer."""

    steps: int = 0
    """Lines, calls and torch's operations that its own code went through: a loop over n words has n times as many."""
    largest: int = 0
    """Bytes: of the largest tensor that was made; with NumPy, of all arrays that were there at once."""
    called: set[str] = field(default_factory=set)
    """The names of the torch functions that were called, such as "layer_norm"."""
    used: set[int] = field(default_factory=set)
    """Of the arguments that are functions, the places of those that were called."""


class Unwatchable(Exception):
    """An answer that stops only while it is watched."""


def watch(answer: Callable, arguments: Arguments) -> Watched:
    """Call an answer on copies of the arguments, on arrays where it does not take tensors, and look on.

    Raises what the answer raises, or `Unwatchable` where it raises only because it is watched.
    """
    look = getattr(answer, "watched", None) or partial(seen_of, answer)  # in another process it is watched there
    with neutral():
        try:
            return look(fresh(arguments))
        except Exception:
            try:
                return look(as_numpy(arguments))
            except Exception as error:
                if (trial := attempt(answer, arguments)).error:
                    raise trial.error from None
                raise Unwatchable from error


def seen_of(answer: Callable, arguments: Arguments) -> Watched:
    """What is seen of one call of an answer on these very arguments. Raises what the answer raises."""
    seen = Watched()

    def noticed(place, function):
        def called(*args, **kwargs):
            seen.used.add(place)
            return function(*args, **kwargs)

        return called

    arguments = [
        noticed(place, argument) if isinstance(argument, FunctionType) else argument
        for place, argument in enumerate(arguments)
    ]

    def step(frame, event, argument):
        if not theirs(frame):
            return None
        seen.steps += 1
        return step

    before, was_tracing = sys.gettrace(), tracemalloc.is_tracing()
    with _Called(Watched()), _Made(Watched()):
        torch.zeros(1, device="cpu").add(1)  # PyTorch loads much when it is first looked at so: not the answer's doing
    with _Called(seen), _Made(seen):
        tracemalloc.start()
        tracemalloc.reset_peak()
        held = tracemalloc.get_traced_memory()[0]
        sys.settrace(step)
        try:
            answer(*arguments)
        finally:
            sys.settrace(before)
            seen.largest = max(seen.largest, tracemalloc.get_traced_memory()[1] - held)
            if not was_tracing:
                tracemalloc.stop()
    return seen


class _Called(TorchFunctionMode):
    def __init__(self, seen: Watched):
        super().__init__()
        self.seen = seen

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.seen.called.add(getattr(function, "__name__", str(function)))
        return function(*args, **(kwargs or {}))


class _Made(TorchDispatchMode):
    def __init__(self, seen: Watched):
        super().__init__()
        self.seen = seen

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        self.seen.steps += 1
        for tensor in made if isinstance(made, (tuple, list)) else [made]:
            if isinstance(tensor, torch.Tensor):
                self.seen.largest = max(self.seen.largest, tensor.untyped_storage().nbytes())
        return made
