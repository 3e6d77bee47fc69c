"""A vector for each position, learned like a word's (Gehring et al. 2017; BERT, GPT)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class SequenceTooLong(ValueError):
    """A sequence reaches beyond the positions that a model has vectors for."""


class LearnedPositions(nn.Module):
    """Adds the p-th of `max_length` learned vectors to the embedding at position p.

    They begin as large as the Transformer's embeddings are when they arrive, with a standard deviation of 1. Raises
    SequenceTooLong beyond the last: there is no vector there, nor a way to guess one.
    """

    def __init__(self, size: int, max_length: int):
        super().__init__()
        self.vectors = nn.Parameter(torch.randn(max_length, size))

    def forward(self, x: Float[Tensor, "*batch length size"], start: int = 0) -> Float[Tensor, "*batch length size"]:
        """The first of the embeddings stands at position `start`, which is above 0 when earlier ones are cached."""
        end = start + x.shape[-2]
        if end > len(self.vectors):
            raise SequenceTooLong(f"expected at most {len(self.vectors)} positions, got {end}")
        return x + self.vectors[start:end].to(x.dtype)
