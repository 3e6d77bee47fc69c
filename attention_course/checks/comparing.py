"""When are two answers the same? What a learner wrote in NumPy, in float64 or as a list counts as much as a tensor."""

import copy
from typing import Any

import numpy as np
import torch

MANY, LONG = 60, 300  # more numbers than that, or a longer text, are shown in part


def plain(value: Any) -> Any:
    """Numbers of any make as an array; a tuple or a list of other things as a list; the rest as it is."""
    if isinstance(value, torch.Tensor):
        return _array(value)
    if isinstance(value, (bool, int, float, complex, np.ndarray, np.generic)):
        array = np.asarray(value)
        if array.dtype.kind in "biufc":
            return array
        return plain(array.tolist()) if array.ndim else array.item()
    if isinstance(value, (list, tuple)):
        items = [plain(item) for item in value]
        numbers = [i for i in items if isinstance(i, np.ndarray)]
        one_shape = len({i.shape for i in numbers}) == 1
        # A list of numbers is an array; a tuple of tensors is several answers.
        if items and len(numbers) == len(items) and one_shape and (isinstance(value, list) or numbers[0].ndim == 0):
            return np.stack(items)
        return items
    return value


def _array(tensor: torch.Tensor) -> np.ndarray:
    tensor = tensor.detach().cpu().to_dense().resolve_conj().resolve_neg()
    known = tensor.dtype in (torch.float16, torch.float32, torch.float64)
    return (tensor if known or not tensor.is_floating_point() else tensor.float()).numpy()


def coarse(value: Any) -> bool:
    """Whether there is half precision in the value, so that only two digits can be asked for."""
    if isinstance(value, (list, tuple)):
        return any(coarse(item) for item in value)
    return str(getattr(value, "dtype", "")).removeprefix("torch.") in ("float16", "bfloat16")


def same(actual: Any, expected: Any) -> bool:
    """Equal up to rounding: 1e-4 relative and 1e-5 absolute (2e-2 in half precision). NaN equals NaN.

    Things that refuse to be compared are not the same.
    """
    try:
        relative, absolute = (2e-2, 2e-2) if coarse(actual) or coarse(expected) else (1e-4, 1e-5)
        return _same(plain(actual), plain(expected), relative, absolute)
    except Exception:
        return False


def _same(a: Any, b: Any, relative: float, absolute: float) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.shape != b.shape:
            return False
        wide = np.result_type(a, b, np.float64)
        return np.allclose(a.astype(wide), b.astype(wide), rtol=relative, atol=absolute, equal_nan=True)
    if isinstance(a, (list, np.ndarray)) and isinstance(b, (list, np.ndarray)):
        return len(a) == len(b) and all(_same(x, y, relative, absolute) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and bool(a == b)


def as_numpy(args: tuple) -> tuple:
    """Copies of the arguments with arrays in the place of tensors."""
    return tuple(_array(a).copy() if isinstance(a, torch.Tensor) else copy.deepcopy(a) for a in args)


def fresh(args: tuple) -> tuple:
    """Copies, so that an answer that writes into its arguments spoils nothing."""
    return tuple(a.clone() if isinstance(a, torch.Tensor) else copy.deepcopy(a) for a in args)


def show(value: Any, digits: int = 4) -> str:
    """A value short enough for a message: four digits, and the shape where that is not plain to see."""
    try:
        return _text(plain(value), digits)
    except Exception:
        return f"something of type {type(value).__name__}, which cannot be shown"


def _text(value: Any, digits: int) -> str:
    if isinstance(value, np.ndarray):
        whole = value.size <= MANY
        if value.ndim == 0:
            return f"{value.item():.{digits}g}" if value.dtype.kind in "fc" else str(value)
        if whole and value.dtype.kind in "fc":
            value = value + 0.0  # no negative zeros
        small = not whole or bool((np.abs(value[np.isfinite(value)]) < 1e4).all())
        with np.printoptions(precision=digits, suppress=small, threshold=MANY):
            text = str(value)
        return text if value.ndim == 1 and whole else f"{text}  shape {value.shape}"
    if isinstance(value, list) and any(isinstance(item, (list, np.ndarray)) for item in value):
        items = [_text(item, digits).replace("\n", "\n ") for item in value[:5]]
        return "[" + ",\n ".join(items + ["…"] * (len(value) > 5)) + "]"
    return shorten(repr(value), LONG)


def shorten(text: str, most: int) -> str:
    """The text, or as much of it as may be shown."""
    return text if len(text) <= most else f"{text[:most]}…"


def beside(label: str, text: str) -> str:
    """A label and a text of one line or more, which all start in the same column."""
    return label + text.replace("\n", "\n" + " " * len(label))


def shape(value: Any) -> tuple[int, ...] | None:
    """The shape of an array, of whatever make."""
    try:
        value = plain(value)
    except Exception:
        return None
    return value.shape if isinstance(value, np.ndarray) else None


def contrast(expected: Any, actual: Any) -> str:
    """Two values that differ, with as many digits as it takes to see it."""
    digits = 4 if show(expected) != show(actual) else 8
    return f"{beside('Expected ', show(expected, digits))}\n{beside('Got      ', show(actual, digits))}"
