"""Two words a given distance apart: are they the same? A task in which distance is a dial."""

import torch
from jaxtyping import Int
from torch import Tensor

KEYS = ("red", "blue", "green", "white")
"""Two words of every sentence are colours, and they are what matters."""

FILLERS = ("and", "so", "then", "but")
"""All other words."""

WORDS = (*KEYS, *FILLERS)
MARGIN = 5


def same_or_different(
    count: int, distance: int, generator: torch.Generator
) -> tuple[Int[Tensor, "batch words"], Int[Tensor, " batch"]]:
    """Sentences of distance + 1 + `MARGIN` words (numbers of `WORDS`), and for each 1 where its two colours are alike.

    The second colour stands `distance` words after the first; the margin is shared out at random before and after.
    Half of the sentences have one colour twice, and where the colours differ all pairs are equally frequent, so that
    one colour alone tells nothing. Raises ValueError for a distance below 1.
    """
    if distance < 1:
        raise ValueError(f"distance: expected at least 1, got {distance}")

    def numbers(low: int, high: int, *shape: int) -> Tensor:
        return torch.randint(low, high, shape, generator=generator, device=generator.device)

    words = numbers(len(KEYS), len(WORDS), count, distance + 1 + MARGIN)
    same = numbers(0, 2, count)
    first = numbers(0, len(KEYS), count)
    second = (first + (1 - same) * numbers(1, len(KEYS), count)) % len(KEYS)
    places = numbers(0, MARGIN + 1, count, 1)
    return words.scatter(1, places, first[:, None]).scatter(1, places + distance, second[:, None]), same
