"""Who has which colour? Something is said once, and asked for a given number of places later: distance is a dial."""

import torch
from jaxtyping import Int
from torch import Tensor

PEOPLE = (
    "Ann", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hal", "Ida", "Jan", "Kim", "Leo", "Mia", "Ned", "Ola", "Pia",
)  # fmt: skip
COLOURS = ("red", "blue", "green", "white", "black", "brown", "grey", "pink")
FACTS = tuple(f"{person}={colour}" for person in PEOPLE for colour in COLOURS)
QUESTIONS = tuple(f"{person}?" for person in PEOPLE)
WORDS = ("(padding)", "·", *FACTS, *QUESTIONS)
"""Number 0 is `masks.PAD`, which never occurs here, and number 1 the word that says nothing."""


def recall(
    count: int, distance: int | Int[Tensor, " batch"], generator: torch.Generator, *, facts: int = 1, length: int = 128
) -> tuple[tuple[Int[Tensor, "batch words"], Int[Tensor, "batch facts"]], Int[Tensor, "batch facts"]]:
    """Texts of `length` words, each with `facts` facts on different people, and a question for each `distance` later.

    Gives ((words, the places of the questions), the colours that answer them), all as numbers. The facts of one text
    stand among each other's neighbours in random order, all of them before the first question. distance: one for all
    texts, or one for each. Raises ValueError unless it is `facts` to length - facts, and there are people enough.
    """
    if not 1 <= facts <= len(PEOPLE):
        raise ValueError(f"facts: expected 1 to {len(PEOPLE)}, got {facts}")
    apart = torch.as_tensor(distance).expand(count)
    if (apart < facts).any() or (apart > length - facts).any():
        raise ValueError(f"distance: expected {facts} to {length - facts}, got {apart.min()} to {apart.max()}")
    spread = torch.minimum(apart, length - apart).unsqueeze(-1)  # the stretch in which the facts stand
    places = torch.rand(count, length, generator=generator).masked_fill(torch.arange(length) >= spread, -1)
    start = torch.rand(count, 1, generator=generator) * (length - apart.unsqueeze(-1) - spread + 1)
    places = places.topk(facts).indices + start.long()
    people = torch.rand(count, len(PEOPLE), generator=generator).topk(facts).indices
    colours = torch.randint(len(COLOURS), (count, facts), generator=generator)
    asked = places + apart.unsqueeze(-1)
    words = torch.ones(count, length, dtype=torch.long)
    words = words.scatter(1, places, WORDS.index(FACTS[0]) + people * len(COLOURS) + colours)
    return (words.scatter(1, asked, WORDS.index(QUESTIONS[0]) + people), asked), colours
