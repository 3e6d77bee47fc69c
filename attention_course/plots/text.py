"""Words in pictures: drawn literally, measured, and put into sentences."""

from functools import cache

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

SMALL, NORMAL, LARGE = 9, 10, 12  # points
LITERAL = {"parse_math": False, "usetex": False}  # `$5` and `x_1` are words here, not formulas
LONGEST = 40  # characters of a label


def literal(word) -> str:
    """`word` as it is drawn: line breaks and other invisible characters as their escapes, cut at 40 characters."""
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(word))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


@cache
def _renderer():
    return RendererAgg(8, 8, 192)


def text_width(text: str, size: float | int) -> float:
    """Width of `text` in points when it is set at `size` points."""
    width, _, _ = _renderer().get_text_width_height_descent(text, FontProperties(size=size), ismath=False)
    return width * 72 / 192


def widest(texts, size: float | int) -> float:
    return max(text_width(text, size) for text in texts)


def every_nth(count: int, room: float | int, line: float | int = SMALL + 2) -> range:
    """Positions of the labels to draw when `count` share `room` points and each needs `line`."""
    return range(0, count, max(1, int(np.ceil(count * line / max(room, line)))))


def looks(weights: np.ndarray, words: list[str]) -> str:
    """Where a distribution looks, true of ties, of an even spread and of a row of zeros: `most at “cat” (0.71)`."""
    top = weights.max()
    best = np.flatnonzero(weights >= top - 1e-9)
    if top == 0:
        return "at nothing"
    if len(best) == len(words) > 1:
        return f"evenly at all {len(words)} ({top:.2f} each)"
    if len(best) > 3:
        return f"evenly at {len(best)} of {len(words)} ({top:.2f} each)"
    names = [f"“{words[i]}”" + (f" at position {i + 1}" if words.count(words[i]) > 1 else "") for i in best]
    return f"most at {' and '.join(names)} ({top:.2f}{' each' if len(names) > 1 else ''})"


def listing(items: list[str], limit: int = 12) -> str:
    """The first `limit` items, and how many more there are."""
    rest = len(items) - limit
    return "; ".join(items[:limit]) + (f"; and {rest} more" if rest > 0 else "")
