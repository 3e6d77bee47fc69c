"""Attention to all others, where one vector asks and is found (Reformer: Kitaev, Kaiser and Levskaya 2020)."""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from attention_course.functional import check_mask, check_sizes, context_vectors, looking_back, masked_softmax


def attention_to_others(
    queries: Float[Tensor, "*batch queries size"],
    keys: Float[Tensor, "*batch keys size"],
    values: Float[Tensor, "*batch keys value_size"],
    mask: Bool[Tensor, "..."] | None = None,
    causal: bool = False,
    need_weights: bool = True,
    *,
    relative: Any = None,
) -> tuple[Float[Tensor, "*batch queries value_size"], Float[Tensor, "*batch queries keys"] | None]:
    """softmax(q_i . k_j / |k_j| / sqrt(D)) over the others; a position sees itself only where it sees no other.

    As queries and keys are the same vectors, each would look hardest at itself: no other vector, brought to length one,
    has a larger product with it. The last query is level with the last key.

    mask: True = may attend. causal: none sees a later key. relative: see `positions.relative`.
    """
    check_sizes(queries, keys, values)
    itself = torch.eye(keys.shape[-2], dtype=torch.bool, device=keys.device)[-queries.shape[-2] :]
    mask = looking_back(mask, queries, keys, causal)
    mask = torch.ones_like(itself) if mask is None else mask
    check_mask(mask, (*queries.shape[:-1], keys.shape[-2]))
    others = mask & ~itself
    allowed = others | (mask & itself & ~others.any(-1, keepdim=True))
    scores = queries @ F.normalize(keys, dim=-1).mT / queries.shape[-1] ** 0.5
    if relative is not None:
        scores = scores + relative.scores(queries / queries.shape[-1] ** 0.5, keys.shape[-2])
    weights = masked_softmax(scores, allowed)
    return context_vectors(weights, values, relative), (weights if need_weights else None)
