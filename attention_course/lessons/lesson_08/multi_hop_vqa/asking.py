"""Questions about the baskets that take one, two or three steps.

    what colour is the cat                                                          1
    what is the thing in the basket with the cat                                    2
    what is the thing in the basket with the thing with the colour of the cat       3

A question is a head, up to two relations and a name, read from the right: find the cat, then what has its colour, then
what is in the basket with that. What a step gives away for nothing is not asked (the colour of "the thing with the
colour of the cat").
"""

from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from attention_course.lessons.lesson_08.multi_hop_vqa.scenes import BASKETS, CELLS, COLOURS, KINDS, Scenes, drawn_by

ANSWERS = (*KINDS, *COLOURS, *BASKETS)
HEADS = {"kind": "what is", "colour": "what colour is", "basket": "where is"}
RELATIONS = {"colour": "the thing with the colour of", "basket": "the thing in the basket with"}


class Form(NamedTuple):
    """What is asked for, and the relations in the order in which they are followed, from the named thing on."""

    asked: str
    relations: tuple[str, ...] = ()

    @property
    def steps(self) -> int:
        return 1 + len(self.relations)

    def words(self, kind: str) -> tuple[str, ...]:
        parts = [HEADS[self.asked], *(RELATIONS[r] for r in reversed(self.relations)), "the", kind]
        return tuple(" ".join(parts).split())


FORMS = (
    Form("colour"),
    Form("basket"),
    Form("kind", ("colour",)),
    Form("kind", ("basket",)),
    Form("colour", ("basket",)),
    Form("basket", ("colour",)),
    Form("kind", ("colour", "basket")),
    Form("kind", ("basket", "colour")),
    Form("colour", ("colour", "basket")),
    Form("basket", ("basket", "colour")),
)
STEPS = tuple(form.steps for form in FORMS)
MOST_STEPS = max(STEPS)
WORDS = ("<pad>", *sorted({word for form in FORMS for kind in KINDS for word in form.words(kind)}))
LONGEST = max(len(form.words("cat")) for form in FORMS)


class Questions(NamedTuple):
    """One question about each of some scenes.

    chain: the cell that each step comes to; a question with fewer steps stays where it is.
    answer: a place in `ANSWERS`.
    """

    form: Int[Tensor, " scenes"]
    tokens: Int[Tensor, "scenes longest"]
    chain: Int[Tensor, "scenes steps"]
    answer: Int[Tensor, " scenes"]

    @property
    def steps(self) -> Int[Tensor, " scenes"]:
        return torch.tensor(STEPS, device=self.form.device)[self.form]


def ask(scenes: Scenes, form: Int[Tensor, " scenes"], start: Int[Tensor, " scenes"]) -> Questions:
    """Ask each world a question of the form FORMS[form] about the thing in cell `start`."""
    where = scenes.kinds.device
    rows, cells = torch.arange(len(form), device=where), torch.arange(CELLS, device=where)
    same = scenes.colours.unsqueeze(2) == scenes.colours.unsqueeze(1)
    next_by = torch.stack(  # one row a relation: the cell it leads to, from every cell
        [
            cells.expand_as(scenes.colours),  # nowhere else
            (same & ~torch.eye(CELLS, dtype=torch.bool, device=where)).int().argmax(2),
            (cells ^ 1).expand_as(scenes.colours),
        ]
    )
    relations = [[_NUMBERS[r] for r in f.relations] + [0] * (3 - f.steps) for f in FORMS]
    relations = torch.tensor(relations, device=where)[form]
    chain = [start]
    for relation in relations.unbind(1):
        chain.append(next_by[relation, rows, chain[-1]])
    end = chain[-1]
    found = torch.stack([scenes.kinds[rows, end], len(KINDS) + scenes.colours[rows, end], _FIRST_BASKET + end // 2])
    answer = found[torch.tensor([list(HEADS).index(f.asked) for f in FORMS], device=where)[form], rows]
    return Questions(form, _TOKENS.to(where)[form, scenes.kinds[rows, start]], torch.stack(chain, 1), answer)


def random_questions(scenes: Scenes, steps: tuple[int, ...], generator: torch.Generator | None = None) -> Questions:
    """One question about each scene. Every number in `steps` is as likely as the others, and so is every form of it."""
    n, where = len(scenes.kinds), scenes.kinds.device
    which = torch.randint(len(steps), (n,), **drawn_by(generator))
    form = torch.empty_like(which)
    for i, wanted in enumerate(steps):
        choices = torch.tensor([i for i, s in enumerate(STEPS) if s == wanted], device=which.device)
        mine = which == i
        form[mine] = choices[torch.randint(len(choices), (int(mine.sum()),), **drawn_by(generator))]
    return ask(scenes, form.to(where), torch.randint(CELLS, (n,), **drawn_by(generator)).to(where))


def encode(words: tuple[str, ...] | str) -> Int[Tensor, " longest"]:
    """The tokens of a question, padded at its beginning. Raises ValueError for words it cannot have, or too many."""
    words = words.lower().rstrip(" ?").split() if isinstance(words, str) else list(words)
    if unknown := [word for word in words if word not in _PLACES]:
        raise ValueError(f"words: expected words of the questions, got {', '.join(unknown)}")
    if len(words) > LONGEST:
        raise ValueError(f"words: expected at most {LONGEST}, got {len(words)}")
    return torch.tensor([0] * (LONGEST - len(words)) + [_PLACES[word] for word in words])


_NUMBERS = {"colour": 1, "basket": 2}
_FIRST_BASKET = len(KINDS) + len(COLOURS)
_PLACES = {word: i for i, word in enumerate(WORDS)}
_TOKENS = torch.stack([torch.stack([encode(form.words(kind)) for kind in KINDS]) for form in FORMS])
