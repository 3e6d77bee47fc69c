"""Results of long measurements, kept as JSON with what made them: `save` in an experiment, `load` in a lesson."""

import json
import math
import os
import platform
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent


@dataclass(frozen=True, repr=False)
class Results:
    """What an experiment measured (`r["key"]` is `r.values["key"]`), and one sentence on where it comes from."""

    name: str
    values: dict
    provenance: str

    def __getitem__(self, key: str):
        if key not in self.values:
            raise KeyError(f"{key!r} is not in the results {self.name}, which hold {', '.join(self.values)}")
        return self.values[key]

    def __repr__(self):
        rows = [f"{key}: {_short(value)}" for key, value in self.values.items()]
        return "\n".join([self.name, *rows, self.provenance])

    def _repr_html_(self):
        rows = "".join(
            f'<tr><th style="text-align:left">{escape(key)}</th>'
            f'<td style="text-align:left">{escape(_short(value))}</td></tr>'
            for key, value in self.values.items()
        )
        return f"<table>{rows}</table><p><small>{escape(self.provenance)}</small></p>"


class Interval(NamedTuple):
    mean: float
    low: float
    high: float


def save(name: str, values: dict, *, command: str, seeds: Iterable, note: str = "", precision: str = "") -> Path:
    """Writes `values` to `NN_slug.json` beside this file, with the command, commit, seeds, machine and day.

    Arrays and tensors become lists, and floats are rounded to 6 significant digits, so that a repeated run changes
    little. `precision` is torch's default type unless told. ValueError for a name not like `04_translation`, a key
    that is no string or a number that is not finite; TypeError for what JSON cannot hold.
    """
    import torch

    if not re.fullmatch(r"\d\d_[a-z0-9_]+", name):
        raise ValueError(f"name: expected two digits and a slug, as in 04_translation, got {name!r}")
    record = {
        "values": _plain(values, "values"),
        "provenance": {
            "command": command,
            "commit": commit(),
            "seeds": [int(seed) for seed in seeds],
            "machine": {
                "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
                "processor": _processor(),
                "torch": torch.__version__,
                "precision": precision or str(torch.get_default_dtype()).removeprefix("torch."),
            },
            "date": date.today().isoformat(),
            "note": note,
        },
    }
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def load(name: str) -> Results:
    """The results saved as `name`. FileNotFoundError, with the command that makes them, when they are not there."""
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"No results {name} yet: `python experiments/{name}.py` measures them, `make experiments` measures all."
        )
    record = json.loads(path.read_text(encoding="utf-8"))
    return Results(name, record["values"], _sentence(record["provenance"]))


def interval(values: Iterable, level: float = 0.95) -> Interval:
    """Mean and confidence interval by Student's t, for independent values such as one a seed.

    One value alone says nothing of its spread: its bounds are nan, which meet no threshold. ValueError for no values,
    values that are not finite, or a level outside 0 to 1.
    """
    from scipy.special import stdtrit

    values = [float(value) for value in values]
    if not values or not all(map(math.isfinite, values)):
        raise ValueError(f"values: expected one or more finite numbers, got {values}")
    if not 0 < level < 1:
        raise ValueError(f"level: expected a number between 0 and 1, got {level}")
    n, mean = len(values), math.fsum(values) / len(values)
    if n == 1:
        return Interval(mean, math.nan, math.nan)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = float(stdtrit(n - 1, (1 + level) / 2)) * deviation / math.sqrt(n)
    return Interval(mean, mean - half, mean + half)


def _plain(value, where: str):
    """`value` in JSON's own types, floats rounded; errors say where in the results it stands."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        if wrong := [key for key in value if not isinstance(key, str)]:
            raise ValueError(f"{where}: expected strings as keys, got {wrong[0]!r}")
        return {key: _plain(item, f"{where}[{key!r}]") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where}: expected a finite number, got {value}")
        return float(f"{value:.6g}")
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"{where}: expected numbers, strings, lists, dicts or arrays, got {type(value).__name__}")


def _sentence(made: dict) -> str:
    machine, seeds = made["machine"], len(made["seeds"])
    return (
        f"Measured beforehand with `{made['command']}` on {made['date']}: {seeds} seed{'s' * (seeds != 1)}, "
        f"{machine['cores']} cores of {machine['processor']}, torch {machine['torch']} in {machine['precision']}, "
        f"commit {made['commit']}. {made['note']}"
    ).strip()


def _short(value) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else text[:99] + "…"


def commit() -> str:
    """The commit, with +changes when package or experiments differ from it; results, which runs rewrite, aside."""
    code = [":/attention_course", ":/experiments", ":(top,exclude)attention_course/results/*.json"]
    git = ["git", "-C", str(Path(__file__).parent)]
    run = {"capture_output": True, "text": True, "check": True}
    try:
        head = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], **run).stdout.strip()
        changed = subprocess.run([*git, "status", "--porcelain", "--", *code], **run).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+changes" if changed else "")


def _processor() -> str:
    described = Path("/proc/cpuinfo")  # Linux only
    found = re.search(r"model name\s*:\s*(.+)", described.read_text()) if described.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()
