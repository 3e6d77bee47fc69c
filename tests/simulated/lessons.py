"""A lesson run on the pretended device with its budgets cut: is any cell refused what a GPU would refuse?

    python -m simulated.lessons 04 --setting training

runs notebooks/src/lessons/04_*.py in this process and prints, as JSON, which cells failed and what would have been
refused. Quality is not asked for: lessons' asserts are off. A process runs one lesson, for lessons set threads, seeds
and defaults; whoever wants several begins several.
"""

import argparse
import ast
import contextlib
import functools
import importlib
import inspect
import json
import os
import sys
import traceback
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import jupytext
import torch
from torch import nn

import simulated

ROOT = Path(__file__).parents[2]
LESSONS = ROOT / "notebooks" / "src" / "lessons"
TRAININGS = {  # functions that train their first argument, and how much of what they are given they get
    "attention_course.training:train": {"target_tokens": 700},
    "attention_course.models.fitting:fit": {"steps": 2},
    "attention_course.models.growing:grow": {"updates": 1, "free": 1, "batch": 8},
    "attention_course.models.document_training:train": {"passes": 1, "documents": 40, "labels": 40},
}
CUTS = TRAININGS | {
    "attention_course.models.small_encoder:trained_encoder": {"images": 70, "steps": 1, "batch": 32},
    "attention_course.models.growing:examine": {"n": 60},
    "attention_course.decoding:greedy": {"longest": 4},
    "attention_course.decoding:beam": {"longest": 4},
    "attention_course.decoding:translate": {"sentences": 8, "longest": 4},
    "attention_course.data.grammar:pairs": {"n": 300},
    "attention_course.data.scenes:scenes": {"n": 40},
    "attention_course.data.multi30k:pairs": {"return": 300},
    "attention_course.data.movie_reviews:movie_reviews": {"return": 60},
}


class Report(NamedTuple):
    failed: dict[str, str]  # by the name of a cell: the error
    refused: Counter  # (what, where in the lesson or the package): how often


def run(source: Path, setting: str) -> Report:
    """Run all code cells of a lesson; one that fails does not keep the next from being tried."""
    space, failed = {"__name__": "__main__", "show": show}, {}
    with contextlib.ExitStack() as stack:
        device = stack.enter_context(simulated.switched_on())
        stack.enter_context(mock.patch.dict(os.environ, {"ATTENTION_COURSE_DEVICE": simulated.NAME}))
        for place, most in CUTS.items():
            stack.enter_context(replaced(place, functools.partial(with_less, most)))
        stack.enter_context(SETTINGS[setting](device))
        refused = stack.enter_context(simulated.noted())
        for cell in jupytext.read(source).cells:
            if cell.cell_type == "code":
                name = f"{source.stem}:{cell.metadata.get('name', 'cell')}"
                try:
                    exec(compiled(cell.source, name), space)
                except Exception as error:
                    failed[name] = (
                        f"{type(error).__name__}: {error}, at {theirs(traceback.extract_tb(error.__traceback__))}"
                    )
    places = Counter()
    for (what, lines), times in refused.items():
        places[what, next((line for line in lines if is_theirs(line)), "in a backward pass")] += times
    return Report(failed, places)


def compiled(source: str, name: str):
    """A cell without its asserts, and whose last value is shown."""
    tree = ast.parse(source)
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        tree.body[-1].value = ast.Call(ast.Name("show", ast.Load()), [tree.body[-1].value], [])
    return compile(ast.fix_missing_locations(tree), name, "exec", optimize=1)


def show(value) -> None:
    """Make what a notebook would show of it."""
    for way in ("_ipython_display_", "_repr_mimebundle_", "__repr__"):
        if value is not None and hasattr(value, way):
            getattr(value, way)()
            return


def is_theirs(line: str) -> bool:
    return line.startswith(f"{ROOT}/attention_course") or line[:2].isdigit()


def theirs(frames) -> str:
    """The innermost line that is the lesson's or the package's."""
    lines = [f"{frame.filename}:{frame.lineno}" for frame in frames]
    return next((line for line in reversed(lines) if is_theirs(line)), "?")


# Budgets


@contextlib.contextmanager
def replaced(place: str, change):
    """A function of the package, as `module:name`, changed. AttributeError or ModuleNotFoundError if it has moved."""
    module, name = place.split(":")
    module = importlib.import_module(module)
    with mock.patch.object(module, name, change(getattr(module, name))):
        yield


def with_less(most: dict[str, int], function):
    """The function, for which a number is no more than `most`, and a sequence no longer."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        for name in most.keys() & bound.arguments.keys():
            bound.arguments[name] = less(bound.arguments[name], most[name])
        return less(function(*bound.args, **bound.kwargs), most.get("return"))

    return call


def less(value, most: int | None):
    if most is None or value is None:
        return value
    if isinstance(value, int):
        return min(value, most)
    if isinstance(value, tuple) and all(isinstance(part, int) for part in value):  # updates, one number a stage
        return tuple(min(part, most) for part in value)
    return value[:most]


# Settings: how the device comes into a lesson


@contextlib.contextmanager
def by_default(device):
    """Everything that does not say where is made on the device."""
    torch.set_default_device(device)
    try:
        yield
    finally:
        torch.set_default_device(None)


@contextlib.contextmanager
def by_training(device, and_back=False):
    """Models are moved to the device when they are trained, and stay there or come back."""

    def moving(train):
        @functools.wraps(train)
        def moved(model: nn.Module, *args, **kwargs):
            found = train(model.to(device), *args, **kwargs)
            model.to("cpu" if and_back else device)
            return found

        return moved

    with contextlib.ExitStack() as stack:
        for place in TRAININGS:
            stack.enter_context(replaced(place, moving))
        yield


SETTINGS = {
    "cpu": lambda device: contextlib.nullcontext(),  # to compare with: cells fail for want of training, too
    "default": by_default,
    "training": by_training,
    "training, and back": functools.partial(by_training, and_back=True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("number")
    parser.add_argument("--setting", choices=SETTINGS, default="training")
    options = parser.parse_args()
    simulated.reserve()
    (source,) = LESSONS.glob(f"{options.number}_*.py")
    out, sys.stdout = sys.stdout, sys.stderr
    report = run(source, options.setting)
    refused = [[what, where.removeprefix(f"{ROOT}/"), times] for (what, where), times in sorted(report.refused.items())]
    json.dump({"failed": report.failed, "refused": refused}, out, indent=1)


if __name__ == "__main__":
    main()
