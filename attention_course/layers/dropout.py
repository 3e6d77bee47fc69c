"""Dropout for sequences, and for attention weights."""

from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from attention_course.functional import (
    check_sizes,
    context_vectors,
    looking_back,
    masked_softmax,
    scaled_dot_product_attention,
    scaled_scores,
)


class SharedDropout(nn.Dropout1d):
    """Dropout whose mask is one for all words of a sentence, on (B, words, size) (Gal and Ghahramani 2016).

    A recurrent network then loses the same features at every word, and far fewer random numbers are drawn.
    """

    def forward(self, sequences: Float[Tensor, "batch words size"]) -> Float[Tensor, "batch words size"]:
        return super().forward(sequences.mT).mT


class DropoutAttention(nn.Module):
    """Scaled dot-product attention that in training drops some of its weights (Vaswani et al. 2017, as in their code).

    A weight is zero with `probability`, and else divided by 1 - probability. It costs queries * keys, as then no kernel
    is fused. In evaluation, and with a probability of 0, nothing is drawn. The weights that are given are those before.

    `Config(attend=partial(DropoutAttention, 0.1))`; with ALiBi, `AlibiAttention(8, DropoutAttention(0.1))`.
    """

    def __init__(self, probability: float):
        super().__init__()
        if not 0 <= probability <= 1:
            raise ValueError(f"probability: expected 0 to 1, got {probability}")
        self.probability = probability

    def forward(
        self,
        queries: Float[Tensor, "*#batch queries key_size"],
        keys: Float[Tensor, "*#batch keys key_size"],
        values: Float[Tensor, "*#batch keys value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        need_weights: bool = True,
        *,
        relative: Any = None,
    ) -> tuple[Float[Tensor, "*#batch queries value_size"], Float[Tensor, "*#batch queries keys"] | None]:
        if not self.training or not self.probability:
            return scaled_dot_product_attention(queries, keys, values, mask, causal, need_weights, relative=relative)
        check_sizes(queries, keys, values)
        weights = masked_softmax(scaled_scores(queries, keys, relative), looking_back(mask, queries, keys, causal))
        output = context_vectors(F.dropout(weights, self.probability), values, relative)
        return output, (weights if need_weights else None)
