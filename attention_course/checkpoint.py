"""A training on disk: from a checkpoint it ends as it would have without the break."""

import io
import random
from collections.abc import Callable
from pathlib import Path

import numpy
import torch
from torch import Tensor, nn

DELETE = "delete it to train from the start"


def save(
    path: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    settings: dict,
    run: dict,
    loss: Callable | None = None,
) -> None:
    """Write all that the rest of a training depends on: what the model, the optimizer and the loss have learned, and
    where the random numbers are (`_random_numbers`).

    loss: where it is an `nn.Module`, its state is kept too. A checkpoint that is there already is replaced when the new
    one is whole.
    """
    state = {
        "settings": settings,
        "run": run,
        "random": _random_numbers(model, loss),
        "optimizer": optimizer.state_dict(),
        "loss": _state(loss),
        "model": model.state_dict(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    torch.save(state, partial)
    partial.replace(path)


def read(path: Path, model: nn.Module, settings: dict, loss: Callable | None = None) -> dict:
    """What `save` wrote: under "run" the run as it was, and the rest for `restore`.

    Raises ValueError for a file that is no checkpoint, or one of a training with other settings, or with a model or a
    loss whose parameters have other names, shapes or precisions.
    """
    data = io.BytesIO(path.read_bytes())
    try:
        state = torch.load(data, map_location="cpu", weights_only=True)
        was, losses, weights = state["settings"], state["loss"], state["model"]
        own, _, _, _ = state["random"]["own"], state["random"]["accelerator"], state["run"], state["optimizer"]
    except Exception as error:  # there is no telling what PyTorch stumbles over in a broken file
        raise ValueError(f"checkpoint {path}: this file is broken or no checkpoint; {DELETE}") from error
    for name, value in settings.items():
        if was.get(name) != value:
            raise ValueError(
                f"checkpoint {path}: it belongs to a training with {name} = {was.get(name)}, not {value}; {DELETE}"
            )
    # `load_state_dict` would notice too, but only after it has written what fits into the model.
    if _forms(weights) != _forms(model.state_dict()):
        raise ValueError(f"checkpoint {path}: it belongs to another model; {DELETE}")
    if _forms(losses) != _forms(_state(loss)) or len(own) != len(_generators(model, loss)):
        raise ValueError(f"checkpoint {path}: it belongs to another loss; {DELETE}")
    return state


def restore(
    path: Path, state: dict, model: nn.Module, optimizer: torch.optim.Optimizer, loss: Callable | None = None
) -> None:
    """Put model, optimizer, loss and random numbers where `save` found them; `state` is what `read` gives of `path`.

    Raises ValueError where the optimizer is another's, or the random numbers are none. Then the model is as it was.
    """
    try:
        optimizer.load_state_dict(state["optimizer"])
    except ValueError as error:  # as many numbers, but in one the embeddings are shared
        raise ValueError(f"checkpoint {path}: it belongs to another model; {DELETE}") from error
    try:
        _draw_on(state["random"], model, loss)
    except (RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"checkpoint {path}: this file is broken or no checkpoint; {DELETE}") from error
    if isinstance(loss, nn.Module):
        loss.load_state_dict(state["loss"])
    model.load_state_dict(state["model"])


def _state(loss: Callable | None) -> dict:
    return loss.state_dict() if isinstance(loss, nn.Module) else {}


def _forms(state: dict) -> dict:
    """The names, shapes and precisions; of what is no tensor, the names."""
    return {name: (value.shape, value.dtype) if isinstance(value, Tensor) else None for name, value in state.items()}


def _random_numbers(model: nn.Module, loss: Callable | None) -> dict:
    """The state of the generators of Python, NumPy and PyTorch, and of those that the model or the loss has."""
    name, keys, *rest = numpy.random.get_state()  # noqa: NPY002 the global generator is what others draw from
    return {
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "cpu": torch.get_rng_state(),
        "accelerator": [torch.get_device_module(place).get_rng_state(place) for place in _accelerators()],
        "own": [generator.get_state() for generator in _generators(model, loss)],
    }


def _draw_on(numbers: dict, model: nn.Module, loss: Callable | None) -> None:
    """Put all generators that are here as well where they were; the checkpoint may be from a machine with more GPUs."""
    random.setstate(numbers["python"])
    numpy.random.set_state(numbers["numpy"])  # noqa: NPY002
    torch.set_rng_state(numbers["cpu"])
    for place, state in zip(_accelerators(), numbers["accelerator"], strict=False):
        torch.get_device_module(place).set_rng_state(state, place)
    for generator, state in zip(_generators(model, loss), numbers["own"], strict=True):
        generator.set_state(state)


def _accelerators() -> list[torch.device]:
    """The devices besides the CPU: some of CUDA, or Apple's one."""
    if not torch.accelerator.is_available():
        return []
    kind = torch.accelerator.current_accelerator().type
    return [torch.device(kind, i) for i in range(torch.accelerator.device_count())]


def _generators(model: nn.Module, loss: Callable | None) -> list[torch.Generator]:
    """Those that parts of the model and of the loss hold as attributes."""
    modules = [part for owner in (model, loss) if isinstance(owner, nn.Module) for part in owner.modules()]
    return [value for part in modules for value in vars(part).values() if isinstance(value, torch.Generator)]
