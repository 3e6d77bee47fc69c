"""Whether what is computed on the pretended device is what the CPU computes, to the last bit."""

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten

from .refusals import NAME


def numbers(*shape: int, seed: int = 0) -> Tensor:
    """The same normal numbers every time, on the CPU."""
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed))


def bits(x: Tensor) -> bytes:
    return x.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def assert_agree(there, here) -> None:
    """Two results, single tensors or trees of them, one on the device and one on the CPU: the same forms and bits."""
    (there, form), (here, its_form) = tree_flatten(there), tree_flatten(here)
    assert form == its_form
    for x, y in zip(there, here, strict=True):
        if isinstance(y, Tensor):
            assert (x.device.type, y.device.type) == (NAME, "cpu")
            assert (x.dtype, x.shape, x.stride()) == (y.dtype, y.shape, y.stride())
            assert bits(x) == bits(y), f"{x} is not {y}"
        else:
            assert x == y


def assert_same_bits(compute) -> None:
    """`compute`, called with a device, gives tensors there."""
    assert_agree(compute(torch.device(NAME)), compute(torch.device("cpu")))
