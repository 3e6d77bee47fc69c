"""Operators to try on the pretended device: the expressions of operators.txt, and the tensors that they name."""

from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from torch import nn

SHAPES = {  # x, y, v, w, m, c, f: numbers; p: above zero; n: a single one, without axes; i, j, k: whole; b: Boolean
    "x": (2, 3, 4),
    "y": (2, 3, 4),
    "p": (2, 3, 4),
    "v": (4,),
    "w": (5, 4),
    "m": (2, 4, 4),
    "c": (2, 2, 6, 6),
    "f": (3, 2, 3, 3),
    "n": (),
    "i": (2, 3, 4),
    "j": (5,),
    "k": (2, 3),
    "b": (2, 3, 4),
}


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


PURE, CHANGING = map(lines, Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").split("# In place"))


def operands_of(expression: str) -> dict[str, torch.Tensor]:
    """Those that it names, on the CPU, and the same every time."""
    generator = torch.Generator("cpu").manual_seed(0)
    made = {name: torch.randn(shape, generator=generator) for name, shape in SHAPES.items()}
    made |= {name: torch.randint(0, 3, SHAPES[name], generator=generator) for name in "ijk"}
    made |= {"p": made["p"].abs() + 0.1, "b": made["b"] > 0}
    return {name: made[name] for name in compile(expression, expression, "eval").co_names if name in made}


def compute(expression: str, operands: dict[str, torch.Tensor]):
    return eval(expression, {"torch": torch, "nn": nn, "F": F, "numpy": numpy} | operands)
