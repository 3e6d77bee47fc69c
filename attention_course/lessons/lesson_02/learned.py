"""What was learned, against how saturated the softmax was before training."""

from matplotlib.figure import Figure

from attention_course.plots.arguments import as_numbers, counted
from attention_course.plots.axes import quiet
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import SMALL

NAMES = ("additive", "scaled", "multiplicative", "bilinear", "dot", "additive, large u", "dot, small vectors")
LOOKS = [  # marker, colour, fill, dash of NAMES; the open ones are the kinds whose start was changed
    ("o", "#2a598c", "full", "-"),
    ("s", "#c4622d", "full", "--"),
    ("D", "#4d4d4d", "full", ":"),
    ("^", "#6f9e3a", "full", "-."),
    ("v", "#8a4f9e", "full", (0, (6, 1, 1, 1, 1, 1))),
    ("P", "#2a598c", "none", (0, (1, 1))),
    ("*", "#8a4f9e", "none", (0, (3, 3))),
]


def _looks(names) -> list[dict]:
    """How each kind is drawn: a kind of NAMES in every picture alike, any other with a look that is still free."""
    free = iter([look for name, look in zip(NAMES, LOOKS, strict=True) if name not in names])
    drawn = [LOOKS[NAMES.index(name)] if name in NAMES else next(free) for name in names]
    keys = "marker", "color", "fillstyle", "linestyle"
    return [dict(zip(keys, look, strict=True)) for look in drawn]


def over_sizes(sizes, curves: dict[str, object], *, y_label: str, chance=None, log: str = "") -> Figure:
    """A line over D for each of `curves`: numbers, or rows (mean, low, high) that are drawn with their intervals.

    chance: a height to mark, on an axis from 0 to 1. ValueError where a curve does not fit `sizes`, or there are
    none or more than seven.
    """
    counted("curves", curves, len(LOOKS))
    sizes = as_numbers(sizes)
    ax, said = Picture((6.0, 3.6)).add_subplot(), []
    for (name, rows), look in zip(curves.items(), _looks(list(curves)), strict=True):
        rows = as_numbers(rows)
        rows = rows[:, None] if rows.ndim == 1 else rows
        if rows.shape not in ((len(sizes), 1), (len(sizes), 3)):
            raise ValueError(f"{name}: expected a number or (mean, low, high) for every size, got {rows.shape}")
        if rows.shape[1] == 3:
            low, high = rows[:, 1].clip(0, 1), rows[:, 2].clip(0, 1)
            ax.fill_between(sizes, low, high, color=look["color"], alpha=0.12, linewidth=0)
        ax.plot(sizes, rows[:, 0], label=name, markersize=6, linewidth=2, **look)
        said.append(f"{name} {rows[-1, 0]:.2g} (from {rows[0, 0]:.2g})")
    ax.set(xscale="log", **({"yscale": "log"} if log == "y" else {}))
    ax.set_xticks(sizes, [f"{size:g}" for size in sizes])
    ax.minorticks_off()
    if chance is not None:
        ax.hlines(chance, sizes[0], sizes[-1], color="#777777", linewidth=1)
        ax.text(sizes[-1], chance + 0.02, "chance", fontsize=SMALL, color="#555555", ha="right")
        ax.set(ylim=(0, 1.03))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 0.15), frameon=False, fontsize=SMALL, handlelength=3.5)
    quiet(ax, "D", y_label)
    return describe(ax, f"{y_label} against D. At {sizes[-1]:g}: {', '.join(said)}.")


def learned(points: dict[str, object], *, x_label: str, y_label: str) -> Figure:
    """A point in its interval for each row (x, mean, low, high) of every one of `points`, at most seven kinds.

    ValueError where rows have not four numbers, or there are none or more than seven kinds.
    """
    counted("points", points, len(LOOKS))
    ax, said = Picture((6.0, 3.6)).add_subplot(), []
    for (name, rows), look in zip(points.items(), _looks(list(points)), strict=True):
        rows = as_numbers(rows)
        if rows.ndim != 2 or rows.shape[1] != 4:
            raise ValueError(f"{name}: expected rows (x, mean, low, high), got {rows.shape}")
        x, mean, low, high = rows.T
        ax.vlines(x, low, high.clip(max=1), color=look["color"], linewidth=1)
        ax.plot(x, mean, label=name, **(look | {"markersize": 8, "linestyle": ""}))
        said.append(f"{name} {mean[-1]:.2f} at {x[-1]:.2f}")
    ax.hlines(1 / 8, 0, 1.03, color="#777777", linewidth=1)
    ax.text(1.02, 1 / 8 + 0.02, "chance", fontsize=SMALL, color="#555555", ha="right")
    ax.set(xlim=(0, 1.03), ylim=(0, 1.05))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 0.13), frameon=False, fontsize=SMALL)
    quiet(ax, x_label, y_label)
    return describe(ax, f"{y_label} against {x_label}. The last of each kind: {', '.join(said)}.")
