"""The task with the dial: facts and questions stand where it says, and the answers are right."""

import pytest
import torch
from torch.testing import assert_close

from attention_course.lessons.lesson_17.facts import COLOURS, PEOPLE, WORDS, facts
from attention_course.lessons.lesson_17.long_range_qa import LongRangeQA
from attention_course.models.transformer import Config


def drawn(count, distance, seed=0, **options):
    return facts(count, distance, torch.Generator().manual_seed(seed), **options)


@pytest.mark.parametrize(("distance", "facts"), [(1, 1), (127, 1), (16, 16), (63, 5), (64, 16), (112, 16)])
def test_every_question_asks_for_what_was_said_so_many_places_before(distance, facts):
    (words, asked), colours = drawn(50, distance, per_text=facts)
    assert words.shape == (50, 128) and asked.shape == colours.shape == (50, facts)
    for text, places, answers in zip(words.tolist(), asked.tolist(), colours.tolist(), strict=True):
        said = [WORDS[word] for word in text]
        assert sum(word != "·" for word in said) == 2 * facts
        people = set()
        for place, answer in zip(places, answers, strict=True):
            person = said[place].removesuffix("?")
            assert said[place - distance] == f"{person}={COLOURS[answer]}"
            people.add(person)
        assert len(people) == facts <= len(PEOPLE)


def test_each_text_may_have_its_own_distance():
    distances = torch.tensor([4, 9, 60])
    (words, asked), _ = drawn(3, distances, per_text=2, length=64)
    for text, places, distance in zip(words, asked, distances, strict=True):
        assert (text[places - distance] < WORDS.index("Ann?")).all() and (text[places] >= WORDS.index("Ann?")).all()


def test_places_people_and_answers_are_spread_evenly():
    (words, asked), colours = drawn(4000, 8, length=24)
    assert asked.unique().tolist() == list(range(8, 24))
    assert (colours.flatten().bincount() / 4000 - 1 / 8).abs().max() < 0.03
    assert (words == 0).sum() == 0


def test_the_seed_decides():
    assert_close(drawn(5, 9), drawn(5, 9))
    assert not drawn(5, 9)[0][0].equal(drawn(5, 9, seed=1)[0][0])


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match="distance: expected 4 to 28, got 3 to 3"):
        drawn(2, 3, per_text=4, length=32)
    with pytest.raises(ValueError, match="distance: expected 1 to 31, got 5 to 32"):
        drawn(2, torch.tensor([5, 32]), length=32)
    with pytest.raises(ValueError, match="per_text: expected 1 to 16, got 17"):
        drawn(2, 20, per_text=17)


def test_the_reader_answers_at_the_questions():
    torch.manual_seed(0)
    model = LongRangeQA(len(WORDS), len(COLOURS), Config(8, 2, 16, 1, dropout=0.0))
    (words, asked), _ = drawn(3, 9, per_text=4, length=30)
    logits, weights = model(words, asked)
    assert logits.shape == (3, 4, len(COLOURS)) and weights is None
    assert_close(model(words, asked.flip(1))[0], logits.flip(1))
