"""Attention as layers: over any score function, and without a query."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from .functional import context_vector, masked_softmax


class AttentionLayer(nn.Module):
    """Eqs. (1) and (2) with a score function of your choice.

    score: a module or function of (queries, keys) that gives energies (..., L, S); see `scores`.

    >>> attend = AttentionLayer(AdditiveScore(query_size=8, key_size=6, score_size=5))
    >>> context, weights = attend(torch.randn(2, 3, 8), torch.randn(2, 4, 6))
    >>> context.shape, weights.shape
    (torch.Size([2, 3, 6]), torch.Size([2, 3, 4]))
    """

    def __init__(self, score: Callable[[Tensor, Tensor], Tensor]):
        super().__init__()
        self.score = score

    def forward(
        self,
        queries: Float[Tensor, "*batch queries query_size"],
        keys: Float[Tensor, "*batch keys key_size"],
        values: Float[Tensor, "*batch keys value_size"] | None = None,
        mask: Bool[Tensor, "..."] | None = None,
        need_weights: bool = True,
    ) -> tuple[Float[Tensor, "*batch queries size"], Float[Tensor, "*batch queries keys"] | None]:
        """Give (context, weights); without `values` the keys are averaged, as in the survey.

        mask: True = may attend; broadcasts to (..., queries, keys).
        """
        weights = masked_softmax(self.score(queries, keys), mask)
        context = context_vector(weights, keys if values is None else values)
        return context, (weights if need_weights else None)


class AttentionPooling(nn.Module):
    """Attention without a query, Eqs. (18)-(20): a set of vectors becomes one, S(x) = v^T tanh(W x).

    v takes the query's place: one learned question, asked of every input (Lin et al. 2017 with r = 1;
    Yang et al. 2016 add a bias to W and call v the context vector).
    """

    def __init__(self, size: int, score_size: int):
        super().__init__()
        self.project = nn.Linear(size, score_size, bias=False)  # W
        self.v = nn.Parameter(torch.randn(score_size) / score_size**0.5)

    def forward(
        self, values: Float[Tensor, "*batch keys size"], mask: Bool[Tensor, "*batch keys"] | None = None
    ) -> tuple[Float[Tensor, "*batch size"], Float[Tensor, "*batch keys"]]:
        """Give (context, weights). mask: True = counts; a set with nothing in it gives zeros."""
        weights = masked_softmax(torch.tanh(self.project(values)) @ self.v, mask)
        return context_vector(weights.unsqueeze(-2), values).squeeze(-2), weights
