"""Run one submission beside the judge: a process of its own, so that whatever happens ends with it.

    python -m attention_course.grading.running < what.json > outcome.json

It reads a `Task` and writes an `Outcome`, as JSON.
"""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat
import psutil
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from attention_course.grading import sandbox
from attention_course.grading.client import JUDGE
from attention_course.grading.handed_in import grade_id, problem_of, why_not_handed

STARTING = 120
"""Seconds that kernel and judge may take to start."""


@dataclass(frozen=True)
class Limits:
    """What a submission may take."""

    cell: float = 30.0  # seconds
    whole: float = 600.0  # seconds, without the start
    memory: int = 2 * 2**30  # bytes, of all its processes
    processes: int = 24
    output: int = 200_000  # characters that are kept of what a cell prints


@dataclass(frozen=True)
class Task:
    """What is to be run."""

    notebook: str  # JSON
    secret: str
    package: str  # the folder of the package without solutions
    limits: Limits = Limits()


@dataclass
class Outcome:
    """What came of it. verdicts: by the name of the problem. failures: a sentence for each thing that went wrong."""

    verdicts: dict[str, dict]
    failures: list[str]
    notebook: str  # JSON, executed

    def verdict(self, problem: str) -> dict:
        """The judge's verdict on a problem, or why there is none."""
        if problem in self.verdicts:
            return self.verdicts[problem]
        why = why_not_handed(nbformat.reads(self.notebook, as_version=4), problem)
        return {"outcome": "not judged", "mistake": None, "message": why}


def main() -> None:
    """Run what standard input says."""
    given = json.load(sys.stdin)
    task = Task(**given | {"limits": Limits(**given["limits"])})
    system = ctypes.CDLL(None)
    system.prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG: where the grader is killed, this ends, too
    system.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: what a submission leaves behind becomes our child
    folder = Path(tempfile.mkdtemp(prefix="judged-"))
    try:
        outcome = run(task, folder)
    finally:
        end_all()
        shutil.rmtree(folder, ignore_errors=True)
    json.dump(asdict(outcome), sys.stdout)


