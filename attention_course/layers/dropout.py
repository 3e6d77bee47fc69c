"""Dropout for sequences."""

from jaxtyping import Float
from torch import Tensor, nn


class SharedDropout(nn.Dropout1d):
    """Dropout whose mask is one for all words of a sentence, on (B, words, size) (Gal and Ghahramani 2016).

    A recurrent network then loses the same features at every word, and far fewer random numbers are drawn.
    """

    def forward(self, sequences: Float[Tensor, "batch words size"]) -> Float[Tensor, "batch words size"]:
        return super().forward(sequences.mT).mT
