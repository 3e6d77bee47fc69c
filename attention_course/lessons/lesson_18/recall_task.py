"""Who sits where? Pairs to keep in mind, then questions about them: a task in which the amount to remember is a dial.

Associative recall, as Schlag et al. (2021) and, with many questions a sequence, Arora et al. (2024) use it.
"""

from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

NAMES = 512
"""How many there are who may sit somewhere, numbered from 0."""

PLACES = 64
"""Where they may sit. Several may sit in one place. To know a place is to know six bits."""


class Recall(NamedTuple):
    """Pairs in the order in which they are told, then questions."""

    names: Int[Tensor, "batch pairs"]
    places: Int[Tensor, "batch pairs"]
    asked: Int[Tensor, "batch questions"]  # names, each one of those told
    ages: Int[Tensor, "batch questions"]  # how many pairs were told after the one asked for
    answers: Int[Tensor, "batch questions"]  # places


def recall(count: int, pairs: int, generator: torch.Generator, questions: int = 32) -> Recall:
    """Sequences with `pairs` different names, a random place for each, and `questions` random ones of them asked for.

    Raises ValueError unless `pairs` is 1 to `NAMES`.
    """
    if not 1 <= pairs <= NAMES:
        raise ValueError(f"pairs: expected 1 to {NAMES}, got {pairs}")
    place = {"generator": generator, "device": generator.device}
    names = torch.rand(count, NAMES, **place).argsort(-1)[:, :pairs]
    places = torch.randint(0, PLACES, (count, pairs), **place)
    which = torch.randint(0, pairs, (count, questions), **place)
    return Recall(names, places, names.gather(1, which), pairs - 1 - which, places.gather(1, which))
