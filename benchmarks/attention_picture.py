"""Time against the length of the text, as a picture."""

import statistics

from attention_forms import FORMS
from side_by_side import with_part

from attention_course.plots import Picture
from attention_course.plots.axes import quiet
from attention_course.plots.picture import describe
from attention_course.plots.text import LITERAL, SMALL

STYLES = ["-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1))]
COLOURS = ["#1a1a1a", "#2a598c", "#c4622d", "#6f9e3a", "#8a5a9e", "#2f8f8f", "#9a7b1c"]


def picture(kept: dict) -> Picture | None:
    """Time against length in logarithms, those that look back beside those that look both ways; a row for each kind."""
    growths = {kind: growth for kind, growth in with_part(kept, "growth").items() if any(growth.values())}
    if not growths:
        return None
    figure = Picture((10.4, 5.0 * len(growths)))
    rows = figure.subplots(len(growths), 2, sharey=True, squeeze=False)
    for axes, (kind, growth) in zip(rows, growths.items(), strict=True):
        for ax, causal in zip(axes, (True, False), strict=True):
            _one_way(ax, growth, causal, f", {kind}" if len(growths) > 1 else "")
    return figure


def _one_way(ax, growth: dict, causal: bool, of: str) -> None:
    """The curves that look back (causal), or those that look both ways."""
    curves = {name: points(growth[name]) for name, form in FORMS.items() if form.causal == causal}
    ax.set(xscale="log", yscale="log")
    ends = []
    for (name, (lengths, seconds)), colour, dash in zip(curves.items(), COLOURS, STYLES, strict=False):
        ax.plot(lengths, [1e3 * s for s in seconds], color=colour, linestyle=dash, linewidth=2)
        ends.append((1e3 * seconds[-1], lengths[-1], name, colour))
    _name_the_ends(ax, ends)
    ticks = sorted({int(n) for lengths, _ in curves.values() for n in lengths})
    ax.set_xticks(ticks, [f"{n:,}" for n in ticks], rotation=45)
    ax.minorticks_off()
    quiet(ax, "words", "forward and backward, ms" if causal else "")
    ax.set_title(f"looking {'back' if causal else 'both ways'}{of}", fontsize=SMALL + 1, loc="left")
    said = "; ".join(f"{name} {1e3 * s[-1]:.0f} ms at {n[-1]:,} words" for name, (n, s) in curves.items())
    describe(ax, f"Looking {'back' if causal else 'both ways'}{of}, time against length: {said}.")


def _name_the_ends(ax, ends: list[tuple]) -> None:
    """Each curve's name behind its end, moved apart where they would overlap."""
    low, high = ax.get_ylim()
    right = max(length for _, length, *_ in ends)
    apart = (high / low) ** 0.045  # the height of a line
    at = 0.0
    for height, length, name, colour in sorted(ends):
        at = max(height, at * apart)
        place = (right, at) if length == right else (length, height)
        ax.annotate(
            name, place, xytext=(5, 0), textcoords="offset points", va="center", color=colour, fontsize=SMALL,
            annotation_clip=False, **LITERAL,
        )  # fmt: skip


def points(times: dict[str, list[float]], smallest: int = 0) -> tuple[list[int], list[float]]:
    """Lengths and median seconds."""
    lengths = [n for n in sorted(map(int, times)) if n >= smallest]
    return lengths, [statistics.median(times[str(n)]) for n in lengths]
