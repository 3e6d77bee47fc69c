"""Training a translator on a budget of target tokens."""

import copy
import sys
import time
import warnings
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from tqdm import tqdm

from attention_course import checkpoint as saved
from attention_course import device
from attention_course.data.batches import Example, endless
from attention_course.fingerprint import fingerprint
from attention_course.interruptions import interruptions
from attention_course.masks import PAD
from attention_course.modes import evaluating, start_training

SAVE_EVERY = 60.0  # seconds between two checkpoints
TIDY_EVERY = 20  # steps


class Training(NamedTuple):
    """What a training run has used, and how it went."""

    target_tokens: int
    steps: int
    seconds: float
    losses: list[float]  # nats a target token, one a step
    validations: list[tuple[int, float]]  # target tokens, and the score that the model had then
    interrupted: bool
    precision: str  # what was computed in: "bfloat16" (weights stay wider), or the model's own, as a rule "float32"


def sequence_loss(
    logits: Float[Tensor, "batch target words"], target: Int[Tensor, "batch target"], label_smoothing: float = 0.0
) -> Float[Tensor, ""]:
    """Cross-entropy in nats a target token; padding does not count."""
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PAD, label_smoothing=label_smoothing)


def warm_up_then_decay(progress: float, warm_up: float = 0.1) -> float:
    """The factor on the learning rate when `progress` (0 to 1) of the budget is used: up to one, then down to zero."""
    return progress / warm_up if progress < warm_up else (1 - progress) / (1 - warm_up)


