"""One try of an answer: what came of it, and what an exception says to the one who wrote it."""

import dis
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import FrameType, FunctionType
from typing import Any

from attention_course.checks.comparing import Comparable, as_numpy, fresh, same
from attention_course.checks.session import neutral
from attention_course.checks.showing import shorten

Arguments = tuple[Any, ...]
OURS = {*sys.stdlib_module_names, __name__.partition(".")[0]}
EMPTY = (lambda: None).__code__


@dataclass
class Trial:
    """What came of one try: the value or the exception, and the places of the arguments that were written into."""

    value: Any = None
    error: BaseException | None = None
    written: tuple[int, ...] = ()

    @cached_property
    def comparable(self) -> Comparable:
        return Comparable.of(self.value)

    def equals(self, other: "Trial") -> bool:
        if self.error or other.error:
            return type(self.error) is type(other.error)
        return self.comparable.same_as(other.comparable)

    def alike(self, other: "Trial") -> bool:
        """As `equals`, but an exception is raised for many reasons, and its message tells which."""
        if self.error and other.error:
            return said(self.error) == said(other.error)
        return self.equals(other)


def attempt(answer: Callable, arguments: Arguments) -> Trial:
    """Try an answer on copies of the arguments."""
    trial = _attempt(answer, arguments, fresh)
    if trial.error:
        # An answer in the style of NumPy may not take tensors. Where arrays suit it, it is judged on them.
        on_arrays = _attempt(answer, arguments, as_numpy)
        return trial if on_arrays.error else on_arrays
    return trial


def _attempt(answer: Callable, arguments: Arguments, copied: Callable[[Arguments], Arguments]) -> Trial:
    with neutral(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's functions warn when they meet a tensor
        given, before = copied(arguments), copied(arguments)  # here: none of inference mode, which has no gradients
        try:
            value = answer(*given)
        except (Exception, SystemExit) as error:
            return Trial(error=error)
    changed = [i for i, (now, then) in enumerate(zip(given, before, strict=True)) if not same(now, then)]
    # An argument that does not even equal a copy of itself (a module, say) cannot be compared.
    return Trial(value, written=tuple(i for i in changed if same(before[i], fresh(before)[i])))


def unwritten(answer: Any, trials: list[Trial]) -> bool:
    """Whether an answer is still the stub: it raises NotImplementedError itself, returns `...`, or has no body."""
    empty = is_empty(answer)
    return all(raised_by_hand(t.error) if t.error else t.value is ... or (empty and t.value is None) for t in trials)


def is_empty(answer: Any) -> bool:
    """Whether a function has no body. One that runs in another process says so itself (`grading.remote`)."""
    if isinstance(answer, FunctionType):
        return len(answer.__code__.co_code) == len(EMPTY.co_code)
    return getattr(answer, "empty", False) is True


def raised_by_hand(error: BaseException) -> bool:
    """Whether a `raise` of the learner's did it; PyTorch, too, raises this error, where a dtype does not suit it."""
    if not isinstance(error, NotImplementedError):
        return False
    if hasattr(error, "by_hand"):  # in another process
        return error.by_hand
    last = error.__traceback__
    while last.tb_next:
        last = last.tb_next
    return theirs(last.tb_frame) and last.tb_frame.f_code.co_code[last.tb_lasti] == dis.opmap["RAISE_VARARGS"]


def own_lines(error: BaseException) -> list[str]:
    """The learner's own lines on the way to an exception: no line of ours or of a library, and no file names."""
    if hasattr(error, "lines_of_submission"):  # in another process
        return error.lines_of_submission
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    lines = [
        f"line {at.lineno}, in {at.name}" + (f": {at.line}" if at.line else "")
        for at, frame in zip(traceback.extract_tb(error.__traceback__), frames, strict=True)
        if theirs(frame)
    ]
    return lines if len(lines) <= 8 else [*lines[:3], f"… {len(lines) - 6} more …", *lines[-3:]]


def theirs(frame: FrameType) -> bool:
    """Whether a frame runs the learner's code: none of ours, of the standard library or of an installed package.

    Code that libraries make as they run (dataclasses, type checkers) belongs to no module.
    """
    module = frame.f_globals.get("__name__")
    installed = any(f"{kind}-packages" in frame.f_code.co_filename for kind in ("site", "dist"))
    return module is not None and module.partition(".")[0] not in OURS and not installed


def said(error: BaseException) -> str:
    """The kind of an exception and its message."""
    try:
        text = str(error)
    except Exception:
        text = ""
    if isinstance(error, ImportError) and error.path:
        text = text.replace(f" ({error.path})", "")
    return shorten(type(error).__name__ + (f": {text}" if text else ""), 600)
