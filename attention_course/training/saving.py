"""What `fit` does with a checkpoint; without one, nothing."""

import collections
import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from attention_course import checkpoint
from attention_course.fingerprint import fingerprint

SAVE_EVERY = 60.0  # seconds


class Saver:
    """Saves a training now and then, and lets it go on from there; without a path it does neither.

    settings, functions: what makes it this training and no other, besides the loss.
    """

    def __init__(
        self,
        path: Path | None,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        loss: Callable[..., Tensor],
        settings: dict[str, Any],
        functions: dict[str, Callable],
    ):
        self.path, self.model, self.optimizer, self.loss = path, model, optimizer, loss
        self.settings = settings
        if path:
            self.settings |= {name: fingerprint(function) for name, function in [*functions.items(), ("loss", loss)]}
        self.steps_before, self.last = 0, time.perf_counter()

    def resume(self, run: dict, stream: Iterator) -> dict:
        """Put all in the place where the checkpoint found it, and give its run; without one, the run as it is.

        The batches come first: what they draw, or change in the model, the checkpoint puts right.
        """
        if not self.path or not self.path.exists():
            return run
        state = checkpoint.read(self.path, self.model, self.settings, self.loss)
        self.steps_before = len(state["run"]["losses"])
        if state["run"]["used"] < self.settings["budget"]:
            collections.deque(itertools.islice(stream, self.steps_before), maxlen=0)
        checkpoint.restore(self.path, state, self.model, self.optimizer, self.loss)
        return state["run"]

    def after_step(self, run: dict) -> None:
        """Save, if it is time. Raises ValueError where the loss has a state that cannot be saved."""
        if not self.path:
            return
        if len(run["losses"]) == self.steps_before + 1 and fingerprint(self.loss) != self.settings["loss"]:
            raise ValueError(f"loss: {self.settings['loss']} has a state that a checkpoint cannot hold; see `fit`")
        if time.perf_counter() - self.last > SAVE_EVERY:
            self._save(run)
            self.last = time.perf_counter()

    def at_the_end(self, run: dict) -> None:
        """Save, if anything is new. A training that is done is not lost where that fails."""
        if not self.path or len(run["losses"]) == self.steps_before:
            return
        try:
            self._save(run)
        except OSError as error:
            if run["used"] < self.settings["budget"]:
                raise
            warnings.warn(f"checkpoint {self.path}: not written, but the training is done ({error})", stacklevel=5)

    def _save(self, run: dict) -> None:
        checkpoint.save(self.path, self.model, self.optimizer, self.settings, run, self.loss)
