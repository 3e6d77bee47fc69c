"""A problem: what to try an answer on, the solution, the mistakes that are known; and its check."""

import inspect
import os
import re
import textwrap
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from attention_course.checks import progress
from attention_course.checks.comparing import as_numpy, other_kind
from attention_course.checks.explaining import Case, explain, listed, stopped
from attention_course.checks.result import Note, Result
from attention_course.checks.session import neutral
from attention_course.checks.showing import beside, show
from attention_course.checks.trial import Arguments, Trial, attempt, said, unwritten
from attention_course.checks.watching import Unwatchable

DRAWN = 5
"""On how many of its `admissible` inputs a problem tries an answer, besides its `inputs`."""


def mistake(sentence: str) -> Callable:
    """Mark a function of a `Problem` as a known mistake; `sentence` names it and says why it is one."""

    def mark(function: Callable) -> Callable:
        function.sentence = sentence
        return function

    return mark


class Problem:
    """One problem: what to try an answer on, hints, the solution, and mistakes.

    A problem defines `hints`, `inputs`, `admissible`, a function `answer` (the solution: it takes what the learner's
    function takes, and no `self`), and functions marked with `@mistake`. `problem(mine)` checks, and never raises.
    """

    hints: tuple[str, ...] = ()
    praise = ""
    """What to say to a right answer: one sentence, where there is something to say. It praises what was checked."""
    any_kind = False
    """Whether Boolean, whole and real numbers are equally right. If not, an answer's are of the solution's kind."""
    KEPT = 4
    """How many seeds' inputs are kept, with what comes of them."""
    refuses: tuple[type[Exception], ...] = ()
    """What the solution raises on inputs that it should refuse; any other exception of it is an error of ours."""

    def __init__(self):
        self.name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()
        module = type(self).__module__
        found = re.search(r"lesson_\d\d", module)  # attention_course.lessons.lesson_01.problems.soft_look_up
        self.lesson = found[0] if found else module.rpartition(".")[2]
        self.last: Result | None = None
        self._hinted = 0
        self._cases: dict[int, list[Case]] = {}

    def inputs(self, generator: torch.Generator) -> Iterator[tuple[str, Arguments]]:
        """What to try: (description, arguments), from the input that isolates one mechanism to the general case."""
        raise NotImplementedError

    def admissible(self, generator: torch.Generator) -> Arguments:
        """One input of all that the statement allows, drawn at random: of any size, with all that makes it hard."""
        raise NotImplementedError

    def run(self, answer: Callable, *arguments: Any) -> Any:
        """Apply an answer, and give what of its result matters. Where the answer is a class, say how it is used."""
        return answer(*arguments)

    def disobeys(self, answer: Callable) -> str | None:
        """What a right answer does against the statement's words, a sentence; None where it does as it was told."""
        return None

    @property
    def mistakes(self) -> dict[str, Callable]:
        """The known mistakes by name."""
        return {name: f for name, f in vars(type(self)).items() if hasattr(f, "sentence")}

    @property
    def names(self) -> list[str]:
        """Those of the arguments."""
        return list(inspect.signature(type(self).answer).parameters)

    def __call__(self, answer: Any) -> Result:
        """Check an answer, and remember the outcome."""
        self.last = self.judge(answer, seed=0)
        if self.last.outcome != "not judged":
            progress.record(self.lesson, self.name, self.last.outcome)
        return self.last

    def grade(self, answer: Any, seed: int = 0) -> Result:
        """Check an answer on the inputs of a seed; nothing is remembered. In an assignment, where work is graded,
        `grading.client` stands in its place, and a judge has the seed."""
        return self.judge(answer, seed)

    def judge(self, answer: Any, seed: int) -> Result:
        """The outcome of an answer on the inputs of one seed."""
        if answer is None or answer is ...:
            return not_attempted(self.name)
        if not callable(answer):
            message = f"Hand over the function itself, not what it returns: check.{self.name}({self.name})."
            return Result("wrong", None, f"{message}\n{beside('Got ', show(answer))}")
        cases = self.cases(seed)
        for case in cases:
            if case.right.error and not isinstance(case.right.error, self.refuses):
                return broken(f"the solution stopped on {case.description}: {said(case.right.error)}")
        trials = [self.attempt(answer, case.arguments) for case in cases]
        if unwritten(answer, trials):
            return not_attempted(self.name)
        if not all_right(cases, trials):
            told = explain(cases, trials, {name: f.sentence for name, f in self.mistakes.items()}, self.names)
            if told.mistake in self.mistakes or not any(isinstance(t.value, np.ndarray | np.generic) for t in trials):
                return told
            # NumPy's functions may take a tensor for something else: what is right on arrays is right.
            trials = [self.attempt(answer, as_numpy(case.arguments)) for case in cases]
            if not all_right(cases, trials):
                return told
        return self._kinds(cases, trials) or self._writes(trials) or self._obedience(answer) or self._praised()

    def cases(self, seed: int) -> list[Case]:
        """What an answer is tried on, and what comes of it by the solution and by each mistake; computed once."""
        if seed not in self._cases:
            if len(self._cases) == self.KEPT:  # a grader goes through many
                self._cases.pop(next(iter(self._cases)))
            self._cases[seed] = [
                Case(description, arguments, self.attempt(type(self).answer, arguments), self._try_mistakes)
                for description, arguments in self.drawn(seed)
            ]
        return self._cases[seed]

    def _try_mistakes(self, arguments: Arguments) -> dict[str, Trial]:
        return {name: self.attempt(made, arguments) for name, made in self.mistakes.items()}

    def drawn(self, seed: int) -> list[tuple[str, Arguments]]:
        """The inputs of a seed: `inputs`, and some that are `admissible`.

        The seed is turned into another: numbers that a learner draws with a seed of 0 or 42 should not be these.
        """
        generator = torch.Generator().manual_seed(zlib.crc32(f"{self.lesson} {self.name} {seed}".encode()))
        with neutral():
            chosen = list(self.inputs(generator))
            if type(self).admissible is not Problem.admissible:
                chosen += [
                    (f"input {i + 1} of those drawn at random", self.admissible(generator)) for i in range(DRAWN)
                ]
            return chosen

    def attempt(self, answer: Callable, arguments: Arguments) -> Trial:
        """One try."""
        return attempt(lambda *args: self.run(answer, *args), arguments)

    def _kinds(self, cases: list[Case], trials: list[Trial]) -> Result | None:
        if self.any_kind:
            return None
        for case, trial in zip(cases, trials, strict=True):
            if not trial.error and (kinds := other_kind(trial.value, case.right.value)):
                there, asked = kinds
                sentence = f"The values are right, but the numbers are {there}, and {asked} ones are asked for."
                return Result("wrong", "another_kind_of_number", f"{sentence} {USE[asked]}")
        return None

    def _writes(self, trials: list[Trial]) -> Result | None:
        written = {i for t in trials for i in t.written}
        if not written:
            return None
        names = listed([name for i, name in enumerate(self.names) if i in written])
        sentence = (
            f"The values are right, but your function writes into {names}, which it was only lent: work on a copy."
        )
        return Result("wrong", "writes_into_arguments", sentence)

    def _obedience(self, answer: Callable) -> Result | None:
        try:
            with neutral():
                sentence = self.disobeys(answer)
        except Unwatchable:
            return Result("correct", None, "The values are right; how you got them could not be watched here.")
        except (Exception, SystemExit) as error:
            return Result("wrong", None, stopped("a larger input", error, self.names))
        return Result("wrong", "against_the_statement", f"The values are right. {sentence}") if sentence else None

    def _praised(self) -> Result:
        return Result("correct", None, self.praise)

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


USE = {
    "Boolean": "Other code inverts them with ~, or picks with them.",
    "whole": "Other code counts or looks things up with them.",
    "real": "Other code goes on computing with them.",
}


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


def all_right(cases: list[Case], trials: list[Trial]) -> bool:
    """Whether an answer gives on every case what the solution gives."""
    return all(trial.equals(case.right) for case, trial in zip(cases, trials, strict=True))


def not_attempted(name: str) -> Result:
    """What a stub gets."""
    return Result("not attempted", None, f"Write your answer in the cell above. check.{name}.hint() gives a hint.")


def broken(why: str) -> Result:
    """What an answer gets that cannot be judged, through a fault of ours."""
    return Result("not judged", None, f"This check is broken, and your answer may be right: {why}.")
