"""Self-attention: every vector of a set asks the others of its own set."""

from collections.abc import Callable

from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.functional import attention_weights, check_positive, check_size, check_sizes, context_vector
from attention_course.scores import AdditiveScore


def self_attention(
    words: Float[Tensor, "*batch words size"],
    score: Callable[[Tensor, Tensor], Tensor],
    values: Float[Tensor, "*batch words value_size"] | None = None,
    mask: Bool[Tensor, "..."] | None = None,
) -> tuple[Float[Tensor, "*batch words out"], Float[Tensor, "*batch words words"]]:
    """Eqs. (16) and (17) with any score: the set {x_1 .. x_T} gives the set {c_1 .. c_T}, and the weights a_ij.

    score: S, a function of (queries, keys); both are `words` here, the x of the survey.
    values: the survey's h, what is averaged; `words` themselves unless told.
    mask: True = may attend; broadcasts to (..., words, words), so that `masks.padding_mask` fits as it is. A word that
        may attend to nothing gets a context of exactly zero.

    The order of the set counts for nothing: permuted words give the same contexts, permuted.
    """
    values = words if values is None else values
    check_sizes(words, words, values)
    weights = attention_weights(words, words, score, mask)
    return context_vector(weights, values), weights


class SelfAttention(nn.Module):
    """Additive self-attention, Eqs. (15)-(17): z_ij = tanh(x_i W_q^T + x_j W_k^T) u^T, the word x_i as the query.

    size: of a word x; score_size: D. The tanh is computed for each pair of words, so that a set of T words takes
    memory for T * T * D numbers. The survey's letters for W_k, W_q and u are W_1, W_2 and v.

    >>> relate = SelfAttention(size=6, score_size=5)
    >>> contexts, weights = relate(torch.randn(2, 4, 6))
    >>> contexts.shape, weights.shape
    (torch.Size([2, 4, 6]), torch.Size([2, 4, 4]))
    """

    def __init__(self, size: int, score_size: int):
        super().__init__()
        check_positive(size=size, score_size=score_size)
        self.score = AdditiveScore(size, size, score_size)

    def forward(
        self,
        words: Float[Tensor, "*batch words size"],
        mask: Bool[Tensor, "..."] | None = None,
        values: Float[Tensor, "*batch words value_size"] | None = None,
    ) -> tuple[Float[Tensor, "*batch words out"], Float[Tensor, "*batch words words"]]:
        """Give (contexts, weights); see `self_attention`."""
        check_size("words", words, self.score.project_key.in_features)
        return self_attention(words, self.score, values, mask)
