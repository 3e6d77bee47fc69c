"""How fast a decoder writes, and how much it keeps, against the length of what it has written.

    python benchmarks/decoding.py             measures, about a minute on one core
    python benchmarks/decoding.py --lesson    the same, and lesson 20 shows these figures from now on
    python benchmarks/decoding.py table       results/decoding.md from what is kept

One word further, with a cache that holds as many words as the length says: eight heads with keys of their own, two
groups, one group, and a sliding window, each with its cache in room set apart beforehand; and eight heads whose cache
is copied for every word, as the package's decoder does it, or that have none and compute everything before again.
Keeps the figures in results/decoding.json, by the kind of processor, and writes results/decoding.md anew. Lesson 20
shows those in attention_course/results/20_decoding.json.
"""

import argparse
import time
from functools import partial

import keeping
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
        block.itself.attend.causal = True
    return decoder


def fill(decoder: TransformerDecoder, groups: int, length: int) -> Cache:
    """The cache after `length` words, with random numbers in it; they are put into the layers' rooms as well."""
    kept = []
    for block in decoder.blocks:
        some = block.itself.keep(KeysValues(*torch.randn(2, 1, groups, length, SIZE // HEADS)))
        kept.append(KeysValues(*(x.clone() for x in some)))
        block.itself.room = KeysValues(*(F.pad(x, (0, 0, 0, 1)) for x in some))
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
    masked.blocks[0].itself.attend.causal = False  # without a cache many words ask at once
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


def table() -> None:
    """results/decoding.md from what is kept."""
    from decoding_table import write

    keeping.write("decoding", write(keeping.kept("decoding"), base=WHOLE, copied=COPIED))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", choices=["measure", "table"], default="measure")
    parser.add_argument("--lesson", action="store_true", help="let lesson 20 show what is measured")
    chosen = parser.parse_args()
    if chosen.part == "measure":
        keeping.kind()  # a setting that it refuses is told before anything is measured
        found = measure()
        keeping.keep("decoding", found | {"machine": device.describe()})
        if chosen.lesson:
            results.save("20_decoding", found, command="python benchmarks/decoding.py --lesson", seeds=[0])
    table()
