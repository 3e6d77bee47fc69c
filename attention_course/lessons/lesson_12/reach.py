"""How much of a gradient arrives at an earlier word."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def reach(network: Callable[[Tensor], Tensor], distances: Sequence[int], words: int, size: int = 128) -> list[float]:
    """The gradient that the last of so many words sends to a word so far behind, over that to the last word itself.

    network: from vectors (16, words, size), drawn at random, to as many.
    """
    torch.manual_seed(0)
    x = torch.randn(16, words, size, requires_grad=True)
    with torch.enable_grad():
        last = network(x)[:, -1]
        (gradient,) = torch.autograd.grad((last * torch.randn_like(last)).sum(), x)
    lengths = gradient.norm(dim=-1).mean(0)  # (words)
    return [(lengths[-1 - distance] / lengths[-1]).item() for distance in distances]
