"""Answers that others would write: one in another style is right, and one with a slip goes by the slip's name."""

import pytest

SEEDS = range(3)


def each_style(styles):
    """For a test of every answer in `styles`: {problem: [answer, ...]}."""
    pairs = [(problem, answer) for problem, answers in styles.items() for answer in answers]
    return pytest.mark.parametrize(("problem", "answer"), [pytest.param(*p, id=p[1].__name__) for p in pairs])


def each_slip(slips):
    """For a test of every answer in `slips`: [(problem, name of the mistake, answer), ...]."""
    cases = [pytest.param(*slip, id=f"{slip[0].name}-{slip[1]}") for slip in slips]
    return pytest.mark.parametrize(("problem", "name", "answer"), cases)


def assert_right(problem, answer):
    for seed in SEEDS:
        result = problem.grade(answer, seed)
        assert result.outcome == "correct", result


def assert_goes_by_its_name(problem, name, answer):
    for seed in SEEDS:
        result = problem.grade(answer, seed)
        assert (result.outcome, result.mistake) == ("wrong", name), result
