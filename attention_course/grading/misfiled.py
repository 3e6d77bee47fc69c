"""What lies in `submitted/`, but not in submitted/NAME/ASSIGNMENT/, where the grader looks."""

from collections.abc import Iterator
from pathlib import Path


def misfiled(course: Path) -> dict[Path, str]:
    """Work that no assignment finds: by path, what to do. Paths are relative to the course's folder."""
    released = sorted(place.name for place in (course / "release").glob("*") if place.is_dir())
    return {path.relative_to(course): told for path, told in _found(course / "submitted", released)}


def _found(submitted: Path, released: list[str]) -> Iterator[tuple[Path, str]]:
    for learner in sorted(submitted.glob("*")):
        if not learner.is_dir():
            if not learner.name.startswith("."):
                yield learner, f"put it into {_place('NAME', learner, released)}"
            continue
        there = [path for path in sorted(learner.glob("*")) if not path.name.startswith(".")]
        if not there:
            yield learner, "the folder is empty"
        for path in there:
            if not path.is_dir():
                yield path, f"put it into {_place(learner.name, path, released)}"
            elif path.name not in released:
                yield path, f"no assignment has this name (released: {', '.join(released)})"


def _place(learner: str, file: Path, released: list[str]) -> str:
    """Where a file belongs, as far as its name tells."""
    named = [name for name in released if file.stem.startswith(name)]
    assignment = named[0] if named else released[0] if len(released) == 1 else "ASSIGNMENT"
    return f"submitted/{learner}/{assignment}/, as {assignment}.ipynb"
