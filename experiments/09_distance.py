"""Is it the path? Two colours 40 places apart: networks with a short path from each word to the answer, and a long one.

Beside lesson 09's `Matcher` stand two forms of it: one with half as many numbers for each word, and one whose words may
ask themselves. The GRU of 09_self_attention.py, which answers from its last state, gets three chances: all its states
pooled, which is a short path; twice the size and twice the steps; and distances that grow from 1 to 40. Attention
pooling of the bare words is the control in which no word knows of any other. And as in the exercises: two colours six
places apart, where words may ask only so far.

The size and the learning rate of `Matcher` were chosen after trials on these random starts; those of the GRUs were not.

Three seeds. Writes attention_course/results/09_distance.json. About six minutes on one core.
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
    RecurrentClassifier,
)
from attention_course.lessons.lesson_09.same_different_task import WORDS, same_or_different
from attention_course.metrics import accuracy
from attention_course.training import train_classifier

SEEDS = range(3)
DISTANCE, BEYOND = 40, (20, 80, 160)
TEST = 10_000  # the seed of what is tested on
REACHES = (6, 5, 3, 2)  # of words in sentences whose colours stand NEAR places apart
NEAR = 6


class AsksItself(Matcher):
    """Each word may ask itself, too."""

    def forward(self, words, mask=None):
        return super().forward(words, torch.ones(words.shape[1], words.shape[1], device=words.device).bool())


class Setting(NamedTuple):
    """A network, its steps and its learning rate. grows: the distance grows for three quarters of the steps."""

    name: str
    make: Callable[[int], nn.Module]
    steps: int
    learning_rate: float = 5e-3
    grows: bool = False


SETTINGS = {
    "attention": Setting("self-attention", Matcher, 600, 3e-3),
    "attention_small": Setting("the same, E = 32, D = 16", lambda words: Matcher(words, 32, 16), 600, 3e-3),
    "attention_itself": Setting("the same, words may ask themselves", AsksItself, 600, 3e-3),
    "pooled_gru": Setting("GRU, all states pooled", PooledRecurrentClassifier, 800),
    "growing_gru": Setting("GRU, distances grow", RecurrentClassifier, 1600, grows=True),
    "large_gru": Setting("GRU with 64 numbers", lambda words: RecurrentClassifier(words, size=64), 3200, 3e-3),
    "pooling": Setting("pooling only, other sentences", PooledClassifier, 800),
}


def train(part: str, seed: int) -> tuple[float, list[float]]:
    """The share right at `DISTANCE`, and at the distances of `BEYOND`."""
    setting = SETTINGS[part]
    device.seed_everything(seed)
    model, generator = setting.make(len(WORDS)), torch.Generator().manual_seed(seed)
    growing = iter(range(setting.steps))

    def draw():
        so_far = next(growing) / (0.75 * setting.steps) if setting.grows else 1
        words, same = same_or_different(64, 1 + int(min(so_far, 1) * (DISTANCE - 1)), generator)
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


def short_sighted(reach: int, seed: int) -> float:
    """The share right where no word may ask another that is more than `reach` places away."""
    device.seed_everything(seed)
    model, generator = Matcher(len(WORDS)), torch.Generator().manual_seed(seed)

    def draw(count=64):
        words, same = same_or_different(count, NEAR, generator)
        near = torch.ones(words.shape[1], words.shape[1]).bool().tril(reach).triu(-reach)
        return (words, near & ~torch.eye(words.shape[1]).bool()), same

    train_classifier(model, draw, steps=300, learning_rate=3e-3, progress=False)
    found = accuracy(model, draw(1000))
    print("reach", reach, seed, found, flush=True)
    return found


def main() -> None:
    """The parts that the command line names, or all, on one thread."""
    torch.set_num_threads(1)
    parts = {part: lambda part=part: measured(part) for part in SETTINGS}
    parts["reach"] = lambda: {
        "reach": {str(reach): [short_sighted(reach, seed) for seed in SEEDS] for reach in REACHES}
    }
    measure("09_distance", parts, SEEDS, figures=lambda values: {"distance": DISTANCE, "beyond": BEYOND})


if __name__ == "__main__":
    main()
