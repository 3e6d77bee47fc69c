"""How fast a decoder writes, and how much it keeps, against the length of what it has written.

    python benchmarks/decoding.py             measures, about a minute on one core
    python benchmarks/decoding.py --lesson    the same, and lesson 20 shows these figures from now on
    python benchmarks/decoding.py table       results/decoding.md from what is kept

One word further, with a cache that holds as many words as the length says: eight heads with keys of their own, two
groups, one group, and a sliding window, as the package's decoder keeps them; and eight heads whose cache is copied for
every word, or that have none and compute everything before again.
Keeps the figures in results/decoding.json, by the kind of processor, and writes results/decoding.md anew. Lesson 20
shows those in attention_course/results/20_decoding.json.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial

import keeping
import torch

from attention_course import device, results
from attention_course.cache import KeyValueCache
from attention_course.efficient.grouped_query import GroupedQueryAttention
from attention_course.efficient.local import LocalAttention
from attention_course.functional import scaled_dot_product_attention
from attention_course.models.transformer import Config, DecoderState, TransformerDecoder

SIZE, HEADS, LAYERS, WINDOW, VOCABULARY = 512, 8, 4, 256, 1_000
LENGTHS = (256, 1_024, 4_096, 16_384)
LONGEST_WITHOUT = 1_024  # words that are computed again for each
ROUNDS, STEPS = 5, 4
WHOLE, COPIED, WITHOUT = "8 heads", "8 heads, copied", "8 heads, no cache"
DECODERS = {  # groups, and the attention function
    WHOLE: (8, lambda: scaled_dot_product_attention),
    "2 groups": (2, lambda: scaled_dot_product_attention),
    "1 group": (1, lambda: scaled_dot_product_attention),
    f"8 heads, window {WINDOW}": (8, lambda: LocalAttention(WINDOW)),
    f"2 groups, window {WINDOW}": (2, lambda: LocalAttention(WINDOW)),
}


class Copied(KeyValueCache):
    """One that has no room for more, and is copied for every word."""

    def append(self, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None = None) -> KeyValueCache:
        return Copied.of(torch.cat([self.keys, keys], -2), torch.cat([self.values, values], -2))


def new_decoder(groups: int, attend) -> TransformerDecoder:
    """Untrained, and without positions: neither changes the time."""
    attention = partial(GroupedQueryAttention, groups=groups)
    options = {"dropout": 0.0, "positions": None, "attend": attend, "attention": attention}
    return TransformerDecoder(VOCABULARY, Config(SIZE, HEADS, 2 * SIZE, LAYERS, **options)).eval()


def filled(decoder: TransformerDecoder, groups: int, length: int, kind: type = KeyValueCache) -> DecoderState:
    """The state after `length` words, with random numbers in it, and room for the next ones."""
    kept = []
    for block in decoder.blocks:
        cache = kind.of(*torch.randn(2, 1, groups, length, SIZE // HEADS))
        sees_back = getattr(block.self_attention.attend.attend, "sees_back", length)
        kept.append(cache if kind is Copied else cache.last(sees_back))
    return DecoderState(tuple(kept), length)


def numbers_in(state: DecoderState) -> int:
    return sum(x.numel() for cache in state.blocks for x in (cache.keys, cache.values))


def seconds(write: Callable[[], None], times: int) -> float:
    """Of one call, by process time."""
    start = time.process_time()
    for _ in range(times):
        write()
    return (time.process_time() - start) / times


class Writer:
    """Writes one word after another behind a state, each where the one before it has ended."""

    def __init__(self, decoder: TransformerDecoder, state: DecoderState):
        self.decoder, self.state, self.word = decoder, state, torch.ones(1, 1, dtype=torch.long)

    def __call__(self) -> torch.Tensor:
        logits, _, self.state = self.decoder.step(self.word, self.state)
        return logits


@torch.no_grad()
def measure() -> dict:
    """Tokens a second in every round, and bytes, by decoder and length."""
    torch.set_num_threads(1)
    device.seed_everything(0)
    decoders = {name: new_decoder(*made) for name, made in DECODERS.items()}
    whole = decoders[WHOLE]
    found = {
        "tokens_a_second": {name: [] for name in [*decoders, COPIED, WITHOUT]},
        "cache_bytes": {name: [] for name in [*decoders, COPIED]},
    }
    for length in LENGTHS:
        writers = {name: Writer(d, filled(d, DECODERS[name][0], length)) for name, d in decoders.items()}
        same = tuple(Copied.of(cache.keys, cache.values) for cache in writers[WHOLE].state.blocks)
        writers[COPIED] = Writer(whole, DecoderState(same, length))
        for name, writer in writers.items():
            found["cache_bytes"][name].append(4 * numbers_in(writer.state))
        everything = torch.ones(1, length + 1, dtype=torch.long)
        torch.testing.assert_close(writers[WHOLE](), writers[COPIED]())
        taken = {name: [] for name in found["tokens_a_second"]}
        for number in range(ROUNDS + 1):  # the first warms up
            for name, writer in writers.items():  # by turns: what slows the machine down for a while slows all
                taken[name].append(seconds(writer, STEPS))
            if length <= LONGEST_WITHOUT:
                taken[WITHOUT].append(seconds(lambda: whole(everything), 1))  # noqa: B023
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
