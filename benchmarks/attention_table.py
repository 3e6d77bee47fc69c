"""What the benchmark of attention found, as Markdown."""

import statistics
from collections.abc import Iterator

from attention_forms import BOTH, CAUSAL, FORMS
from attention_picture import points
from matplotlib.figure import Figure
from side_by_side import measured_on, side_by_side, with_part

from attention_course.metrics import crossover, fit_exponent

WANTED = {"local": 4.0, "linear, causal": 7.0, "linear": 20.0}  # times as fast as PyTorch's kernel, at 4,096
STRAIGHT = 1.15  # the largest exponent that passes for linear
FROM = 1024  # lengths that exponents are fitted to
SHOWN = (1024, 4096, 16384)


def write(kept: dict, figure: Figure | None) -> str:
    """kept: the figures of the parts that have been run, by kind. figure: the picture of growth, for its words."""
    parts = [
        "# What attention costs",
        "4 sequences, 8 heads of 64 numbers, float32 on a CPU, one forward and one backward pass, unless told. What is "
        "compared runs in one process and takes turns; each round gives one ratio, and the tables have the median, the "
        "lowest and the highest. Milliseconds are medians, and say more about the machine than the code. The process "
        "keeps the memory that is freed, for all alike: tensors of this size would otherwise come anew from the system "
        "each time, page by page.",
    ]
    for name, section in SECTIONS.items():
        kinds = {kind: found for kind, found in kept.items() if name in found}
        if kinds:
            parts += section(kinds, figure) if name == "growth" else section(kinds)
            parts.append(measured_on({kind: found["machine"][name] for kind, found in kinds.items()}))
    return "\n\n".join(parts) + "\n"


def _bars(kinds: dict) -> list[str]:
    bars = with_part(kinds, "bars")
    rows = {kind: list(_of_bars(**found)) for kind, found in bars.items()}
    longest = max(int(n) for found in bars.values() for n in found["growth"]["local"])
    head = ["", "beside", "times as fast", "at least", "ms", "its ms", "exponent", "reached"]
    return [
        "## Beside PyTorch's kernel",
        f"`F.scaled_dot_product_attention` at 4,096 words. The exponent is the slope of log time against log length, "
        f"from {_thousands(FROM)} to {_thousands(longest)} words, with its 95 % interval; at most {STRAIGHT} is asked "
        "for.",
        side_by_side(head, rows, 2),
    ]


def _of_bars(beside: dict, growth: dict) -> Iterator[list[str]]:
    for name, wanted in WANTED.items():
        kernel = beside[CAUSAL if FORMS[name].causal else BOTH]
        found = [theirs / ours for ours, theirs in zip(beside[name], kernel, strict=True)]
        exponent = fit_exponent(*points(growth[name], FROM))
        reached = statistics.median(found) >= wanted and exponent.value <= STRAIGHT
        yield [
            f"{name} ({FORMS[name].setting})",
            CAUSAL if FORMS[name].causal else BOTH,
            f"**{_ratio(found)}**",
            f"{wanted:.0f}",
            _milliseconds(beside[name]),
            _milliseconds(kernel),
            _exponent(exponent),
            "yes" if reached else "no",
        ]


def _growth(kinds: dict, figure: Figure | None) -> list[str]:
    rows = {kind: list(_of_growth(found)) for kind, found in with_part(kinds, "growth").items()}
    head = ["", "with", "looks", *(f"{_thousands(n)} words, ms" for n in SHOWN), "exponent", "faster than the kernel"]
    picture = [f"![{figure.alt}](attention.png)"] if figure else []
    return [
        "## Against the length",
        "One sequence of 8 heads, all forms in one process. The last column is where the times cross: from that length "
        "on the form takes less time than PyTorch's kernel that looks the same way.",
        *picture,
        side_by_side(head, rows, 3),
        "Tiled attention is exact: its time grows with the square, and what it saves is memory (below).",
    ]


