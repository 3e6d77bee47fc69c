"""What sparse attention costs, and what it misses: small Transformers asked for what was said long before.

Three seeds. Writes attention_course/results/17_sparse_and_local.json. About half an hour on one core.
"""

import math
import time
from functools import partial

import numpy as np
import torch
from torch import Tensor

from attention_course import device, results
from attention_course.efficient.blocks import BlockAttention
from attention_course.efficient.dilated import DilatedAttention
from attention_course.efficient.fixed import FixedAttention
from attention_course.efficient.global_tokens import GlobalTokenAttention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.strided import StridedAttention
from attention_course.functional import scaled_dot_product_attention
from attention_course.lessons.lesson_17.facts import COLOURS, WORDS, facts
from attention_course.lessons.lesson_17.long_range_qa import LongRangeQA
from attention_course.models.transformer import Config
from attention_course.training import train_classifier

SEEDS = range(3)
LENGTH, LEARNING_RATE = 64, 3e-3
STEPS, BATCH = {1: 400, 16: 600}, {1: 32, 16: 16}  # for so many facts in a text
BOTH_WAYS = ("full", "global token", "16 global tokens", "random blocks")  # the others look back
LONGER = 2400  # steps for sixteen facts, once more
ASKED = {  # at these distances; with sixteen facts, at all that are trained
    1: (1, 2, 4, 6, 8, 10, 12, 13, 14, 15, 16, 20, 24, 29, 32, 37, 40, 43, 48, 53, 56, 63),
    16: tuple(range(16, LENGTH - 16 + 1)),
}
TEXTS = {1: 200, 16: 40}  # that are asked at each distance
TEST = 10_000  # the seed of what is asked
PATTERNS = {  # two layers each, the lower one first
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
    "full": lambda n: partial(scaled_dot_product_attention, need_weights=False),
    "window": lambda n: LocalAttention(128),
    "dilated": lambda n: DilatedAttention(128, 16),
    "global token": lambda n: GlobalTokenAttention(64),
    "random blocks": lambda n: BlockAttention(32),
    "strided": lambda n: StridedAttention(math.isqrt(n)),
    "fixed": lambda n: FixedAttention(math.isqrt(n)),
}


def questions(per_text: int) -> list[tuple]:
    """What is asked at each distance, the same of every model: ((words, places of the questions), colours)."""
    generator = torch.Generator().manual_seed(TEST)
    return [facts(TEXTS[per_text], apart, generator, per_text=per_text, length=LENGTH) for apart in ASKED[per_text]]


def right_answers(name: str, layers: list, per_text: int, steps: int, seed: int) -> Tensor:
    """Which answers are right (distances, texts, facts), of a small Transformer trained on all distances at once."""
    device.seed_everything(seed)
    config = Config(size=32, heads=4, hidden=64, layers=2, dropout=0.0, attend=iter(layers).__next__)
    model = LongRangeQA(len(WORDS), len(COLOURS), config, causal=name not in BOTH_WAYS)
    generator = torch.Generator().manual_seed(seed)

    def draw():
        distances = torch.randint(per_text, LENGTH - per_text + 1, (BATCH[per_text],), generator=generator)
        return facts(BATCH[per_text], distances, generator, per_text=per_text, length=LENGTH)

    start = time.process_time()
    train_classifier(model, draw, steps=steps, learning_rate=LEARNING_RATE, progress=False)
    with torch.no_grad():
        right = torch.stack([model(*inputs)[0].argmax(-1) == colours for inputs, colours in questions(per_text)])
    shares = " ".join(f"{share:.2f}" for share in right.float().mean((1, 2)))
    print(name, per_text, steps, seed, f"{time.process_time() - start:.0f} s", shares, flush=True)
    return right


def in_sight(name: str, layers: list, per_text: int) -> Tensor:
    """Which questions see their fact directly, in one layer or the other: (distances, texts, facts)."""
    sees = torch.stack([layer.allowed(LENGTH, LENGTH, name not in BOTH_WAYS) for layer in layers]).any(0)
    places = torch.stack([asked for (_, asked), _ in questions(per_text)])
    return sees[places, places - torch.tensor(ASKED[per_text]).view(-1, 1, 1)]


