"""The progress bar of everything that takes long."""

import sys
from collections.abc import Iterable

from tqdm import tqdm


def bar(items: Iterable | None = None, total: int | None = None, unit: str = "", *, done: int = 0, shown=True) -> tqdm:
    """A bar that `items` move as they are taken, or that is moved by its `update`; it vanishes at its end.

    total: how many there are, if `items` do not know. done: how many were done before.
    It goes to stdout: what a notebook gets on stderr it shows as if something had gone wrong.
    """
    options = {"mininterval": 0.5, "disable": not shown, "file": sys.stdout, "leave": False}
    return tqdm(items, total=total, initial=done, unit=f" {unit}", **options)
