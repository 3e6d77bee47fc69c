"""How widely attention is spread."""

import torch
from jaxtyping import Float
from torch import Tensor


def entropy(weights: Float[Tensor, "*batch keys"]) -> Float[Tensor, "*batch"]:
    """H = -sum_i alpha_i log alpha_i of each row of weights, in nats, where 0 log 0 is 0.

    It is 0 where one key has all the weight, and log n, the most that n keys can have, where they share it equally. A
    row of zeros, which attends to nothing, has entropy 0, too.
    """
    return torch.special.entr(weights).sum(-1)
