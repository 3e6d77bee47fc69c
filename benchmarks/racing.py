"""Training steps of several models timed side by side."""

import time
from collections.abc import Callable, Sequence
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


def race(contenders: dict[str, Contender], rounds: int) -> dict[str, list[list[float]]]:
    """Seconds of every turn, (rounds, turns). A first round warms up and is not counted.

    The contenders take turns, and another one goes first each time: what slows the machine down for a while slows all.
    """
    names = list(contenders)
    seconds = {name: [] for name in names}
    for number in range(rounds + 1):
        for name in names:
            seconds[name].append([])
        for turn in range(len(contenders[names[0]].turns)):
            names = names[1:] + names[:1]
            for name in names:
                step, turns = contenders[name]
                start = time.perf_counter()
                for source, target in turns[turn]:
                    step(source, target)
                seconds[name][number].append(time.perf_counter() - start)
    return {name: taken[1:] for name, taken in seconds.items()}
