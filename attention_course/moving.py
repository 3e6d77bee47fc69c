"""Nested tuples of tensors, and modules: on another device, and back."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """`function` of everything that stands in nested tuples, named ones too, lists and dictionaries."""
    if isinstance(tree, dict):
        return {key: mapped(function, part) for key, part in tree.items()}
    if isinstance(tree, tuple | list):
        parts = [mapped(function, part) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return function(tree)


def move(batch: Any, where: torch.device) -> Any:
    """A batch whose tensors are on a device; what else stands in it stays as it is."""
    return mapped(lambda part: part.to(where) if isinstance(part, Tensor) else part, batch)


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
