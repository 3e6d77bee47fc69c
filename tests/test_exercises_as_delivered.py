"""Exercises in which nothing has been solved yet run to their end, cut short.

They run whole when their solutions are filled in (`tools/notebooks.py --filled`).
"""

import re

import cut_short
import pytest

SOURCES = sorted((cut_short.SOURCES / "exercises").glob("[0-9]*.py"))


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    return cut_short.each_in_a_process(SOURCES, tmp_path_factory.mktemp("delivered"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name[:2])
def test_no_cell_fails_and_every_check_says_that_there_is_no_answer(source, delivered):
    problems = set(re.findall(r"\bcheck\.(\w+)\(", source.read_text(encoding="utf-8")))
    failed, said = delivered[source.name]
    assert failed == {} and problems
    assert all(f"Not attempted. Write your answer in the cell above. check.{name}." in said for name in problems)
