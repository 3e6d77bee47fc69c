"""What can be answered without looking, and by looking always at the same place: the question set must not allow it."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attention_course.lessons.lesson_08.multi_hop_vqa.asking import ANSWERS, FORMS, HEADS, WORDS, Questions
from attention_course.lessons.lesson_08.multi_hop_vqa.scenes import BASKETS, CELLS, COLOURS, KINDS, Scenes

CHANCE = {"kind": 1 / (CELLS - 1), "colour": 1 / len(COLOURS), "basket": 1 / len(BASKETS)}
"""Of who guesses: one of the eleven other things in the picture, of six colours, of six baskets."""


def chance(steps: int) -> float:
    """The mean over the forms of questions that take so many steps."""
    found = [CHANCE[form.asked] for form in FORMS if form.steps == steps]
    return sum(found) / len(found)


def read_off(scenes: Scenes) -> Int[Tensor, "scenes cells asked"]:
    """The answer that stands in each cell, whatever is asked for: its kind, its colour, its basket."""
    basket = (len(KINDS) + len(COLOURS) + torch.arange(CELLS, device=scenes.kinds.device) // 2).expand_as(scenes.kinds)
    return torch.stack([scenes.kinds, len(KINDS) + scenes.colours, basket], -1)


def question_only(seen: Questions, unseen: Questions) -> Float[Tensor, " unseen"]:
    """1 where the commonest answer to the very same question, counted in `seen`, is right.

    No model that is told the question alone can do better than this table.
    """
    tables = torch.zeros(len(FORMS), len(KINDS), len(ANSWERS), device=seen.form.device)
    tables.index_put_((seen.form, _named(seen), seen.answer), tables.new_ones(len(seen.form)), accumulate=True)
    return (tables[unseen.form, _named(unseen)].argmax(-1) == unseen.answer).float()


def position_only(seen: tuple[Scenes, Questions], unseen: tuple[Scenes, Questions]) -> Float[Tensor, " unseen"]:
    """1 where the answer stands in the cell that was best, in `seen`, for the very same question: one look, whose place
    the question alone decides."""
    counts = hits_in(*seen)
    hits = counts.new_zeros(len(FORMS), len(KINDS), CELLS)
    hits.index_put_((seen[1].form, _named(seen[1])), counts, accumulate=True)
    best = hits[unseen[1].form, _named(unseen[1])].argmax(-1)
    return hits_in(*unseen).gather(1, best.unsqueeze(1)).squeeze(1)


def hits_in(scenes: Scenes, asked: Questions) -> Float[Tensor, "scenes cells"]:
    """1 for every cell in which the answer stands."""
    what = torch.tensor([list(HEADS).index(form.asked) for form in FORMS], device=asked.form.device)[asked.form]
    standing = read_off(scenes).gather(2, what.view(-1, 1, 1).expand(-1, CELLS, 1)).squeeze(2)
    return (standing == asked.answer.unsqueeze(1)).float()


def _named(asked: Questions) -> Int[Tensor, " questions"]:
    """The kind that is named: the last word."""
    kinds = torch.full((len(WORDS),), -1, device=asked.tokens.device)
    kinds[[WORDS.index(kind) for kind in KINDS]] = torch.arange(len(KINDS), device=kinds.device)
    return kinds[asked.tokens[:, -1]]
