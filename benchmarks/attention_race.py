"""Attention functions timed side by side, forward and backward."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from racing import take_turns
from torch import Tensor, nn


class Contender(NamedTuple):
    """A function, what it is called with, and all that its backward pass is asked for."""

    function: Callable[..., Tensor]
    inputs: tuple[Tensor, ...]
    wanted: tuple[Tensor, ...]

    def seconds_again(self) -> float:
        """Of one forward and one backward pass, the second of two, as in a training that does one thing.

        The first puts caches and memory in order again after the others.
        """
        self.backward()
        start = time.perf_counter()
        self.backward()
        return time.perf_counter() - start

    def backward(self) -> None:
        """Forward, and the gradients of the output's sum."""
        output = self.function(*self.inputs)
        torch.autograd.grad(output, self.wanted, torch.ones_like(output), allow_unused=True)

    @torch.no_grad()
    def forward(self) -> Tensor:
        return self.function(*self.inputs)


def contender(function: Callable[..., Tensor], inputs: Sequence[Tensor], module: object = None) -> Contender:
    """With gradients for all inputs, and for the parameters of `module` where it has some."""
    inputs = tuple(x.detach().requires_grad_() for x in inputs)
    parameters = tuple(module.parameters()) if isinstance(module, nn.Module) else ()
    return Contender(function, inputs, inputs + parameters)


def inputs(batch: int, heads: int, length: int, size: int, count: int = 3) -> list[Tensor]:
    """Queries, keys and values (batch, heads, length, size), standard normal, the same at every call."""
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(batch, heads, length, size, generator=generator) for _ in range(count)]


def race(contenders: dict[str, Contender], rounds: int) -> dict[str, list[float]]:
    """Seconds of every round, in turns."""
    turns = take_turns({name: [contender.seconds_again] for name, contender in contenders.items()}, rounds)
    return {name: [seconds for (seconds,) in rows] for name, rows in turns.items()}


def ratios(seconds: Sequence[float], of_others: Sequence[float]) -> list[float]:
    """How many times as fast, in each round."""
    return [theirs / ours for ours, theirs in zip(seconds, of_others, strict=True)]


def median(numbers: Sequence[float]) -> float:
    return statistics.median(numbers)
