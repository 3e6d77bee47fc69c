"""English that is on every machine: what Python's standard library says of itself."""

import ast
import sysconfig
from functools import cache
from pathlib import Path

TESTED = 10  # every tenth docstring is kept for testing
DEFINITIONS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def docstrings() -> tuple[str, ...]:
    """The docstrings of the library's modules, of each module's classes and functions, every text once.

    Sources are read and not run. Modules inside packages are left out: with them it takes five times as long. Which
    texts there are depends a little on the version of Python.
    """
    found = {}
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, DEFINITIONS) and (text := ast.get_docstring(node)):
                found.setdefault(text)
    return tuple(found)


def text(part: str = "train") -> str:
    """The docstrings of one part, "train" or "test", with an empty line between two of them."""
    if part not in ("train", "test"):
        raise ValueError(f'part: expected "train" or "test", got {part!r}')
    return "\n\n".join(t for i, t in enumerate(docstrings()) if (i % TESTED == 0) == (part == "test"))


def pieces(numbers: list[int], length: int, step: int | None = None) -> list[list[int]]:
    """Cut a text into pieces of `length` numbers and the one after them, which is to be predicted last.

    A piece begins every `step` numbers, which is `length` if not given; what does not fill a piece at the end is left
    out. Raises ValueError where the text is too short for one.
    """
    if len(numbers) <= length:
        raise ValueError(f"numbers: expected more than {length}, got {len(numbers)}")
    return [numbers[i : i + length + 1] for i in range(0, len(numbers) - length, step or length)]
