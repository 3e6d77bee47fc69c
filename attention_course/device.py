"""What this machine is, and how to get the same numbers from it twice."""

import contextlib
import ctypes
import functools
import os
import platform
import random
from pathlib import Path

import torch
from torch import nn

from attention_course import processor

CGROUPS = Path("/sys/fs/cgroup")  # where Linux tells a container what it is granted

# From how many parameters on a training is taken to a GPU of this kind. Estimates: no race on a GPU stands in
# benchmarks/results yet.
PAYS_FROM = {"cuda": 1_000_000, "mps": 3_000_000}


def pick_device(model: nn.Module | None = None) -> torch.device:
    """The GPU where there is one (CUDA, then Apple's), else the CPU; ATTENTION_COURSE_DEVICE names another.

    model: where one is given, the GPU is taken only where it `pays`. Raises ValueError where what
    ATTENTION_COURSE_DEVICE names is not on this machine.
    """
    if name := os.environ.get("ATTENTION_COURSE_DEVICE"):
        return _on_this_machine("ATTENTION_COURSE_DEVICE", name)
    for kind, there in {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}.items():
        if there() and (model is None or pays(model, kind)):
            return torch.device(kind)
    return torch.device("cpu")


def pays(model: nn.Module, kind: str) -> bool:
    """Whether this model is probably trained faster on such a device ("cuda", "mps") than on the CPU.

    To start an operation takes a GPU as long as a CPU takes for a small one, so a small model gains nothing. The
    number of parameters decides, and no clock does: the same machine always trains in the same place.
    """
    parameters = list(model.parameters())
    if kind == "mps" and any(p.dtype == torch.float64 for p in parameters):  # which it does not have
        return False
    return kind in PAYS_FROM and sum(p.numel() for p in parameters) >= PAYS_FROM[kind]


def device_for(model: nn.Module, wanted: torch.device | str = "auto") -> torch.device:
    """Where to train a model: where it is wanted. "auto" is `pick_device` for one that is on the CPU, and leaves any
    other where it is. Raises ValueError where the wanted device is not on this machine."""
    if wanted != "auto":
        return _on_this_machine("device", str(wanted))
    home = next(model.parameters()).device
    return pick_device(model) if home.type == "cpu" else home


def _on_this_machine(said: str, name: str) -> torch.device:
    """PyTorch itself is asked, by making a tensor there."""
    try:
        return torch.empty(0, device=name).device
    except (AssertionError, RuntimeError) as error:  # the first where it was built without CUDA
        expected = "a device of this machine, such as cpu, cuda or mps"
        raise ValueError(f"{said}: expected {expected}; got {name!r}") from error


def default_device() -> torch.device:
    """Where PyTorch makes what does not say where.

    PyTorch 2.6 has a function for it that fails after `set_default_device(None)`.
    """
    return torch.empty(0).device


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and PyTorch's generators.

    The same seed gives the same numbers on the same machine; another processor may round differently.
    """
    import numpy

    random.seed(seed)
    numpy.random.seed(seed)  # noqa: NPY002 the global generator is the one that third-party code reads
    torch.manual_seed(seed)


@functools.cache
def bfloat16_pays(device_type: str = "cpu") -> bool:
    """Whether this device has instructions for bfloat16: half-width matrix products are then about twice as fast.

    Many CPUs only emulate bfloat16, and are then several times slower than with float32; so is one that is limited to
    AVX2 (`processor.has_bfloat16`). Nothing is timed, so that the same machine always computes in the same precision.
    """
    if device_type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device_type == "cpu" and processor.has_bfloat16()


def autocast(device: torch.device, enabled: bool = True) -> contextlib.AbstractContextManager:
    """bfloat16 where it pays on this device, else float32: `with autocast(device): loss = model(...)`.

    On a CPU it takes memory: oneDNN keeps what it has compiled for each shape, and sentences come in many shapes. A
    training that needs 600 MB in float32 may need 2 GB.
    """
    return half_precision(device.type, enabled and bfloat16_pays(device.type))


def half_precision(kind: str, enabled: bool) -> contextlib.AbstractContextManager:
    """bfloat16, or the model's own precision, on a kind of device, whatever the surroundings say."""
    if not torch.amp.is_autocast_available(kind):
        return contextlib.nullcontext()
    return torch.autocast(kind, torch.bfloat16, enabled=enabled)


def at_least_float32(tensor: torch.Tensor) -> torch.Tensor:
    """Half precision as float32; what is wider stays as it is."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def give_back_memory() -> None:
    """Return freed memory to the system, where that is Linux: a few milliseconds.

    Batches of many shapes leave the C library with holes that it keeps for itself, some hundred MB after a while.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def cores() -> int:
    """The processor cores this process may use: a container grants fewer than the machine has, in cores or in time."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count, int(_granted_time() or count)))


def _granted_time() -> float | None:
    """How many cores' worth of time the container grants (1.5 is possible); None where that is not limited."""
    with contextlib.suppress(OSError, ValueError):  # cgroups, version 2: "150000 100000", or "max 100000"
        quota, period = (CGROUPS / "cpu.max").read_text(encoding="ascii").split()
        return int(quota) / int(period)
    with contextlib.suppress(OSError, ValueError):  # version 1, where -1 is no limit
        quota, period = (
            int((CGROUPS / "cpu" / f"cpu.cfs_{name}_us").read_text(encoding="ascii")) for name in ("quota", "period")
        )
        return quota / period if quota > 0 else None
    return None


def use_threads(most: int | None = None) -> None:
    """Let PyTorch compute with one thread a core, but with no more than `most`.

    ATTENTION_COURSE_THREADS takes the place of the number of cores, as where several lessons run side by side. Raises
    ValueError where it, or `most`, is no whole number above zero.
    """
    chosen = os.environ.get("ATTENTION_COURSE_THREADS") or cores()
    for name, value in (("ATTENTION_COURSE_THREADS", chosen), ("most", 1 if most is None else most)):
        if not str(value).isdecimal() or int(value) < 1:
            raise ValueError(f"{name}: expected a whole number of threads, at least 1; got {value!r}")
    torch.set_num_threads(int(chosen) if most is None else min(int(chosen), most))


def memory() -> float | None:
    """The memory in GB that this process may use, a container's limit included; None where it can't be told."""
    amounts = []
    with contextlib.suppress(OSError, ValueError, AttributeError):
        amounts.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with contextlib.suppress(OSError, ValueError):
        amounts.append(int((CGROUPS / "memory.max").read_text(encoding="ascii")))
    return min(amounts) / 1e9 if amounts else None


def describe() -> str:
    """One line on the device, the cores, the memory and the versions: what to tell when numbers differ."""
    device = pick_device()
    name = torch.cuda.get_device_name() if device.type == "cuda" else platform.machine()
    gigabytes = memory()
    amount = f", {gigabytes:.0f} GB of memory" if gigabytes else ""
    fast = "pays" if bfloat16_pays(device.type) else "does not pay"
    return (
        f"{device.type} ({name}), {cores()} cores, of which PyTorch uses {torch.get_num_threads()}{amount}; "
        f"bfloat16 {fast} here; PyTorch {torch.__version__}, Python {platform.python_version()}"
    )


def peak_memory() -> int:
    """The most bytes that this process has had in memory, since it began or since `forget_peak_memory`.

    Linux alone (FileNotFoundError elsewhere). `resource.getrusage` would begin with what the parent process had.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.split("VmHWM:")[1].split()[0])  # what Linux calls kB is 1,024


def forget_peak_memory() -> None:
    """Let `peak_memory` begin again at what the process has now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
