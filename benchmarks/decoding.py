"""How fast a decoder writes, and how much it keeps, against the length of what it has written.

One word further, with a cache that holds as many words as the length says: eight heads with keys of their own, two
groups, one group, and a sliding window, each with its cache in room set apart beforehand; and eight heads whose cache
is copied for every word, as the package's decoder does it, or that have none and compute everything before again.
Keeps the figures in attention_course/results/20_decoding.json, which lesson 20 shows, and writes results/decoding.md.
About a minute on one core.
"""

import statistics
import time
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F

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
WHOLE, COPIED, WITHOUT = "8 heads", "8 heads, copied", "8 heads, no cache"
DECODERS = {  # groups, and the attention function; with room for the cache
    WHOLE: (8, lambda: scaled_dot_product_attention),
    "2 groups": (2, lambda: scaled_dot_product_attention),
    "1 group": (1, lambda: scaled_dot_product_attention),
    f"8 heads, window {WINDOW}": (8, lambda: LocalAttention(WINDOW)),
    f"2 groups, window {WINDOW}": (2, lambda: LocalAttention(WINDOW)),
}


class WithRoom(GroupedQueryAttention):
    """A layer that holds its cache itself, in room set apart beforehand, and writes a new word into the last place.

    The package's decoder appends by `torch.cat`, and so copies all that it keeps for every word.
    """

    room: KeysValues

    def prepare(self, keys: torch.Tensor, values: torch.Tensor | None = None) -> KeysValues:
        for place, new in zip(self.room, super().prepare(keys, values), strict=True):
            place[..., -1:, :] = new
        return self.room


def new_decoder(layer: type, groups: int, attend) -> TransformerDecoder:
    """Untrained, and without positions: neither changes the time.

    The newest word sees all that is kept and needs no mask; told that its attention is causal, the decoder makes none.
    """
    attention = partial(layer, groups=groups)
    options = {"dropout": 0.0, "positions": None, "attend": attend, "attention": attention}
    decoder = TransformerDecoder(VOCABULARY, Config(SIZE, HEADS, 2 * SIZE, LAYERS, **options)).eval()
    for block in decoder.blocks:
        block.self_attention.attend.causal = True
    return decoder


def fill(decoder: TransformerDecoder, groups: int, length: int) -> Cache:
    """The cache after `length` words, with random numbers in it; they are put into the layers' rooms as well."""
    kept = []
    for block in decoder.blocks:
        some = block.self_attention.keep(KeysValues(*torch.randn(2, 1, groups, length, SIZE // HEADS)))
        kept.append(KeysValues(*(x.clone() for x in some)))
        block.self_attention.room = KeysValues(*(F.pad(x, (0, 0, 0, 1)) for x in some))
    return Cache(tuple(kept), length)


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
    decoders = {name: new_decoder(WithRoom, *made) for name, made in DECODERS.items()}
    copying, masked = (new_decoder(GroupedQueryAttention, *DECODERS[WHOLE]) for _ in range(2))
    for decoder in (copying, masked):
        decoder.load_state_dict(decoders[WHOLE].state_dict())
    masked.blocks[0].self_attention.attend.causal = False  # without a cache many words ask at once
    found = {
        "tokens_a_second": {name: [] for name in [*decoders, COPIED, WITHOUT]},
        "cache_bytes": {name: [] for name in [*decoders, COPIED]},
    }
    for length in LENGTHS:
        caches = {name: fill(decoder, DECODERS[name][0], length) for name, decoder in decoders.items()}
        past = caches[COPIED] = caches[WHOLE]
        for name, cache in caches.items():
            found["cache_bytes"][name].append(4 * numbers_in(cache))
        word, everything = torch.ones(1, 1, dtype=torch.long), torch.ones(1, length + 1, dtype=torch.long)
        for decoder in (copying, masked):
            torch.testing.assert_close(decoders[WHOLE](word)[0], decoder(word, past)[0])
        taken = {name: [] for name in found["tokens_a_second"]}
        for number in range(ROUNDS + 1):  # the first warms up
            for name, decoder in decoders.items():  # by turns: what slows the machine down for a while slows all
                taken[name].append(seconds(decoder, None, word, STEPS))
            taken[COPIED].append(seconds(copying, past, word, STEPS))
            if length <= LONGEST_WITHOUT:
                taken[WITHOUT].append(seconds(masked, None, everything, 1))
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
            f"How many times as many words a second as with {WHOLE}, the median of {ROUNDS} rounds in "
            "which all take turns, by process time; in brackets the words a second, which say more about the machine.",
            "\n".join(rows),
            "What the cache holds at that length, and what is read again for the next word:",
            "\n".join([rows[0], *kept]),
            f"The cache lies in room set apart beforehand. “{COPIED}” is the package's decoder, which appends by "
            "`torch.cat`, and so copies all that it keeps for every word.",
        ]
    )


def main() -> None:
    found = measure()
    results.save("20_decoding", found, command="python benchmarks/decoding.py", seeds=[0])
    path = Path(__file__).parent / "results" / "decoding.md"
    path.write_text(table(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
