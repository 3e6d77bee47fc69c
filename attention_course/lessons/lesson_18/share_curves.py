"""Curves twice: by what there is to do, and by how much there is to do it with."""

import numpy as np
from matplotlib.figure import Figure

from attention_course.plots.arguments import as_numbers, counted
from attention_course.plots.axes import quiet
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import LITERAL, SMALL

OWN, OTHER = "#2a598c", "#c4622d"
MARKS = "so^Dvp"
FILLS = ("full", "none", "left", "top")  # of marks
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1.5)), (0, (5, 1, 1, 1)))


def share_curves(
    x,
    curves: dict[str, object],
    amounts: dict[str, float | int],
    others: dict[str, tuple[object, float | int]],
    *,
    x_label: str,
    y_label: str,
    share_label: str,
    amount_label: str,
) -> Figure:
    """Left, every curve over x; right, its points over what falls to each unit of x, amounts[name] / x.

    curves: name: y. Those of about one amount have one mark and differ in its filling and in dash; a legend under
    `amount_label` has the name and the amount of each, since the curves run too close to be named where they are.
    others: name: (y, share), whose share is the same at every x; dashed on the left, crosses on the right.
    ValueError where a curve has not as many points as `x`, or no amount, and where there are no curves, more than four
    of about one amount or more than six amounts.
    """
    counted("curves", curves)
    x = as_numbers(x)
    curves = {name: as_numbers(y) for name, y in curves.items()}
    if wrong := [name for name, y in curves.items() if y.shape != x.shape or name not in amounts]:
        raise ValueError(f"{wrong[0]}: expected {len(x)} points and an amount")
    groups: list[list[str]] = []  # names of about one amount
    for name in sorted(curves, key=amounts.get):
        if not groups or amounts[name] > 1.5 * amounts[groups[-1][0]]:
            groups.append([])
        groups[-1].append(name)
    counted("different amounts", groups, len(MARKS))
    left, right = Picture((10, 4.2)).subplots(1, 2, sharey=True)
    for names, mark in zip(groups, MARKS, strict=False):
        counted("curves of about one amount", names, len(DASHES))
        for name, fill, dash in zip(names, FILLS, DASHES, strict=False):
            look = {"marker": mark, "markersize": 5, "color": OWN, "alpha": 0.8}
            look |= {"fillstyle": fill, "markerfacecoloralt": "white"}
            left.plot(x, curves[name], linewidth=1.2, linestyle=dash, label=f"{name}: {amounts[name]:,.0f}", **look)
            right.plot(amounts[name] / x, curves[name], linestyle="", **look)
    right.legend(
        handles=list(left.lines), title=amount_label, loc="lower right", frameon=False, fontsize=SMALL,
        title_fontsize=SMALL, handlelength=3.5, labelspacing=0.25, borderpad=0,
    )  # fmt: skip
    ends: dict[float, list[str]] = {}  # names by the height at which their lines end, so that none covers another
    for i, (name, (y, share)) in enumerate(others.items()):
        y = as_numbers(y)
        left.plot(x, y, "--", color=OTHER, linewidth=1.5)
        right.plot(np.full(len(y), share), y, "x", color=OTHER, markersize=7)
        ends.setdefault(round(y[-1], 1), []).append(name)
        named = {"textcoords": "offset points", "color": OTHER, "fontsize": SMALL, **LITERAL}
        right.annotate(name, (share, y.max()), xytext=(0, 7 + 11 * (i % 2)), ha="center", **named)
    for height, names in ends.items():
        left.annotate("\n".join(names), (x[-1], height), xytext=(8, 0), va="center", annotation_clip=False, **named)
    for ax, label in ((left, x_label), (right, share_label)):
        quiet(ax, label, y_label if ax is left else "")
        ax.set(xscale="log", ylim=(0, 1.13), yticks=np.linspace(0, 1, 6))
    left.set_xticks(x, [f"{value:g}" for value in x])
    left.minorticks_off()
    right.xaxis.set_major_formatter("{x:g}")
    said = ", ".join(f"{name} {y[0]:.2f} to {y[-1]:.2f}" for name, y in curves.items())
    constant = ", ".join(f"{name} at {share:g}: {min(y):.2f} to {max(y):.2f}" for name, (y, share) in others.items())
    return describe(
        left, f"Left, {y_label} against {x_label}, from {x[0]:g} to {x[-1]:g}: {said}. Right, the same against "
        f"{share_label}, from {min(amounts.values()) / x[-1]:.2g} to {max(amounts.values()) / x[0]:,.0f}; {constant}.",
    )  # fmt: skip
