"""What a piece of Python asks of others, as far as it can be read without executing it."""

import ast
from collections import defaultdict
from contextlib import suppress

PACKAGE = "attention_course"
ALL = "*"


class Code:
    """What a piece of Python imports, asks of that, and calls. `package` is what a dot means in its imports."""

    def __init__(self, text: str, package: str):
        self.imports: list[tuple[str, str, str]] = []  # the name that is bound, the module, and what is taken from it
        self.asked: dict[str, set[str]] = defaultdict(set)  # of a name: attributes, and ALL where it stands alone
        self.asked[ALL].add(ALL)  # who imports everything wants it
        self.calls: set[tuple[str, str]] = set()  # "module.function" and the one string it is called with, or ALL
        self.strings: set[str] = set()  # which may name files
        tree = ast.parse(text)
        self.only_imports = all(map(_imports, tree.body))
        self._read(tree, package)

    def imported_as(self, name: str) -> list[tuple[str, str]]:
        """The modules from which something comes here under this name, and what is its name there."""
        return [(module, original) for bound, module, original in self.imports if ALL in (name, bound) or name == bound]

    def _read(self, tree: ast.AST, package: str) -> None:
        in_attributes, given = set(), {}
        for node in ast.walk(tree):  # from the outermost inwards
            if isinstance(node, ast.Import):
                self.imports += [(name.asname or name.name.split(".")[0], name.name, ALL) for name in node.names]
            elif isinstance(node, ast.ImportFrom):
                around = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
                module = ".".join([*around, *filter(None, [node.module])])
                self.imports += [(name.asname or name.name, module, name.name) for name in node.names]
            elif isinstance(node, ast.Call):
                values = [*node.args, *(keyword.value for keyword in node.keywords)]
                given[node.func] = values[0].value if len(values) == 1 and isinstance(values[0], ast.Constant) else ALL
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                in_attributes.add(node.value)
                self.asked[node.value.id].add(node.attr)
                self.calls.add((f"{node.value.id}.{node.attr}", given.get(node, ALL)))
            elif isinstance(node, ast.Name) and node not in in_attributes:
                self.asked[node.id].add(ALL)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self.strings.add(node.value)
                if PACKAGE in node.value:  # a program for another process?
                    with suppress(SyntaxError):
                        self._read(ast.parse(node.value), package)


def _imports(node: ast.stmt) -> bool:
    """Whether a statement only imports, explains, or says what is public."""
    if isinstance(node, ast.Assign | ast.AugAssign):
        return ast.unparse(node).startswith("__")
    return isinstance(node, ast.Import | ast.ImportFrom) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )
