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


def facts(
    count: int,
    distance: int | Int[Tensor, " batch"],
    generator: torch.Generator,
    *,
    per_text: int = 1,
    length: int = 128,
) -> tuple[tuple[Int[Tensor, "batch words"], Int[Tensor, "batch facts"]], Int[Tensor, "batch facts"]]:
    """Texts of `length` words, `per_text` facts in each, on different people, and a question for each `distance` later.

    Gives ((words, the places of the questions), the colours that answer them), all as numbers. The facts of one text
    stand among each other's neighbours in random order, all of them before the first question. distance: one for all
    texts, or one for each. Raises ValueError unless it is `per_text` to length - per_text, and there are people enough.
    """
    if not 1 <= per_text <= len(PEOPLE):
        raise ValueError(f"per_text: expected 1 to {len(PEOPLE)}, got {per_text}")
    place = {"generator": generator, "device": generator.device}
    numbers = place | {"dtype": torch.float32}
    apart = torch.as_tensor(distance, device=generator.device).expand(count)
    if (apart < per_text).any() or (apart > length - per_text).any():
        raise ValueError(f"distance: expected {per_text} to {length - per_text}, got {apart.min()} to {apart.max()}")
    spread = torch.minimum(apart, length - apart).unsqueeze(-1)  # the stretch in which the facts stand
    behind = torch.arange(length, device=generator.device) >= spread
    places = torch.rand(count, length, **numbers).masked_fill(behind, -1)
    start = torch.rand(count, 1, **numbers) * (length - apart.unsqueeze(-1) - spread + 1)
    places = places.topk(per_text).indices + start.long()
    people = torch.rand(count, len(PEOPLE), **numbers).topk(per_text).indices
    colours = torch.randint(len(COLOURS), (count, per_text), **place)
    asked = places + apart.unsqueeze(-1)
    words = torch.ones(count, length, dtype=torch.long, device=generator.device)
    words = words.scatter(1, places, WORDS.index(FACTS[0]) + people * len(COLOURS) + colours)
    return (words.scatter(1, asked, WORDS.index(QUESTIONS[0]) + people), asked), colours
