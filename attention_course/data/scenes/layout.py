"""Scenes at random: what is in them, and where."""

from collections.abc import Callable

from attention_course.data.scenes.captions import APART, Caption, caption
from attention_course.data.scenes.drawing import Thing, around, box
from attention_course.data.scenes.pictures import COLOURS, KINDS

SIZES = {1: [(0.24, 0.40)], 2: [(0.28, 0.38), (0.17, 0.22)], 3: [(0.18, 0.24)]}  # of the pictures, by number of groups
GAP = 1.1  # from one picture of a pair to the other, in their size
MOST = 4  # pictures in a scene


def captioned(random: Callable[[], float]) -> tuple[list[Thing], Caption]:
    """One to three groups of one or two pictures, at most four in all, clear of each other, and their caption.

    random: gives numbers from 0 to 1. One scene in five has one group, one has three. Of two groups the first has the
    larger pictures.
    """
    groups = (1, 2, 2, 2, 3)[int(5 * random())]
    kinds = _different(random, list(KINDS), groups)
    colours = [list(COLOURS)[int(len(COLOURS) * random())] for _ in kinds]
    sizes = [low + (high - low) * random() for low, high in SIZES[groups]]
    counts = [MOST + 1]
    while sum(counts) > MOST:
        counts = [1 if random() < 0.6 else 2 for _ in kinds]
    sizes = sizes * 3 if groups == 3 else sizes  # three groups are of one size
    while True:  # until a caption fits: about thirty times for three groups
        placed = [_group(random, *group) for group in zip(kinds, colours, sizes, counts, strict=True)]
        if _apart(placed):
            things = [thing for group in placed for thing in group]
            if found := caption(things):
                return things, found


def _group(random, kind: str, colour: str, size: float, count: int) -> list[Thing]:
    """One picture somewhere, or two side by side or one above the other."""
    step = GAP * size * (count - 1)
    across, down = (step, 0.0) if random() < 0.5 else (0.0, step)
    x, y = (size / 2 + (1 - size - more) * random() for more in (across, down))
    return [Thing(kind, colour, x + i * across, y + i * down, size) for i in range(count)]


def _apart(groups: list[list[Thing]]) -> bool:
    boxes = [around(box(thing) for thing in group) for group in groups]
    return all(
        a.right + APART < b.left or b.right + APART < a.left or a.bottom + APART < b.top or b.bottom + APART < a.top
        for i, a in enumerate(boxes)
        for b in boxes[:i]
    )


def _different(random, choices: list[str], count: int) -> list[str]:
    return [choices.pop(int(len(choices) * random())) for _ in range(count)]
