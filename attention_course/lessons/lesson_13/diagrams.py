"""The diagrams of lesson 13, in the language of `plots.diagram`."""

from collections.abc import Mapping
from itertools import pairwise

from matplotlib.figure import Figure

from attention_course.lessons.lesson_13.two_words import Level
from attention_course.plots.diagram import Board
from attention_course.plots.roles import SOFT
from attention_course.plots.text import SMALL

CELL, STOREY = (0.5, 0.26), 1.03  # inches


def on_the_way_up(levels: Mapping[int, Level]) -> Figure:
    """Two words above so many blocks, in post-norm and in pre-norm."""
    height = 0.3 + STOREY * len(levels)
    board = Board(6.05, height, "Two words, cat and mat, on their way through two stacks of blocks.")
    forms = (("post-norm (2017)", "add the average, norm"), ("pre-norm (later)", "norm, average, add"))
    for which, (title, does) in enumerate(forms):
        left, places = 0.45 + 3.0 * which, []
        board.heading(left - 0.4, 0.17, title)
        board.text(left + CELL[0], 0.44, "shared", SMALL, SOFT)
        board.text(left + 3 * CELL[0], 0.44, "their own", SMALL, SOFT)
        for number, level in enumerate(levels.values()):
            look = {"rows": ("cat", "mat"), "cell": CELL, "size": SMALL, "cuts": (2,)}
            place = board.matrix(left, 0.53 + STOREY * number, level[which].round(decimals=2) + 0.0, "state", **look)
            share = level.share[which]
            said = f"own /\nshared\n{share:.2g}" if share > 0.01 else f"own /\nshared\n{share:.4f}"
            board.say(place.right + 0.08, place.y, said, SMALL, ha="left", bold=True)
            places.append(place)
        for (below, above), (first, last) in zip(pairwise(places), pairwise(levels), strict=True):
            what = does if last == first + 1 else f"the same, {last - first} times"
            box = board.box(below.x, below.bottom + 0.25, what, "context", 1.7, 0.24, told=False, size=SMALL)
            board.arrow(below.side("bottom"), box.side("top"))
            board.arrow(box.side("bottom"), above.side("top"))
            if not which:
                board.step(2.95, box.y, last)
        board.tell(f"Each block of the {title} form: {does}")
    return board.picture
