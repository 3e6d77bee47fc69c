"""Experiments of many trainings, two at a time. One that is broken off goes on with the trainings that are missing.

What is finished is kept in build/experiments, with the commit that it was measured at. Another commit begins anew,
unless the command line says --keep.
"""

import json
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from attention_course import results
from attention_course.device import use_threads

KEPT = Path(__file__).parents[1] / "build" / "experiments"
PROCESSES = 2


def measure_all(name: str, training: Callable[..., Any], jobs: Sequence[tuple], processes: int = PROCESSES) -> list:
    """`training(*job)` for each job, in processes of one thread each; the results in the order of the jobs.

    name: of the experiment, which the file is named after. What a training gives is what JSON can hold.
    """
    path, commit = KEPT / f"{name}.json", results.commit()
    done = _finished(path)
    if "--keep" not in sys.argv[1:]:
        done = {key: kept for key, kept in done.items() if kept["commit"] == commit}
    missing = [job for job in jobs if _key(training, job) not in done]
    print(f"{name}: {len(jobs) - len(missing)} of {len(jobs)} trainings were done before", flush=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(processes, get_context("spawn"), use_threads, (1,)) as pool:
        running = {pool.submit(training, *job): job for job in missing}
        for finished in as_completed(running):
            job = running[finished]
            done[_key(training, job)] = {"commit": commit, "found": finished.result()}
            print(*job, finished.result(), flush=True)
            fresh = path.with_suffix(".new")  # a break while writing loses nothing
            fresh.write_text(json.dumps(done), encoding="utf-8")
            fresh.replace(path)
    return [done[_key(training, job)]["found"] for job in jobs]


def kept_from(*names: str) -> str:
    """The commits of what these have finished, as a note to results, where there are others than the present one."""
    commits = {kept["commit"] for name in names for kept in _finished(KEPT / f"{name}.json").values()}
    others = sorted(commits - {results.commit()})
    return f"Trainings kept from earlier commits: {', '.join(others)}." if others else ""


def _finished(path: Path) -> dict[str, dict]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _key(training: Callable, job: tuple) -> str:
    return f"{training.__name__} {job!r}"