def _of_growth(growth: dict) -> Iterator[list[str]]:
    for name, form in FORMS.items():
        times = growth.get(name, {})
        lengths, seconds = points(times, FROM)
        kernel = CAUSAL if form.causal else BOTH
        cheaper = "–"
        if name != kernel and times:
            both = [n for n in sorted(map(int, times)) if str(n) in growth[kernel]]
            ours, theirs = ([statistics.median(growth[each][str(n)]) for n in both] for each in (name, kernel))
            cheaper = _from(crossover(both, ours, theirs), both)
        yield [
            name,
            form.setting,
            "back" if form.causal else "both ways",
            *(_milliseconds(times[str(n)]) if str(n) in times else "" for n in SHOWN),
            _exponent(fit_exponent(lengths, seconds)) if len(lengths) >= 3 else "",
            cheaper,
        ]


def _peers(kinds: dict) -> list[str]:
    notes = {}
    for row in (row for rows in with_part(kinds, "peers").values() for row in rows):
        differs = f" The mathematics differs: {row['differs']}." if row["differs"] else " The mathematics is the same."
        notes.setdefault((row["package"], row["setting"]), f"{row['why']}{differs}")
    numbers = {pair: number for number, pair in enumerate(notes, 1)}
    rows = {kind: list(_of_peers(found["peers"], found.get("agreement", []), numbers)) for kind, found in kinds.items()}
    head = ["", "setting", "sequences × words", "times as fast", "our ms", "their ms", "outputs differ by", "note"]
    return [
        "## Beside packages from PyPI",
        "With the same numbers for parameters. Outputs are compared on one sequence of 512 words (128 for "
        "reformer-pytorch), standard normal; where a small constant of theirs is in the way it is zero there. What "
        "computes another function is shown, and not counted as a comparison.",
        side_by_side(head, rows, 3),
        "\n".join(f"{numbers[pair]}. {note}" for pair, note in notes.items()),
    ]


def _of_peers(peers: list[dict], agreement: list[dict], numbers: dict) -> Iterator[list[str]]:
    off = {(found["package"], found["setting"]): found for found in agreement}
    for row in peers:
        agreed = off.get((row["package"].split()[0], row["setting"]))
        bold = "" if row["another_function"] else "**"
        yield [
            row["package"],
            row["setting"],
            f"{row['batch']} × {_thousands(row['length'])}",
            f"{bold}{_ratio(row['ratios'])}{bold}",
            f"{1e3 * row['seconds'][0]:.0f}",
            f"{1e3 * row['seconds'][1]:.0f}",
            f"{agreed['off']:.0e}" if agreed else "another function",
            f"{numbers[row['package'], row['setting']]}",
        ]


def _memory(kinds: dict) -> list[str]:
    weighed = with_part(kinds, "memory")
    lengths = sorted({int(n) for found in weighed.values() for each in found.values() for n in each["forward"]})
    return [
        "## Memory",
        "Megabytes that the peak of resident memory lies above what was there before the call (queries, keys and "
        "values among it), each in a fresh process. One sequence of 8 heads; an output has 2 MB for every 1,024 words, "
        "and so has each gradient.",
        side_by_side(
            ["", "passes", *(f"{_thousands(n)} words" for n in lengths), "exponent"],
            {kind: list(_of_memory(found, lengths)) for kind, found in weighed.items()},
            2,
        ),
    ]


def _of_memory(memory: dict, lengths: list[int]) -> Iterator[list[str]]:
    for name, each in memory.items():
        for passes, figures in each.items():
            sizes = sorted(map(int, figures))
            exponent = fit_exponent(sizes, [max(figures[str(n)], 1) for n in sizes])
            megabytes = [f"{figures[str(n)] / 1e6:,.0f}" if str(n) in figures else "" for n in lengths]
            yield [name, "forward" if passes == "forward" else "and backward", *megabytes, _exponent(exponent)]


SECTIONS = {"bars": _bars, "growth": _growth, "peers": _peers, "memory": _memory}


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
