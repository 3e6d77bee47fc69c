"""What every problem has to prove: the solution passes, each mistake goes by its name, other styles have been tried.

`from every_problem import *` in the file of a lesson's problems asks it of these. So a process that has tried all
mistakes on a problem's inputs goes on with them.
"""

import inspect
import re
import tomllib
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from answers import SEEDS

from attention_course import checks
from attention_course.checks import Choice
from attention_course.checks.comparing import fresh, same

SYLLABUS = tomllib.loads((Path(__file__).parents[1] / "notebooks/syllabus.toml").read_text(encoding="utf-8"))
DRAFTS = {entry["name"][:2] for part in SYLLABUS["part"] for entry in part["lessons"] if entry.get("draft")}
checks.Problem.KEPT = 16  # seeds whose inputs and mistakes stay in memory


def pytest_generate_tests(metafunc):
    """`problem` is each of the lesson's, or each `with_code` for an answer; `mistaken` is each with each mistake."""
    if metafunc.function.__module__ != __name__:
        return
    lesson = checks.catalogue.lesson(metafunc.module.__name__.removeprefix("test_checks_"))
    problems = list(checks.problems(lesson).values())
    given = {
        "lesson": [lesson],
        "problem": [p for p in problems if not (hasattr(metafunc.function, "with_code") and isinstance(p, Choice))],
        "mistaken": [(problem, name) for problem in problems for name in problem.mistakes],
    }
    for name in given.keys() & set(metafunc.fixturenames):
        metafunc.parametrize(name, given[name], ids=title)


def with_code(test):
    """Mark a test that is of no question with letters."""
    test.with_code = True
    return test


def title(value):
    problem, name = value if isinstance(value, tuple) else (value, "")
    return f"{problem.name} {name}".strip() if isinstance(problem, checks.Problem) else "all"


def right(problem):
    return problem.right if isinstance(problem, Choice) else type(problem).answer


def tried(problem, seed=0):
    return [(case.description, case.arguments) for case in problem.cases(seed)]


def test_the_lesson_has_a_line_for_progress_and_three_to_six_problems(lesson):
    number = lesson.__name__.split(".")[-2][-2:]
    line = lesson.__doc__.splitlines()[0]
    assert re.match(rf"Lesson {number}: .+\.$", line), "attention-course progress shows it"
    assert (1 if number in DRAFTS else 3) <= len(checks.problems(lesson)) <= 6
    assert checks.problems(lesson) == {n: p for n, p in vars(lesson).items() if isinstance(p, checks.Problem)}


def test_the_solution_passes(problem):
    for seed in SEEDS:
        result = problem.grade(right(problem), seed)
        assert (result.outcome, result.message) == ("correct", problem.praise)


def test_a_mistake_goes_by_its_name(mistaken):
    problem, name = mistaken
    function = problem.mistakes[name]
    for seed in SEEDS[:-1]:  # with the last, some are tried in a hostile session
        result = problem.grade(name if isinstance(problem, Choice) else function, seed)
        assert (result.outcome, result.mistake, result.message) == ("wrong", name, function.sentence)


def test_mistakes_are_several_and_differ(problem):
    assert len(problem.mistakes) >= 3
    for function in problem.mistakes.values():
        assert re.fullmatch(r"[A-Z“].*[.?]", function.sentence, re.DOTALL)
        assert "\n" not in function.sentence and "  " not in function.sentence
    if isinstance(problem, Choice):
        assert problem.right not in problem.mistakes
        assert sorted([problem.right, *problem.mistakes]) == list("ABCDEFG"[: 1 + len(problem.mistakes)])
        return
    cases = problem.cases(0)
    assert not any(isinstance(trial.error, NameError) for case in cases for trial in case.mistakes.values())
    made = {"": [case.right for case in cases]} | {n: [case.mistakes[n] for case in cases] for n in problem.mistakes}
    for one in made:
        for other in made:
            if one < other:
                pairs = zip(made[one], made[other], strict=True)
                assert not all(a.equals(b) for a, b in pairs), f"{one} does what {other} does"


