"""Attention mechanisms in their reference form: each as small as it can be while being right and fast.

Start with `functional` (Eqs. 1 and 2 of the survey), then `scores`, `masks` and `layers`.
"""

__version__ = "0.1.0"
