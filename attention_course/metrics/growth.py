"""How fast a cost grows with the size of the input, from measurements."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


class Exponent(NamedTuple):
    """The p of cost = c size^p, and the ends of its 95 % confidence interval."""

    value: float
    low: float
    high: float


def fit_exponent(sizes: ArrayLike, costs: ArrayLike) -> Exponent:
    """The slope of the straight line through the points (log size, log cost), by least squares.

    The interval is Student's, from how far the points lie off the line: because they are noisy, or because the growth
    is no power. It says nothing about sizes that were not measured.

    ValueError for fewer than three points, another number of costs, one size alone, or what has no logarithm.
    """
    x, y = _logarithms(sizes, costs)
    if len(x) < 3 or np.ptp(x) == 0:
        raise ValueError(f"sizes: expected at least three, not all the same, got {sizes}")
    x, y = x - x.mean(), y - y.mean()
    slope = x @ y / (x @ x)
    off = y - slope * x
    error = (off @ off / (len(x) - 2) / (x @ x)) ** 0.5
    margin = stats.t.ppf(0.975, len(x) - 2) * error
    return Exponent(float(slope), float(slope - margin), float(slope + margin))


def crossover(sizes: ArrayLike, costs: ArrayLike, other: ArrayLike) -> float | None:
    """The size from which on `costs` stay below those of the `other`, read between the two points where they cross.

    It is the smallest size where they are lower everywhere, and None where they are not lower at the largest.
    ValueError where sizes do not grow, numbers differ, or something has no logarithm.
    """
    x, gap = _logarithms(sizes, costs)
    if (np.diff(x) <= 0).any():
        raise ValueError(f"sizes: expected them to grow, got {sizes}")
    gap = gap - _logarithms(sizes, other)[1]  # negative where ours cost less
    if gap[-1] >= 0:
        return None
    dearer = np.flatnonzero(gap >= 0)
    if not len(dearer):
        return float(sizes[0])
    i = dearer[-1]
    return float(np.exp(x[i] + (x[i + 1] - x[i]) * gap[i] / (gap[i] - gap[i + 1])))


def _logarithms(sizes: ArrayLike, costs: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(sizes, dtype=float), np.asarray(costs, dtype=float)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"sizes and costs: expected as many of both, got the shapes {x.shape} and {y.shape}")
    if not len(x) or min(x.min(), y.min()) <= 0:
        raise ValueError("sizes and costs: expected numbers above zero")
    return np.log(x), np.log(y)
