"""A set of vectors becomes one: by attention without a query, or by the plain mean."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.functional import check_positive, check_size, context_vector, masked_softmax


class AttentionPooling(nn.Module):
    """Attention without a query, Eqs. (18)-(20): a set of vectors becomes one, z = tanh(x W_k^T) u^T.

    u takes the query's place: one learned question, asked of every input (Lin et al. 2017 with r = 1;
    Yang et al. 2016 add a bias to W_k and call u the context vector). The survey writes W for W_k, and v for u.
    """

    def __init__(self, size: int, score_size: int):
        super().__init__()
        check_positive(size=size, score_size=score_size)
        self.project = nn.Linear(size, score_size, bias=False)  # W_k
        self.u = nn.Parameter(torch.randn(score_size) / score_size**0.5)

    def forward(
        self, values: Float[Tensor, "*batch keys size"], mask: Bool[Tensor, "*batch keys"] | None = None
    ) -> tuple[Float[Tensor, "*batch size"], Float[Tensor, "*batch keys"]]:
        """Give (context, weights). mask: True = counts; a set with nothing in it gives zeros."""
        check_size("values", values, self.project.in_features)
        weights = masked_softmax(torch.tanh(self.project(values)) @ self.u, mask)
        return context_vector(weights.unsqueeze(-2), values).squeeze(-2), weights


class MeanPooling(nn.Module):
    """The plain mean, which attention has to beat: equal weights for all that the mask allows."""

    def forward(
        self, values: Float[Tensor, "batch keys size"], mask: Bool[Tensor, "batch keys"]
    ) -> tuple[Float[Tensor, "batch size"], Float[Tensor, "batch keys"]]:
        """Give (mean, weights), both zero for a set with nothing in it, as in `AttentionPooling`."""
        weights = mask / mask.sum(-1, keepdim=True).clamp(min=1)
        weights = weights.to(values.dtype)
        return (weights.unsqueeze(-2) @ values).squeeze(-2), weights
