"""The README shows the picture that lesson 00 shows."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from picture import picture  # noqa: E402


def test_the_readme_shows_the_map_of_lesson_00():
    assert (ROOT / "docs/picture.png").read_bytes() == picture(), "run make notebooks"
    assert "docs/picture.png" in (ROOT / "README.md").read_text(encoding="utf-8")
