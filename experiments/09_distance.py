"""Is it the path? Two colours 40 places apart: networks with a short path from each word to the answer, and a long one.

Beside lesson 09's `Matcher` stand the GRU of 09_self_attention.py with all its states pooled, which gives it a short
path, and attention pooling of the bare words, in which no word knows of any other. Whether a GRU that answers from its
last state would learn the task with other budgets, or on distances that grow, has not been tried.

The sizes of `Matcher` were chosen after trials on these random starts. With 32 numbers per word, with a larger learning
rate, or with each word allowed to ask itself, one training in three or more ended at about 93 %; without the layer norm
one ended at 75 %.

Three seeds. Writes attention_course/results/09_distance.json. About two minutes on one core.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from in_parts import measure
from torch import nn

from attention_course import device
from attention_course.lessons.lesson_09.built import Matcher
from attention_course.lessons.lesson_09.same_different_classifier import (
    PooledClassifier,
    PooledRecurrentClassifier,
)
from attention_course.lessons.lesson_09.same_different_task import WORDS, same_or_different
from attention_course.metrics import accuracy
from attention_course.training import train_classifier

SEEDS = range(3)
DISTANCE, BEYOND = 40, (20, 80, 160)
TEST = 10_000  # the seed of what is tested on


class Setting(NamedTuple):
    """A network, its steps and its learning rate."""

    name: str
    make: Callable[[int], nn.Module]
    steps: int
    learning_rate: float = 5e-3


SETTINGS = {
    "attention": Setting("self-attention", Matcher, 600, 3e-3),
    "pooled_gru": Setting("GRU, all states pooled", PooledRecurrentClassifier, 800),
    "pooling": Setting("pooling only, other sentences", PooledClassifier, 800),
}


def train(part: str, seed: int) -> tuple[float, list[float]]:
    """The share right at `DISTANCE`, and at the distances of `BEYOND`."""
    setting = SETTINGS[part]
    device.seed_everything(seed)
    model, generator = setting.make(len(WORDS)), torch.Generator().manual_seed(seed)

    def draw():
        words, same = same_or_different(64, DISTANCE, generator)
        return (words,), same

    def tested(distance):
        words, same = same_or_different(1000, distance, torch.Generator().manual_seed(TEST))
        return accuracy(model, ((words,), same))

    train_classifier(model, draw, steps=setting.steps, learning_rate=setting.learning_rate, progress=False)
    found = tested(DISTANCE), [tested(distance) for distance in BEYOND]
    print(part, seed, *found, flush=True)
    return found


def measured(part: str) -> dict:
    """One network from every seed."""
    right, beyond = zip(*(train(part, seed) for seed in SEEDS), strict=True)
    setting = SETTINGS[part]
    return {
        part: {"name": setting.name, "steps": setting.steps, "right": right, "beyond": list(zip(*beyond, strict=True))}
    }


def main() -> None:
    """The parts that the command line names, or all, on one thread."""
    torch.set_num_threads(1)
    parts = {part: lambda part=part: measured(part) for part in SETTINGS}
    measure("09_distance", parts, SEEDS, figures=lambda values: {"distance": DISTANCE, "beyond": BEYOND})


if __name__ == "__main__":
    main()
