"""Waiting for a kernel's message in short turns: it is found when it comes, and a deadline is a deadline."""

import asyncio
import queue
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from building import execution
from nbval.kernel import RunningKernel

in_nbval = RunningKernel.get_message  # as the conftest.py beside README has it


@pytest.fixture(params=["build", "nbval"])
def channel(request, monkeypatch):
    return partial(Channel, monkeypatch, request.param)


class Channel:
    """Stays empty for some waits and then answers; with it goes a clock that only waiting moves."""

    def __init__(self, monkeypatch, waiter, empty, late=0.0):
        self.waiter, self.empty, self.late, self.now, self.waits = waiter, empty, late, 50.0, []
        clock = SimpleNamespace(monotonic=lambda: self.now)
        monkeypatch.setattr(execution, "time", clock)
        monkeypatch.setitem(in_nbval.__globals__, "time", clock)

    def get_iopub_msg(self, timeout=None):
        self.waits.append(timeout)
        if len(self.waits) > self.empty:
            return "answer"
        self.now += timeout + self.late
        raise queue.Empty

    async def get_msg(self, timeout=None):
        return self.get_iopub_msg(timeout)

    def wait(self, timeout):
        if self.waiter == "nbval":
            return in_nbval(SimpleNamespace(kc=self), "iopub", timeout)
        return asyncio.run(execution._in_short_waits(self.get_msg)(timeout=timeout))


@pytest.mark.parametrize(
    ("timeout", "waits"), [(None, [1, 1, 1]), (600, [1, 1, 1]), (2.25, [1, 1, 0.25]), (2, [1, 1, 0])]
)
def test_an_answer_that_comes_in_the_third_turn_is_found(channel, timeout, waits):
    channel = channel(empty=2)
    assert channel.wait(timeout) == "answer"
    assert channel.waits == waits


@pytest.mark.parametrize("timeout", [0, 0.25, 1, 2.5])
def test_without_an_answer_it_ends_at_its_deadline(channel, timeout):
    channel = channel(empty=99)
    with pytest.raises(queue.Empty):
        channel.wait(timeout)
    assert channel.now == 50 + timeout
    assert max(channel.waits) <= 1


def test_a_turn_that_lasts_too_long_is_followed_by_a_last_look(channel):
    channel = channel(empty=99, late=0.5)
    with pytest.raises(queue.Empty):
        channel.wait(1.25)
    assert channel.waits == [1, 0]
