"""One switch chooses between the usual settings and the large ones."""

import pytest

from attention_course.size import pick


@pytest.mark.parametrize("asked", ["", "usual", " Usual "])
def test_unless_told_it_is_the_usual_one(asked, monkeypatch):
    monkeypatch.setenv("ATTENTION_COURSE_SIZE", asked)
    assert pick(1, 2) == 1


def test_large_is_asked_for(monkeypatch):
    monkeypatch.setenv("ATTENTION_COURSE_SIZE", "large")
    assert pick(1, 2) == 2


def test_without_the_variable_it_is_the_usual_one(monkeypatch):
    monkeypatch.delenv("ATTENTION_COURSE_SIZE", raising=False)
    assert pick("a", "b") == "a"


def test_another_size_is_told(monkeypatch):
    monkeypatch.setenv("ATTENTION_COURSE_SIZE", "huge")
    with pytest.raises(ValueError, match="expected usual or large, got 'huge'"):
        pick(1, 2)