def run(task: Task, folder: Path) -> Outcome:
    """Execute the notebook in a kernel, with the judge beside it."""
    notebook = nbformat.reads(task.notebook, as_version=4)
    door, place = folder / "judge", folder / "work"  # what it throws away in its place is not the way to the judge
    place.mkdir()
    judge = subprocess.Popen(
        [sys.executable, "-m", "attention_course.grading.judge", str(door)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    judge.stdin.write(task.secret + "\n")
    judge.stdin.flush()
    verdicts, failures = {}, []
    hearing = threading.Thread(target=_hear, args=(judge, ready := threading.Event(), verdicts), daemon=True)
    hearing.start()
    if not ready.wait(STARTING):
        raise RuntimeError("the judge did not start")
    client = Client(notebook, km=_kernel(task, folder, door), limits=task.limits, judge=judge.pid)
    try:
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}  # ours carries the outcome
        client.execute(env=_environment(task, door, place), cwd=str(place), **silent)
    except DeadKernelError:
        failures.append(client.ended or f"The kernel ended {client.where()}. What stands below was not run.")
    except CellTimeoutError:
        failures.append(f"The kernel did not answer {client.where()}.")
    failures += client.stopped
    judge.stdin.close()
    try:
        judge.wait(10)
    except subprocess.TimeoutExpired:
        judge.kill()
    hearing.join(10)
    for name, why in client.too_long.items():
        if verdicts.get(name, {}).get("outcome") == "not judged":
            verdicts[name]["message"] = why
    return Outcome(verdicts, failures, nbformat.writes(notebook))


def _hear(judge: subprocess.Popen, ready: threading.Event, verdicts: dict[str, dict]) -> None:
    for line in judge.stdout:
        if line == "ready\n":
            ready.set()
        else:
            verdict = json.loads(line)
            verdicts[verdict.pop("name")] = verdict


def _environment(task: Task, door: Path, place: Path) -> dict[str, str]:
    """What a submission is told of its surroundings: little."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
    home = str(place)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "ATTENTION_COURSE_THREADS"), "1")
    told = {"PYTHONPATH": task.package, "HOME": home, "TMPDIR": home, "IPYTHONDIR": home, "MPLCONFIGDIR": home}
    return (
        kept | threads | told | {JUDGE: str(door), "ATTENTION_COURSE_PROGRESS": "off", "PYTHONDONTWRITEBYTECODE": "1"}
    )


def _kernel(task: Task, folder: Path, door: Path) -> AsyncKernelManager:
    """A kernel within limits, apart where the machine can do it, spoken to through files of the folder."""
    before = sandbox.wrapped(folder, Path(task.package))
    program = [sys.executable, "-m", "attention_course.grading.kernel", str(task.limits.memory)]
    spec = {"argv": [*before, *program, "-f", "{connection_file}"], "display_name": "judged", "language": "python"}
    spec["interrupt_mode"] = "message"  # no signal passes into a sandbox
    (place := folder / "kernels" / "judged").mkdir(parents=True)
    (place / "kernel.json").write_text(json.dumps(spec))
    specs = KernelSpecManager(kernel_dirs=[str(folder / "kernels")], ensure_native_kernel=False)
    return AsyncKernelManager(
        kernel_name="judged",
        kernel_spec_manager=specs,
        transport="ipc",
        ip=str(folder / "k"),
        connection_file=str(folder / "connection.json"),
    )


class Client(NotebookClient):
    """Executes every cell, whatever the one before did; keeps outputs short, and ends what takes too much."""

    def __init__(self, notebook, km, limits: Limits, judge: int):
        super().__init__(
            notebook,
            km=km,
            allow_errors=True,
            timeout=limits.cell,
            interrupt_on_timeout=True,
            error_on_timeout={"ename": "TimeLimit", "evalue": "", "traceback": []},
            startup_timeout=STARTING,
            shutdown_kernel="immediate",
            record_timing=False,
        )
        self.limits, self.judge = limits, judge
        self.ended = ""
        self.stopped: list[str] = []
        self.too_long: dict[str, str] = {}  # by problem
        self._cell, self._printed = -1, 0

    def cell(self) -> str:
        """The name of the cell that runs, or its number where it has no name."""
        name = grade_id(self.nb.cells[self._cell])
        return f"cell {name}" if name else f"cell {self._cell + 1}"

    def where(self) -> str:
        """In which cell it is."""
        return f"in {self.cell()}" if self._cell >= 0 else "before the first cell"

    async def async_start_new_kernel_client(self):
        client = await super().async_start_new_kernel_client()
        threading.Thread(target=self._look_after, args=(time.monotonic(),), daemon=True).start()
        return client

    async def async_execute_cell(self, cell, cell_index, *args, **kwargs):
        self._cell, self._printed = cell_index, 0
        return await super().async_execute_cell(cell, cell_index, *args, **kwargs)

    async def _async_handle_timeout(self, timeout, cell=None):
        took = f"took longer than {self.limits.cell:g} seconds and was stopped."
        self.stopped.append(f"C{self.cell()[1:]} {took}")
        if name := grade_id(self.nb.cells[self._cell]):
            self.too_long[problem_of(name)] = f"It {took}"
        return await super()._async_handle_timeout(timeout, cell)

    def output(self, outs, msg, display_id, cell_index):
        size = len(json.dumps(msg["content"], default=str))
        if self._printed + size <= self.limits.output:
            self._printed += size
            return super().output(outs, msg, display_id, cell_index)
        if self._printed <= self.limits.output:
            self._printed = self.limits.output + 1
            outs.append(nbformat.v4.new_output("stream", name="stderr", text="(More was printed than is kept.)\n"))
        return None

    def _look_after(self, start: float) -> None:
        """End the kernel where it takes too much, until it has ended."""
        while True:
            time.sleep(0.1)
            family = _descendants(besides=self.judge)
            if not family:
                return
            memory = sum(_resident(process) for process in family)
            if len(family) > self.limits.processes:
                self.ended = f"It had {len(family)} processes {self.where()}, and was ended."
            elif memory > self.limits.memory:
                self.ended = (
                    f"It took more than {self.limits.memory / 2**30:g} GB of memory {self.where()}, and was ended."
                )
            elif time.monotonic() - start > self.limits.whole:
                self.ended = f"In all it took longer than {self.limits.whole:g} seconds. It was ended {self.where()}."
            else:
                continue
            for process in family:
                _kill(process)


def _descendants(besides: int | None = None) -> list[psutil.Process]:
    return [process for process in psutil.Process().children(recursive=True) if process.pid != besides]


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.Error):
        process.kill()


def end_all() -> None:
    """End every process that is left, those that fled from their parents too."""
    for _ in range(20):
        family = _descendants()
        for process in family:
            _kill(process)
        while True:
            try:
                if not os.waitpid(-1, os.WNOHANG)[0]:
                    break
            except ChildProcessError:
                break
        if not family:
            return
        time.sleep(0.05)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    main()
