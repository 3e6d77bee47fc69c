"""Which notebooks the course has, and where they lie."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


class CourseError(Exception):
    """What the author of a notebook has to mend; its text is the whole message."""


@dataclass(frozen=True)
class Page:
    """One notebook: the source that is edited by hand, and the .ipynb that is built from it."""

    root: Path
    kind: str  # "lessons" or "exercises"
    name: str  # "04_translation"

    @property
    def number(self) -> str:
        return self.name.split("_")[0]

    @property
    def is_lesson(self) -> bool:
        return self.kind == "lessons"

    @property
    def source(self) -> Path:
        return self.root / "notebooks" / "src" / self.kind / f"{self.name}.py"

    @property
    def notebook(self) -> Path:
        folder = self.root / "notebooks"
        return (folder if self.is_lesson else folder / self.kind) / f"{self.name}.ipynb"

    def shown(self, path: Path) -> str:
        """The path as messages name it: from the root of the repository."""
        return path.relative_to(self.root).as_posix()


def pages(root: Path, wanted: Iterable[str] = ()) -> list[Page]:
    """Every page that has a source or a notebook, lessons first; or those of the wanted numbers or names."""
    found = []
    for kind, notebooks in (("lessons", "notebooks"), ("exercises", "notebooks/exercises")):
        files = [*(root / "notebooks/src" / kind).glob("*.py"), *(root / notebooks).glob("*.ipynb")]
        found += [Page(root, kind, name) for name in sorted({file.stem for file in files})]
    wanted = set(wanted)
    unknown = wanted - {page.number for page in found} - {page.name for page in found}
    if unknown:
        raise CourseError(
            f"no such lesson: {', '.join(sorted(unknown))}; there are: {', '.join(p.name for p in found)}"
        )
    return [page for page in found if not wanted or {page.number, page.name} & wanted]


def repository(root: Path) -> str:
    """The course's public address as owner/name, or "" while it has none."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return settings.get("tool", {}).get("course", {}).get("repository", "")
