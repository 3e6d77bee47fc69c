"""A lesson run on the pretended device with its budgets cut: would a GPU refuse any of its cells?

    python -m simulated.lessons notebooks/src/lessons/04_translation.py --setting auto

prints as JSON which cells failed (one may fail for want of training; then it fails with the setting "cpu", too), and
what would have been refused.
"""

import argparse
import contextlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import cut_short
import torch

import simulated


class Setting(NamedTuple):
    """How the device comes into a lesson."""

    chosen: str = simulated.NAME  # what ATTENTION_COURSE_DEVICE says: where models are trained
    default: bool = False  # what does not say where is made on the device
    wide: bool = True  # the device has float64; Apple's have not


SETTINGS = {
    "cpu": Setting("cpu"),
    "auto": Setting(),
    "auto, Apple's": Setting(wide=False),
    "all there": Setting(default=True),
}


class Report(NamedTuple):
    failed: dict[str, str]  # by the name of a cell: the error, and the last line of the lesson or the package
    refused: list[tuple[str, str, str, int]]  # the cell, what, the line of the lesson or the package, how often


def run(source: Path, setting: Setting) -> Report:
    """`cut_short.run` on the device."""
    refused: list[tuple[str, str, str, int]] = []

    @contextlib.contextmanager
    def noting(name: str) -> Iterator[None]:
        with simulated.noted() as found:
            yield
        places = Counter()
        for (what, lines), times in found.items():
            places[what, cut_short.place_in(source, lines)] += times
        refused.extend((name, *place, times) for place, times in sorted(places.items()))

    with contextlib.ExitStack() as stack:
        device = stack.enter_context(simulated.switched_on(setting.wide))
        stack.enter_context(mock.patch.dict(os.environ, {"ATTENTION_COURSE_DEVICE": setting.chosen}))
        pays = "attention_course.device:bfloat16_pays"  # as on most GPUs, so that autocast is tried too
        stack.enter_context(cut_short.replaced(pays, lambda _: lambda kind="cpu": kind == simulated.NAME))
        torch.set_default_device(device if setting.default else None)
        return Report(cut_short.run(source, noting), refused)


def in_a_process(source: Path, setting: str, folder: Path) -> Report:
    """Run a lesson in a process of its own."""
    said, _ = cut_short.in_a_process(str(source), "--setting", setting, folder=folder, module="simulated.lessons")
    return Report(**said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--setting", choices=SETTINGS, default="auto")
    options = parser.parse_args()
    simulated.reserve()
    with contextlib.redirect_stdout(sys.stderr):  # what the lesson prints
        report = run(options.source, SETTINGS[options.setting])
    print(json.dumps(report._asdict(), indent=1))


if __name__ == "__main__":
    main()
