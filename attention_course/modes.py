"""Training and evaluation mode, such that what is frozen in a model stays frozen."""

import contextlib
from collections.abc import Iterator

from torch import nn


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Without dropout; the mode of every part is afterwards what it was."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def start_training(model: nn.Module) -> None:
    """Put a model into training mode, but not what is frozen in it.

    A model in training mode is left alone: its parts in evaluation mode are there on purpose. (Not so where nothing
    that learns is in training mode: then a new `nn.Module` was put around a model in evaluation mode.) In a model in
    evaluation mode those parts stay there that have parameters, of which none learns.
    """
    if model.training and any(part.training and _learns(part, recurse=False) for part in model.modules()):
        return
    frozen = [part for part in model.modules() if not part.training and any(True for _ in part.parameters())]
    frozen = [part for part in frozen if not _learns(part)]
    model.train()
    for part in frozen:
        part.eval()


def _learns(part: nn.Module, recurse: bool = True) -> bool:
    return any(parameter.requires_grad for parameter in part.parameters(recurse))
