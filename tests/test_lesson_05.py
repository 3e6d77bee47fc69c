"""What lesson 05 builds: it is the package's translator, and its windows are where they should be."""

import pytest
import torch
from torch.testing import assert_close

from attention_course.lessons.lesson_04.built import teacher_forcing
from attention_course.lessons.lesson_05.built import Concat, Dot, General, LocalLuong, LocalM, LocalP, Luong, model_1
from attention_course.lessons.lesson_05.same import as_in_the_package
from attention_course.models.ibm1 import Ibm1
from attention_course.scores import additive_score

SOURCE = torch.tensor([[4, 5, 6, 7, 8], [9, 5, 4, 0, 0]])
TARGET = torch.tensor([[1, 4, 5, 6, 2], [1, 7, 2, 0, 0]])


@pytest.mark.parametrize("window", [None, lambda: LocalM(1), lambda: LocalP(128, 2)])
def test_it_is_the_package_s(window):
    torch.manual_seed(0)
    ours = LocalLuong(12, 11, window()) if window else Luong(12, 11)
    logits, weights = as_in_the_package(ours, 12, 11)(SOURCE, TARGET[:, :-1])
    found = teacher_forcing(ours, SOURCE, TARGET)
    assert_close(found[0], logits)
    assert_close(found[1], weights)


def test_scores_are_those_of_lesson_02():
    torch.manual_seed(0)
    s, h = torch.randn(2, 6), torch.randn(2, 3, 6)
    general, concat = General(6, 6), Concat(6, 6)
    for row in range(2):
        assert_close(Dot(6, 6)(s, h)[row], h[row] @ s[row])
        assert_close(general(s, h)[row], s[row] @ general.W.weight.T @ h[row].T)
    added = additive_score(concat.W_q(s)[:, None], concat.W_k(h), concat.u)
    assert_close(concat(s, h), added[:, 0])


def test_a_window_moves_on_and_stays_at_the_end():
    mask = SOURCE != 0
    inside = [LocalM(1)(None, t, mask)[0].int().tolist() for t in (0, 3)]
    assert inside == [[[1, 1, 0, 0, 0], [1, 1, 0, 0, 0]], [[0, 0, 1, 1, 1], [0, 1, 1, 0, 0]]]


def test_a_predicted_window_begins_in_the_middle_and_falls_off():
    window = LocalP(4, 2)
    torch.nn.init.zeros_(window.u_p.weight)  # the sigmoid of 0 is a half
    inside, curve = window(torch.ones(1, 4), 0, torch.ones(1, 7).bool())
    assert inside.int().tolist() == [[0, 1, 1, 1, 1, 1, 0]]
    assert_close(curve[0, 3:6], torch.tensor([1.0, 0.6065, 0.1353]), atol=1e-4, rtol=0)


def test_model_1_is_the_package_s():
    pairs = [(["the", "house"], ["la", "maison"]), (["the", "flower"], ["la", "fleur"])]
    reference = Ibm1(pairs, iterations=4, null=False)
    assert all(reference.probability(f, e) == pytest.approx(p) for (e, f), p in model_1(pairs, 4).items())
