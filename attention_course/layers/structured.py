"""Attention without a query, several times over: a sentence as a small matrix (Lin et al. 2017)."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.functional import check_mask, check_positive, check_size, context_vector, masked_softmax


class StructuredAttention(nn.Module):
    """Eqs. (18)-(20) with r learned questions at once: A = softmax(U tanh(W_k H^T)), M = A H.

    Every row of A is a hop: a distribution of its own over the words, and a row of M is the mean of the words under it.
    With r = 1 this is `AttentionPooling`.

    size: of a word (Lin's 2u); score_size: d_a; hops: r. The softmax runs over the words, as in the paper. Lin et al.
    write H with a word a row, as here, call a row of A an annotation, and write W_1 for W_k and W_2 for U.
    """

    def __init__(self, size: int, score_size: int, hops: int):
        super().__init__()
        check_positive(size=size, score_size=score_size, hops=hops)
        self.project = nn.Linear(size, score_size, bias=False)  # W_k
        self.questions = nn.Parameter(torch.randn(hops, score_size) / score_size**0.5)  # U

    def forward(
        self, values: Float[Tensor, "*batch keys size"], mask: Bool[Tensor, "*batch keys"] | None = None
    ) -> tuple[Float[Tensor, "*batch hops size"], Float[Tensor, "*batch hops keys"]]:
        """Give (M, A). mask: True = counts; a set with nothing in it gives zeros."""
        check_size("values", values, self.project.in_features)
        if mask is not None:
            check_mask(mask, values.shape[:-1])
            mask = mask.unsqueeze(-2)  # the same words for every hop
        weights = masked_softmax(self.questions @ torch.tanh(self.project(values)).mT, mask)  # (..., r, S)
        return context_vector(weights, values), weights


def hop_penalty(weights: Float[Tensor, "*batch hops keys"]) -> Float[Tensor, "*batch"]:
    """||A A^T - I||_F^2 for each set (Lin et al. 2017, Eq. 8): what it costs when hops look at the same words.

    Zero when every hop has all its weight on one word, and no two have the same. The diagonal of A A^T is one for such
    a hop only: the penalty wants hops that differ, and also hops that are sharp.
    """
    gram = weights @ weights.mT  # (..., r, r)
    identity = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    return (gram - identity).square().sum((-2, -1))
