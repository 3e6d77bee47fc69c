"""What lesson 03 has for itself: what can be read off a vector, how translations fail, the package's model."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from attention_course.lessons.lesson_03.failures import gloss, kinds
from attention_course.lessons.lesson_03.probe import read_off


def test_a_word_is_read_off_where_it_is_and_not_where_it_is_not():
    generator = torch.Generator().manual_seed(0)
    words, unseen = (torch.randint(7, (count, 2), generator=generator) for count in (600, 200))
    vectors, others = (F.one_hot(part[:, 0], 7).float() for part in (words, unseen))  # the first word alone
    first, second = read_off(vectors, words, others, unseen, 7)
    assert first > 0.99 and second < 0.35


def test_kinds_of_failure():
    pair = SimpleNamespace(french=["le", "chat", "dort", "."])
    wrong = [(pair, ["le", "chat"]), (pair, ["le", "dort", "chat", "."]), (pair, ["un", "chat", "dort", "."])]
    fluent, rows = kinds(wrong, [["le", "chat", "dort", "."], ["un", "chat"]])
    shown = dict(rows)
    assert shown["too short by two words or more"] == "33%" and shown["the right words in another order"] == "33%"
    assert shown["the same in the true translations"] == "100.0%"
    assert fluent == pytest.approx((3 + 2 + 5) / 13)  # <bos> le chat <eos> has three neighbours, all known
    assert shown["the first wrong word is, in the median, word"] == "2"


def test_a_gloss_names_what_each_word_belongs_to_most_often():
    far = SimpleNamespace(
        english=["in", "front", "of", "it"], french=["devant", "lui"], links={(0, 0), (1, 0), (2, 0), (3, 1)}
    )
    assert gloss(["devant", "lui", "sel"], [far]) == ["in front of", "it", "sel"]
