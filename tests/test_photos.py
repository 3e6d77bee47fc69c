"""Photographs in scenes: where they are, and that they are registered."""

import numpy as np
import pytest
from PIL import Image

from attention_course.data import registry
from attention_course.data.scenes import KINDS, new_ground, photos


def test_all_are_registered_and_of_known_kinds():
    names = [name for names in photos.PHOTOS.values() for name in names]
    assert set(photos.PHOTOS) <= set(KINDS) and len(names) == len(set(names)) <= 200
    assert {f"tuxpaint_stamps/{name}.png" for name in names} <= set(registry.entries())
    assert "GPL" in registry.licence("tuxpaint_stamps")


def test_a_photograph_lies_in_its_box(tmp_path, monkeypatch):
    cut_out = np.zeros((60, 80, 4), np.uint8)
    cut_out[10:50, 20:60] = (200, 10, 10, 255)
    Image.fromarray(cut_out).save(tmp_path / "stamp.png")
    monkeypatch.setattr(registry, "fetch", lambda name: tmp_path / "stamp.png")
    assert photos.photo("anything").shape == (40, 40, 4)
    image, box = photos.photo_scene("anything", 0.5, 0.4, 0.3, ground=3)
    assert box == pytest.approx((0.35, 0.25, 0.65, 0.55))
    rows, columns = np.nonzero(np.abs(image.astype(int) - new_ground(3, 160)).max(-1) > 20)
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (56, 40, 104, 88)


@pytest.fixture(autouse=True)
def nothing_kept():
    yield
    photos.photo.cache_clear()


def test_an_unknown_photograph():
    with pytest.raises(ValueError, match="expected a name in the registry"):
        photos.photo("animals/unicorn")
