"""How a training goes by default: the optimizer and the course of its learning rate."""

from collections.abc import Sequence
from typing import Any

import torch

FUSED = ("cpu", "cuda", "mps")  # where one kernel updates all parameters


def adamw(
    groups: Sequence[dict[str, Any]], lr: float, betas: tuple[float, float] = (0.9, 0.98)
) -> torch.optim.Optimizer:
    """AdamW, fused where there is such a kernel. Its second moment is forgotten faster than by PyTorch's default, as in
    Vaswani et al. (2017), which suits short trainings."""
    return torch.optim.AdamW(groups, lr=lr, betas=betas, fused=groups[0]["params"][0].device.type in FUSED)


def warm_up_then_decay(progress: float, warm_up: float = 0.1) -> float:
    """The factor on the learning rate when `progress` (0 to 1) of the budget is used: up to one, then down to zero."""
    return progress / warm_up if progress < warm_up else (1 - progress) / (1 - warm_up)


def constant(progress: float) -> float:
    """The learning rate stays as it is."""
    return 1.0
