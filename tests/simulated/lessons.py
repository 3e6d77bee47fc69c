"""A lesson run on the pretended device with its budgets cut: would a GPU refuse any of its cells?

    python -m simulated.lessons 04 --setting auto

runs notebooks/src/lessons/04_*.py and prints as JSON which cells failed, and what would have been refused. Quality is
not asked for: the asserts of a lesson are off, and a cell may fail for want of training. It fails with the setting
"cpu" then, too. A process runs one lesson, for lessons set threads, seeds and more; `in_a_process` begins one.
"""

import argparse
import ast
import contextlib
import functools
import importlib
import inspect
import json
import os
import subprocess
import sys
import traceback
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import jupytext
import torch

import simulated

ROOT = Path(__file__).parents[2]
LESSONS = ROOT / "notebooks" / "src" / "lessons"
WARM_UP = {"attention_course.training:train": {"target_tokens": 40_000}}  # on the CPU: else nothing is said to look at
TRAININGS = {  # functions that train their first argument, and how much of what they are given they get
    "attention_course.training:train": {"target_tokens": 700},
    "attention_course.training:train_classifier": {"steps": 2},
    "attention_course.lessons.lesson_08.curriculum:grow": {"updates": 1, "free": 1, "batch": 8},
    "attention_course.lessons.lesson_07.document_training:train": {"passes": 1, "documents": 40, "labels": 40},
}
DATA = {
    "attention_course.models.small_encoder:trained_encoder": {"images": 70, "steps": 1, "batch": 32},
    "attention_course.lessons.lesson_08.curriculum:evaluate": {"n": 60},
    "attention_course.data.grammar:pairs": {"n": 300},
    "attention_course.data.scenes:scenes": {"n": 40},
    "attention_course.data.multi30k:pairs": {"return": 600},
    "attention_course.data.movie_reviews:movie_reviews": {"return": 120},
}


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
    """Run all code cells of a lesson; where one fails the next are tried all the same."""
    failed, refused, space = {}, [], {"__name__": "__main__", "show": show}
    with contextlib.ExitStack() as stack:
        device = stack.enter_context(simulated.switched_on(setting.wide))
        stack.enter_context(mock.patch.dict(os.environ, {"ATTENTION_COURSE_DEVICE": setting.chosen}))
        for place, most in (DATA | TRAININGS).items():
            stack.enter_context(replaced(place, functools.partial(shortened, place, most)))
        pays = "attention_course.device:bfloat16_pays"  # as on most GPUs, so that autocast is tried too
        stack.enter_context(replaced(pays, lambda _: lambda kind="cpu": kind == simulated.NAME))
        torch.set_default_device(device if setting.default else None)
        for cell in jupytext.read(source).cells:
            name = f"{source.stem}:{cell.metadata.get('name', 'cell')}"
            with simulated.noted() as found:
                try:
                    if cell.cell_type == "code":
                        exec(compiled(cell.source, name), space)
                except Exception as error:
                    frames = reversed(traceback.extract_tb(error.__traceback__))
                    where = place_in(source, [f"{frame.filename}:{frame.lineno}" for frame in frames])
                    failed[name] = f"{type(error).__name__} at {where}: {error}"
            places = Counter()
            for (what, lines), times in found.items():
                places[what, place_in(source, lines)] += times
            refused += [(name, *place, times) for place, times in sorted(places.items())]
    return Report(failed, refused)


def place_in(source: Path, lines: list[str]) -> str:
    """The first of the lines that is the lesson's or the package's."""
    ours = f"{ROOT}/attention_course", f"{source.stem}:"
    return next((line.removeprefix(f"{ROOT}/") for line in lines if line.startswith(ours)), "a backward pass")


def compiled(source: str, name: str):
    """A cell without its asserts, and whose last value is shown."""
    tree = ast.parse(source)
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        tree.body[-1].value = ast.Call(ast.Name("show", ast.Load()), [tree.body[-1].value], [])
    return compile(ast.fix_missing_locations(tree), name, "exec", optimize=1)


def show(value) -> None:
    """Make what a notebook would show of it: a figure is drawn here."""
    ways = [way for way in ("_ipython_display_", "_repr_mimebundle_", "__repr__") if hasattr(value, way)]
    if value is not None:
        getattr(value, ways[0])()


# Budgets


@contextlib.contextmanager
def replaced(place: str, change):
    """A function of the package, "module:name", is another. AttributeError or ModuleNotFoundError if it has moved."""
    module, name = place.split(":")
    module = importlib.import_module(module)
    with mock.patch.object(module, name, change(getattr(module, name))):
        yield


def shortened(place: str, most: dict[str, int], function):
    """The function with less of everything; a training begins on the CPU and goes on where it is to be tried."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        if place in WARM_UP:
            with mock.patch.dict(os.environ, {"ATTENTION_COURSE_DEVICE": "cpu"}):
                with_less(WARM_UP[place], function)(*args, **kwargs)
        return with_less(most, function)(*args, **kwargs)

    return call


def with_less(most: dict[str, int], function):
    """The function, for which a number is no more than `most`, and a sequence no longer."""
    signature = inspect.signature(function)

    def call(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        bound.arguments |= {name: less(bound.arguments[name], most[name]) for name in most if name != "return"}
        return less(function(*bound.args, **bound.kwargs), most.get("return"))

    return call


def less(value, most: int | None):
    if most is None or value is None:
        return value
    if isinstance(value, tuple) and all(isinstance(part, int) for part in value):  # a number for each stage
        return tuple(min(part, most) for part in value)
    return min(value, most) if isinstance(value, int) else value[:most]


# Processes


def in_a_process(number: str, setting: str, folder: Path) -> Report:
    """Run a lesson in a process of its own, in an empty folder. RuntimeError where the process itself fails."""
    command = [sys.executable, "-W", "ignore", "-m", "simulated.lessons", number, "--setting", setting]
    paths = os.pathsep.join([str(ROOT / "tests"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    quiet = {"ATTENTION_COURSE_PROGRESS": "off", "ATTENTION_COURSE_THREADS": "1", "OMP_NUM_THREADS": "1"}
    environment = os.environ | quiet | {"PYTHONPATH": paths, "MPLBACKEND": "agg"}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=1800)
    if done.returncode:
        raise RuntimeError(f"lesson {number} ended with {done.returncode}: {done.stderr[-2000:]}")
    return Report(**json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("number")
    parser.add_argument("--setting", choices=SETTINGS, default="auto")
    options = parser.parse_args()
    simulated.reserve()
    (source,) = LESSONS.glob(f"{options.number}_*.py")
    with contextlib.redirect_stdout(sys.stderr):  # what the lesson prints
        report = run(source, SETTINGS[options.setting])
    print(json.dumps(report._asdict(), indent=1))


if __name__ == "__main__":
    main()
