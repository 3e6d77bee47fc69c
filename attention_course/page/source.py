"""The source of what a page uses or has built, printed from the code that runs."""

import inspect
import linecache
from collections.abc import Callable


class Source:
    """Code that a notebook shows as Markdown, and a terminal as it is. summary: what folds it away, if anything."""

    def __init__(self, code: str, summary: str = ""):
        self.code, self.summary = code, summary

    def __repr__(self):
        return self.code

    def _repr_markdown_(self):
        block = f"```python\n{self.code}\n```"
        return f"<details><summary>{self.summary}</summary>\n\n{block}\n\n</details>" if self.summary else block


def look_inside(*parts: Callable) -> Source:
    """The source of functions and classes of this course, folded: for what a lesson imports and does not build.

    >>> look_inside(masked_softmax)  # in a lesson: "Look inside: masked_softmax"
    """
    names = ", ".join(part.__name__ for part in parts)
    return Source(_code(parts), f"Look inside: {names}")


def listing(*parts: Callable, imports: str = "import torch\nfrom torch import nn") -> Source:
    """What a page has built, as one block of code that can be taken away. imports: the lines that it begins with."""
    return Source(f"{imports}\n\n\n{_code(parts)}")


def _code(parts) -> str:
    return "\n\n\n".join(_source(part).rstrip() for part in parts)


def _source(part) -> str:
    """`inspect.getsource`, which does not find a class that is defined in a notebook."""
    if not inspect.isclass(part) or part.__module__ != "__main__":
        return inspect.getsource(part)
    lines = linecache.getlines(part.__init__.__code__.co_filename)
    head = (f"class {part.__name__}(", f"class {part.__name__}:")
    start = next(i for i, line in enumerate(lines) if line.startswith(head))
    return "".join(inspect.getblock(lines[start:]))
