"""Scaled dot-product attention with a number added to each score."""

from jaxtyping import Bool, Float
from torch import Tensor

from attention_course.functional import check_sizes, looking_back, masked_softmax


def biased_attention(
    queries: Float[Tensor, "*#batch queries key_size"],
    keys: Float[Tensor, "*#batch keys key_size"],
    values: Float[Tensor, "*#batch keys value_size"],
    bias: Float[Tensor, "..."],
    mask: Bool[Tensor, "..."] | None = None,
    causal: bool = False,
    need_weights: bool = True,
) -> tuple[Float[Tensor, "*#batch queries value_size"], Float[Tensor, "*#batch queries keys"] | None]:
    """softmax(Q K^T / sqrt(D) + bias) V. `bias` broadcasts to (*batch, L, S); a bias of 0 is plain attention."""
    check_sizes(queries, keys, values)
    scores = (queries / queries.shape[-1] ** 0.5) @ keys.mT + bias.to(queries.dtype)
    weights = masked_softmax(scores, looking_back(mask, queries, keys) if causal else mask)
    return weights @ values, (weights if need_weights else None)
