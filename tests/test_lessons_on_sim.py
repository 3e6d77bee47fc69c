"""Every lesson on the pretended device: what trains there is brought back, and a GPU would refuse no cell."""

import pytest
import simulated
from cut_short import SOURCES
from simulated.lessons import in_a_process

LESSONS = {path.name[:2]: path for path in sorted((SOURCES / "lessons").glob("[0-9]*.py"))}
QUICK = [("07", "auto"), ("09", "auto, Apple's")]
ALL = [(number, setting) for number in LESSONS for setting in ("auto", "auto, Apple's")]
CASES = [case if case in QUICK else pytest.param(*case, marks=pytest.mark.every_lesson) for case in ALL]


@pytest.mark.parametrize(("number", "setting"), CASES)
def test_no_cell_is_refused(number, setting, tmp_path):
    if reason := simulated.unfit():
        pytest.skip(reason)
    report = in_a_process(LESSONS[number], setting, tmp_path)
    assert report.refused == []
    # A cell may fail for want of training. It fails on the CPU, too.
    if report.failed:
        assert report.failed == in_a_process(LESSONS[number], "cpu", tmp_path).failed