@torch.inference_mode(False)
@torch.enable_grad()
def train(
    model: nn.Module,
    examples: Sequence[Example],
    *,
    target_tokens: int,
    learning_rate: float,
    batch_tokens: int = 1000,
    label_smoothing: float = 0.0,
    autocast: bool = False,
    loss: Callable[[nn.Module, Tensor, Tensor], Tensor] | None = None,
    validate: Callable[[nn.Module], float] | None = None,
    validate_at: Sequence[float] = (0.7, 0.8, 0.9, 1.0),
    checkpoint: Path | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Training:
    """Train `model(source, previous) -> (logits, weights)` until it has been shown `target_tokens` words to predict.

    The budget is a number of tokens, never of seconds, so that two runs on one machine give the same numbers.
    AdamW; gradients are clipped at norm 1; the learning rate follows `warm_up_then_decay`.

    batch_tokens: see `data.batches.cut`.
    autocast: compute in bfloat16 where that pays (`device.bfloat16_pays`).
    loss: what to lower, given (model, source, target); `sequence_loss` of the model's logits if none is given. An
        `nn.Module` is moved to the model's device.
    validate: a score of the model, the higher the better, taken at the shares `validate_at` of the budget. The model
        is left as it was when it scored best.
    checkpoint: a file that the training is saved to now and then. Where it exists, training goes on from there, in the
        precision in which it began, and ends as it would have without the break; a training that had ended is not
        repeated. A loss with a state of its own has to be an `nn.Module`, with the state in its `state_dict` or in a
        `torch.Generator` among its attributes.

    A model in training mode keeps the modes of its parts (`modes.start_training`), so that what is frozen stays frozen.
    It is left in evaluation mode. Gradients are computed also where the surroundings have switched them off.

    An interruption (Ctrl-C, or the notebook's stop button) ends the training, and the model keeps what it has learned;
    the checkpoint, if there is one, is saved first.

    Raises ValueError for a budget below one token, no examples, a checkpoint of another training, or one for a loss
    whose state it cannot hold, and ArithmeticError where the loss is no longer finite.
    """
    if target_tokens < 1:
        raise ValueError(f"target_tokens: expected at least 1, got {target_tokens}")
    where = next(model.parameters()).device
    if isinstance(loss, nn.Module):
        loss.to(where)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.98), fused=True)
    settings = {
        "target_tokens": target_tokens,
        "learning_rate": learning_rate,
        "batch_tokens": batch_tokens,
        "label_smoothing": label_smoothing,
        "autocast": autocast,
        "validate_at": list(validate_at) if validate else None,
        "seed": seed,
        "loss": fingerprint(loss) if loss and checkpoint else None,
        "examples": f"{len(examples)}, checksum {zlib.crc32(repr(list(examples)).encode())}" if checkpoint else None,
    }
    half = autocast and device.bfloat16_pays(where.type)
    run = {"seen": 0, "seconds": 0.0, "losses": [], "validations": [], "best": None, "half": half}
    if checkpoint and checkpoint.exists():
        run = saved.load(checkpoint, model, optimizer, settings, loss)
    last_save = time.perf_counter()
    start = last_save - run["seconds"]
    steps_before = len(run["losses"])
    stream = endless(examples, batch_tokens, seed, skip=steps_before)
    # To stdout: what a notebook gets on stderr it shows as if something had gone wrong.
    bar = tqdm(
        total=target_tokens,
        initial=min(run["seen"], target_tokens),
        unit=" words",
        mininterval=0.5,
        disable=not progress,
        file=sys.stdout,
        leave=False,
    )
    with bar, interruptions() as interrupted:
        while run["seen"] < target_tokens and not interrupted:
            source, target = next(stream)
            tokens = int((target[:, 1:] != PAD).sum())  # before they move: the device is not waited for
            source, target = source.to(where), target.to(where)
            before, after = run["seen"], run["seen"] + tokens
            for group in optimizer.param_groups:
                group["lr"] = learning_rate * warm_up_then_decay(min(1.0, (before + tokens / 2) / target_tokens))
            value = train_step(model, optimizer, source, target, label_smoothing, run["half"], loss)
            if settings["loss"] and len(run["losses"]) == steps_before and fingerprint(loss) != settings["loss"]:
                raise ValueError(f"loss: {settings['loss']} has a state that a checkpoint cannot hold; see `train`")
            run["losses"].append(value)
            run["seen"] = after
            if validate and any(before < share * target_tokens <= after for share in validate_at):
                _validate(model, validate, run)
            bar.update(min(tokens, target_tokens - bar.n))
            bar.set_postfix(loss=f"{value:.2f}", refresh=False)
            if len(run["losses"]) % TIDY_EVERY == 0:
                device.give_back_memory()
            run["seconds"] = time.perf_counter() - start
            if checkpoint and time.perf_counter() - last_save > SAVE_EVERY:
                saved.save(checkpoint, model, optimizer, settings, run, loss)
                last_save = time.perf_counter()
        if checkpoint and len(run["losses"]) > steps_before:
            try:
                saved.save(checkpoint, model, optimizer, settings, run, loss)
            except OSError as error:
                if run["seen"] < target_tokens:
                    raise
                warnings.warn(f"checkpoint {checkpoint}: not written, but the training is done ({error})", stacklevel=4)
        bar.refresh()  # a training shorter than the bar's interval shows its loss, too
    if run["best"] and run["seen"] >= target_tokens:
        model.load_state_dict(run["best"])
    model.eval()
    device.give_back_memory()
    precision = "bfloat16" if run["half"] else str(next(model.parameters()).dtype).removeprefix("torch.")
    losses, validations = run["losses"], run["validations"]
    return Training(run["seen"], len(losses), run["seconds"], losses, validations, bool(interrupted), precision)


def train_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    source: Int[Tensor, "batch source"],
    target: Int[Tensor, "batch target"],
    label_smoothing: float = 0.0,
    half: bool = False,
    loss: Callable[[nn.Module, Tensor, Tensor], Tensor] | None = None,
) -> float:
    """One batch, one step. Gives the loss, or raises ArithmeticError, and takes no step, where that is not finite.

    half: compute in bfloat16. For the rest, see `train`.
    """
    start_training(model)
    kind = source.device.type
    with torch.autocast(kind, torch.bfloat16, enabled=half):
        if loss:
            value = loss(model, source, target)
        else:
            logits, _ = model(source, target[:, :-1])
            value = sequence_loss(device.at_least_float32(logits), target[:, 1:], label_smoothing)
    if not value.isfinite():
        raise ArithmeticError(f"loss: expected a finite number, got {value.item()}; the learning rate may be too high")
    optimizer.zero_grad()
    with torch.autocast(kind, enabled=False):  # whatever the surroundings say
        value.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return value.item()


def _validate(model: nn.Module, validate: Callable[[nn.Module], float], run: dict) -> None:
    """Score the model, and keep a copy of the best so far."""
    with evaluating(model):
        score = float(validate(model))
    if not run["validations"] or score > max(s for _, s in run["validations"]):
        run["best"] = copy.deepcopy(model.state_dict())
    run["validations"].append((run["seen"], score))
