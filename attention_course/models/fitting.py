"""Training a small classifier on examples that are drawn as they are needed."""

import sys
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from attention_course.modes import evaluating, start_training

Batch = tuple[tuple[Tensor, ...], Tensor]
"""What the model is called with, and the classes (B, ...) that are right."""


@torch.inference_mode(False)
@torch.enable_grad()
def fit(
    model: nn.Module,
    draw: Callable[[], Batch],
    *,
    steps: int,
    learning_rate: float,
    penalty: Callable[[Any], Tensor] | None = None,
    progress: bool = True,
) -> list[float]:
    """Train `model(*inputs) -> (logits, weights)` for a number of steps, and give the cross-entropy of each in nats.

    Logits are (B, ..., classes); Adam, with gradients clipped at norm 1. Batches are moved to the model's device.
    penalty: what is added to the loss for the weights. What is frozen stays frozen (`modes.start_training`), and the
    model is left in evaluation mode. Raises ArithmeticError where the loss is no longer finite.
    """
    optimizer = torch.optim.Adam(model.parameters(), learning_rate)
    losses = []
    start_training(model)
    # To stdout: what a notebook gets on stderr it shows as if something had gone wrong.
    for _ in tqdm(range(steps), unit=" steps", mininterval=0.5, disable=not progress, file=sys.stdout, leave=False):
        inputs, target = _beside(model, draw())
        logits, weights = model(*inputs)
        loss = F.cross_entropy(logits.flatten(0, -2), target.flatten())
        losses.append(loss.item())
        if penalty is not None:
            loss = loss + penalty(weights)
        if not loss.isfinite():
            raise ArithmeticError(
                f"loss: expected a finite number, got {loss.item()}; the learning rate may be too high"
            )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.eval()
    return losses


@torch.no_grad()
def accuracy(model: nn.Module, batch: Batch) -> float:
    """The share of examples all of whose answers are right, without dropout."""
    inputs, target = _beside(model, batch)
    with evaluating(model):
        right = model(*inputs)[0].argmax(-1) == target
    return right.flatten(1).all(-1).float().mean().item() if right.dim() > 1 else right.float().mean().item()


def _beside(model: nn.Module, batch: Batch) -> Batch:
    """The batch on the model's device."""
    inputs, target = batch
    where = next(model.parameters(), target).device
    return tuple(part.to(where) for part in inputs), target.to(where)
