"""Ctrl-C, and the notebook's stop button, between two steps instead of within one."""

import contextlib
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def interruptions() -> Iterator[list[int]]:
    """Collect Ctrl-C instead of being stopped by it: a step is finished before anything is saved. A second one stops.

    Nothing is collected outside the main thread, where signals cannot be had, nor where what happens at Ctrl-C was set
    by another language than Python, and could not be set again.
    """
    received: list[int] = []
    usual = signal.getsignal(signal.SIGINT)

    def collect(number, frame):
        received.append(number)
        signal.signal(signal.SIGINT, usual)

    collecting = False
    if usual is not None:
        with contextlib.suppress(ValueError):  # outside the main thread
            signal.signal(signal.SIGINT, collect)
            collecting = True
    try:
        yield received
    finally:
        if collecting:
            signal.signal(signal.SIGINT, usual)
