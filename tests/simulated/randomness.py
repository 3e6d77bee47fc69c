"""Random numbers of the device: a stream of its own, and generators, each of which is one of the CPU underneath.

The same seed gives the same numbers as on the CPU. What the device draws leaves the CPU's stream alone, and has to be
saved, seeded and put back for itself, as with CUDA.
"""

import contextlib
import functools

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from .refusals import NAME, refuse

CpuGenerator = torch.Generator
ours = set()  # the addresses of the device's generators
stream = CpuGenerator()  # what is drawn from where no generator is given


@functools.cache
def draws(func) -> bool:
    return torch.Tag.nondeterministic_seeded in func.tags


@contextlib.contextmanager
def drawing(func):
    """Let what `func` draws from the CPU's stream come from the device's."""
    if not draws(func):
        yield
        return
    of_cpu = torch.default_generator.get_state()
    torch.default_generator.set_state(stream.get_state())
    try:
        yield
    finally:
        stream.set_state(torch.default_generator.get_state())
        torch.default_generator.set_state(of_cpu)


class AnyGenerator(type(CpuGenerator)):
    def __instancecheck__(cls, x):
        return isinstance(x, CpuGenerator)


class Generator(CpuGenerator, metaclass=AnyGenerator):
    """Takes the place of `torch.Generator`, which PyTorch cannot make for a device written in Python."""

    def __new__(cls, device="cpu"):
        device = torch.device(device)
        new = super().__new__(cls, "cpu" if device.type == NAME else device)
        if device.type == NAME:
            ours.add(new._cdata)
        return new

    def __del__(self):
        ours.discard(self._cdata)

    @property
    def device(self):
        return torch.device(NAME, 0) if self._cdata in ours else super().device


def check_generator(generator: CpuGenerator, wanted: str) -> None:
    """Refuse a generator of another device than the one that numbers are wanted on."""
    found = NAME if generator._cdata in ours else generator.device.type
    if found != wanted:
        refuse(RuntimeError(f"Expected a '{wanted}' device type for generator but found '{found}'"))


class WatchGenerators(TorchFunctionMode):
    """Sees also what is drawn on the CPU, which the device's operations never hear of."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        result, generator = func(*args, **kwargs), kwargs.get("generator")
        if generator is not None and isinstance(result, Tensor) and result.device.type != NAME:
            check_generator(generator, result.device.type)
        return result
