"""The pretended device is made known to PyTorch once a process, and switched on where it is wanted."""

import contextlib
import functools
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import nn
from torch.utils.checkpoint import DefaultDeviceType

from . import refusals
from .refusals import NAME

CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"
on = False


@functools.cache
def unfit() -> str:
    """Why the device cannot be pretended here; empty where it can."""
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    pinned = next(line.removeprefix("torch==") for line in lines if line.startswith("torch=="))
    here = torch.__version__.split("+")[0]
    return "" if here == pinned else f"the device is pretended over a private hook of PyTorch {pinned}; this is {here}"


@functools.cache
def reserve() -> None:
    """Let PyTorch count one device more: at the first backward pass of a process it counts them, for good.

    To all else the device stays unknown.
    """
    if not unfit():
        from .backward import Guard

        torch._C._acc.register_python_privateuseone_device_guard(Guard())


@contextlib.contextmanager
def switched_on(wide: bool = True):
    """Give the device. What this changes in PyTorch it changes back; the name stays known, with no device behind it.

    wide: whether it has numbers of 64 bits, as CUDA has and Apple's devices have not. RuntimeError where it is `unfit`.
    """
    global on
    make_known()
    from .backward import Engine
    from .randomness import Generator, WatchGenerators, stream

    refusals.wide = wide
    places = [(torch, "Generator"), (torch.autograd.Variable, "_execution_engine"), (nn.Module, "_apply")]
    places += [(DefaultDeviceType, "_default_device_type")]  # which PyTorch keeps when it has asked once
    before = [getattr(owner, name) for owner, name in places]
    now = [Generator, Engine(), moving(nn.Module._apply), None]
    try:
        on = True
        stream.manual_seed(torch.initial_seed())
        for (owner, name), new in zip(places, now, strict=True):
            setattr(owner, name, new)
        with WatchGenerators():
            yield torch.device(NAME)
    finally:
        on, refusals.wide = False, True
        if torch.get_default_device().type == NAME:
            torch.set_default_device(None)
        for (owner, name), old in zip(places, before, strict=True):
            setattr(owner, name, old)


@functools.cache
def make_known() -> None:
    """Register the name and the operations. There is no way back, but nothing asks for them without the device."""
    if unfit():
        raise RuntimeError(unfit())
    from . import precision, saving
    from .backward import Hooks
    from .tensor import SimTensor, run
    from .whole import keep_whole

    reserve()
    torch.utils.rename_privateuse1_backend(NAME)
    torch.utils.generate_methods_for_privateuse1_backend()
    torch._register_device_module(NAME, device_module())
    torch._C._acc.register_python_privateuseone_hook(Hooks(lambda: on))
    everything, aten = torch.library.Library("_", "IMPL"), torch.library.Library("aten", "IMPL")
    make_known.kept = everything, aten  # what they register goes with them
    everything.fallback(run, "PrivateUse1")  # for what has no tensor of the device among its arguments, but makes one
    ops = torch.ops.aten
    in_tensor = ops.empty.memory_format, ops.empty_strided.default, ops.copy_.default, ops._local_scalar_dense.default
    for op in (*in_tensor, ops.silu_backward.default, ops.mish_backward.default):
        # `torch.tensor` calls the first ones past all else; the others would be taken apart
        aten.impl(op, functools.partial(run, op), "PrivateUse1")
    keep_whole(aten, run, SimTensor)
    everything.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    precision.register(aten)
    saving.register()


def device_module() -> SimpleNamespace:
    """What `torch.cuda` is for CUDA."""
    from .randomness import stream

    return SimpleNamespace(
        is_available=lambda: on,
        is_initialized=lambda: on,
        _is_in_bad_fork=lambda: False,
        device_count=lambda: int(on),
        current_device=lambda: 0,
        device=lambda device: contextlib.nullcontext(),
        synchronize=lambda device=None: None,
        manual_seed=stream.manual_seed,
        manual_seed_all=stream.manual_seed,
        get_rng_state=lambda device=None: stream.get_state(),
        set_rng_state=lambda state, device=None: stream.set_state(state),
        get_amp_supported_dtype=lambda: [torch.bfloat16, torch.float16],
    )


def moving(plain):
    """`nn.Module._apply`, by which a parameter that moves stays the same object, as it does on CUDA.

    Optimizers and tied weights count on that. Where a graph that is not gone yet holds on to it, another takes its
    place.
    """

    def _apply(self, fn, recurse=True):
        future = torch.__future__
        before = future.get_swap_module_params_on_conversion()
        with torch.no_grad():
            moves = any(fn(p).device != p.device for p in self._parameters.values() if p is not None)
        for swap in (True, True, False) if moves else (before,):
            future.set_swap_module_params_on_conversion(swap)
            try:
                return plain(self, fn, recurse)
            except RuntimeError:
                if not swap:
                    raise
                finish_backward()
            finally:
                future.set_swap_module_params_on_conversion(before)

    return _apply


def finish_backward() -> None:
    """Let the engine's thread forget the last backward pass: it does so when it is through with another."""
    with torch.inference_mode(False), torch.enable_grad():
        torch.zeros((), device=NAME, requires_grad=True).clone().backward()
