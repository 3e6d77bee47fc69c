"""Two words that share half of their numbers, on their way through blocks that add the average of both to each."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


class Level(NamedTuple):
    post: Float[Tensor, "2 4"]
    pre: Float[Tensor, "2 4"]
    share: tuple[float, float]  # cat's own third number over its first, which is shared: post-norm and pre-norm


def two_words(blocks: int) -> list[Level]:
    """Below the first block, and above each."""
    post = pre = torch.tensor([[1, -1, 1, -1], [1, -1, -1, 1.0]])
    levels = []
    for _ in range(blocks + 1):
        levels.append(Level(post, pre, tuple((x[0, 2] / x[0, 0]).item() for x in (post, pre))))
        post = F.layer_norm(post + post.mean(0), (4,))
        pre = pre + F.layer_norm(pre, (4,)).mean(0)
    return levels
