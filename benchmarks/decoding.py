"""How fast a decoder writes, and how much it keeps, against the length of what it has written.

One word further, with a cache that holds as many words as the length says: eight heads with keys of their own, two
groups, one group, and a sliding window; and without a cache, where everything before is computed again. Keeps the
figures in attention_course/results/20_decoding.json, which lesson 20 shows, and writes results/decoding.md. About five
minutes on one core.
"""

import statistics
import time
from functools import partial
from pathlib import Path

import torch

from attention_course import device, results
from attention_course.efficient.grouped_query import GroupedQueryAttention
from attention_course.efficient.local import LocalAttention
from attention_course.functional import scaled_dot_product_attention
from attention_course.layers import KeysValues
from attention_course.models.transformer import Cache, Config, TransformerDecoder

SIZE, HEADS, LAYERS, WINDOW, VOCABULARY = 512, 8, 4, 256, 1_000
LENGTHS = (256, 1_024, 4_096, 16_384)
LONGEST_WITHOUT = 1_024  # words that are computed again for each
ROUNDS, STEPS = 5, 4
WHOLE, WITHOUT = "8 heads", "8 heads, no cache"
DECODERS = {  # groups, and the attention function
    WHOLE: (8, lambda: scaled_dot_product_attention),
    "2 groups": (2, lambda: scaled_dot_product_attention),
    "1 group": (1, lambda: scaled_dot_product_attention),
    f"8 heads, window {WINDOW}": (8, lambda: LocalAttention(WINDOW)),
    f"2 groups, window {WINDOW}": (2, lambda: LocalAttention(WINDOW)),
}


def new_decoder(groups: int, attend) -> TransformerDecoder:
    """Untrained: what the weights are does not change the time."""
    attention = partial(GroupedQueryAttention, groups=groups)
    config = Config(SIZE, HEADS, 2 * SIZE, LAYERS, dropout=0.0, attend=attend, attention=attention)
    return TransformerDecoder(VOCABULARY, config).eval()


def filled(decoder: TransformerDecoder, groups: int, length: int) -> Cache:
    """The cache after `length` words, with random numbers in it."""

    def kept(block):
        return block.itself.keep(KeysValues(*torch.randn(2, 1, groups, length, SIZE // HEADS)))

    return Cache(tuple(KeysValues(*(x.clone() for x in kept(block))) for block in decoder.blocks), length)


def numbers_in(cache: Cache) -> int:
    return sum(x.numel() for block in cache.blocks for x in block)


def seconds(decoder: TransformerDecoder, past: Cache | None, words: torch.Tensor, steps: int) -> float:
    """Of one call, by process time; the words are those behind the past."""
    start = time.process_time()
    for _ in range(steps):
        decoder(words, past)
    return (time.process_time() - start) / steps


@torch.no_grad()
def measure() -> dict:
    """Tokens a second in every round, and bytes, by decoder and length."""
    torch.set_num_threads(1)
    device.seed_everything(0)
    decoders = {name: new_decoder(*made) for name, made in DECODERS.items()}
    found = {
        "tokens_a_second": {name: [] for name in [*decoders, WITHOUT]},
        "cache_bytes": {name: [] for name in decoders},
    }
    for length in LENGTHS:
        caches = {name: filled(decoder, DECODERS[name][0], length) for name, decoder in decoders.items()}
        for name, cache in caches.items():
            found["cache_bytes"][name].append(4 * numbers_in(cache))
        word, everything = torch.ones(1, 1, dtype=torch.long), torch.ones(1, length + 1, dtype=torch.long)
        taken = {name: [] for name in found["tokens_a_second"]}
        for number in range(ROUNDS + 1):  # the first warms up
            for name, decoder in decoders.items():  # by turns: what slows the machine down for a while slows all
                taken[name].append(seconds(decoder, caches[name], word, STEPS))
            if length <= LONGEST_WITHOUT:
                taken[WITHOUT].append(seconds(decoders[WHOLE], None, everything, 1))
            print(length, number, {name: round(1e3 * rounds[-1], 1) for name, rounds in taken.items() if rounds})
        for name, rounds in taken.items():
            found["tokens_a_second"][name].append([1 / s for s in rounds[1:]])
    sizes = {"size": SIZE, "heads": HEADS, "layers": LAYERS, "window": WINDOW}
    parameters = {name: 4 * sum(p.numel() for p in d.blocks.parameters()) for name, d in decoders.items()}
    return {"lengths": LENGTHS, "sizes": sizes, "parameter_bytes": parameters} | found


def table(found: dict) -> str:
    """As Markdown; ratios are medians of those of the rounds."""
    head = "| | " + " | ".join(f"{length:,} words" for length in LENGTHS) + " |\n|---"
    rows = [head + "|---" * len(LENGTHS) + "|"]
    base = found["tokens_a_second"][WHOLE]
    for name, by_length in found["tokens_a_second"].items():
        cells = []
        for rounds, whole in zip(by_length, base, strict=False):
            if not rounds:
                cells.append("–")
                continue
            ratio = statistics.median(ours / theirs for ours, theirs in zip(rounds, whole, strict=True))
            cells.append(f"{ratio:.2f} × ({statistics.median(rounds):,.0f})")
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    kept = [
        f"| {name} | " + " | ".join(f"{count / 1e6:,.1f} MB" for count in counts) + " |"
        for name, counts in found["cache_bytes"].items()
    ]
    sizes = found["sizes"]
    return "\n\n".join(
        [
            "# Writing one word further",
            f"An untrained decoder with {sizes['layers']} blocks of size {sizes['size']}, {sizes['heads']} heads of "
            f"{sizes['size'] // sizes['heads']}, float32, one sentence, one thread of: {device.describe()}.",
            f"How many times as many words a second as with {WHOLE} and a cache, the median of {ROUNDS} rounds in "
            "which all take turns, by process time; in brackets the words a second, which say more about the machine.",
            "\n".join(rows),
            "What the cache holds at that length, and what is read again for the next word:",
            "\n".join([rows[0], *kept]),
            "The cache of this decoder is copied whenever a word is added (`torch.cat`); one with room set apart "
            "beforehand would spare that.",
        ]
    )


def main() -> None:
    found = measure()
    results.save("20_decoding", found, command="python benchmarks/decoding.py", seeds=[0])
    path = Path(__file__).parent / "results" / "decoding.md"
    path.write_text(table(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
