"""What the benchmark of decoding found, as Markdown."""

import statistics
from collections.abc import Iterator

from side_by_side import measured_on, side_by_side, table


def write(kept: dict, *, base: str, copied: str) -> str:
    """kept: the figures of each kind. base, copied: the decoder to compare the others with, and the package's."""
    found = next(iter(kept.values()))  # sizes are the same for all
    head = ["", *(f"{length:,} words" for length in found["lengths"])]
    sizes, rounds = found["sizes"], len(found["tokens_a_second"][base][0])
    parts = [
        "# Writing one word further",
        f"An untrained decoder with {sizes['layers']} blocks of size {sizes['size']}, {sizes['heads']} heads of "
        f"{sizes['size'] // sizes['heads']}, float32, one sentence, one thread.",
        f"How many times as many words a second as with {base}, the median of {rounds} rounds in which all take "
        "turns, by process time; in brackets the words a second, which say more about the machine.",
        side_by_side(head, {kind: list(_speed(found, base)) for kind, found in kept.items()}, 1),
        measured_on({kind: found["machine"] for kind, found in kept.items()}),
        "What the cache holds at that length, and what is read again for the next word:",
        table(head, list(_cache(found["cache_bytes"]))),
        f"The cache lies in room set apart beforehand. “{copied}” is the package's decoder, which appends by "
        "`torch.cat`, and so copies all that it keeps for every word.",
    ]
    return "\n\n".join(parts) + "\n"


def _speed(found: dict, base: str) -> Iterator[list[str]]:
    """Ratios are medians of those of the rounds."""
    speed = found["tokens_a_second"]
    for name, by_length in speed.items():
        cells = []
        for rounds, whole in zip(by_length, speed[base], strict=False):
            if not rounds:
                cells.append("–")
                continue
            ratio = statistics.median(ours / theirs for ours, theirs in zip(rounds, whole, strict=True))
            cells.append(f"{ratio:.2f} × ({statistics.median(rounds):,.0f})")
        yield [name, *cells]


def _cache(held: dict) -> Iterator[list[str]]:
    for name, counts in held.items():
        yield [name, *(f"{count / 1e6:,.1f} MB" for count in counts)]
