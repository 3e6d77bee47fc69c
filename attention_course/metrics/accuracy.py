"""How often a classifier is right."""

import torch
from torch import Tensor, nn

from attention_course.modes import evaluating
from attention_course.moving import move


@torch.no_grad()
def accuracy(model: nn.Module, batch: tuple[tuple[Tensor, ...], Tensor]) -> float:
    """The share of examples all of whose answers are right, without dropout, on the model's device.

    batch: what `model(*inputs) -> (logits, weights)` is called with, and the classes (B, ...) that are right.
    """
    inputs, target = move(batch, next(model.parameters(), batch[1]).device)
    with evaluating(model):
        right = model(*inputs)[0].argmax(-1) == target
    return right.flatten(1).all(-1).float().mean().item() if right.dim() > 1 else right.float().mean().item()
