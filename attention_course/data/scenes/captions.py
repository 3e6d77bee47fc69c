"""The one caption of a scene, and which of its words name which things.

Things of one kind are a group: "a red apple", "two blue cats". A scene has one to three groups, and its caption says
where they are: "a red apple to the left of two blue cats", "a green key between two orange dogs and a blue tree". What
is said first is settled, so that a scene has one caption: of two groups the larger pictures, of three the middle ones,
then from left to right or from top to bottom.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from attention_course.data.scenes.drawing import Box, Thing, around, box

PLURALS = {"fish": "fish", "butterfly": "butterflies", "octopus": "octopuses", "strawberry": "strawberries"}
APART = 0.02  # of the scene's side: what must lie between two groups
STRAIGHT = 1.6  # how much further in one direction than in the other, for a relation to be clear
IN_LINE = 0.25  # how far the centres of three groups in a row may be out of line


class Caption(NamedTuple):
    """The words; `names` gives the things (their places in the scene) that the noun at a position names."""

    words: tuple[str, ...]
    names: Mapping[int, tuple[int, ...]]


def caption(things: Sequence[Thing]) -> Caption | None:
    """The caption of a scene, or None where there is no clear one.

    Each kind may come once or twice, in one colour. Raises ValueError for other groups, for none, and for more than
    three.
    """
    groups: dict[str, list[int]] = {}
    for place, thing in enumerate(things):
        groups.setdefault(thing.kind, []).append(place)
    if any(len({things[i].colour for i in group}) > 1 or len(group) > 2 for group in groups.values()):
        raise ValueError("things: expected at most two of a kind, and both in one colour")
    if not 1 <= len(groups) <= 3:
        raise ValueError(f"things: expected one to three kinds, got {len(groups)}")
    places = list(groups.values())
    boxes = [around(box(things[i]) for i in group) for group in places]
    order, joints = _said(boxes, [things[group[0]].size for group in places])
    if order is None:
        return None
    words, names = [], {}
    for which, joint in zip(order, joints, strict=True):
        words += [*joint, *noun_phrase(things[places[which][0]], len(places[which]))]
        names[len(words) - 1] = tuple(places[which])
    return Caption(tuple(words), names)


def noun_phrase(thing: Thing, count: int) -> list[str]:
    """["an", "orange", "cat"] or ["two", "blue", "fish"]."""
    if count == 1:
        return ["an" if thing.colour == "orange" else "a", thing.colour, thing.kind]
    return ["two", thing.colour, PLURALS.get(thing.kind, thing.kind + "s")]


def relation(one: Box, other: Box) -> str | None:
    """Where `one` is, seen from `other`: "to the left of", "to the right of", "above", "below", or None if unclear."""
    (x, y), (other_x, other_y) = one.centre, other.centre
    across, down = other_x - x, other_y - y
    if abs(across) > STRAIGHT * abs(down):
        first, second = (one, other) if across > 0 else (other, one)
        clear = first.right + APART < second.left
        return ("to the left of" if across > 0 else "to the right of") if clear else None
    if abs(down) > STRAIGHT * abs(across):
        first, second = (one, other) if down > 0 else (other, one)
        clear = first.bottom + APART < second.top
        return ("above" if down > 0 else "below") if clear else None
    return None


def in_a_row(boxes: Sequence[Box]) -> list[int] | None:
    """The places of three boxes from left to right or from top to bottom, or None where they stand in no row."""
    for start, end, along in ((0, 2, 0), (1, 3, 1)):  # across, then down
        order = sorted(range(3), key=lambda i: boxes[i].centre[along])
        a, b, c = (boxes[i] for i in order)
        off = [some.centre[1 - along] for some in boxes]
        if a[end] + APART < b[start] and b[end] + APART < c[start] and max(off) - min(off) < IN_LINE:
            return order
    return None


def _said(boxes: Sequence[Box], sizes: Sequence[float]) -> tuple[list[int] | None, list[list[str]]]:
    """In which order the groups are said, and the words before each."""
    if len(boxes) == 1:
        return [0], [[]]
    if len(boxes) == 2:
        larger = 0 if sizes[0] > sizes[1] else 1
        found = relation(boxes[larger], boxes[1 - larger])
        return ([larger, 1 - larger], [[], found.split()]) if found else (None, [])
    row = in_a_row(boxes)
    return ([row[1], row[0], row[2]], [[], ["between"], ["and"]]) if row else (None, [])