@with_code
def test_names_of_mistakes_are_unique(problem):
    names = re.findall(r"@mistake\((?:.|\n)*?\)\n    def (\w+)", inspect.getsource(type(problem)))
    assert names == list(problem.mistakes), "a name that is defined twice hides a mistake"


@pytest.fixture
def hostile_session():
    """All that a learner's session may have switched on, at once."""
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    anomalies = torch.autograd.set_detect_anomaly(True)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16), np.errstate(all="raise"), anomalies:
        yield
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)


def test_a_verdict_does_not_depend_on_the_session(problem, hostile_session):
    problem, seed = type(problem)(), SEEDS[-1]  # one that has computed nothing yet
    assert problem.grade(right(problem), seed).outcome == "correct"
    for name, function in list(problem.mistakes.items())[::3]:  # in an ordinary session all are tried
        told = problem.grade(name if isinstance(problem, Choice) else function, seed)
        assert (told.outcome, told.mistake, told.message) == ("wrong", name, function.sentence)

    def only_raises(*args):
        raise RuntimeError("no gradient here")

    assert isinstance(problem, Choice) or problem.grade(only_raises, seed).outcome == "wrong"


def tensors(value):
    """Those in a structure."""
    if isinstance(value, torch.Tensor):
        return [value]
    return [t for item in value for t in tensors(item)] if isinstance(value, (tuple, list)) else []


@with_code
def test_no_input_is_what_a_learner_draws_with_a_seed_of_his_own(problem):
    found = [t for _, arguments in tried(problem) for t in tensors(arguments)]
    there = [t for t in found if t.is_floating_point() and t.numel() > 1]
    for seed in (0, 1, 2, 3, 7, 42, 123, 1234, 2024):
        for draw in (torch.randn, torch.rand):
            for t in there:
                torch.manual_seed(seed)
                assert not torch.allclose(t, draw(t.shape))


def test_hints(problem):
    assert problem.hints
    assert all(re.fullmatch(r"\S(.|\n)*\S", hint) for hint in problem.hints)
    if not isinstance(problem, Choice):
        assert len(problem.hints) >= 3
        code = problem.source().partition(":\n")[2]
        names = {word for word in re.findall(r"[^\W\d]\w+", code) if word not in ("return", "for", "in")}
        told = [len({word for word in names if word in hint}) for hint in problem.hints]
        assert told[-1] >= min(4, len(names)), "the last hint leaves too much open"
        assert told[-1] == max(told), "the last hint is not the most explicit"


def test_the_source_stands_on_its_own(problem):
    namespace = {"__name__": "__main__"}
    exec(f"import torch\n\n{problem.source()}", namespace)
    for seed in SEEDS:
        assert problem.grade(namespace[problem.name], seed).outcome == "correct"
    assert "answer" not in problem.source()


@with_code
def test_inputs_are_described_and_vary(problem):
    names = list(inspect.signature(type(problem).answer).parameters)
    for description, arguments in tried(problem):
        assert re.fullmatch(r"[a-z].*[^.]", description), "it stands in “It fails on …”"
        assert len(arguments) == len(names)
    for one, other in ((0, 1), (1, 2)):
        assert not same([a for _, a in tried(problem, one)], [a for _, a in tried(problem, other)])
    assert same([a for _, a in tried(problem, 5)], [a for _, a in problem.drawn(5)])


@with_code
def test_memorised_answers_fail_with_another_seed(problem, monkeypatch):
    monkeypatch.setattr(type(problem), "disobeys", lambda self, answer: None)  # here, to look on takes long

    def plainly(*args):
        return known_to(type(problem).answer, args)

    known = []

    def known_to(function, args):
        known.append((fresh(args), value := function(*args)))
        return value

    assert problem.grade(plainly, 0).outcome == "correct"

    def recite(*args):
        return next((value for arguments, value in known if same(args, arguments)), 0)

    assert problem.grade(recite, 0).outcome == "correct"
    for seed in SEEDS[1:]:
        assert problem.grade(recite, seed).outcome == "wrong"


