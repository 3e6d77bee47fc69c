"""Values in messages: short, and no more of them than one can take in."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from attention_course.checks.comparing import plain, same

MANY, LONG = 60, 300  # more numbers than that, or a longer text, are shown in part
A_DOZEN = 12  # numbers in the whole of what is shown of a failing case


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


def count(value: Any) -> int:
    """How many numbers, words and other things a value holds. What cannot be counted counts as many."""
    try:
        value = plain(value)
    except Exception:
        return MANY
    return sum(map(count, value)) if isinstance(value, list) else value.size if isinstance(value, np.ndarray) else 1


def shape(value: Any) -> tuple[int, ...] | None:
    """The shape of an array, of whatever make."""
    try:
        value = plain(value)
    except Exception:
        return None
    return value.shape if isinstance(value, np.ndarray) else None


def contrast(expected: Any, actual: Any) -> str:
    """Two values that differ, with as many digits as it takes to see it; of long ones, the first place that does."""
    found = None
    with suppress(Exception):  # things that refuse to be compared are shown as they are
        if count(expected) + count(actual) > A_DOZEN:
            found = _first_difference(plain(expected), plain(actual))
    if found:
        place, expected, actual = found
        return f"The first difference is at {place}.\n{contrast(expected, actual)}"
    digits = 4 if show(expected) != show(actual) else 8
    return f"{beside('Expected ', show(expected, digits))}\n{beside('Got      ', show(actual, digits))}"


def _first_difference(expected: Any, actual: Any) -> tuple[str, Any, Any] | None:
    """Its place, as one would write it behind the value, and both values there; None where they are not alike."""
    if isinstance(expected, np.ndarray) and isinstance(actual, np.ndarray):
        if expected.shape != actual.shape or not expected.ndim:
            return None
        for place in np.ndindex(expected.shape):
            if not same(actual[place], expected[place]):
                return str(list(map(int, place))), expected[place], actual[place]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for i, (e, a) in enumerate(zip(expected, actual, strict=True)):
            if not same(a, e):
                place, e, a = _first_difference(e, a) or ("", e, a)
                return f"[{i}]{place}", e, a
    return None


def given(names: Sequence[str], arguments: Sequence[Any], room: int) -> str:
    """The arguments, a line each: those that together hold at most `room` numbers whole, of the others the shape."""
    return "".join(beside(f"{name} = ", text) + "\n" for name, text in _within(names, arguments, room))


def _within(names: Sequence[str], arguments: Sequence[Any], room: int) -> Iterator[tuple[str, str]]:
    whole = set()
    for i in sorted(range(len(arguments)), key=lambda i: count(arguments[i])):
        room -= count(arguments[i])
        if room >= 0:
            whole.add(i)
    for i, (name, argument) in enumerate(zip(names, arguments, strict=False)):
        if i in whole:
            yield name, show(argument)
        elif (its_shape := shape(argument)) is not None:
            yield name, f"… shape {its_shape}"
        else:
            yield name, f"… {type(argument).__name__} of {count(argument)}"
