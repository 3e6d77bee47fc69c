"""What the benchmark of attention found, as Markdown and as a picture."""

import statistics

from attention_forms import BOTH, CAUSAL, FORMS
from matplotlib.figure import Figure

from attention_course.metrics import crossover, fit_exponent
from attention_course.plots import Picture
from attention_course.plots.axes import quiet
from attention_course.plots.picture import describe
from attention_course.plots.text import LITERAL, SMALL

WANTED = {"local": 4.0, "linear, causal": 7.0, "linear": 20.0}  # times as fast as PyTorch's kernel, at 4,096
STRAIGHT = 1.15  # the largest exponent that passes for linear
FROM = 1024  # lengths that exponents are fitted to
STYLES = ["-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1))]
COLOURS = ["#1a1a1a", "#2a598c", "#c4622d", "#6f9e3a", "#8a5a9e", "#2f8f8f", "#9a7b1c"]


def write(kept: dict, figure: Figure | None) -> str:
    """kept: the figures of the parts that have been run. figure: the picture of growth, for its words."""
    parts = [
        "# What attention costs",
        "4 sequences, 8 heads of 64 numbers, float32 on a CPU, one forward and one backward pass, unless told. What is "
        "compared runs in one process and takes turns; each round gives one ratio, and the tables have the median, the "
        "lowest and the highest. Milliseconds are medians, and say more about the machine than the code. The process "
        "keeps the memory that is freed, for all alike: tensors of this size would otherwise come anew from the system "
        "each time, page by page.",
    ]
    for name, section in SECTIONS.items():
        if name in kept:
            parts += section(kept, figure) if name == "growth" else section(kept)
            parts.append(f"Measured on: {kept['machine'][name]}.")
    return "\n\n".join(parts) + "\n"


def _bars(kept: dict) -> list[str]:
    beside, growth = kept["bars"]["beside"], kept["bars"]["growth"]
    rows = []
    for name, wanted in WANTED.items():
        kernel = beside[CAUSAL if FORMS[name].causal else BOTH]
        found = [theirs / ours for ours, theirs in zip(beside[name], kernel, strict=True)]
        exponent = fit_exponent(*_points(growth[name]))
        reached = statistics.median(found) >= wanted and exponent.value <= STRAIGHT
        rows.append(
            [
                f"{name} ({FORMS[name].setting})",
                CAUSAL if FORMS[name].causal else BOTH,
                f"**{_ratio(found)}**",
                f"{wanted:.0f}",
                _milliseconds(beside[name]),
                _milliseconds(kernel),
                _exponent(exponent),
                "yes" if reached else "no",
            ]
        )
    head = ["", "beside", "times as fast", "at least", "ms", "its ms", "exponent", "reached"]
    return [
        "## Beside PyTorch's kernel",
        f"`F.scaled_dot_product_attention` at 4,096 words. The exponent is the slope of log time against log length, "
        f"from {_thousands(FROM)} to {_thousands(max(map(int, growth['local'])))} words, with its 95 % interval; at "
        f"most {STRAIGHT} is asked for.",
        _table(head, rows),
    ]


def _growth(kept: dict, figure: Figure | None) -> list[str]:
    growth = kept["growth"]
    shown = [1024, 4096, 16384]
    rows = []
    for name, form in FORMS.items():
        times = growth.get(name, {})
        lengths, seconds = _points(times)
        kernel = CAUSAL if form.causal else BOTH
        cheaper = "–"
        if name != kernel and times:
            both = [n for n in sorted(map(int, times)) if str(n) in growth[kernel]]
            ours, theirs = ([statistics.median(growth[each][str(n)]) for n in both] for each in (name, kernel))
            cheaper = _from(crossover(both, ours, theirs), both)
        rows.append(
            [
                name,
                form.setting,
                "back" if form.causal else "both ways",
                *(_milliseconds(times[str(n)]) if str(n) in times else "" for n in shown),
                _exponent(fit_exponent(lengths, seconds)) if len(lengths) >= 3 else "",
                cheaper,
            ]
        )
    head = ["", "with", "looks", *(f"{_thousands(n)} words, ms" for n in shown), "exponent", "faster than the kernel"]
    picture = [f"![{figure.alt}](attention.png)"] if figure else []
    return [
        "## Against the length",
        "One sequence of 8 heads, all forms in one process. The last column is where the times cross: from that length "
        "on the form takes less time than PyTorch's kernel that looks the same way.",
        *picture,
        _table(head, rows),
        "Tiled attention is exact: its time grows with the square, and what it saves is memory (below).",
    ]


def _peers(kept: dict) -> list[str]:
    off = {(found["package"], found["setting"]): found for found in kept.get("agreement", [])}
    rows, notes = [], []
    for number, row in enumerate(kept["peers"], 1):
        agreed = off.get((row["package"].split()[0], row["setting"]))
        rows.append(
            [
                f"{row['package']}",
                row["setting"],
                f"{row['batch']} × {_thousands(row['length'])}",
                ("" if row["another_function"] else "**")
                + _ratio(row["ratios"])
                + ("" if row["another_function"] else "**"),
                f"{1e3 * row['seconds'][0]:.0f}",
                f"{1e3 * row['seconds'][1]:.0f}",
                f"{agreed['off']:.0e}" if agreed else "another function",
                f"{number}",
            ]
        )
        differs = f" The mathematics differs: {row['differs']}." if row["differs"] else " The mathematics is the same."
        notes.append(f"{number}. {row['why']}{differs}")
    head = ["", "setting", "sequences × words", "times as fast", "our ms", "their ms", "outputs differ by", "note"]
    return [
        "## Beside packages from PyPI",
        "With the same numbers for parameters. Outputs are compared on one sequence of 512 words (128 for "
        "reformer-pytorch), standard normal; where a small constant of theirs is in the way it is zero there. What "
        "computes another function is shown, and not counted as a comparison.",
        _table(head, rows),
        "\n".join(notes),
    ]


def _memory(kept: dict) -> list[str]:
    rows = []
    lengths = sorted({int(n) for each in kept["memory"].values() for n in each["forward"]})
    for name, each in kept["memory"].items():
        for passes, figures in each.items():
            sizes = sorted(map(int, figures))
            exponent = fit_exponent(sizes, [max(figures[str(n)], 1) for n in sizes])
            megabytes = [f"{figures[str(n)] / 1e6:,.0f}" if str(n) in figures else "" for n in lengths]
            rows.append([name, "forward" if passes == "forward" else "and backward", *megabytes, _exponent(exponent)])
    return [
        "## Memory",
        "Megabytes that the peak of resident memory lies above what was there before the call (queries, keys and "
        "values among it), each in a fresh process. One sequence of 8 heads; an output has 2 MB for every 1,024 words, "
        "and so has each gradient.",
        _table(["", "passes", *(f"{_thousands(n)} words" for n in lengths), "exponent"], rows),
    ]


SECTIONS = {"bars": _bars, "growth": _growth, "peers": _peers, "memory": _memory}


def picture(kept: dict) -> Figure | None:
    """Time against length in logarithms, those that look back beside those that look both ways."""
    growth = kept.get("growth", {})
    if not any(growth.values()):
        return None
    figure = Picture((10.4, 5.0))
    for ax, causal in zip(figure.subplots(1, 2, sharey=True), (True, False), strict=True):
        curves = {name: _points(growth[name], 0) for name, form in FORMS.items() if form.causal == causal}
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
        ax.set_title("looking back" if causal else "looking both ways", fontsize=SMALL + 1, loc="left")
        said = "; ".join(f"{name} {1e3 * s[-1]:.0f} ms at {n[-1]:,} words" for name, (n, s) in curves.items())
        describe(ax, f"{'Looking back' if causal else 'Looking both ways'}, time against length: {said}.")
    return figure


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


def _points(times: dict[str, list[float]], smallest: int = FROM) -> tuple[list[int], list[float]]:
    """Lengths and median seconds."""
    lengths = [n for n in sorted(map(int, times)) if n >= smallest]
    return lengths, [statistics.median(times[str(n)]) for n in lengths]


def _exponent(exponent) -> str:
    return f"{exponent.value:.2f} ({exponent.low:.2f}–{exponent.high:.2f})"


def _ratio(found: list[float]) -> str:
    return f"{statistics.median(found):.2f} ({min(found):.2f}–{max(found):.2f})"


def _milliseconds(seconds: list[float]) -> str:
    milliseconds = 1e3 * statistics.median(seconds)
    return f"{milliseconds:,.0f}" if milliseconds >= 10 else f"{milliseconds:.1f}"


def _from(length: float | None, measured: list[int]) -> str:
    if length is None:
        return f"not up to {_thousands(measured[-1])}"
    return f"from {_thousands(measured[0])} or less" if length == measured[0] else f"from about {_thousands(length)}"


def _thousands(number: float) -> str:
    return f"{number:,.0f}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])
