"""Executing a notebook in a kernel of this interpreter, and measuring it."""

import asyncio
import math
import os
import queue
import re
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

CELL_TIMEOUT = 1_800  # seconds: for what hangs, not for what is slow
SAMPLE_EVERY = 0.1  # seconds
Measure = Callable[[psutil.Process], int]


@dataclass(frozen=True)
class Cost:
    seconds: float
    megabytes: float  # the peak of what the kernel and its children had resident


class CellFailed(Exception):
    """A cell did not run to its end; the text names it and shows its source and the traceback."""

    def __init__(self, cell: str, source: str, reason: str):
        self.cell = cell
        super().__init__(f'cell "{cell}" failed:\n{_indented(source)}\n\n{_indented(reason)}')


def resident(process: psutil.Process) -> int:
    """The bytes that a process holds, with what it shares."""
    return process.memory_info().rss


def execute(notebook: NotebookNode, folder: Path, before: Sequence[str] = (), measure: Measure = resident) -> Cost:
    """Execute the notebook in `folder` and put the outputs, as they come, into it.

    before: what stands before the kernel's command, such as a command that limits it. measure: of one process's memory.
    """
    running = NotebookNode(id="before the first", source="")

    def remember(cell: NotebookNode, cell_index: int) -> None:
        nonlocal running
        running = cell

    async def started(notebook: NotebookNode) -> None:
        _stop_on_signals()
        memory.watch(client.km.provisioner.pid)

    client = _Client(
        notebook,
        before,
        timeout=CELL_TIMEOUT,
        record_timing=False,
        force_raise_errors=True,
        extra_arguments=["--IPKernelApp.log_level=50"],
        on_notebook_start=started,
        on_cell_execute=remember,
    )
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as profile, _PeakMemory(measure) as memory:
        try:
            client.execute(cwd=str(folder), env=_environment(profile))
        except CellExecutionError as error:
            reason = error.traceback.partition(running.source)[2].removeprefix("\n------------------\n")
            raise CellFailed(running.id, running.source, reason) from None
        except CellTimeoutError:
            raise CellFailed(running.id, running.source, f"It took more than {CELL_TIMEOUT} s.") from None
        except DeadKernelError:
            raise CellFailed(running.id, running.source, "The kernel died: out of memory?") from None
    return Cost(time.perf_counter() - start, memory.peak / 1e6)


def _stop_on_signals() -> None:
    """Ctrl-C and kill stop everything: nbclient would make a dead kernel of them, and the next lesson would start."""
    with suppress(NotImplementedError, ValueError):  # on Windows; outside the main thread
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, signal.default_int_handler)


class _ThisInterpreter(KernelSpecManager):
    """The interpreter that runs this, whatever kernels are installed: "python3" may be another environment's."""

    before: Sequence[str] = ()

    def get_kernel_spec(self, kernel_name):
        spec = get_kernel_dict()
        return self.kernel_spec_class(resource_dir="", **spec | {"argv": [*self.before, *spec["argv"]]})


class _Client(NotebookClient):
    def __init__(self, notebook: NotebookNode, before: Sequence[str], **settings):
        super().__init__(notebook, **settings)
        self.before = before

    def create_kernel_manager(self):
        specs = _ThisInterpreter()
        specs.before = self.before
        self.km = AsyncKernelManager(kernel_spec_manager=specs)
        return self.km

    async def async_start_new_kernel_client(self):
        client = await super().async_start_new_kernel_client()
        for channel in (client.shell_channel, client.iopub_channel):
            channel.get_msg = _in_short_waits(channel.get_msg)
        return client


def _in_short_waits(get_msg):
    """Wait a second at a time: now and then a message lies there unnoticed until the whole time-out has passed."""

    async def get(timeout=None):
        end = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            try:
                return await get_msg(timeout=max(0, min(1, left)))  # a negative one would wait for ever
            except queue.Empty:
                if left <= 0:
                    raise

    return get


def _environment(profile: str) -> dict[str, str]:
    """The caller's, but for what would change the outputs: the figures' backend, IPython's settings, progress bars."""
    kept = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    return kept | {"IPYTHONDIR": profile, "ATTENTION_COURSE_PROGRESS": "off"}


class _PeakMemory:
    """Samples what a process and its children hold in memory, from `watch` to the end of the with block."""

    def __init__(self, measure: Measure):
        self.measure, self.peak = measure, 0
        self._done = threading.Event()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._done.set()

    def watch(self, pid: int) -> None:
        threading.Thread(target=self._sample, args=[psutil.Process(pid)], daemon=True).start()

    def _sample(self, kernel: psutil.Process) -> None:
        while not self._done.wait(SAMPLE_EVERY):
            with suppress(psutil.NoSuchProcess):
                self.peak = max(self.peak, held([kernel, *kernel.children(recursive=True)], self.measure))


def held(processes: Sequence[psutil.Process], measure: Measure = resident) -> int:
    """What some processes hold together; one that has just ended holds nothing."""
    total = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += measure(process)
    return total


def _indented(text: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return "\n".join(f"    {line}".rstrip() for line in plain.strip("\n").splitlines())
