"""What the processor can do, and what of it PyTorch and oneDNN are left with."""

import os
from pathlib import Path

import torch

CPUINFO = Path("/proc/cpuinfo")
EMULATING = {"AVX512_CORE", "AVX512_CORE_VNNI"}  # limits under which oneDNN says that it has bfloat16, and emulates it


def instructions() -> set[str]:
    """What the processor can do, as newer versions of PyTorch tell it, or Linux (x86: flags, ARM: Features).

    No limit changes it, as that of ATEN_CPU_CAPABILITY.
    """
    if hasattr(torch.cpu, "get_capabilities"):
        return {name for name, there in torch.cpu.get_capabilities().items() if there}
    try:
        return set(CPUINFO.read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return set()


def has_bfloat16() -> bool:
    """Whether there are instructions for bfloat16, and PyTorch and oneDNN use them.

    ATEN_CPU_CAPABILITY limits PyTorch, ONEDNN_MAX_CPU_ISA (older: DNNL_MAX_CPU_ISA) limits oneDNN. Where one of them
    may not use AVX-512, what x86 has for bfloat16 lies idle. Without oneDNN all of it does.
    """
    if not torch.backends.mkldnn.is_available() or not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or ""
    if limit.upper() in EMULATING:
        return False
    there = instructions()
    if "bf16" in there:  # ARM
        return True
    return not there.isdisjoint({"avx512_bf16", "amx_bf16"}) and torch.backends.cpu.get_cpu_capability() == "AVX512"
