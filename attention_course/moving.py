"""Batches and modules on another device, and back."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn


def move(batch: Any, where: torch.device) -> Any:
    """The tensors of a batch on a device. Tuples, named ones too, lists and dictionaries may be nested; what else
    stands in them stays as it is."""
    if isinstance(batch, Tensor):
        return batch.to(where)
    if isinstance(batch, dict):
        return {key: move(part, where) for key, part in batch.items()}
    if isinstance(batch, tuple | list):
        parts = [move(part, where) for part in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else type(batch)(parts)
    return batch


@contextlib.contextmanager
def visiting(where: torch.device, model: nn.Module, *others: nn.Module | Callable) -> Iterator[None]:
    """A model on another device for a while, and others with it that belong to it; plain functions have no place.

    Come what may, all of them are afterwards where the model was before.
    """
    home = next(model.parameters()).device
    modules = [module for module in (model, *others) if isinstance(module, nn.Module)]
    try:
        for module in modules:
            module.to(where)
        yield
    finally:
        for module in modules:
            module.to(home)
