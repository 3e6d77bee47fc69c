"""What is timed side by side takes turns; here training steps of several models."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from attention_course.data.batches import Batch
from attention_course.masks import PAD


class Contender(NamedTuple):
    """A training step, and what it is given at each turn of a round."""

    step: Callable[..., object]
    turns: Sequence[Sequence[Batch]]

    def target_tokens(self) -> int:
        """Words to predict in a round, without padding."""
        return sum(int((target[:, 1:] != PAD).sum()) for batches in self.turns for _, target in batches)

    def seconds(self, batches: Sequence[Batch]) -> float:
        """Of a step on each batch of one turn."""
        start = time.perf_counter()
        for source, target in batches:
            self.step(source, target)
        return time.perf_counter() - start


def race(contenders: dict[str, Contender], rounds: int) -> dict[str, list[list[float]]]:
    """Seconds of every turn, (rounds, turns)."""
    return take_turns({name: [partial(c.seconds, b) for b in c.turns] for name, c in contenders.items()}, rounds)


def take_turns(timed: dict[str, Sequence[Callable[[], float]]], rounds: int) -> dict[str, list[list[float]]]:
    """What each turn of each name gives when it is called, (rounds, turns). A first round warms up and is not counted.

    Another name goes first each time: what slows the machine down for a while slows all.
    """
    names = list(timed)
    found = {name: [] for name in names}
    for _ in range(rounds + 1):
        for name in names:
            found[name].append([])
        for turn in range(len(timed[names[0]])):
            names = names[1:] + names[:1]
            for name in names:
                found[name][-1].append(timed[name][turn]())
    return {name: rows[1:] for name, rows in found.items()}
