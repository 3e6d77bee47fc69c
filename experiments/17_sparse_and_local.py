"""What sparse attention costs, and what it misses: small Transformers asked for what was said long before.

Three seeds. Writes attention_course/results/17_sparse_and_local.json. About twelve minutes on one core.
"""

import math
import time

import numpy as np
import torch

from attention_course import device, results
from attention_course.data.facts import COLOURS, WORDS, facts
from attention_course.efficient.blocks import BlockAttention
from attention_course.efficient.dilated import DilatedAttention
from attention_course.efficient.fixed import FixedAttention
from attention_course.efficient.global_tokens import GlobalTokenAttention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.strided import StridedAttention
from attention_course.functional import scaled_dot_product_attention
from attention_course.models.fact_reader import FactReader
from attention_course.models.fitting import fit
from attention_course.models.transformer import Config

SEEDS = range(3)
LENGTH, LEARNING_RATE = 64, 3e-3
STEPS, BATCH = {1: 400, 16: 600}, {1: 32, 16: 16}  # for so many facts in a text
ASKED = {1: (2, 4, 6, 8, 10, 12, 13, 14, 15, 16, 20, 24, 32, 40, 48, 56), 16: (16, 20, 24, 28, 32, 36, 40, 44, 48)}
TEXTS = {1: 200, 16: 40}  # that are asked at each distance
TEST = 10_000  # the seed of what is asked
PATTERNS = {  # two layers each, the lower one first; a query sees eight keys, or ten in strides
    "window": lambda: [LocalAttention(8), LocalAttention(8)],
    "dilated": lambda: [LocalAttention(8), DilatedAttention(8, 8)],
    "strided": lambda: [StridedAttention(8), StridedAttention(8)],
    "fixed": lambda: [FixedAttention(8), FixedAttention(8)],
    "global token": lambda: [GlobalTokenAttention(4), GlobalTokenAttention(4)],
    "random blocks": lambda: [BlockAttention(2, everywhere=0, random=1, seed=layer) for layer in range(2)],
}
REACH_ALL = ("dilated", "strided", "fixed", "global token")  # those that do, in two layers
SIXTEEN = {  # for sixteen facts
    "full": lambda: [scaled_dot_product_attention] * 2,
    **{name: PATTERNS[name] for name in REACH_ALL},
    "16 global tokens": lambda: [GlobalTokenAttention(4, range(0, LENGTH, 4)) for _ in range(2)],
}

LENGTHS = (1024, 2048, 4096, 8192, 16384)
FULL_LENGTHS = LENGTHS[:3]
REPETITIONS = 3
LOOK_BACK = ("window", "dilated", "strided", "fixed")
FORMS = {  # for a text of n words
    "full": lambda n: lambda *x: scaled_dot_product_attention(*x, need_weights=False),
    "window": lambda n: LocalAttention(128),
    "dilated": lambda n: DilatedAttention(128, 16),
    "global token": lambda n: GlobalTokenAttention(64),
    "random blocks": lambda n: BlockAttention(32),
    "strided": lambda n: StridedAttention(math.isqrt(n)),
    "fixed": lambda n: FixedAttention(math.isqrt(n)),
}


def answers(name: str, layers: list, per_text: int, seed: int) -> list[float]:
    """The share of right answers at each distance, of a small Transformer trained on all distances at once."""
    device.seed_everything(seed)
    config = Config(size=32, heads=4, hidden=64, layers=2, dropout=0.0, attend=iter(layers).__next__)
    model, generator = FactReader(len(WORDS), len(COLOURS), config), torch.Generator().manual_seed(seed)

    def draw():
        distances = torch.randint(per_text, LENGTH - per_text + 1, (BATCH[per_text],), generator=generator)
        return facts(BATCH[per_text], distances, generator, per_text=per_text, length=LENGTH)

    start = time.process_time()
    fit(model, draw, steps=STEPS[per_text], learning_rate=LEARNING_RATE, progress=False)
    shares, other = [], torch.Generator().manual_seed(TEST)
    with torch.no_grad():
        for distance in ASKED[per_text]:
            inputs, colours = facts(TEXTS[per_text], distance, other, per_text=per_text, length=LENGTH)
            shares.append((model(*inputs)[0].argmax(-1) == colours).float().mean().item())
    print(name, per_text, seed, f"{time.process_time() - start:.0f} s", [f"{s:.2f}" for s in shares], flush=True)
    return shares


def seconds(name: str, n: int) -> float:
    """Of one text of n words with 4 heads of 32, forwards and backwards: the best of three, in processor time."""
    tensors = [torch.randn(1, 4, n, 32, requires_grad=True) for _ in range(3)]
    attend, best = FORMS[name](n), math.inf
    for _ in range(3):
        start = time.process_time()
        attend(*tensors)[0].sum().backward()
        best = min(best, time.process_time() - start)
    print(name, n, f"{best:.3f} s", flush=True)
    return best


def keys_seen(name: str, n: int) -> float:
    """How many keys a query sees on average, in a form that looks back: counted 512 queries at a time."""
    return sum(FORMS[name](n).allowed(512, last).sum().item() for last in range(512, n + 1, 512)) / n


def slope(x, y) -> float:
    """The exponent p of y ~ x^p."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def main() -> None:
    """Everything, one after the other, on one thread."""
    torch.set_num_threads(1)
    found = {
        facts: {name: [answers(name, make(), facts, seed) for seed in SEEDS] for name, make in patterns.items()}
        for facts, patterns in {1: PATTERNS, 16: SIXTEEN}.items()
    }
    timed = {
        name: [[seconds(name, n) for n in (FULL_LENGTHS if name == "full" else LENGTHS)] for _ in range(REPETITIONS)]
        for name in FORMS
    }
    seen = {name: [keys_seen(name, n) for n in LENGTHS] for name in LOOK_BACK}
    beyond = [i for i, distance in enumerate(ASKED[1]) if distance > 2 * (8 - 1)]
    averages = {name: np.mean(seeds, 1) for name, seeds in found[16].items()}
    values = {
        "distances": {str(facts): asked for facts, asked in ASKED.items()},
        "right": {str(facts): by_name for facts, by_name in found.items()},
        "steps": {str(facts): steps for facts, steps in STEPS.items()},
        "lengths": LENGTHS,
        "seconds": timed,
        "keys_seen": seen,
        "exponents": {name: [slope(LENGTHS[: len(row)], row) for row in rows] for name, rows in timed.items()},
        "window_exponent": [slope(LENGTHS, row) for row in timed["window"]],
        "strided_exponent": [slope(np.multiply(LENGTHS, seen["strided"]), row) for row in timed["strided"]],
        "window_beyond_reach": [np.take(row, beyond).mean() - 1 / len(COLOURS) for row in found[1]["window"]],
        "sparse_misses": [
            averages["full"][seed] - np.mean([averages[name][seed] for name in REACH_ALL]) for seed in SEEDS
        ],
    }
    results.save("17_sparse_and_local", values, command="python experiments/17_sparse_and_local.py", seeds=SEEDS)


if __name__ == "__main__":
    main()
