"""Run the lessons as Binder would, on one core and in 1 GB with the server. Writes benchmarks/results/binder.md.

    python tools/binder.py [NN ...]

A Jupyter server runs beside them, with the settings of binder/start. Memory is that of server and kernel: the pages
of each process, and its share of those that it shares (PSS). Where a memory group can be made, the limit is held by
the system, which kills what goes beyond; else it is only compared. Time is that which the processor worked, so that
other work of the machine does not count.
"""

import os
import platform
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
from building import source
from building.course import pages
from building.execution import CellFailed, Cost, execute, held

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks/results/binder.md"
LIMIT = 2**30  # bytes
GROUP = Path("/sys/fs/cgroup/memory/attention-course")
HEAD = """# On Binder

Each lesson was run by `python tools/binder.py`: one core, one thread, at most 1 GB (2³⁰ bytes) for the Jupyter server
and the kernel together. Seconds are those which the core worked. Binder itself was not asked. Its machines may be
slower.

"""


def main() -> int:
    """Run all lessons, or those that are named; the number that failed or went beyond the limit."""
    os.environ |= started()
    core = str(sorted(os.sched_getaffinity(0))[-1])
    grouped = make_group()
    before = ["taskset", "-c", core]
    if grouped:
        before = ["sh", "-c", f'echo $$ > {GROUP}/cgroup.procs && exec "$@"', "sh", *before]
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    jupyter = [sys.executable, "-m", "jupyterlab", "--allow-root", "--no-browser"]
    jupyter += ["--IdentityProvider.token=", f"--port={port}", "--port-retries=0"]
    server = subprocess.Popen([*before, *jupyter], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://localhost:{port}/lab/tree/notebooks/04_translation.ipynb")
        costs = {}
        for page in pages(ROOT, sys.argv[1:]):
            if page.is_lesson:
                costs[page.name] = attempt(page, before, server.pid)
                print(page.name, costs[page.name], flush=True)
    finally:
        server.terminate()
        server.wait()
    if not sys.argv[1:]:
        RESULT.write_text(table(costs, grouped), encoding="utf-8")
    return sum(isinstance(cost, str) or cost.megabytes * 1e6 > LIMIT for cost in costs.values())


def started() -> dict[str, str]:
    """The environment that binder/start makes."""
    shown = subprocess.run([ROOT / "binder/start", "env"], check=True, capture_output=True, text=True).stdout
    told = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    return {name: value for name, value in told.items() if os.environ.get(name) != value}


def make_group() -> bool:
    """Make the memory group; whether that could be done."""
    try:
        GROUP.mkdir(exist_ok=True)
        (GROUP / "memory.limit_in_bytes").write_text(str(LIMIT))
        return int((GROUP / "memory.limit_in_bytes").read_text()) == LIMIT
    except OSError:
        return False


def wait_for(address: str) -> None:
    """Wait until the server answers, and have it read a notebook, as a visitor's browser does."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(address) as answer:
                answer.read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The Jupyter server did not start.")


class Meter:
    """Measures memory, and keeps the processor time of all that it is asked about."""

    def __init__(self):
        self.worked: dict[int, float] = {}

    @property
    def seconds(self) -> float:
        """Seconds that the processes worked."""
        return sum(self.worked.values())

    def __call__(self, process: psutil.Process) -> int:
        """The bytes of a process's own, and its share of others (PSS)."""
        times = process.cpu_times()
        self.worked[process.pid] = times.user + times.system
        return process.memory_full_info().pss


def attempt(page, before: list[str], server: int) -> Cost | str:
    """What a lesson costs with the server's memory counted, or why it stopped."""
    beside, meter = psutil.Process(server), Meter()
    others = held([beside, *beside.children(recursive=True)], Meter())
    try:
        cost = execute(source.read(page), page.notebook.parent, before, meter)
    except CellFailed as error:
        return str(error).partition("\n")[0]
    return Cost(meter.seconds, cost.megabytes + others / 1e6)


def table(costs: dict[str, Cost | str], grouped: bool) -> str:
    """The page, as Markdown."""
    rows = ["| lesson | seconds | MB, with the server |", "|---|---|---|"]
    for name, cost in costs.items():
        told = f"{cost.seconds:.0f} | {cost.megabytes:.0f}" if isinstance(cost, Cost) else f"{cost} |"
        rows.append(f"| {name} | {told} |")
    held_by = "The limit was held by a memory group of the system." if grouped else "The limit was only compared with."
    machine = f"Measured on {platform.system()} ({platform.machine()}), Python {platform.python_version()}. {held_by}"
    return HEAD + "\n".join(rows) + f"\n\n{machine}\n"


if __name__ == "__main__":
    sys.exit(main())
