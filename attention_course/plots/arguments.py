"""Weights and labels as the caller gave them, made ready to draw or refused."""

import numpy as np

from attention_course.plots.text import literal


def as_numbers(given) -> np.ndarray:
    """Numbers as an array of float64: a tensor of any device, a list with such, or what NumPy takes."""
    if isinstance(given, list | tuple):
        given = [as_numbers(part) for part in given]
    if hasattr(given, "detach"):
        given = given.detach().cpu().double().numpy()
    return np.asarray(given, dtype=float)


def as_weights(weights, *names: str) -> np.ndarray:
    """`weights` as an array of float64 with one axis for each of `names`; ValueError unless all lie in 0 to 1."""
    wanted = f"shape ({', '.join(names)}{',' if len(names) == 1 else ''})"
    try:
        array = weights.detach().cpu().double().numpy() if hasattr(weights, "detach") else np.asarray(weights)
    except (RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"weights: expected an array of {wanted}, got {type(weights).__name__}: {error}") from error
    if array.dtype.kind not in "biuf":
        raise ValueError(f"weights: expected real numbers, got dtype {array.dtype}")
    if array.ndim != len(names):
        raise ValueError(f"weights: expected {wanted}, got {array.shape}")
    if array.size == 0:
        raise ValueError(f"weights: expected {wanted} with at least one of each, got {array.shape}")
    array = array.astype(np.float64)
    for ok, expected in [
        (np.isfinite(array), "finite numbers"),
        (array >= 0, "no number below 0"),
        (array <= 1.001, "no number above 1, where the scale ends"),  # 16-bit softmax may round up a little
    ]:
        if not ok.all():
            where = tuple(int(i) for i in np.argwhere(~ok)[0])
            raise ValueError(f"weights: expected {expected}, got {array[where]:.6g} at {list(where)}")
    return np.minimum(array, 1.0)


def counted(name: str, given, most: int | None = None) -> None:
    """ValueError unless there are one to `most` of what was given."""
    if not len(given):
        raise ValueError(f"{name}: expected at least one, got none")
    if most is not None and len(given) > most:
        raise ValueError(f"{name}: expected at most {most}, got {len(given)}")


def as_labels(name: str, labels, count: int, each: str) -> list[str]:
    """`labels` as `count` literal strings; ValueError, with the argument's `name`, when there are more or fewer."""
    if isinstance(labels, str):
        raise ValueError(f"{name}: expected {count} separate words, got the one string {labels!r}")
    words = [literal(label) for label in labels]
    if len(words) != count:
        raise ValueError(f"{name}: expected {count}, one for each {each} of weights, got {len(words)}")
    return words


def as_heads(weights, *names: str) -> np.ndarray:
    """`weights` of one head, of heads, or of layers and heads, as (layers, heads, *names); ValueError as above."""
    try:
        leading = np.ndim(weights) - len(names)
    except ValueError:  # a ragged list, which as_weights refuses in its own words
        leading = 0
    outer = ("layers", "heads")[2 - min(max(leading, 0), 2) :]
    array = as_weights(weights, *outer, *names)
    return array.reshape((1,) * (2 - len(outer)) + array.shape)


def as_names(name: str, given, count: int) -> list[str]:
    """`given` as the names of `count` heads or layers; without it "head 1", "head 2" and so on."""
    each = name.removesuffix("s")
    if given is None:
        return [f"{each} {number + 1}" for number in range(count)]
    return as_labels(name, given, count, each)
