"""Training a small classifier on examples that are drawn as they are needed."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from attention_course.training.loop import Training, fit
from attention_course.training.recipe import constant

Batch = tuple[tuple[Tensor, ...], Tensor]
"""What the model is called with, and the classes (B, ...) that are right."""


def train_classifier(
    model: nn.Module,
    draw: Callable[[], Batch],
    *,
    steps: int,
    learning_rate: float,
    penalty: Callable[[Any], Tensor] | None = None,
    device: torch.device | str = "auto",
    progress: bool = True,
) -> Training:
    """`fit` of `model(*inputs) -> (logits, weights)`, by Adam with a constant learning rate.

    Logits are (B, ..., classes); the loss is the cross-entropy in nats.
    penalty: what is added to the loss for the weights.
    """

    def loss(model: nn.Module, inputs: tuple[Tensor, ...], target: Tensor) -> Float[Tensor, ""]:
        logits, weights = model(*inputs)
        value = F.cross_entropy(logits.flatten(0, -2), target.flatten())
        return value if penalty is None else value + penalty(weights)

    return fit(
        model,
        (draw() for _ in range(steps)),
        loss,
        budget=steps,
        learning_rate=learning_rate,
        optimizer=torch.optim.Adam,
        schedule=constant,
        device=device,
        progress=progress,
    )
