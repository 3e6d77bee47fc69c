"""A lesson or an exercise with less of everything, cell by cell: which of its cells fail?

    python -m cut_short notebooks/src/lessons/04_translation.py

prints as JSON the names of the cells that failed, and why, and what the source has printed. Quality is not asked for:
asserts are off. A process runs one source, for lessons set threads, seeds and more. Several sources run in copies of a
process that has loaded PyTorch already. `in_a_process` begins one.
"""

import argparse
import ast
import contextlib
import functools
import importlib
import inspect
import io
import json
import linecache
import multiprocessing
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "notebooks" / "src"
WARM_UP = {"attention_course.training:train": {"target_tokens": 8_000}}  # or nothing is said that could be looked at
TRAININGS = {  # functions that train, and how much of what they are given they get
    "attention_course.training:train": {"target_tokens": 700},
    "attention_course.training:train_classifier": {"steps": 2},
    "attention_course.lessons.lesson_07.document_training:train": {"passes": 1, "documents": 40, "labels": 40},
}
DATA = {
    "attention_course.lessons.lesson_08.multi_hop_vqa:scene_batches": {"n": 2, "size": 8},
    "attention_course.models.small_encoder:trained_encoder": {"images": 70, "steps": 1, "batch": 32},
    "attention_course.lessons.lesson_08.examining:evaluate": {"n": 60},
    "attention_course.data.grammar:pairs": {"n": 300},
    "attention_course.data.scenes:scenes": {"n": 40},
    "attention_course.data.multi30k:pairs": {"return": 600},
    "attention_course.data.movie_reviews:movie_reviews": {"return": 120},
    "attention_course.lessons.lesson_07.reviews:reviews": {"count": 90},
}


def run(source: Path, around: Callable = lambda name: contextlib.nullcontext()) -> dict[str, str]:
    """Run all code cells; where one fails the next are tried all the same.

    around: makes, of a cell's name, what each is run within. Gives by the name of a cell that failed the error, and the
    last line of the source or of the package.
    """
    failed, space = {}, {"__name__": "__main__", "show": show}
    with contextlib.ExitStack() as stack:
        for place, most in (DATA | TRAININGS).items():
            stack.enter_context(replaced(place, functools.partial(shortened, place, most)))
        for cell, code in cells(source):
            name = f"{source.stem}:{cell}"
            with around(name):
                try:
                    exec(compiled(code, name), space)
                except Exception as error:
                    frames = reversed(traceback.extract_tb(error.__traceback__))
                    where = place_in(source, [f"{frame.filename}:{frame.lineno}" for frame in frames])
                    failed[name] = f"{type(error).__name__} at {where}: {error}"
    return failed


def cells(source: Path) -> Iterator[tuple[str, str]]:
    """The names and the code of a source's code cells. (Jupytext reads them, too, and is loaded in three seconds.)"""
    for cell in re.split("^# %%", source.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, code = cell.partition("\n")
        if "[markdown]" not in head:
            yield re.search('name="(.*?)"', head)[1], code


def place_in(source: Path, lines: list[str]) -> str:
    """The first of the lines that is the source's or the package's."""
    ours = f"{ROOT}/attention_course", f"{source.stem}:"
    return next((line.removeprefix(f"{ROOT}/") for line in lines if line.startswith(ours)), "a backward pass")


def compiled(source: str, name: str):
    """A cell without its asserts, and whose last value is shown. What it defines can show its source."""
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    tree = ast.parse(source)
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        tree.body[-1].value = ast.Call(ast.Name("show", ast.Load()), [tree.body[-1].value], [])
    return compile(ast.fix_missing_locations(tree), name, "exec", optimize=1)


def show(value) -> None:
    """Make what a notebook would show of it, and print its text: a figure is drawn here."""
    ways = [
        way for way in ("_ipython_display_", "_repr_mimebundle_", "__repr__") if callable(getattr(value, way, None))
    ]
    if value is not None:
        print(getattr(value, ways[0])())


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

LOADED = [
    "attention_course.training",
    "attention_course.plots",
    "attention_course.widgets",
    "matplotlib.backends.backend_agg",
]


def in_a_process(*arguments: str, folder: Path, module: str = "cut_short", **variables: str):
    """What `python -m module arguments` prints as JSON, run in an empty folder, and what the source has printed.

    RuntimeError where the process itself fails.
    """
    command = [sys.executable, "-W", "ignore", "-m", module, *arguments]
    paths = os.pathsep.join([str(ROOT / "tests"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    quiet = {"ATTENTION_COURSE_PROGRESS": "off", "ATTENTION_COURSE_THREADS": "1", "OMP_NUM_THREADS": "1"}
    environment = os.environ | quiet | variables | {"PYTHONPATH": paths, "MPLBACKEND": "agg"}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=1800)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout), done.stderr


def each_in_a_process(sources: list[Path], folder: Path) -> dict[str, tuple[dict[str, str], str]]:
    """By the names of several sources which of their cells failed, and what they have printed."""
    said, _ = in_a_process(*map(str, sources), folder=folder)
    return {name: tuple(found) for name, found in said.items()}


def run_aside(source: Path) -> tuple[dict[str, str], str]:
    """`run`, and what the source prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        failed = run(source)
    return failed, printed.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", type=Path, nargs="+")
    parser.add_argument("--without", help="a package that is not installed then")
    options = parser.parse_args()
    if options.without:
        sys.modules[options.without] = None
    if len(options.sources) == 1:
        print(json.dumps({options.sources[0].name: run_aside(options.sources[0])}, indent=1))
        return
    for name in LOADED:
        importlib.import_module(name)
    copies = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with copies.Pool(1, maxtasksperchild=1) as pool:
        found = pool.map(run_aside, options.sources, chunksize=1)
    print(json.dumps({source.name: result for source, result in zip(options.sources, found, strict=True)}, indent=1))


if __name__ == "__main__":
    main()
