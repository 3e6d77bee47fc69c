"""Waiting for a kernel's message in short turns: it is found when it comes, and a deadline is a deadline."""

import asyncio
import queue
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from building import execution


class Channel:
    """Stays empty for some waits and then answers; with it goes a clock that only waiting moves."""

    def __init__(self, monkeypatch, empty, late=0.0):
        self.empty, self.late, self.now, self.waits = empty, late, 50.0, []
        monkeypatch.setattr(execution, "time", SimpleNamespace(monotonic=lambda: self.now))

    async def get_msg(self, timeout=None):
        self.waits.append(timeout)
        if len(self.waits) > self.empty:
            return "answer"
        self.now += timeout + self.late
        raise queue.Empty

    def wait(self, timeout):
        return asyncio.run(execution._in_short_waits(self.get_msg)(timeout=timeout))


@pytest.mark.parametrize(
    ("timeout", "waits"), [(None, [1, 1, 1]), (600, [1, 1, 1]), (2.25, [1, 1, 0.25]), (2, [1, 1, 0])]
)
def test_an_answer_that_comes_in_the_third_turn_is_found(monkeypatch, timeout, waits):
    channel = Channel(monkeypatch, empty=2)
    assert channel.wait(timeout) == "answer"
    assert channel.waits == waits


@pytest.mark.parametrize("timeout", [0, 0.25, 1, 2.5])
def test_without_an_answer_it_ends_at_its_deadline(monkeypatch, timeout):
    channel = Channel(monkeypatch, empty=99)
    with pytest.raises(queue.Empty):
        channel.wait(timeout)
    assert channel.now == 50 + timeout
    assert max(channel.waits) <= 1


def test_a_turn_that_lasts_too_long_is_followed_by_a_last_look(monkeypatch):
    channel = Channel(monkeypatch, empty=99, late=0.5)
    with pytest.raises(queue.Empty):
        channel.wait(1.25)
    assert channel.waits == [1, 0]
