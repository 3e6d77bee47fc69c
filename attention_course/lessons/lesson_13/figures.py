"""Figures of lesson 13: what was seen on the way, and what was measured beforehand."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from attention_course import plots
from attention_course.plots.axes import STYLES, apart, quiet
from attention_course.plots.colours import readable_on
from attention_course.plots.picture import Picture, describe
from attention_course.plots.text import NORMAL, SMALL


def losses(steps: Sequence[int], curves: Mapping[str, Sequence[float]]) -> Figure:
    """Losses over the steps, each named at its end."""
    figure = Picture((6.05, 2.9), layout=None)
    figure.subplots_adjust(0.1, 0.17, 0.74, 0.97)
    ax = figure.subplots()
    for (colour, dash, _), (name, curve) in zip(STYLES, curves.items(), strict=False):
        ax.plot(steps, curve, color=colour, linestyle=dash, linewidth=2)
        describe(ax, f"{name}: loss {curve[0]:.2f} at step {steps[0]}, {curve[-1]:.2f} at step {steps[-1]}.")
    quiet(ax, "step", "loss")
    _named_at_the_right(ax, {name: curve[-1] for name, curve in curves.items()})
    return figure


def on_the_way(noted: Mapping[str, Sequence[tuple[int, float, float]]]) -> Figure:
    """noted: for each training (step, how alike the words at the top are, length of the first block's gradient)."""
    figure = Picture((6.05, 5.0), layout=None)
    figure.subplots_adjust(0.12, 0.09, 0.74, 0.98, hspace=0.12)
    upper, lower = axes = figure.subplots(2, 1, sharex=True)
    for which, (ax, label) in enumerate(zip(axes, ("how alike the words are", "gradient of block 1"), strict=True), 1):
        if ax is lower:
            ax.set_yscale("log")
        for (colour, dash, _), rows in zip(STYLES, noted.values(), strict=False):
            ax.plot([row[0] for row in rows], [row[which] for row in rows], color=colour, linestyle=dash, linewidth=2)
        ax.set_xscale("symlog", linthresh=5)
        last = noted[next(iter(noted))][-1][0]
        ax.set_xlim(0, last)
        ax.set_xticks(ticks := [0, 2, 5, 10, 20, 50, 100, last], ticks)
        ax.minorticks_off()
        quiet(ax, "steps done" if ax is lower else "", label)
        _named_at_the_right(ax, {name: rows[-1][which] for name, rows in noted.items()})
    for name, rows in noted.items():
        most, least = max(a for _, a, _ in rows), min(g for *_, g in rows)
        said = f"{name}: alike up to {most:.2f}, at the end {rows[-1][1]:.2f}; gradient down to {least:.1g}."
        describe(upper, said)
    return figure


def _named_at_the_right(ax, ends: Mapping[str, float]) -> None:
    """The names of curves beside their ends, outside the axes."""
    ax.figure.draw_without_rendering()
    to_points = 72 / ax.figure.dpi
    heights = ax.transData.transform([(1, y) for y in ends.values()])[:, 1] * to_points
    for (name, y), offset, (colour, _, _) in zip(ends.items(), apart(heights) - heights, STYLES, strict=False):
        ax.annotate(
            name, (1, y), xycoords=("axes fraction", "data"), xytext=(6, offset), textcoords="offset points",
            va="center", color=colour, fontsize=NORMAL, annotation_clip=False,
        )  # fmt: skip


def the_map(
    peaks: Sequence[float], depths: Sequence[int], losses: Mapping[str, np.ndarray], frequencies: float
) -> Figure:
    """losses: for each panel, by its title, (depths, peaks). Dark is low. The best of a row is bold, where it is half a
    nat below the loss of `frequencies`."""
    figure = Picture((6.05, 5.6))
    low, high = (function([function(panel) for panel in losses.values()]) for function in (np.min, np.max))
    for ax, (title, panel) in zip(figure.subplots(2, 2).flat, losses.items(), strict=True):
        ax.imshow(panel, cmap="Blues_r", vmin=low, vmax=high, aspect="auto")
        for (i, j), loss in np.ndenumerate(panel):
            ground = ax.images[0].to_rgba([loss])[0]
            best = j == panel[i].argmin() and loss < frequencies - 0.5
            ax.text(
                j, i, f"{loss:.1f}", ha="center", va="center", fontsize=SMALL, color=readable_on(ground[:3]),
                weight="bold" if best else "normal",
            )  # fmt: skip
        ax.set_title(title, fontsize=NORMAL, loc="left", weight="bold")
        ax.set_xticks(range(len(peaks)), [f"{1000 * peak:g}" for peak in peaks], fontsize=SMALL)
        ax.set_yticks(range(len(depths)), depths, fontsize=SMALL)
        ax.set_xlabel("peak of the learning rate, thousandths", fontsize=SMALL)
        ax.set_ylabel("blocks on each side", fontsize=SMALL)
        rows = "; ".join(
            f"{n} blocks {', '.join(f'{x:.1f}' for x in row)}" for n, row in zip(depths, panel, strict=True)
        )
        describe(ax, f"{title}: loss over {', '.join(f'{peak:g}' for peak in peaks)}: {rows}.")
    return figure


def schedules(functions: Mapping[str, object]) -> Figure:
    """The factor on the learning rate over the share of the training that is done."""
    done = np.linspace(0.001, 1, 400)
    curves = {name: [function(x) for x in done] for name, function in functions.items()}
    figure = Picture((6.05, 2.9))
    ax = figure.add_subplot()
    for number, (name, curve) in enumerate(curves.items()):
        colour, dash, _ = STYLES[number]
        ax.plot(done, curve, color=colour, linestyle=dash, linewidth=2)
        at = (0.52, 0.62, 0.3, 0.72)[number]  # where the curves are apart
        y = np.interp(at, done, curve)
        ax.annotate(name, (at, y), xytext=(5, 4), textcoords="offset points", color=colour, fontsize=NORMAL)
    ax.set_ylim(0, 1.12)
    quiet(ax, "share of the training that is done", "factor on the peak")
    return describe(ax, f"The factor on the learning rate over the training: {', '.join(curves)}.")


def widths(peaks: Sequence[float], losses: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """losses: for each rule, for each width, one loss for each peak. A dot marks the best peak of each width."""
    figure = Picture((6.05, 2.9), layout=None)
    figure.subplots_adjust(0.09, 0.17, 0.86, 0.9, wspace=0.12)
    thousand = 1000 * np.array(peaks)
    axes = figure.subplots(1, 2, sharey=True)
    for ax, (rule, of_width) in zip(axes, losses.items(), strict=True):
        best = {width: int(np.argmin(values)) for width, values in of_width.items()}
        for (colour, dash, _), (width, values) in zip(STYLES, of_width.items(), strict=False):
            ax.plot(thousand, values, color=colour, linestyle=dash, linewidth=2)
            ax.plot(thousand[best[width]], values[best[width]], "o", color=colour, markersize=7)
        ax.set_xscale("log")
        ax.set_xticks(thousand, [f"{x:g}" for x in thousand])
        ax.minorticks_off()
        ax.set_title(rule, fontsize=NORMAL, loc="left", weight="bold")
        quiet(ax, "peak, thousandths", "loss" if ax is axes[0] else "")
        describe(ax, f"{rule}: lowest at {', '.join(f'{peaks[i]:g} for E = {width}' for width, i in best.items())}.")
    _named_at_the_right(axes[1], {f"E = {width}": values[-1] for width, values in list(losses.values())[1].items()})
    return figure


def courses(words: Sequence[int], curves: Mapping[str, Sequence[float]]) -> Figure:
    """Losses on unseen captions while a training goes on."""
    thousand = np.array(words) / 1000
    return plots.lines(thousand, curves, x_label="thousand French words of training", y_label="loss on unseen captions")


def budget(
    words: Sequence[int], losses: Mapping[str, Sequence[float]], fitted: Mapping[str, Sequence[float]]
) -> Figure:
    """fitted: for each size one value for each number of words, a curve. losses: as many, or fewer; dots."""
    figure = Picture((6.05, 3.2), layout=None)
    figure.subplots_adjust(0.09, 0.16, 0.8, 0.97)
    ax, thousand = figure.subplots(), np.array(words) / 1000
    for (colour, dash, marker), size in zip(STYLES, losses, strict=False):
        ax.plot(thousand, fitted[size], color=colour, linestyle=dash, linewidth=2)
        ax.plot(thousand[: len(losses[size])], losses[size], marker, color=colour, markersize=7)
        describe(ax, f"{size}: {', '.join(f'{x:.2f} after {n:,}' for n, x in zip(words, losses[size], strict=False))}.")
    ax.set_xscale("log")
    ax.set_xticks(thousand, [f"{x:g}" for x in thousand])
    ax.minorticks_off()
    quiet(ax, "thousand French words of training", "loss on unseen captions")
    _named_at_the_right(ax, {size: values[-1] for size, values in fitted.items()})
    return figure
