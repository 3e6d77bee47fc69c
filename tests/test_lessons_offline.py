"""Lessons that would like to download something run to their end without it.

Here they are cut short: 60,000 words or one pass for each training, and no promises kept (asserts are off).
`make test` without a mirror and a network runs them whole.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LESSONS = Path(__file__).parents[1] / "notebooks" / "src" / "lessons"
RUN = """
import sys, jupytext
from attention_course import training
from attention_course.models import document_training
whole = training.train
training.train = lambda *args, **options: whole(*args, **options | {"target_tokens": 60_000, "progress": False})
passes = document_training.train
document_training.train = lambda *args, **options: passes(*args, **options | {"passes": 1, "progress": False})
here = {"__name__": "__main__"}
for cell in jupytext.read(sys.argv[1]).cells:
    if cell.cell_type == "code":
        exec(compile(cell.source, cell.metadata.get("name", "cell"), "exec"), here)
"""


@pytest.mark.parametrize("lesson", ["04_translation", "05_alignment", "07_hierarchical_attention"])
def test_a_lesson_runs_to_its_end_without_its_data(lesson, tmp_path):
    environment = os.environ | {
        "ATTENTION_COURSE_DATA": str(tmp_path / "no such mirror"),
        "ATTENTION_COURSE_CACHE": str(tmp_path / "cache"),
        "MPLBACKEND": "agg",
    }
    run = subprocess.run(
        [sys.executable, "-O", "-c", RUN, str(LESSONS / f"{lesson}.py")],
        env=environment, capture_output=True, text=True, cwd=LESSONS, timeout=500,
    )  # fmt: skip
    assert not run.returncode, run.stderr[-2000:]
    assert "cannot be had here" in run.stdout