def accuracy(right: Tensor, pairs: Tensor) -> list[float]:
    """Of these pairs of question and fact, one value a seed."""
    return right[:, pairs].float().mean(1).tolist()


def seconds(name: str, n: int) -> float:
    """Of one text of n words with 4 heads of 32, forwards and backwards: the best of three, in processor time."""
    tensors = [torch.randn(1, 4, n, 32, requires_grad=True) for _ in range(3)]
    attend, best = FORMS[name](n), math.inf
    for _ in range(3):
        start = time.process_time()
        attend(*tensors, causal=name not in BOTH_WAYS)[0].sum().backward()
        best = min(best, time.process_time() - start)
    print(name, n, f"{best:.3f} s", flush=True)
    return best


def keys_seen(name: str, n: int) -> float:
    """How many keys a query sees on average; in a form that looks back, counted 512 queries at a time."""
    if name in LOOK_BACK:
        return sum(FORMS[name](n).allowed(512, last, True).sum().item() for last in range(512, n + 1, 512)) / n
    return FORMS[name](n).allowed(n, n, False).sum().item() / n


def slope(x, y) -> float:
    """The exponent p of y ~ x^p."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def main() -> None:
    """Everything, one after the other, on one thread."""
    torch.set_num_threads(1)
    found = {  # (seeds, distances, texts, facts) for each pattern
        per_text: {
            name: torch.stack([right_answers(name, make(), per_text, STEPS[per_text], seed) for seed in SEEDS])
            for name, make in patterns.items()
        }
        for per_text, patterns in {1: PATTERNS, 16: SIXTEEN}.items()
    }
    shares = {
        per_text: {name: right.float().mean((2, 3)).tolist() for name, right in by_name.items()}
        for per_text, by_name in found.items()
    }
    longer = {  # the same with more steps; full attention is nearly perfect as it is
        name: torch.stack([right_answers(name, make(), 16, LONGER, seed) for seed in SEEDS])
        for name, make in SIXTEEN.items()
        if name != "full"
    }
    sight = {name: in_sight(name, make(), 16) for name, make in SIXTEEN.items() if name != "full"}
    timed = {
        name: [[seconds(name, n) for n in (FULL_LENGTHS if name == "full" else LENGTHS)] for _ in range(REPETITIONS)]
        for name in FORMS
    }
    seen = {name: [keys_seen(name, n) for n in LENGTHS] for name in LOOK_BACK}
    seen |= {name: [keys_seen(name, n) for n in LENGTHS[:3]] for name in BOTH_WAYS if name in PATTERNS}
    beyond = [i for i, distance in enumerate(ASKED[1]) if distance > 2 * (8 - 1)]
    averages = {name: np.mean(seeds, 1) for name, seeds in shares[16].items()}
    values = {
        "distances": {str(per_text): asked for per_text, asked in ASKED.items()},
        "right": {str(per_text): by_name for per_text, by_name in shares.items()},
        "steps": {str(per_text): steps for per_text, steps in STEPS.items()},
        "longer": LONGER,
        "in_sight": {name: pairs.float().mean().item() for name, pairs in sight.items()},
        "by_sight": {
            steps: {
                name: {"seen": accuracy(by_name[name], pairs), "unseen": accuracy(by_name[name], ~pairs)}
                for name, pairs in sight.items()
            }
            for steps, by_name in {str(STEPS[16]): found[16], str(LONGER): longer}.items()
        },
        "lengths": LENGTHS,
        "seconds": timed,
        "keys_seen": seen,
        "exponents": {name: [slope(LENGTHS[: len(row)], row) for row in rows] for name, rows in timed.items()},
        "window_exponent": [slope(LENGTHS, row) for row in timed["window"]],
        "strided_exponent": [slope(np.multiply(LENGTHS, seen["strided"]), row) for row in timed["strided"]],
        "window_beyond_reach": [np.take(row, beyond).mean() - 1 / len(COLOURS) for row in shares[1]["window"]],
        "sparse_misses": [
            averages["full"][seed] - np.mean([averages[name][seed] for name in REACH_ALL]) for seed in SEEDS
        ],
    }
    results.save("17_sparse_and_local", values, command="python experiments/17_sparse_and_local.py", seeds=SEEDS)


if __name__ == "__main__":
    main()