@pytest.mark.parametrize("turn", ["double", "numpy", "list", "bfloat16", "requires grad", "not contiguous"])
@with_code
def test_the_same_values_in_another_make(problem, turn):
    def turned(value):
        if isinstance(value, (tuple, list)):
            return type(value)(turned(v) for v in value)
        if not isinstance(value, torch.Tensor):
            return value
        return {
            "double": lambda: value.double() if value.is_floating_point() else value,
            "numpy": lambda: value.detach().numpy(),
            "list": lambda: value.tolist(),
            "bfloat16": lambda: value.bfloat16() if value.is_floating_point() else value,
            "requires grad": lambda: value.detach().requires_grad_() if value.is_floating_point() else value,
            "not contiguous": lambda: (
                value.mT.contiguous().mT
                if value.ndim > 1
                else value.expand(2, -1).T.clone()[:, 0]
                if value.ndim
                else value
            ),
        }[turn]()

    if inspect.isclass(type(problem).answer):
        pytest.skip("the answer is a class")
    function = type(problem).answer
    assert problem.grade(lambda *args: turned(function(*args)), 3).outcome == "correct"


@with_code
def test_doubles_pass(problem):
    if inspect.isclass(type(problem).answer):
        pytest.skip("the answer is a class")

    def doubled(*args):
        floating = [isinstance(a, torch.Tensor) and a.is_floating_point() for a in args]
        return type(problem).answer(*(a.double() if f else a for a, f in zip(args, floating, strict=True)))

    assert problem.grade(doubled, 4).outcome == "correct"


@with_code
def test_arguments_are_lent(problem):
    def scribble(*args):
        value = type(problem).answer(*fresh(args))
        for a in args:
            if isinstance(a, torch.Tensor):
                a.zero_() if a.dtype != torch.bool else a.logical_not_()
        return value

    if any(isinstance(a, torch.Tensor) for _, arguments in tried(problem) for a in arguments):
        assert problem.grade(scribble, 0).mistake == "writes_into_arguments"


@with_code
def test_another_sign_and_nothing_are_told(problem):
    def negated(value):
        if isinstance(value, (tuple, list)):
            return type(value)(negated(v) for v in value)
        if isinstance(value, torch.Tensor):
            return ~value if value.dtype == torch.bool else -value
        return value if value is None or isinstance(value, str) else not value if isinstance(value, bool) else -value

    if inspect.isclass(type(problem).answer):
        pytest.skip("the answer is a class")
    for turned in (negated, lambda value: None):
        result = problem.grade(lambda *args, turned=turned: turned(type(problem).answer(*args)), 0)
        assert result.outcome == "correct" or result.mistake, result


@with_code
def test_stubs(problem):
    def stub(*args):
        raise NotImplementedError("your turn")

    for nothing in [None, ...] + [stub] * (not isinstance(problem, Choice)):
        assert problem.grade(nothing, 0).outcome == "not attempted"


@with_code
def test_every_problem_has_been_solved_in_other_styles(problem):
    styles = import_module(f"test_checks_{problem.lesson}").STYLES.get(problem, [])
    assert len(set(styles)) >= (3 if problem.lesson in ("lesson_00", "lesson_01") else 2)


@with_code
def test_half_precision_is_near_enough(problem):
    if problem.lesson not in ("lesson_00", "lesson_01"):
        pytest.skip("not every mechanism bears it")

    def halved(*args):
        floating = [isinstance(a, torch.Tensor) and a.is_floating_point() for a in args]
        return type(problem).answer(*(a.bfloat16() if f else a for a, f in zip(args, floating, strict=True)))

    for seed in range(8):
        result = problem.grade(halved, seed)
        assert result.outcome == "correct", result


__all__ = [name for name in dir() if name.startswith(("test_", "pytest_"))] + ["hostile_session"]
