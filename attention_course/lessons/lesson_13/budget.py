"""A scaling law fitted to small trainings, and the size of model that it advises for an amount of computation."""

from collections.abc import Sequence

import numpy as np


def predicted(fitted: Sequence[float], parameters, words):
    """The loss E + A / N^a + B / D^b (Hoffmann et al. 2022, section 3.3): N in millions of parameters, D in hundred
    thousands of words."""
    floor, A, a, B, b = fitted
    return floor + A / (parameters / 1e6) ** a + B / (words / 1e5) ** b


def advised(fitted: Sequence[float], compute: float) -> tuple[float, float, float]:
    """Parameters, words and loss where the loss is lowest for so much computation, taken as 6 N D operations."""
    parameters = np.geomspace(1e4, 1e8, 4_001)
    words = compute / (6 * parameters)
    losses = predicted(fitted, parameters, words)
    best = int(losses.argmin())
    return parameters[best], words[best], losses[best]
