"""What tests of figures draw: weights, a picture with four regions, labels of axes."""

import numpy as np

XY = {"x_label": "x", "y_label": "y"}
IMAGE = np.full((40, 40, 3), 200, np.uint8)
CORNERS = [(0, 0), (20, 0), (0, 20), (20, 20)]


def some_weights(*shape, spread=0.3, seed=0):
    """Rows of weights that sum to one; the smaller `spread` is, the more of a row lies in a few of them."""
    return np.random.default_rng(seed).dirichlet(np.full(shape[-1], spread), shape[:-1])


def some(*shape):
    """Some of which none stands out as much."""
    return some_weights(*shape, spread=1.0)
