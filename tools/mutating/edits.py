"""A fixed set of edits of a syntax tree: each gives the same function with one small fault in it."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

SWAPPED = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult], ast.FloorDiv: [ast.Div],
    ast.BitAnd: [ast.BitOr], ast.BitOr: [ast.BitAnd], ast.BitXor: [ast.BitOr],
    ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.GtE], ast.Gt: [ast.GtE, ast.Lt], ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.In: [ast.NotIn], ast.NotIn: [ast.In],
    ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.And: [ast.Or], ast.Or: [ast.And],
}  # fmt: skip
FALLS_AWAY = {  # x.method(...) becomes x, and function(x, ...) becomes x
    "masked_fill", "masked_fill_", "clone", "copy", "detach", "float", "double", "half", "int", "long", "bool", "to",
    "type_as", "abs", "square", "sqrt", "exp", "log", "clamp", "relu", "tril", "triu", "flip", "softmax", "round",
    "floor", "ceil", "list", "tuple", "set", "sorted", "reversed", "contiguous", "lower", "unique", "masked_softmax",
}  # fmt: skip
RENAMED = {
    "sum": "mean", "mean": "sum", "max": "min", "min": "max", "amax": "amin", "amin": "amax", "argmax": "argmin",
    "argmin": "argmax", "any": "all", "all": "any", "tril": "triu", "triu": "tril", "floor": "ceil", "ceil": "floor",
    "ones": "zeros", "zeros": "ones", "ones_like": "zeros_like", "zeros_like": "ones_like", "cumsum": "cumprod",
    "mT": "mH", "maximum": "minimum", "minimum": "maximum", "eye": "ones_like", "sqrt": "square", "append": "extend",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """The changed code, and what was changed: "old → new", with a number where that stands in several places."""

    change: str
    code: str


def mutants(code: str, kinds: bool) -> Iterator[Mutant]:
    """All mutants of the source of one function or class, each once.

    kinds: also real numbers for what is returned, where that is Boolean or whole.
    """
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):  # `strict=True` guards against what a problem never hands over
            node.keywords = [k for k in node.keywords if k.arg != "strict"]
    told: dict[str, int] = {}
    made = {ast.unparse(tree)}
    for number, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.Return) and not kinds:
            continue
        for new in edits(node):
            changed = copy.deepcopy(tree)
            place = next(n for i, n in enumerate(ast.walk(changed)) if i == number)
            ast.fix_missing_locations(Put(place, new).visit(changed))
            try:
                text = ast.unparse(changed)
                compile(text, "mutant", "exec")
            except (SyntaxError, ValueError, AttributeError, TypeError):
                continue
            if text in made:
                continue
            made.add(text)
            change = f"{line(node)} → {line(new) if new is not None else 'nothing'}"
            told[change] = told.get(change, 0) + 1
            yield Mutant(change if told[change] == 1 else f"{change} ({told[change]})", text)


class Put(ast.NodeTransformer):
    """Puts a node in another's place; for None it takes a statement out."""

    def __init__(self, place: ast.AST, new: ast.AST | None):
        self.place, self.new = place, new

    def visit(self, node):
        if node is self.place:
            return ast.Pass() if self.new is None else self.new
        return super().visit(node)


def line(node: ast.AST) -> str:
    return ast.unparse(node).splitlines()[0]


def edits(node: ast.AST) -> Iterator[ast.AST | None]:
    """What may stand in the place of a node."""
    kind = type(node).__name__
    yield from globals().get(f"_{kind}", lambda node: ())(copy.deepcopy(node))


def _with(node: ast.AST, **fields) -> ast.AST:
    new = copy.deepcopy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _Constant(node):
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)
    elif isinstance(node.value, float):
        yield ast.Constant(2 * node.value)


def _BinOp(node):
    yield from (_with(node, op=other()) for other in SWAPPED.get(type(node.op), ()))
    yield node.left
    if isinstance(node.op, ast.Mult | ast.Add | ast.BitAnd | ast.BitOr):
        yield node.right
    if isinstance(node.op, ast.MatMult | ast.Sub | ast.Div):
        yield _with(node, left=node.right, right=node.left)


def _UnaryOp(node):
    yield node.operand
    if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant) and isinstance(node.operand.value, int):
        yield ast.Constant(1 - node.operand.value)  # another axis


def _Compare(node):
    for i, op in enumerate(node.ops):
        for other in SWAPPED.get(type(op), ()):
            yield _with(node, ops=[*node.ops[:i], other(), *node.ops[i + 1 :]])


def _BoolOp(node):
    yield from (_with(node, op=other()) for other in SWAPPED[type(node.op)])
    yield from node.values


def _IfExp(node):
    yield node.body
    yield node.orelse


def _If(node):
    yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    yield None


def _While(node):
    yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))


def _comprehension(node):
    for i in range(len(node.ifs)):
        yield _with(node, ifs=node.ifs[:i] + node.ifs[i + 1 :])


def _Call(node):
    function = node.func
    name = getattr(function, "attr", getattr(function, "id", ""))
    of_a_module = isinstance(function, ast.Attribute) and ast.unparse(function.value) in ("torch", "F", "np", "math")
    if name in FALLS_AWAY:
        if isinstance(function, ast.Attribute) and not of_a_module:
            yield function.value
        elif node.args:
            yield node.args[0]
    if name in RENAMED:
        other = RENAMED[name]
        yield _with(node, func=_with(function, **{"attr" if isinstance(function, ast.Attribute) else "id": other}))
    if name == "range" and len(node.args) == 1:
        yield _with(node, args=[ast.Constant(1), node.args[0]])
        yield _with(node, args=[ast.BinOp(node.args[0], ast.Sub(), ast.Constant(1))])
    if name == "where" and len(node.args) == 3:
        yield _with(node, args=[node.args[0], node.args[2], node.args[1]])
        yield node.args[1]
        yield node.args[2]
    for i in range(len(node.keywords)):
        yield _with(node, keywords=node.keywords[:i] + node.keywords[i + 1 :])


def _Attribute(node):
    if node.attr in ("T", "mT", "H", "mH"):
        yield node.value


def _Slice(node):
    if node.lower is not None:
        yield _with(node, lower=None)
    if node.upper is not None:
        yield _with(node, upper=None)


def _AugAssign(node):
    yield from (_with(node, op=other()) for other in SWAPPED.get(type(node.op), ()))
    yield ast.Assign([node.target], node.value)
    yield None


def _Assign(node):
    if isinstance(node.targets[0], ast.Subscript):
        yield None


def _Expr(node):
    if isinstance(node.value, ast.Call):
        yield None


def _Break(node):
    yield None


def _Continue(node):
    yield None


def _Return(node):
    if node.value is not None:
        yield _with(node, value=ast.BinOp(node.value, ast.Mult(), ast.Constant(1.0)))
