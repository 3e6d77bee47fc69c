"""The one training loop of the course: batches, a loss, and a budget."""

import copy
import math
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from attention_course import device as machine
from attention_course.bar import bar
from attention_course.interruptions import interruptions
from attention_course.modes import evaluating, start_training
from attention_course.moving import move, visiting
from attention_course.training.recipe import adamw, warm_up_then_decay
from attention_course.training.saving import Saver

TIDY_EVERY = 20  # steps


class Training(NamedTuple):
    """What a training has used, and how it went."""

    used: int  # of the budget, in its unit
    steps: int
    seconds: float
    losses: list[float]  # one a step
    validations: list[tuple[int, float]]  # what was used by then, and the score that the model had
    interrupted: bool
    precision: str  # what was computed in: "bfloat16" (weights stay wider), or the model's own, as a rule "float32"
    device: str  # the kind: "cpu", "cuda" or "mps"


@torch.inference_mode(False)
@torch.enable_grad()
def fit(
    model: nn.Module,
    batches: Iterable,
    loss: Callable[..., Tensor],
    *,
    budget: int,
    learning_rate: float,
    count: Callable[..., int] = lambda *batch: 1,
    unit: str = "steps",
    optimizer: Callable[..., torch.optim.Optimizer] = adamw,
    parameters: Sequence[dict[str, Any]] | None = None,
    schedule: Callable[[float], float] = warm_up_then_decay,
    clip: float | None = 1.0,
    autocast: bool = False,
    validate: Callable[[nn.Module], float] | None = None,
    validate_at: Sequence[float] = (0.7, 0.8, 0.9, 1.0),
    checkpoint: Path | None = None,
    settings: dict[str, Any] | None = None,
    device: torch.device | str = "auto",
    progress: bool = True,
) -> Training:
    """Lower `loss(model, *batch)`, one batch a step, until the budget is used.

    The budget is a number, never a time, so that two runs on one machine give the same numbers. Gradients are computed
    also where the surroundings have switched them off.

    batches: each a tensor, or a tuple of tensors, tuples and plain values. They are drawn as they are needed.
    loss: where it is an `nn.Module`, it goes where the model goes.
    count: what `count(*batch)` uses of the budget, in a `unit` that the progress bar names; without it, one a step.
    optimizer: made by `optimizer(groups, lr=learning_rate)`.
    parameters: groups as PyTorch's optimizers take them; without them, all of the model's are one. A group may have a
        "share" of the learning rate, and `batches` may change it as they go: so parts are frozen and thawed.
    schedule: the factor on the learning rate, given the share of the budget that is used halfway through a batch.
    clip: the norm at which gradients are clipped; None for not at all.
    autocast: compute in bfloat16 where that pays (`device.bfloat16_pays`).
    validate: a score of the model, the higher the better, taken at the shares `validate_at` of the budget. The model
        is left as it was when it scored best.
    checkpoint: a file that the training is saved to now and then. Where it exists, training goes on from there, in the
        precision in which it began, and ends as it would have without the break; a training that had ended is not
        repeated. `batches` are to begin as they began, and are brought to their place. A loss with a state of its own
        has to be an `nn.Module`, with the state in its `state_dict` or in a `torch.Generator` among its attributes.
    settings: what else makes it this training and no other, by name: a checkpoint of another is refused.
    device: where to train (`device.device_for`). Afterwards model and loss are where the model was before.

    A model in training mode keeps the modes of its parts (`modes.start_training`), so that what is frozen stays frozen.
    It is left in evaluation mode.

    An interruption (Ctrl-C, or the notebook's stop button) ends the training, and the model keeps what it has learned;
    the checkpoint, if there is one, is saved first.

    Raises ValueError for a budget below one, batches that end before it is used, a device that is not there, a
    checkpoint of another training, or one for a loss whose state it cannot hold, and ArithmeticError where the loss is
    no longer finite.
    """
    if budget < 1:
        raise ValueError(f"budget: expected at least 1, got {budget}")
    settings = (settings or {}) | {"budget": budget, "learning_rate": learning_rate, "clip": clip, "autocast": autocast}
    settings["validate_at"] = list(validate_at) if validate else None
    where = machine.device_for(model, device)
    groups = parameters or [{"params": model.parameters()}]
    stream = iter(batches)
    run = {"used": 0, "seconds": 0.0, "losses": [], "validations": [], "best": None}
    run["half"] = autocast and machine.bfloat16_pays(where.type)
    with visiting(where, model, loss):
        descent = optimizer([group | {"params": list(group["params"])} for group in groups], lr=learning_rate)
        saver = Saver(checkpoint, model, descent, loss, settings, dict(optimizer=optimizer, schedule=schedule))
        run = saver.resume(run, stream)
        start = time.perf_counter() - run["seconds"]
        moving = bar(total=budget, unit=unit, done=min(run["used"], budget), shown=progress)
        with moving, interruptions() as interrupted:
            while run["used"] < budget and not interrupted:
                batch = next(stream, None)
                if batch is None:
                    raise ValueError(f"batches: expected enough for {budget} {unit}, got {run['used']}")
                batch = batch if isinstance(batch, tuple | list) else (batch,)
                amount = count(*batch)  # before it moves: nothing waits for the device
                before, after = run["used"], run["used"] + amount
                rate = learning_rate * schedule(min(1.0, (before + amount / 2) / budget))
                for group, given in zip(descent.param_groups, groups, strict=True):
                    group["lr"] = rate * given.get("share", 1.0)
                value = train_step(model, descent, loss, move(batch, where), clip, run["half"])
                run["losses"].append(value)
                run["used"] = after
                if validate and any(before < share * budget <= after for share in validate_at):
                    _validate(model, validate, run)
                moving.update(min(amount, budget - moving.n))
                moving.set_postfix(loss=f"{value:.2f}", refresh=False)
                if len(run["losses"]) % TIDY_EVERY == 0:
                    machine.give_back_memory()
                run["seconds"] = time.perf_counter() - start
                saver.after_step(run)
            saver.at_the_end(run)
            moving.refresh()  # a training shorter than the bar's interval shows its loss, too
        if run["best"] and run["used"] >= budget:
            model.load_state_dict(run["best"])
    model.eval()
    machine.give_back_memory()
    return Training(
        used=run["used"],
        steps=len(run["losses"]),
        seconds=run["seconds"],
        losses=run["losses"],
        validations=run["validations"],
        interrupted=bool(interrupted),
        precision="bfloat16" if run["half"] else str(next(model.parameters()).dtype).removeprefix("torch."),
        device=where.type,
    )


def train_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    loss: Callable[..., Tensor],
    batch: Sequence,
    clip: float | None = 1.0,
    half: bool = False,
) -> float:
    """One batch, one step. Gives the loss, or raises ArithmeticError, and takes no step, where that is not finite.

    half: compute in bfloat16. For the rest, see `fit`; model and batch are on one device.
    """
    start_training(model)
    kind = next(model.parameters()).device.type
    with machine.half_precision(kind, half):
        value = loss(model, *batch)
    optimizer.zero_grad()
    with machine.half_precision(kind, False):
        value.backward()
    if clip is not None:
        nn.utils.clip_grad_norm_(model.parameters(), clip)
    number = value.item()  # only now: here a GPU is waited for
    if not math.isfinite(number):
        raise ArithmeticError(f"loss: expected a finite number, got {number}; the learning rate may be too high")
    optimizer.step()
    return number


def _validate(model: nn.Module, validate: Callable[[nn.Module], float], run: dict) -> None:
    """Score the model, and keep a copy of the best so far."""
    with evaluating(model):
        score = float(validate(model))
    if not run["validations"] or score > max(s for _, s in run["validations"]):
        run["best"] = copy.deepcopy(model.state_dict())
    run["validations"].append((run["used"], score))
