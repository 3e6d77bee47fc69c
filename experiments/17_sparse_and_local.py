"""What sparse attention costs, and what it misses: small Transformers asked for what was said long before.

Three seeds. Writes attention_course/results/17_sparse_and_local.json. About ten minutes on one core. With the name of
a way to compute and a number of words it only prints the memory that one run of them takes.
"""

import math
import resource
import subprocess
import sys
import time

import numpy as np
import torch

from attention_course import device, results
from attention_course.data.recall import COLOURS, WORDS, recall
from attention_course.efficient.blocks import BlockAttention
from attention_course.efficient.dilated import DilatedAttention
from attention_course.efficient.fixed import FixedAttention
from attention_course.efficient.global_tokens import GlobalTokenAttention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.strided import StridedAttention
from attention_course.functional import scaled_dot_product_attention
from attention_course.models.fitting import fit
from attention_course.models.recaller import Recaller
from attention_course.models.transformer import Config

SEEDS = range(3)
LENGTH, LEARNING_RATE = 64, 3e-3
STEPS, BATCH = {1: 400, 16: 700}, {1: 32, 16: 16}  # for so many facts in a text
ASKED = {1: (2, 4, 6, 8, 10, 12, 13, 14, 15, 16, 20, 24, 32, 40, 48, 56), 16: (16, 20, 24, 28, 32, 36, 40, 44, 48)}
TEXTS = {1: 300, 16: 40}  # that are asked at each distance
TEST = 10_000  # the seed of what is asked
PATTERNS = {  # two layers each, the lower one first; a query sees eight keys, or ten in strides
    "full": lambda: [scaled_dot_product_attention] * 2,
    "window": lambda: [LocalAttention(8), LocalAttention(8)],
    "dilated": lambda: [LocalAttention(8), DilatedAttention(8, 8)],
    "strided": lambda: [StridedAttention(8), StridedAttention(8)],
    "fixed": lambda: [FixedAttention(8), FixedAttention(8)],
    "global token": lambda: [GlobalTokenAttention(4), GlobalTokenAttention(4)],
    "random blocks": lambda: [BlockAttention(2, everywhere=0, random=1, seed=layer) for layer in range(2)],
}
SIXTEEN = {name: make for name, make in PATTERNS.items() if name != "random blocks"}
SIXTEEN["16 global tokens"] = lambda: [GlobalTokenAttention(4, range(0, LENGTH, 4)) for _ in range(2)]
REACH_ALL = ("dilated", "strided", "fixed", "global token")  # the sparse ones that do, in two layers

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


def answers(name: str, layers: list, facts: int, seed: int) -> list[float]:
    """The share of right answers at each distance, of a small Transformer trained on all distances at once."""
    device.seed_everything(seed)
    config = Config(size=32, heads=4, hidden=64, layers=2, dropout=0.0, attend=iter(layers).__next__)
    model, generator = Recaller(len(WORDS), len(COLOURS), config), torch.Generator().manual_seed(seed)

    def draw():
        distances = torch.randint(facts, LENGTH - facts + 1, (BATCH[facts],), generator=generator)
        return recall(BATCH[facts], distances, generator, facts=facts, length=LENGTH)

    start = time.process_time()
    fit(model, draw, steps=STEPS[facts], learning_rate=LEARNING_RATE, progress=False)
    shares, other = [], torch.Generator().manual_seed(TEST)
    with torch.no_grad():
        for distance in ASKED[facts]:
            inputs, colours = recall(TEXTS[facts], distance, other, facts=facts, length=LENGTH)
            shares.append((model(*inputs)[0].argmax(-1) == colours).float().mean().item())
    print(name, facts, seed, f"{time.process_time() - start:.0f} s", [f"{s:.2f}" for s in shares], flush=True)
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


@torch.no_grad()
def run_window(how: str, n: int) -> None:
    """n words with 4 heads of 32 through a window of 128: the whole text at once, or word by word."""
    attend = LocalAttention(128)
    if how == "whole":
        attend(*(torch.randn(1, 4, n, 32) for _ in range(3)))
        return
    keys = values = torch.empty(1, 4, 0, 32)
    for _ in range(n):
        query, key, value = torch.randn(3, 1, 4, 1, 32)
        keys, values = (torch.cat([old, new], -2)[..., -128:, :] for old, new in ((keys, key), (values, value)))
        attend(query, keys, values)


def memory(how: str, n: int) -> float:
    """Megabytes that a fresh process needs for it, beyond what 256 words need."""
    run = subprocess.run([sys.executable, __file__, how, str(n)], capture_output=True, text=True, check=True)
    print(how, n, run.stdout.strip(), "MB", flush=True)
    return float(run.stdout)


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
    used = {
        how: [[memory(how, n) for n in (LENGTHS[0], LENGTHS[-1])] for _ in range(REPETITIONS)]
        for how in ("whole", "word by word")
    }

    beyond = [i for i, distance in enumerate(ASKED[1]) if distance > 2 * (8 - 1)]
    averages = {name: np.mean(seeds, 1) for name, seeds in found[16].items()}
    values = {
        "distances": {str(facts): asked for facts, asked in ASKED.items()},
        "right": {str(facts): by_name for facts, by_name in found.items()},
        "steps": {str(facts): steps for facts, steps in STEPS.items()},
        "lengths": LENGTHS,
        "seconds": timed,
        "keys_seen": seen,
        "memory": used,
        "exponents": {name: [slope(LENGTHS[: len(row)], row) for row in rows] for name, rows in timed.items()},
        "window_exponent": [slope(LENGTHS, row) for row in timed["window"]],
        "strided_exponent": [slope(np.multiply(LENGTHS, seen["strided"]), row) for row in timed["strided"]],
        "window_memory_growth": [row[-1] - row[0] for row in used["whole"]],
        "word_by_word_memory_growth": [row[-1] - row[0] for row in used["word by word"]],
        "window_beyond_reach": [np.take(row, beyond).mean() - 1 / len(COLOURS) for row in found[1]["window"]],
        "sparse_misses": [
            averages["full"][seed] - np.mean([averages[name][seed] for name in REACH_ALL]) for seed in SEEDS
        ],
    }
    results.save("17_sparse_and_local", values, command="python experiments/17_sparse_and_local.py", seeds=SEEDS)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        torch.set_num_threads(1)
        run_window(sys.argv[1], 256)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        run_window(sys.argv[1], int(sys.argv[2]))
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
    else:
        main()
