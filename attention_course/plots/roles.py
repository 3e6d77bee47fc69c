"""What a tensor does in attention, and how it looks for that in every diagram of the course: a letter and a colour."""

from dataclasses import dataclass

import numpy as np
from matplotlib.colors import to_rgb

from attention_course.plots.colours import ATTENTION_COLOURS

INK, SOFT = "#1d1d1d", "#555555"


@dataclass(frozen=True)
class Role:
    """letter: as in formulas, so that print in grey tells roles apart. fill: for large numbers. edge: lines, titles."""

    letter: str
    fill: str
    edge: str

    def shade(self, share: float | int):
        """The fill of a cell, from white (0) to full (1)."""
        return tuple(1 + (np.array(to_rgb(self.fill)) - 1) * share)


class Weight(Role):
    """Attention weights have the colour map that they have in every attention map."""

    def shade(self, share: float | int):
        return ATTENTION_COLOURS(share)


ROLES = {
    "plain": Role("", "#e4e4e4", "#555555"),
    "input": Role("X", "#d6d6d6", "#444444"),
    "state": Role("", "#b3dde4", "#0d5763"),
    "query": Role("Q", "#d3bdf0", "#5b2a8c"),
    "key": Role("K", "#fbcf94", "#9a5200"),
    "value": Role("V", "#b5e3c0", "#1b6b3c"),
    "score": Role("Z", "#cfe3fb", "#2a598c"),
    "weight": Weight("A", "#9dc6ff", "#17477f"),
    "context": Role("C", "#f6b9c4", "#a01f3b"),
    "output": Role("O", "#e2cdb2", "#6b4a1e"),
    "mask": Role("", "#555555", "#1d1d1d"),
}
"""Names of roles. "mask" is for truth values: white where True, dark where False."""
