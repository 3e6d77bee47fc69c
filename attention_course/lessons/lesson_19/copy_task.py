"""A sequence said twice: 0 w 0 w, the test that Kitaev et al. (2020) set for attention by hashing."""

import torch
from jaxtyping import Int
from torch import Tensor

MARK = 0
"""Stands before each of the two; it is one of the words, but not one of w."""


def copy_task(count: int, length: int, words: int, generator: torch.Generator) -> Int[Tensor, "batch twice"]:
    """Sequences of 2 * (length + 1) words: the mark, `length` words drawn evenly from 1 to words - 1, and all again.

    What comes next in the second half stands `length` places back, one word after the same word said first; what comes
    in the first half cannot be known. Raises ValueError for a length below 1 or fewer than two words.
    """
    if length < 1 or words < 2:
        raise ValueError(f"length and words: expected at least 1 and 2, got {length} and {words}")
    said = torch.randint(1, words, (count, length), generator=generator, device=generator.device)
    once = torch.cat([torch.full_like(said[:, :1], MARK), said], 1)
    return torch.cat([once, once], 1)
