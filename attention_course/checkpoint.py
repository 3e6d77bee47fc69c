"""A training on disk: from a checkpoint it ends as it would have without the break."""

import io
from pathlib import Path

import torch
from torch import nn


def save(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, settings: dict, run: dict) -> None:
    """Write all that the rest of a training depends on, the random numbers of CPU and CUDA included.

    A checkpoint that is there already is replaced when the new one is whole.
    """
    random = {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": random}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    torch.save({"settings": settings, "run": run, **state}, partial)
    partial.replace(path)


def load(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, settings: dict) -> dict:
    """Put model, optimizer and random numbers where `save` found them. Gives `run` as it was.

    Raises ValueError for a file that is no checkpoint, or one of a training with other settings or with a model whose
    parameters have other names or shapes.
    """
    delete = "delete it to train from the start"
    data = io.BytesIO(path.read_bytes())
    try:
        state = torch.load(data, map_location="cpu", weights_only=True)
        was, weights = state["settings"], state["model"]
    except Exception as error:  # there is no telling what PyTorch stumbles over in a broken file
        raise ValueError(f"checkpoint {path}: this file is broken or no checkpoint; {delete}") from error
    for name, value in settings.items():
        if was.get(name) != value:
            raise ValueError(
                f"checkpoint {path}: it belongs to a training with {name} = {was.get(name)}, not {value}; {delete}"
            )
    # `load_state_dict` would notice too, but only after it has written what fits into the model.
    if _shapes(weights) != _shapes(model.state_dict()):
        raise ValueError(f"checkpoint {path}: it belongs to another model; {delete}")
    model.load_state_dict(weights)
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["random"]["cpu"])
    torch.cuda.set_rng_state_all(state["random"]["cuda"])
    return state["run"]


def _shapes(weights: dict[str, torch.Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in weights.items()}
