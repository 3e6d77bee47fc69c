"""Which files of the package a lesson's outputs depend on. It is read from the sources: nothing is imported.

A file counts for whoever imports it and uses what it got. A package's `__init__` of nothing but imports hands on the
names that are asked of it, and is nothing by itself. Data count for the module beside them that names them; results
and claims for the lesson that shows them.
"""

import hashlib
import json
import tomllib
from pathlib import Path

from .asking import ALL, PACKAGE, Code
from .working import working

CLAIMS = {"claims.load", "claims.verdict", "claims.table"}
LAZY = f"{PACKAGE}.checks"  # `lesson_NN` is found there by name, in the lesson's room
JUDGED = CLAIMS - {"claims.load"}


class Reach:
    """The package of a repository, each of whose files is read once."""

    def __init__(self, root: Path):
        self.root, self.folder = root, root / PACKAGE
        self._codes: dict[str, Code] = {}
        self._digests: dict[Path, str] = {}

    def of(self, lesson: str) -> dict[str, str]:
        """A digest of every file that the code of a lesson depends on, by its path in the package."""
        code = Code(lesson, "")
        files = self._files(code)
        digests = {path: self._digest(path) for path in files}
        loaded = {name for function, name in code.calls if function == "results.load"}
        if (path := self.folder / "claims.toml") in files:
            digests[path], judging = self._claims(path, code)
            loaded |= judging
        results = (self.folder / "results").glob("*.json")
        digests |= {path: self._digest(path) for path in results if loaded & {path.stem, ALL}}
        return {path.relative_to(self.folder).as_posix(): digests[path] for path in sorted(digests)}

    def _files(self, code: Code) -> set[Path]:
        files, seen = set(), set()

        def follow(code: Code) -> None:
            for bound, module, name in code.imports:
                for attribute in code.asked[bound]:
                    take(module, name, attribute)

        def take(module: str, name: str, attribute: str) -> None:
            """`from module import name`; and of that, if it is a module itself, the attribute."""
            if (module, name, attribute) in seen or not self._path(module):
                return
            seen.add((module, name, attribute))
            if module == LAZY and self._path(check := f"{PACKAGE}.lessons.{name}.check"):
                return take(check, attribute, ALL)
            execute(module)
            origins = self._code(module).imported_as(name)
            if self._path(f"{module}.{name}") and (not origins or (module, name) in origins):
                take(f"{module}.{name}", attribute, ALL)
            elif origins:
                for origin in origins:
                    take(*origin, ALL if name == ALL else attribute)
            elif name != ALL:
                count(module)

        def execute(module: str) -> None:
            """What happens on import, in the packages around it as well."""
            if module:
                execute(module.rpartition(".")[0])
                if not self._code(module).only_imports:
                    count(module)

        def count(module: str) -> None:
            path, code = self._path(module), self._code(module)
            if path not in files:
                data = [near for near in path.parent.iterdir() if near.name in code.strings and near.is_file()]
                files.update([path, *data])
                follow(code)

        follow(code)
        return files

    def _path(self, module: str) -> Path | None:
        """The file of a module, if it is one of the package."""
        path = self.root.joinpath(*module.split("."))
        files = [path / "__init__.py", path.with_suffix(".py")] if module.split(".")[0] == PACKAGE else []
        return next((file for file in files if file.is_file()), None)

    def _code(self, module: str) -> Code:
        if module not in self._codes:
            path = self._path(module)
            package = module if path.name == "__init__.py" else module.rpartition(".")[0]
            self._codes[module] = Code(path.read_text(encoding="utf-8"), package)
        return self._codes[module]

    def _digest(self, path: Path) -> str:
        if path not in self._digests:
            text = path.read_text(encoding="utf-8")
            self._digests[path] = _digest(working(text) if path.suffix == ".py" else text)
        return self._digests[path]

    def _claims(self, path: Path, code: Code) -> tuple[str, set[str]]:
        """The digest of those claims that the code loads, and the names of the results by which they are judged."""
        loaded, judging = {}, set()
        for id, claim in tomllib.loads(path.read_text(encoding="utf-8")).items():
            names = {ALL, id, claim["lesson"]}
            functions = {function for function, name in code.calls if name in names}
            if functions & CLAIMS:
                loaded[id] = claim
            if functions & JUDGED:
                judging.add(claim["result"].partition(":")[0])
        return _digest(json.dumps(loaded)), judging


def changed(before: dict[str, str], now: dict[str, str]) -> str:
    """The files that differ between two reaches, as messages name them; "" where none does."""
    names = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    shown = [f"{PACKAGE}/{name}" for name in names[:3]] + [f"{len(names) - 3} more"] * (len(names) > 3)
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
