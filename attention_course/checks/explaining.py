"""What is wrong with an answer: the known mistake that it makes, or else the smallest case on which it fails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from attention_course.checks.result import Result
from attention_course.checks.showing import A_DOZEN, contrast, count, given, shape
from attention_course.checks.symptoms import symptom
from attention_course.checks.trial import Arguments, Trial, own_lines, said


@dataclass(frozen=True)
class Case:
    """One input of a problem, and what comes of it by the solution and by each of the known mistakes."""

    description: str
    arguments: Arguments
    right: Trial
    try_mistakes: Callable[[Arguments], dict[str, Trial]]

    @cached_property
    def mistakes(self) -> dict[str, Trial]:
        """Only when an answer is wrong is it asked which mistake gives the same."""
        return self.try_mistakes(self.arguments)

    @property
    def size(self) -> int:
        """How many numbers it takes to show it."""
        return count(list(self.arguments)) + (0 if self.right.error else count(self.right.value))


def explain(cases: list[Case], trials: list[Trial], sentences: dict[str, str], names: list[str]) -> Result:
    """The verdict on an answer that is wrong on one of the cases or more. `names`: of the arguments."""
    failing = [i for i, (case, trial) in enumerate(zip(cases, trials, strict=True)) if not trial.equals(case.right)]
    name, throughout = nearest(cases, trials, failing, sentences)
    if throughout:
        return Result("wrong", name, sentences[name])
    shown = min(failing, key=lambda i: cases[i].size) if not name else _first_alike(cases, trials, failing, name)
    case, trial = cases[shown], trials[shown]
    if name:  # it makes another mistake as well: name the one that shows first
        seen = f"So it looks on {case.description}; elsewhere there may be more to mend."
        compared = "" if trial.error or case.right.error else "\n" + contrast(case.right.value, trial.value)
        return Result("wrong", name, f"{sentences[name]}\n{seen}{compared}")
    if trial.error:
        return Result("wrong", None, stopped(case.description, trial.error, names))
    if case.right.error:
        return Result("wrong", None, f"On {case.description} your function should raise {said(case.right.error)}")
    if trial.value is None:
        message = f"On {case.description} your function returned None. Does it end in a return?"
        return Result("wrong", "nothing_returned", message)
    values = [(cases[i].right.value, trials[i].value) for i in failing]
    told = None if any(cases[i].right.error or trials[i].error for i in failing) else symptom(values)
    name, sentence = told or (None, "")
    return Result("wrong", name, f"{sentence}\n{_shown(case, trial, names)}".strip())


def nearest(
    cases: list[Case], trials: list[Trial], failing: list[int], sentences: dict[str, str]
) -> tuple[str | None, bool]:
    """The mistake that an answer makes, and whether it gives what the answer gives on every case.

    A mistake is named where it gives what the answer gives on every case; or on the first that fails and, since to
    agree once may be chance, on another that fails, or wherever the answer is right. No mistake of another sentence
    may give the same there. To raise the same exception is not enough: it must say the same.
    """
    for name in sentences:
        if all(_alike(cases, trials, name)) and any(trials[i].alike(cases[i].mistakes[name]) for i in failing):
            return name, True
    alike = {name: {i for i, there in enumerate(_alike(cases, trials, name)) if there} for name in sentences}
    alike = {
        name: where
        for name, where in alike.items()
        if any(trials[i].alike(cases[i].mistakes[name]) for i in where.intersection(failing))
    }
    right = set(range(len(cases))) - set(failing)
    near = [
        name
        for name, where in alike.items()
        if failing[0] in where and (len(where & set(failing)) > 1 or (right and where >= right))
    ]
    if not near:
        return None, False
    most = max(near, key=lambda name: len(alike[name]))
    wrong_alike = alike[most] & set(failing)
    told = {sentences[name] for name, where in alike.items() if where >= wrong_alike}
    return (most, False) if len(told) == 1 else (None, False)


def _alike(cases: list[Case], trials: list[Trial], name: str) -> Iterator[bool]:
    return (trial.equals(case.mistakes[name]) for case, trial in zip(cases, trials, strict=True))


def _first_alike(cases: list[Case], trials: list[Trial], failing: list[int], name: str) -> int:
    return next(i for i in failing if trials[i].equals(cases[i].mistakes[name]))


def stopped(description: str, error: BaseException, names: list[str]) -> str:
    """Where an answer stopped, the learner's own lines on the way there, and the exception."""
    lines = own_lines(error)
    if isinstance(error, TypeError) and not lines:
        message = f"Your function should take {listed(names)}."
    else:
        message = f"Your code stopped on {description}."
    return "\n".join([message, *lines, said(error)])


def _shown(case: Case, trial: Trial, names: list[str]) -> str:
    """The case with what should and what did come of it: in all no more numbers than one can take in."""
    wanted, actual = shape(case.right.value), shape(trial.value)
    differ = None not in (wanted, actual) and wanted != actual
    where = f"{case.description}: the shape should be {wanted}, and is {actual}" if differ else case.description
    compared = min(A_DOZEN - 2, count(case.right.value) + count(trial.value))
    arguments = given(names, case.arguments, A_DOZEN - compared)
    return f"It fails on {where}.\n{arguments}{contrast(case.right.value, trial.value)}"


def listed(names: list[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
