"""Training a translator on a budget of target tokens."""

import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.data.batches import Example, endless
from attention_course.device import at_least_float32
from attention_course.masks import PAD
from attention_course.training.loop import Training, fit
from attention_course.training.recipe import adamw


def train(
    model: nn.Module,
    examples: Sequence[Example],
    *,
    target_tokens: int,
    learning_rate: float,
    batch_tokens: int = 1000,
    label_smoothing: float = 0.0,
    optimizer: Callable[..., torch.optim.Optimizer] = adamw,
    parameters: Sequence[dict[str, Any]] | None = None,
    autocast: bool = False,
    loss: Callable[[nn.Module, Tensor, Tensor], Tensor] | None = None,
    validate: Callable[[nn.Module], float] | None = None,
    validate_at: Sequence[float] = (0.7, 0.8, 0.9, 1.0),
    checkpoint: Path | None = None,
    seed: int = 0,
    device: torch.device | str = "auto",
    progress: bool = True,
) -> Training:
    """`fit` of `model(source, previous) -> (logits, weights)` until it has been shown `target_tokens` words to predict.

    batch_tokens: see `data.batches.cut`.
    loss: what to lower, given (model, source, target); `translation_loss` if none is given.
    All else is as in `fit`. Raises ValueError, besides, where there are no examples.
    """
    if target_tokens < 1:
        raise ValueError(f"target_tokens: expected at least 1, got {target_tokens}")
    settings = {"target_tokens": target_tokens, "batch_tokens": batch_tokens, "label_smoothing": label_smoothing}
    settings["seed"] = seed
    if checkpoint:
        settings["examples"] = f"{len(examples)}, checksum {zlib.crc32(repr(list(examples)).encode())}"
    return fit(
        model,
        endless(examples, batch_tokens, seed),
        loss or partial(translation_loss, label_smoothing=label_smoothing),
        budget=target_tokens,
        learning_rate=learning_rate,
        count=words_to_predict,
        unit="words",
        optimizer=optimizer,
        parameters=parameters,
        autocast=autocast,
        validate=validate,
        validate_at=validate_at,
        checkpoint=checkpoint,
        settings=settings,
        device=device,
        progress=progress,
    )


def translation_loss(
    model: nn.Module,
    source: Int[Tensor, "batch source"],
    target: Int[Tensor, "batch target"],
    label_smoothing: float = 0.0,
) -> Float[Tensor, ""]:
    """The `sequence_loss` of a translator that is told the words before each."""
    logits, _ = model(source, target[:, :-1])
    return sequence_loss(at_least_float32(logits), target[:, 1:], label_smoothing)


def sequence_loss(
    logits: Float[Tensor, "batch target words"], target: Int[Tensor, "batch target"], label_smoothing: float = 0.0
) -> Float[Tensor, ""]:
    """Cross-entropy in nats a target token; padding does not count."""
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PAD, label_smoothing=label_smoothing)


def words_to_predict(source: Int[Tensor, "batch source"], target: Int[Tensor, "batch target"]) -> int:
    """All but the first of each target."""
    return int((target[:, 1:] != PAD).sum())
