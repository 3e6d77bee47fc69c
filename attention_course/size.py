"""How large the trainings of the lessons are: for a laptop, or, with ATTENTION_COURSE_SIZE=large, for a GPU."""

import os
from typing import TypeVar

NAME = "ATTENTION_COURSE_SIZE"
T = TypeVar("T")


def pick(usual: T, large: T) -> T:
    """The usual setting, or the large one where ATTENTION_COURSE_SIZE asks for it. ValueError for other sizes."""
    asked = os.environ.get(NAME, "").strip().lower() or "usual"
    if asked not in ("usual", "large"):
        raise ValueError(f"{NAME}: expected usual or large, got {os.environ[NAME]!r}")
    return large if asked == "large" else usual
