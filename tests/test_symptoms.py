"""What is told of answers that make no mistake that a problem knows."""

import pytest
import torch

from attention_course.checks.symptoms import SYMPTOMS, symptom

X = torch.tensor([[1.0, -2.0, 4.0], [0.5, 3.0, 8.0]])
NAN = X.where(X != 4, float("nan"))
WORDS = ["the", "cat", "sat"]
TOLD = {
    "other_sign": (X, -X),
    "inverted": (X > 1, X <= 1),
    "not_a_number": (X, NAN),
    "last_axes_swapped": (X, X.T),
    "first_axes_swapped": (X.expand(4, 2, 3), X.expand(4, 2, 3).transpose(0, 1)),
    "other_shape": (X, X[None]),
    "too_many_results": (X, (X, X.exp())),
    "one_result_only": ((X, X.exp()), X.exp()),
    "reversed_order": (WORDS, WORDS[::-1]),
    "other_order": (WORDS, ["cat", "the", "sat"]),
    "ends_too_early": (WORDS, WORDS[:2]),
    "ends_too_late": (X[0].tolist(), [*X[0].tolist(), 7.0]),
    "shifted": (X, X + 1),
    "multiplied": (X, X / 8**0.5),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_symptom_is_told_by_its_name(name):
    assert symptom([TOLD[name]])[0] == name
    assert symptom([TOLD[name], TOLD[name]])[0] == name


@pytest.mark.parametrize("name", TOLD)
def test_it_is_told_of_those_of_several_results_that_are_wrong(name):
    right, actual = TOLD[name]
    found = symptom([(("chat", right), ("chat", actual))])
    assert found and found[0] == name


@pytest.mark.parametrize("name", TOLD)
def test_it_is_told_only_where_it_holds_throughout(name):
    found = symptom([TOLD[name], (torch.tensor([1.0, 2.0, 4.0]), torch.tensor([1.0, 9.0, 0.0]))])
    assert found is None


def test_every_symptom_is_tried_here():
    assert {holds.__name__ for holds in SYMPTOMS} <= set(TOLD)


def test_one_number_is_no_multiple_of_another():
    pairs = [(torch.tensor(2.0), torch.tensor(3.0)), (torch.tensor(5.0), torch.tensor(1.0))]
    assert symptom(pairs[:1]) is None and symptom(pairs) is None


def test_figures_are_told():
    assert symptom([TOLD["multiplied"]])[1] == "Every number is 0.3536 times what it should be."
    assert symptom([TOLD["shifted"]])[1] == "Every number is 1 too large."
    two = [(X, 2 * X), (X, 3 * X)]
    assert symptom(two)[1].startswith("A factor is wrong")


@pytest.mark.parametrize("odd", ["text", {}, object(), [], torch.tensor([]), float("nan"), lambda: None, [[[]]]])
@pytest.mark.parametrize("right", [X, WORDS, X > 1, 3, (X, 2)])
def test_whatever_an_answer_gives_is_borne(right, odd):
    symptom([(right, odd)])
