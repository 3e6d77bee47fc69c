"""The machinery of a check: try an answer, and say what is wrong with it."""

import inspect
import os
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import torch

from . import progress
from .comparing import beside, contrast, shape, show
from .result import Note, Result
from .trial import Arguments, Trial, attempt, own_lines, said, unwritten


def mistake(sentence: str) -> Callable:
    """Mark a function of a `Problem` as a known mistake; `sentence` names it and says why it is one."""

    def mark(function: Callable) -> Callable:
        function.sentence = sentence
        return function

    return mark


class Problem:
    """One problem: what to try an answer on, hints, the solution, and mistakes.

    A problem defines `hints`, `inputs`, a function `answer` (the solution: it takes what the learner's function takes,
    and no `self`), and functions marked with `@mistake`. `problem(mine)` checks, and never raises.
    """

    hints: tuple[str, ...] = ()
    praise = ""
    """What to say to a right answer: one sentence, where there is something to say."""

    def __init__(self):
        self.name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()
        module = type(self).__module__
        found = re.search(r"lesson_\d\d", module)  # attention_course.checks.lesson_01_problems.soft_look_up
        self.lesson = found[0] if found else module.rpartition(".")[2]
        self.last: Result | None = None
        self._hinted = 0

    def inputs(self, generator: torch.Generator) -> Iterator[tuple[str, Arguments]]:
        """What to try: (description, arguments), from the input that isolates one mechanism to the general case."""
        raise NotImplementedError

    def run(self, answer: Callable, *arguments: Any) -> Any:
        """Apply an answer. Where the answer is a class, say here how it is used."""
        return answer(*arguments)

    @property
    def mistakes(self) -> dict[str, Callable]:
        """The known mistakes by name."""
        return {name: f for name, f in vars(type(self)).items() if hasattr(f, "sentence")}

    def __call__(self, answer: Any) -> Result:
        """Check an answer, and remember the outcome."""
        self.last = self.judge(answer, seed=0)
        progress.record(self.lesson, self.name, self.last.outcome)
        return self.last

    def grade(self, answer: Any, seed: int) -> Result:
        """Check an answer on inputs drawn from a grader's own seed; nothing is remembered."""
        return self.judge(answer, seed)

    def judge(self, answer: Any, seed: int) -> Result:
        """The outcome of an answer on the inputs of one seed."""
        if answer is None or answer is ...:
            return not_attempted(self.name)
        if not callable(answer):
            message = f"Hand over the function itself, not what it returns: check.{self.name}({self.name})."
            return Result("wrong", None, f"{message}\n{beside('Got ', show(answer))}")
        # The session's own device and random numbers stay as they are.
        with torch.device("cpu"), torch.random.fork_rng(devices=[]):
            tried = list(self.inputs(torch.Generator().manual_seed(seed)))
            wanted = [self._try(type(self).answer, arguments) for _, arguments in tried]
            trials = [self._try(answer, arguments) for _, arguments in tried]
            if unwritten(answer, trials):
                return not_attempted(self.name)
            failing = [i for i, (t, w) in enumerate(zip(trials, wanted, strict=True)) if not t.equals(w)]
            if failing:
                return self._explain(tried, wanted, trials, failing[0])
        return self._writes(trials) or Result("correct", None, self.praise)

    def _try(self, answer: Callable, arguments: Arguments) -> Trial:
        return attempt(lambda *args: self.run(answer, *args), arguments)

    def _explain(
        self, tried: list[tuple[str, Arguments]], wanted: list[Trial], trials: list[Trial], first: int
    ) -> Result:
        description, arguments = tried[first]
        trial, right = trials[first], wanted[first]
        name, agreeing = self._nearest(tried, right, trials, first)
        if agreeing == len(tried):
            return Result("wrong", name, self.mistakes[name].sentence)
        if trial.error:
            return Result("wrong", None, self._stopped(description, trial.error))
        if right.error:
            return Result("wrong", None, f"On {description} your function should raise {said(right.error)}")
        if trial.value is None:
            return Result("wrong", None, f"On {description} your function returned None. Does it end in a return?")
        compared = contrast(right.value, trial.value)
        if name:  # it makes another mistake as well: name the one that shows first
            seen = f"So it looks on {description}; elsewhere there may be more to mend."
            return Result("wrong", name, f"{self.mistakes[name].sentence}\n{seen}\n{compared}")
        wanted_shape, actual_shape = shape(right.value), shape(trial.value)
        differ = None not in (wanted_shape, actual_shape) and wanted_shape != actual_shape
        where = f"{description}: the shape should be {wanted_shape}, and is {actual_shape}" if differ else description
        return Result("wrong", None, f"It fails on {where}.\n{self._given(arguments)}{compared}")

    def _nearest(self, tried, right: Trial, trials: list[Trial], first: int) -> tuple[str | None, int]:
        """The mistake that gives what the answer gives where that first fails, and on how many inputs they agree.

        To agree on one input of several may be chance, and is not enough.
        """
        nearest, most = None, int(len(tried) > 1)
        for name, function in self.mistakes.items():
            made = [self._try(function, arguments) for _, arguments in tried]
            agree = [t.equals(m) for t, m in zip(trials, made, strict=True)]
            if agree[first] and not made[first].equals(right) and sum(agree) > most:
                nearest, most = name, sum(agree)
        return nearest, most

    def _stopped(self, description: str, error: BaseException) -> str:
        lines = own_lines(error)
        if isinstance(error, TypeError) and not lines:
            message = f"Your function should take {listed(self._names)}."
        else:
            message = f"Your code stopped on {description}."
        return "\n".join([message, *lines, said(error)])

    @property
    def _names(self) -> list[str]:
        return list(inspect.signature(type(self).answer).parameters)

    def _given(self, arguments: Arguments) -> str:
        return "".join(beside(f"{name} = ", show(a)) + "\n" for name, a in zip(self._names, arguments, strict=False))

    def _writes(self, trials: list[Trial]) -> Result | None:
        written = {i for t in trials for i in t.written}
        if not written:
            return None
        names = listed([name for i, name in enumerate(self._names) if i in written])
        sentence = (
            f"The values are right, but your function writes into {names}, which it was only lent: work on a copy."
        )
        return Result("wrong", "writes_into_arguments", sentence)

    def hint(self) -> Note:
        """The next hint, from gentle to explicit."""
        if not self.hints:
            return Note("No hint.", "There is none for this one.")
        i = min(self._hinted, len(self.hints) - 1)
        self._hinted += 1
        return Note(f"Hint {i + 1} of {len(self.hints)}.", self.hints[i])

    def source(self) -> str:
        """The solution as code, under the problem's own name."""
        code = textwrap.dedent(inspect.getsource(type(self).answer))
        return re.sub(r"\banswer\b", self.name, code, count=1).rstrip()

    def solution(self) -> Note:
        """Show the solution, unless an instructor has switched solutions off."""
        if os.environ.get("ATTENTION_COURSE_SOLUTIONS", "").lower() == "off":
            return Note("Not here.", "In an assignment the solution is not shown.")
        return Note("One solution.", "\n" + self.source())


class Choice(Problem):
    """A question with lettered options: `right` is the letter, `replies` says of every wrong one why it is wrong."""

    right: str
    replies: dict[str, str]

    @property
    def mistakes(self) -> dict[str, Callable]:
        return {letter: mistake(sentence)(lambda letter=letter: letter) for letter, sentence in self.replies.items()}

    def judge(self, answer: Any, seed: int) -> Result:
        letter = answer.strip(" .()").upper() if isinstance(answer, str) else None
        if answer is None or answer is ... or letter == "":
            return not_attempted(self.name)
        if letter == self.right:
            return Result("correct", None, self.praise)
        if letter in self.replies:
            return Result("wrong", letter, self.replies[letter])
        options = ", ".join(sorted([self.right, *self.replies]))
        return Result("wrong", None, f"Expected one of the letters {options}; got {show(answer)}.")

    def source(self) -> str:
        return f'{self.name} = "{self.right}"'


def not_attempted(name: str) -> Result:
    """What a stub gets."""
    return Result("not attempted", None, f"Write your answer in the cell above. check.{name}.hint() gives a hint.")


def listed(names: list[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
