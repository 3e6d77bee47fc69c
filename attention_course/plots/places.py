"""Where something stands in a diagram."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A rectangle, in inches from the upper left corner of the diagram, y growing downwards.

    rows: of how many rows it consists, so that `row` can find one.
    """

    left: float | int
    top: float | int
    right: float | int
    bottom: float | int
    rows: int = 1

    @property
    def x(self) -> float:
        """The middle, from the left."""
        return (self.left + self.right) / 2

    @property
    def y(self) -> float:
        """The middle, from the top."""
        return (self.top + self.bottom) / 2

    def row(self, i: int) -> "Place":
        """The row `i`, counted from 0."""
        height = (self.bottom - self.top) / self.rows
        return Place(self.left, self.top + i * height, self.right, self.top + (i + 1) * height)

    def side(self, which: str, at: float | int = 0.5) -> tuple[float, float]:
        """A point on the "left", "right", "top" or "bottom" edge, at this share of its length."""
        if which in ("left", "right"):
            return getattr(self, which), self.top + at * (self.bottom - self.top)
        return self.left + at * (self.right - self.left), getattr(self, which)

    def around(self, other: "Place") -> "Place":
        """The smallest place that holds both."""
        return Place(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )
