"""What attention costs against the length of the text: this course's cheaper forms, PyTorch's kernel, and PyPI's.

    python benchmarks/attention.py                      everything, about ten minutes on two idle cores
    python benchmarks/attention.py peers growth         some parts: agreement, peers, bars, growth, memory
    python benchmarks/attention.py table                table and picture from what is kept

Agreement and peers need the packages of others: `make benchmarks`. Each part keeps its figures in
results/attention.json, by the kind of processor, as soon as it has them (peers and growth also on the way), and writes
results/attention.md and results/attention.png anew.
"""

import argparse
import gc
import os
import sys
from importlib.metadata import version

import keeping

BATCH, HEADS = 4, 8
AT = 4096  # the length at which forms stand beside each other
LONG = (1024, 2048, 4096, 8192, 16384)  # for exponents
SHORT = (128, 256, 512)  # crossovers lie here, too
MEMORY = {"all weights kept": 4096, "PyTorch's kernel": 16384, "tiled": 16384, "local": 16384, "linear, causal": 16384}
# glibc keeps what is freed, as PyTorch's own allocator on a GPU does. Otherwise tensors above 32 MB come from the
# system and go back to it at every step, which can take longer than linear attention itself. It holds for all sides.
KEEP_FREED = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(10**11), "MALLOC_TOP_PAD_": str(10**9)}
BARRED = ("local", "linear, causal", "linear")


def agreement(rounds: int) -> list[dict]:
    """The largest differences between ours and theirs, with the same numbers for parameters."""
    import torch
    from peers.efficient import PAIRS

    found = []
    for pair in PAIRS:
        if not pair.agree_at:
            continue
        torch.manual_seed(0)
        ours, theirs = pair_of(pair, pair.agree_at, 1, close=True)
        off = float((ours.forward() - theirs.forward()).abs().max())
        found.append({"package": pair.package, "setting": pair.setting, "length": pair.agree_at, "off": off})
        print(found[-1], flush=True)
        assert off < 1e-4, f"{pair.package}, {pair.setting}: outputs differ by {off:.1g}"
    return found


def pair_of(pair, length: int, batch: int, close: bool = False):
    """Ours and theirs as contenders; `close`: theirs without its small constants."""
    from attention_race import contender, inputs
    from peers.efficient import HEAD_SIZE, HEADS

    given = inputs(batch, 1, length, HEADS * HEAD_SIZE, 1) if pair.layer else inputs(batch, HEADS, length, HEAD_SIZE)
    given = [x.squeeze(1) for x in given] if pair.layer else given
    ours, theirs, same = pair.make(length)
    ours_called = lambda *x: first(ours(*x))
    return contender(ours_called, given, ours), contender(same if close else theirs, given, theirs)


def first(output):
    return output[0] if isinstance(output, tuple) else output


def peers(rounds: int) -> list[dict]:
    """Ours beside each package, in one process; forward and backward."""
    import torch
    from attention_race import median, race, ratios
    from peers.efficient import PAIRS

    found = []
    for pair in PAIRS:
        torch.manual_seed(0)
        ours, theirs = pair_of(pair, pair.length, pair.batch)
        seconds = race({"ours": ours, "theirs": theirs}, rounds)
        found.append(
            {
                "package": f"{pair.package} {version(pair.package)}",
                "setting": pair.setting,
                "length": pair.length,
                "batch": pair.batch,
                "ratios": ratios(seconds["ours"], seconds["theirs"]),
                "seconds": [median(seconds["ours"]), median(seconds["theirs"])],
                "another_function": not pair.agree_at,
                "differs": pair.same,
                "why": pair.why,
            }
        )
        print(
            {key: found[-1][key] for key in ("package", "setting", "seconds")}, median(found[-1]["ratios"]), flush=True
        )
        keep("peers", found)
        del ours, theirs
        gc.collect()
    return found


def bars(rounds: int) -> dict:
    """The forms that are to beat PyTorch's kernel beside it, at one length; then alone, for their exponents."""
    from attention_forms import BOTH, CAUSAL
    from attention_race import race

    names = (CAUSAL, BOTH, *BARRED)
    beside = race({name: of_form(name, AT, BATCH) for name in names}, rounds)
    print({name: min(seconds) for name, seconds in beside.items()}, flush=True)
    return {"beside": beside, "growth": growing(BARRED, LONG, BATCH, max(1, rounds // 2))}


def growth(rounds: int) -> dict:
    """All forms at all lengths, one sequence."""
    from attention_forms import FORMS

    return growing(tuple(FORMS), SHORT + LONG, 1, max(1, rounds // 2), "growth")


def growing(names, lengths, batch: int, rounds: int, part: str = "") -> dict:
    """Seconds of each form at each length it is made for: {name: {length: [of each round]}}."""
    from attention_forms import FORMS
    from attention_race import race

    found = {name: {} for name in names}
    for length in lengths:
        able = [name for name in names if length <= FORMS[name].max_length]
        several = rounds * (1 if length > 1024 else 3)  # short ones are the noisiest
        for name, seconds in race({name: of_form(name, length, batch) for name in able}, several).items():
            found[name][str(length)] = seconds
        print(length, {name: round(min(found[name][str(length)]), 4) for name in able}, flush=True)
        if part:
            keep(part, found)
        gc.collect()
    return found


def of_form(name: str, length: int, batch: int):
    """A form as a contender."""
    import torch
    from attention_forms import HEAD_SIZE, made
    from attention_race import contender, inputs

    torch.manual_seed(0)
    function, module = made(name, length)
    return contender(function, inputs(batch, HEADS, length, HEAD_SIZE), module)


def memory(rounds: int) -> dict:
    """Bytes at the peak, each in a fresh process: {name: {passes: {length: bytes}}}."""
    from attention_memory import in_fresh_process

    found = {}
    for name, max_length in MEMORY.items():
        for passes in ("forward", "backward"):
            figures = found.setdefault(name, {}).setdefault(passes, {})
            for length in (n for n in LONG if n <= max_length):
                figures[str(length)] = in_fresh_process(name, length, passes == "backward")
            print(name, passes, {n: f"{bytes / 1e6:.0f} MB" for n, bytes in figures.items()}, flush=True)
    return found


PARTS = {"agreement": agreement, "bars": bars, "peers": peers, "growth": growth, "memory": memory}


def keep(part: str, figures) -> None:
    """Keep the figures of one part, and where they were measured; write the table."""
    from attention_course import device

    machine = keeping.here("attention").get("machine", {}) | {part: device.describe()}
    keeping.keep("attention", {part: figures, "machine": machine})
    table()


def table() -> None:
    """results/attention.md and results/attention.png from what is kept."""
    from attention_picture import picture
    from attention_table import write

    kept = keeping.kept("attention")
    figure = picture(kept)
    if figure is not None:
        (keeping.RESULTS / "attention.png").write_bytes(figure.png())
    keeping.write("attention", write(kept, figure))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, "table", "all"], default="all")
    parser.add_argument(
        "--rounds", type=int, default=6, help="after one that is not counted; growth takes half of them"
    )
    chosen = parser.parse_args()
    if not KEEP_FREED.items() <= os.environ.items():  # they are read when a process starts
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **KEEP_FREED})
    keeping.kind()  # a setting that it refuses is told before anything is measured
    for part in PARTS if "all" in chosen.parts else chosen.parts:
        if part == "table":
            table()
        else:
            keep(part, PARTS[part](chosen.rounds))
