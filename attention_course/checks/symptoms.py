"""What is wrong with an answer that makes no known mistake: the other sign, turned axes, NaN, another order …

A symptom is told only where it holds on every input on which the answer fails.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from attention_course.checks.comparing import plain, same

Symptom = Callable[[Any, Any], bool]


def symptom(pairs: list[tuple[Any, Any]]) -> tuple[str, str] | None:
    """The name of a symptom and a sentence that tells it; None where there is none.

    pairs: the right value and the answer's, for each input on which the answer fails.
    """
    with suppress(Exception):  # things that refuse to be looked at have none
        pairs = [(plain(right), plain(actual)) for right, actual in pairs]
        parts = [part for pair in pairs for part in _parts(*pair)]
        return _told(pairs) or _told(parts) or _told([part for pair in parts for part in _parts(*pair)])
    return None


def _told(pairs: list[tuple[Any, Any]]) -> tuple[str, str] | None:
    for holds in SYMPTOMS:
        if all(holds(right, actual) for right, actual in pairs):
            return holds.__name__, holds.__doc__
    return _shifted(pairs) or _multiplied(pairs)


def _parts(right: Any, actual: Any) -> list[tuple[Any, Any]]:
    """Of several results those that are not as they should be."""
    if not (isinstance(right, list) and isinstance(actual, list) and len(right) == len(actual)):
        return [(right, actual)]
    return [(r, a) for r, a in zip(right, actual, strict=True) if not same(a, r)]


def other_sign(right, actual):
    """Every number has the other sign."""
    return _real(right) and same(actual, -right)


def inverted(right, actual):
    """True and False have changed places."""
    return isinstance(right, np.ndarray) and right.dtype.kind == "b" and same(actual, ~right)


def not_a_number(right, actual):
    """NaN stands where numbers should; the rest is right. It comes of 0/0, inf - inf, or a softmax of -inf alone."""
    if not _alike(right, actual) or np.isnan(right).any():
        return False
    return same(np.where(np.isnan(actual), right, actual), right)


def last_axes_swapped(right, actual):
    """The last two axes have changed places."""
    return _axes(right, 2) and same(actual, right.swapaxes(-1, -2))


def first_axes_swapped(right, actual):
    """The first two axes have changed places."""
    return _axes(right, 3) and same(actual, right.swapaxes(0, 1))


def other_shape(right, actual):
    """The numbers are right and in the right order, but the shape is another."""
    both = isinstance(right, np.ndarray) and isinstance(actual, np.ndarray)
    return both and right.shape != actual.shape and right.size == actual.size and same(actual.ravel(), right.ravel())


def too_many_results(right, actual):
    """Your function returns several things, and one of them is right: return that one alone."""
    many = isinstance(actual, list) or (_axes(actual, 1) and not _axes(right, 1))  # numbers have become an array
    return many and any(same(np.asarray(item) if _real(actual) else item, right) for item in actual)


def one_result_only(right, actual):
    """Several results are asked for, and your function returns one of them."""
    return isinstance(right, list) and any(isinstance(item, np.ndarray) and same(actual, item) for item in right)


def reversed_order(right, actual):
    """All is there, but in the reverse order."""
    return _row(right) and _row(actual) and same(actual, right[::-1])


def other_order(right, actual):
    """All is there, but in another order."""
    if not (_row(right) and _row(actual) and len(right) == len(actual)):
        return False
    return sorted(map(repr, _items(right))) == sorted(map(repr, _items(actual)))


def ends_too_early(right, actual):
    """The beginning is right, and the end is missing."""
    return _row(right) and _row(actual) and len(actual) < len(right) and same(actual, right[: len(actual)])


def ends_too_late(right, actual):
    """All that is asked for is there, and something more follows."""
    return _row(right) and _row(actual) and len(actual) > len(right) and same(actual[: len(right)], right)


SYMPTOMS: list[Symptom] = [
    other_sign,
    inverted,
    not_a_number,
    last_axes_swapped,
    first_axes_swapped,
    other_shape,
    too_many_results,
    one_result_only,
    reversed_order,
    other_order,
    ends_too_early,
    ends_too_late,
]


def _shifted(pairs: list[tuple[Any, Any]]) -> tuple[str, str] | None:
    if not all(_alike(right, actual) for right, actual in pairs):
        return None
    by = np.concatenate([(actual - right.astype(np.float64)).ravel() for right, actual in pairs])
    if len(by) < 2 or not np.isfinite(by).all() or abs(by[0]) < 1e-3 or not same(by, np.full_like(by, by[0])):
        return None
    return "shifted", f"Every number is {abs(by[0]):.4g} too {'large' if by[0] > 0 else 'small'}."


def _multiplied(pairs: list[tuple[Any, Any]]) -> tuple[str, str] | None:
    factors = np.array([_factor(right, actual) if _alike(right, actual) else np.nan for right, actual in pairs])
    if not np.isfinite(factors).all():
        return None
    one, several = same(factors, np.full_like(factors, factors[0])), any(np.ptp(right) > 1e-3 for right, _ in pairs)
    if one and (several or len(pairs) > 2):  # one number is a multiple of any other
        return "multiplied", f"Every number is {factors[0]:.4g} times what it should be."
    return (
        ("multiplied", "A factor is wrong: all numbers of an input are one multiple of the right ones.")
        if several
        else None
    )


def _factor(right: np.ndarray, actual: np.ndarray) -> float:
    """Of which multiple of what is right the answer consists; NaN where it does not."""
    largest = np.unravel_index(np.argmax(np.where(np.isfinite(right), np.abs(right), -1)), right.shape)
    if not abs(right[largest]) > 1e-3 or abs(actual[largest]) < 1e-3:
        return np.nan
    factor = actual[largest] / right[largest]
    return float(factor) if same(actual, factor * right) else np.nan


def _alike(right: Any, actual: Any) -> bool:
    return _real(right) and _real(actual) and right.shape == actual.shape


def _real(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "iuf" and value.size > 0


def _axes(value: Any, least: int) -> bool:
    return isinstance(value, np.ndarray) and value.ndim >= least


def _row(value: Any) -> bool:
    """A list, or an array with one axis, that is not empty."""
    return len(value) > 0 if isinstance(value, list) else _axes(value, 1) and value.ndim == 1 and value.size > 0


def _items(value: Any) -> list:
    return value.tolist() if isinstance(value, np.ndarray) else value
