"""Device faults: each gives a file of the package with one word about devices forgotten."""

import ast
import copy
import re
from collections.abc import Iterator

from mutating.edits import Mutant, Put, line

NO_DEVICE = re.compile(r"dtype$|^dtype$|^wide$|^torch\.int8$|^torch\.promote_types|memory_format")  # kinds of numbers


def device_faults(code: str) -> Iterator[Mutant]:
    """All of them, one at a time: a `device=` that falls away, a `.to` or a `.cpu()`."""
    tree, told = ast.parse(code), {}
    for number, node in enumerate(ast.walk(tree)):
        for new in forgotten(node):
            changed = copy.deepcopy(tree)
            place = next(n for i, n in enumerate(ast.walk(changed)) if i == number)
            change = f"{line(node)} → {line(new)}"
            told[change] = told.get(change, 0) + 1
            text = ast.unparse(ast.fix_missing_locations(Put(place, new).visit(changed)))
            yield Mutant(change if told[change] == 1 else f"{change} ({told[change]})", text)


def forgotten(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of a call that speaks of devices."""
    if not isinstance(node, ast.Call):
        return
    rest = [keyword for keyword in node.keywords if keyword.arg != "device"]
    if len(rest) < len(node.keywords):
        yield ast.Call(node.func, node.args, rest)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    said = ", ".join(ast.unparse(part) for part in [*node.args, *node.keywords])
    if name == "cpu" or (name == "to" and not NO_DEVICE.search(said)):
        yield node.func.value
