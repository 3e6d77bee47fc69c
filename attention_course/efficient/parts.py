"""One softmax over two sets of keys whose scores are computed apart."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attention_course.functional import masked_softmax


def joint_softmax(
    near: Float[Tensor, "*batch queries near"],
    near_mask: Bool[Tensor, "..."],
    far: Float[Tensor, "*batch queries far"],
    far_mask: Bool[Tensor, "..."],
) -> tuple[Float[Tensor, "*batch queries near"], Float[Tensor, "*batch queries far"]]:
    """The weights of both parts; those of a query sum to one over the two together."""
    masks = torch.cat([near_mask.expand(near.shape), far_mask.expand(far.shape)], -1)
    weights = masked_softmax(torch.cat([near, far], -1), masks)
    return weights.split([near.shape[-1], far.shape[-1]], -1)
