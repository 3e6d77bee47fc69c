"""Diagrams of attention: matrices with their numbers, boxes for operations, arrows for data, shapes, step numbers.

    board = Board(5.4, 2.2, "One query meets three keys.")
    keys = board.matrix(0.7, 0.6, K, "key", title="keys", rows=words)
    scores = board.matrix(keys.right + 0.6, keys.top, K @ q, "score", title="scores", frame=0)
    board.arrow(keys, scores)
    board.picture  # a cell that ends with it shows it

All lengths are inches, y grows downwards. Whatever is drawn returns its `Place`; arrows lead from place to place.
"""

import numpy as np
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle

from attention_course.plots.cells import as_table, as_text, shades
from attention_course.plots.colours import readable_on
from attention_course.plots.picture import Picture
from attention_course.plots.places import Place
from attention_course.plots.roles import INK, ROLES, SOFT, Role
from attention_course.plots.text import LARGE, NORMAL, SMALL, text_width

CELL = (0.46, 0.28)


class Board:
    """A diagram to draw on. `caption` opens the alternative text, and whatever is drawn adds to it."""

    def __init__(self, width: float | int, height: float | int, caption: str):
        self.picture = Picture((width, height), alt=caption, layout=None)
        self._ax = self.picture.add_axes((0, 0, 1, 1))
        self._ax.set(xlim=(0, width), ylim=(height, 0))
        self._ax.axis("off")

    def tell(self, sentence: str) -> None:
        """Add a sentence to the alternative text, without the marks of formulas."""
        marks = {r"\div": "÷", r"\sqrt": "√", r"\cdot": "·", "$": "", "{": "", "}": "", "\\": ""}
        for mark, word in marks.items():
            sentence = sentence.replace(mark, word)
        self.picture.alt += f" {' '.join(sentence.split())}."

    def text(self, x, y, text, size=NORMAL, colour=INK, *, ha="center", va="center", bold=False, **more) -> None:
        """Text that stands beside something and need not be told again."""
        weight = "bold" if bold else "normal"
        self._ax.text(
            x, y, text, fontsize=size, color=colour, ha=ha, va=va, weight=weight, linespacing=1.3, zorder=8, **more
        )

    def say(self, x, y, text, size=NORMAL, colour=INK, **more) -> None:
        """Text that says something of its own: it enters the alternative text, too."""
        self.text(x, y, text, size, colour, **more)
        self.tell(text)

    def heading(self, x, y, text, ha="left") -> None:
        self.say(x, y, text, LARGE, ha=ha, bold=True)

    def matrix(
        self, x, y, entries, role="input", *,
        title="", rows=(), columns=(), shape="", frame=None, cuts=(), cell=CELL, digits=2, shade=None, size=NORMAL,
    ) -> Place:  # fmt: skip
        """A table of numbers, truth values or words with its upper left corner at (x, y). A vector becomes a column.

        rows, columns: their names. shape: a text below, or at the right of a single row. frame: a row to follow.
        cuts: columns that begin after a strong line. digits: after the point; None shows colours without numbers.
        shade: how dark each cell is, from 0 to 1, if not by the size of its number.
        """
        given = as_table(entries)
        table = given[:, None] if given.ndim == 1 else given
        (n, m), (wide, high), look = table.shape, cell, ROLES[role]
        place = Place(x, y, x + m * wide, y + n * high, n)
        shade = shades(table, role) if shade is None else np.asarray(shade, float).reshape(n, m)
        for i, j in np.ndindex(n, m):
            cell_place = Place(x + j * wide, y + i * high, x + (j + 1) * wide, y + (i + 1) * high)
            self._cell(cell_place, table[i, j], look, shade[i, j], digits, size)
        self._outline(place, look.edge, 1.4)
        for j in cuts:
            self._ax.plot([x + j * wide] * 2, [y, place.bottom], color=look.edge, linewidth=2.6, zorder=4)
        for i, name in enumerate(rows):
            self.text(x - 0.07, place.row(i).y, name, NORMAL, ha="right", bold=i == frame)
        for j, name in enumerate(columns):
            self.text(x + (j + 0.5) * wide, y - 0.04, name, SMALL, SOFT, va="bottom")
        lines = max((name.count("\n") + 1 for name in columns), default=0)
        self._title(x, y - 0.15 - 0.17 * lines, title, look)
        at, ha = ((place.right + 0.08, place.y), "left") if n == 1 else ((place.x, place.bottom + 0.14), "center")
        self.text(*at, shape, SMALL, SOFT, ha=ha, family="monospace")
        if frame is not None:
            self.frame(place.row(frame))
        self._tell_matrix(table, title, rows, columns, frame, digits, shape or str(given.shape))
        return place

    def box(
        self, x, y, text, role="plain", width=1.2, height=0.32, *,
        shape="", sheets=1, dashed=False, told=True, **font,
    ) -> Place:  # fmt: skip
        """A rounded box with its middle at (x, y): an operation, or a tensor by its name. More sheets make a stack.

        shape: a text at its right. told: whether the alternative text names the box.
        """
        look, behind = ROLES[role], 0.06 * (sheets - 1)
        for i in reversed(range(sheets)):
            corner = (x - width / 2 + 0.06 * i, y - height / 2 - 0.06 * i)
            self._rounded(corner, width, height, look.shade(0.8), look.edge, "--" if dashed else "-", 3 - 0.1 * i)
        self.text(x, y + 0.01, text, **font)
        place = Place(x - width / 2, y - height / 2 - behind, x + width / 2 + behind, y + height / 2)
        self.text(place.right + 0.07, place.y, shape, SMALL, SOFT, ha="left", family="monospace")
        if told:
            self.tell(f"Box: {text} {shape}")
        return place

    def sentence(self, x, y, words, roles=None, gap=0.07) -> list[Place]:
        """Words side by side in boxes as wide as they are, from x on. roles: of some, by their place; they are bold."""
        roles, boxes = roles or {}, []
        for number, word in enumerate(words):
            width = 0.18 + text_width(word, NORMAL) / 72
            role, bold = roles.get(number, "plain"), number in roles
            boxes.append(self.box(x + width / 2, y, word, role, width, 0.3, told=False, bold=bold))
            x += width + gap
        self.tell(f"“{' '.join(words)}”")
        return boxes

    def arrow(self, start, end, role="plain", text="", *, start_at=0.5, end_at=0.5) -> None:
        """An arrow between points (x, y), or between places: downwards where it can, else to the right."""
        if isinstance(start, Place) and isinstance(end, Place):
            down = end.top >= start.bottom
            start = start.side("bottom" if down else "right", start_at)
            end = end.side("top" if down else "left", end_at)
        style = {"arrowstyle": "-|>", "mutation_scale": 11, "linewidth": 1.4, "shrinkA": 2, "shrinkB": 2}
        self._ax.add_patch(FancyArrowPatch(start, end, color=ROLES[role].edge, zorder=2, **style))
        if text:
            ground = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
            self.text(*middle, text, SMALL, ROLES[role].edge, bold=True, bbox=ground)

    def path(self, points, role="plain") -> None:
        """An arrow with corners."""
        self._ax.plot(*zip(*points[:-1], strict=True), color=ROLES[role].edge, linewidth=1.4, zorder=1)
        self.arrow(points[-2], points[-1], role)

    def frame(self, place: Place, gap=0.02) -> None:
        """A strong frame around what is followed, or new."""
        self._outline(Place(place.left - gap, place.top, place.right + gap, place.bottom), INK, 2.2, zorder=6)

    def panel(self, left, top, right, bottom, title="") -> Place:
        """A light ground that holds several things together, its title at the lower left."""
        self._rounded((left, top), right - left, bottom - top, "#f4f4f4", "#8a8a8a", "-", 0)
        self.text(left + 0.1, bottom - 0.17, title, LARGE, bold=True, ha="left")
        return Place(left, top, right, bottom)

    def step(self, x, y, number, text="", *, below=False) -> None:
        """A step number in a black disc, with what is done there at its right, or below it."""
        self._ax.add_patch(Circle((x, y), 0.125, facecolor=INK, zorder=6))
        self.text(x, y + 0.008, str(number), SMALL, "white", bold=True)
        at, ha, va = ((x, y + 0.2), "center", "top") if below else ((x + 0.2, y), "left", "center")
        self.text(*at, text, ha=ha, va=va)
        self.tell(f"Step {number} {text}")

    def rule(self, start, end) -> None:
        """A thin line between two parts of a diagram."""
        self._ax.plot(*zip(start, end, strict=True), color="#bbbbbb", linewidth=1, zorder=0)

    def _cell(self, place: Place, entry, look: Role, share, digits, size) -> None:
        hidden = isinstance(entry, (bool, np.bool_)) and not entry
        broken = not isinstance(entry, str) and np.isnan(entry)
        fill = "white" if broken else ROLES["mask"].shade(1) if hidden else look.shade(share)
        corner, width, height = (place.left, place.top), place.right - place.left, place.bottom - place.top
        edge = "#999999" if broken or look is ROLES["mask"] else "white"
        style = {"facecolor": fill, "edgecolor": edge, "linewidth": 0.7, "hatch": "////" if broken else None}
        self._ax.add_patch(Rectangle(corner, width, height, **style))
        if digits is not None:
            ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.5} if broken else None
            self.text(place.x, place.top + 0.54 * height, as_text(entry, digits), size, readable_on(fill), bbox=ground)

    def _rounded(self, corner, width, height, fill, edge, style, zorder) -> None:
        shape = {"boxstyle": "round,pad=0,rounding_size=0.05", "facecolor": fill, "edgecolor": edge}
        self._ax.add_patch(
            FancyBboxPatch(corner, width, height, linewidth=1.1, linestyle=style, zorder=zorder, **shape)
        )

    def _outline(self, place: Place, colour, width, zorder=5) -> None:
        corner = (place.left, place.top)
        shape = {"fill": False, "edgecolor": colour, "linewidth": width, "zorder": zorder}
        self._ax.add_patch(Rectangle(corner, place.right - place.left, place.bottom - place.top, **shape))

    def _title(self, x, y, title, look: Role) -> None:
        if title and look.letter:
            self._ax.add_patch(Rectangle((x, y - 0.1), 0.19, 0.2, facecolor=look.edge, zorder=5))
            self.text(x + 0.095, y + 0.007, look.letter, SMALL, "white", bold=True)
        left = x + (0.25 if look.letter else 0)
        self.text(left, y + 0.05, title, NORMAL, look.edge, bold=True, ha="left", va="baseline")

    def _tell_matrix(self, table, title, rows, columns, frame, digits, shape) -> None:
        """Small tables number by number; of large ones the row that is framed, or their shape alone."""
        said = f"{title or 'matrix'} {shape}"
        if digits is not None and (frame is not None or table.size <= 16):
            names = list(rows) or [""] * len(table)
            chosen = [frame] if table.size > 16 else range(len(table))
            numbers = "; ".join(f"{names[i]} {', '.join(as_text(e, digits) for e in table[i])}".strip() for i in chosen)
            said += f", columns {', '.join(columns)}: {numbers}" if columns else f": {numbers}"
            said += f"; framed: {names[frame] or f'row {frame + 1}'}" if frame is not None else ""
        self.tell(said)
