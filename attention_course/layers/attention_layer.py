"""Attention over any score function, as a layer."""

from collections.abc import Callable

from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.functional import check_sizes, context_vector, looking_back, masked_softmax


class AttentionLayer(nn.Module):
    """Eqs. (1) and (2) with a score function of your choice.

    score: a module or function of (queries, keys) that gives scores (..., L, S); see `scores`.

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
        causal: bool = False,
        need_weights: bool = True,
    ) -> tuple[Float[Tensor, "*batch queries size"], Float[Tensor, "*batch queries keys"] | None]:
        """Give (context, weights); without `values` the keys are averaged, as in the survey.

        mask: True = may attend; broadcasts to (..., queries, keys). causal: no query sees a later key.
        """
        values = keys if values is None else values
        check_sizes(keys, keys, values)  # what sizes queries and keys have to have, the score knows
        weights = masked_softmax(self.score(queries, keys), looking_back(mask, queries, keys, causal))
        context = context_vector(weights, values)
        return context, (weights if need_weights else None)
