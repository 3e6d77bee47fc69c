"""What was measured, kept by the kind of processor that it was measured on: results/NAME.json.

{kind of processor: {part of the benchmark: its figures}}; what is measured anew takes the place of the same part on the
same kind, and of nothing else.
"""

import json
import os
import platform
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
# All that computes is limited together; each alone would measure a processor that there is not.
LIMITED = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
NAMES = {"AVX512": "AVX-512", "DEFAULT": platform.machine()}  # the others are told as PyTorch calls them


def kind(where: str = "cpu") -> str:
    """The kind of processor that PyTorch computes on: "AVX-512 with bfloat16", "AVX2", "CUDA, NVIDIA H200".

    where: a type of device. One that could do AVX-512 and is limited by the variables of `LIMITED` is called so.
    Raises ValueError where some of them are set and others are not.
    """
    import torch

    from attention_course import device, processor

    if where != "cpu":
        return f"CUDA, {torch.cuda.get_device_name()}" if where == "cuda" else where.upper()
    limits = {name: os.environ[name] for name in (*LIMITED, "DNNL_MAX_CPU_ISA") if os.environ.get(name)}
    if limits and limits != LIMITED:
        raise ValueError(f"limits of the processor: expected none, or all of {_said(LIMITED)}; got {_said(limits)}")
    if limits and not {"avx512_f", "avx512f"}.isdisjoint(processor.instructions()):
        return "AVX-512 limited to AVX2"
    used = torch.backends.cpu.get_cpu_capability()
    return NAMES.get(used, used) + (" with bfloat16" if device.bfloat16_pays() else "")


def _said(variables: dict[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in variables.items())


def kept(name: str) -> dict[str, dict]:
    """The figures of all kinds of processors. Raises ValueError for a file that does not hold such."""
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return {}
    expected = f"benchmarks/results/{name}.json: expected figures by kind of processor, {{kind: {{part: …}}}}; got"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{expected} no JSON ({error})") from error
    if not isinstance(found, dict):
        raise ValueError(f"{expected} a {type(found).__name__}")
    for key, figures in found.items():
        if not isinstance(figures, dict):
            raise ValueError(f"{expected} a {type(figures).__name__} for {key!r}")
    return found


def here(name: str, where: str = "cpu") -> dict:
    """The figures of this kind of processor, {part: figures}."""
    return kept(name).get(kind(where), {})


def keep(name: str, figures: dict, where: str = "cpu") -> None:
    """Put figures, {part: figures}, in the place of those of the same parts on this kind of processor."""
    text = json.dumps(kept(name) | {kind(where): here(name, where) | rounded(figures)}, indent=1)
    new = RESULTS / f"{name}.json.new"  # an interruption leaves the old file as it was
    new.write_text(text + "\n", encoding="utf-8")
    new.replace(RESULTS / f"{name}.json")


def rounded(figures):
    """Numbers to five digits: more of a time is noise."""
    if isinstance(figures, dict):
        return {key: rounded(value) for key, value in figures.items()}
    if isinstance(figures, list | tuple):
        return [rounded(value) for value in figures]
    return float(f"{figures:.5g}") if isinstance(figures, float) else figures


def write(name: str, page: str) -> None:
    """The page made from what is kept."""
    (RESULTS / f"{name}.md").write_text(page, encoding="utf-8")
