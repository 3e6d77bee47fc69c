"""Exercises in which nothing has been solved yet run to their end, cut short.

They run whole when their solutions are filled in (`tools/notebooks.py --filled`).
"""

import re

import cut_short
import pytest

SOURCES = sorted((cut_short.SOURCES / "exercises").glob("[0-9]*.py"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name[:2])
def test_no_cell_fails_and_every_check_says_that_there_is_no_answer(source, tmp_path):
    problems = set(re.findall(r"\bcheck\.(\w+)\(", source.read_text(encoding="utf-8")))
    failed, said = cut_short.in_a_process(str(source), folder=tmp_path)
    assert failed == {} and problems
    assert all(f"Not attempted. Write your answer in the cell above. check.{name}." in said for name in problems)
