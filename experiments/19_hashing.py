"""Attention by hashing on a sequence said twice, its cost against length, and the memory of reversible layers.

Three seeds. Writes attention_course/results/19_hashing.json. About ten minutes on one core.
"""

import math
import os
import subprocess
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attention_course import device, results
from attention_course.efficient.attention_to_others import attention_to_others
from attention_course.efficient.hashing import HashingAttention, addresses, hash_vectors, hashing_mask
from attention_course.functional import masked_softmax
from attention_course.layers import MultiHeadAttention
from attention_course.layers.multi_head import Attention
from attention_course.layers.reversible import ReversibleStack, run_forwards
from attention_course.lessons.lesson_19.copy_model import CopyModel
from attention_course.masks import causal_mask

SEEDS = range(3)
FULL = "full"
HEAD_SIZE = 32
LENGTH, WORDS, BUCKETS, WINDOW = 15, 16, 6, 6  # of the decoders that are trained with hashing
STEPS, LEARNING_RATE = {FULL: 1500, 1: 4000, 2: 1500, 4: 1500}, 3e-3  # by rounds
LONG, LONG_WORDS, LONG_BUCKETS, LONG_WINDOW, LONG_STEPS = 31, 32, 8, 8, 400  # of those trained with all scores
TRIED = (FULL, 1, 2, 4, 8)
ROTATIONS = 5  # drawings of the rotations that an evaluation is averaged over
LENGTHS = (512, 1024, 2048, 4096, 8192)
DEPTHS = (2, 5, 8)


def attention(rounds: int | str, seed: int, buckets: int, window: int, anew: bool = False) -> Attention:
    """All others, or those found in so many rounds, by the definition: for few words it is the faster way.

    anew: draw other rotations at every call, as for training.
    """
    if rounds == FULL:
        return attention_to_others
    hashing = HashingAttention(HEAD_SIZE, buckets, rounds, window, seed=seed)
    generator = torch.Generator().manual_seed(seed)

    def attend(queries, keys, values, mask=None, causal=False, need_weights=True):
        if anew:
            hashing.rotations.normal_(generator=generator)
        return hashing(queries, keys, values, mask, causal, need_weights=True)

    return attend


def tried(model: CopyModel, buckets: int, window: int) -> dict[str, float]:
    """The share of words right with each number of rounds, over several draws of the rotations."""
    right = {}
    for rounds in TRIED:
        drawn = []
        for rotation in range(1 if rounds == FULL else ROTATIONS):
            model.use(attention(rounds, 1000 + rotation, buckets, window))
            drawn.append(model.words_right(200, seed=10_000))
        right[str(rounds)] = float(np.mean(drawn))
    return right


def repeat(rounds: int | str, seed: int) -> dict[str, dict[str, float] | int | None]:
    """Train with so many rounds; the share of words right with each other number, and when the loss had halved."""
    device.seed_everything(seed)
    model = CopyModel(LENGTH, WORDS, attend=attention(rounds, seed, BUCKETS, WINDOW, anew=True))
    losses = np.array(model.train_for(STEPS[rounds], seed, LEARNING_RATE, progress=False))
    below = np.flatnonzero(losses < math.log(WORDS - 1) / 2)
    halved = int(below[0]) if len(below) else None
    right = tried(model, BUCKETS, WINDOW)
    print("trained with", rounds, seed, right, halved, flush=True)
    return {"right": right, "halved": halved}


@torch.no_grad()
def search(seed: int) -> dict[str, list[float]]:
    """A decoder trained with all scores, and what hashing finds of them, for each number of rounds.

    recall: how often the key with the largest weight is among those seen. weight: what lies on those seen. error: of
    the output, over its size. seen: the share of all keys. right: of the words.
    """
    device.seed_everything(seed)
    with torch.enable_grad():
        model = CopyModel(LONG, LONG_WORDS)
        model.train_for(LONG_STEPS, seed, progress=False)
    (heard,), _ = model.draw(100, torch.Generator().manual_seed(10_000))
    x, values = model.asked(heard)
    said, past = slice(-LONG, None), causal_mask(x.shape[-2])
    exact, weights = attention_to_others(x, x, values, past)
    exact, weights = exact[..., said, :], weights[..., said, :]
    best = weights.argmax(-1, keepdim=True)
    found = {"recall": [], "weight": [], "error": [], "seen": []}
    for rounds in TRIED[1:]:
        drawn = []
        for rotation in range(ROTATIONS):
            hashing = HashingAttention(HEAD_SIZE, LONG_BUCKETS, rounds, LONG_WINDOW, seed=1000 + rotation)
            where = addresses(hash_vectors(x, hashing.rotations), LONG_WINDOW)
            mask = hashing_mask(where, LONG_WINDOW, causal=True)[..., said, :]
            error = (hashing(x, x, values, causal=True)[0][..., said, :] - exact).norm() / exact.norm()
            seen = mask.float().sum() / past[said].expand_as(mask).sum()
            on_seen = (weights * mask).sum(-1).mean()
            drawn.append([mask.gather(-1, best).float().mean(), on_seen, error, seen])
        for name, value in zip(found, np.mean(drawn, 0), strict=True):
            found[name].append(value)
    found["right"] = list(tried(model, LONG_BUCKETS, LONG_WINDOW).values())
    print("search", seed, found, flush=True)
    return found


def with_itself(queries, keys, values, mask=None, causal=False, need_weights=True):
    """`attention_to_others` without its rule: who asks may be its own answer."""
    mask = causal_mask(queries.shape[-2]) if causal else mask
    weights = masked_softmax(queries @ F.normalize(keys, dim=-1).mT / queries.shape[-1] ** 0.5, mask)
    return weights @ values, weights


def right_with_itself(seed: int) -> float:
    """The share of words right of a decoder that is trained as those in `search`, but may look at itself."""
    device.seed_everything(seed)
    model = CopyModel(LONG, LONG_WORDS, attend=with_itself)
    model.train_for(LONG_STEPS, seed, progress=False)
    return model.words_right(200, seed=10_000)


def seconds(attend, length: int, seed: int) -> float:
    """Processor time of a forward and a backward pass, 4 heads of 64: the lesser of two."""
    generator, spent = torch.Generator().manual_seed(seed), []
    for _ in range(2):
        x, values = (torch.randn(1, 4, length, 64, generator=generator).requires_grad_() for _ in range(2))
        start = time.process_time()
        attend(x, values).sum().backward()
        spent.append(time.process_time() - start)
    return min(spent)


def cost(seed: int) -> dict[str, list[float]]:
    """Seconds at each length: fused full attention, and hashing with buckets that stay equally full."""
    spent = {"full": [], "hashing": []}
    for length in LENGTHS:
        hashing = HashingAttention(64, length // 64, rounds=4, window=64, seed=seed)
        spent["full"].append(
            seconds(lambda x, v: F.scaled_dot_product_attention(x, x, v, is_causal=True), length, seed)
        )
        spent["hashing"].append(seconds(lambda x, v, hashing=hashing: hashing(x, x, v, causal=True)[0], length, seed))
    print("seconds", spent, flush=True)
    return spent


def exponent(lengths, spent) -> float:
    """The slope of log time over log length, by least squares."""
    return float(np.polyfit(np.log(lengths), np.log(spent), 1)[0])


class Attends(nn.Module):
    """Attention to all words, of the normalised input."""

    def __init__(self, size: int):
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(size), MultiHeadAttention(size, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(self.norm(x), need_weights=False)[0]


def peak(kind: str, depth: int, seed: int, size: int = 256) -> float:
    """MiB that a forward and a backward pass add to this process, at its highest."""
    device.seed_everything(seed)
    layers = []
    for _ in range(depth):
        layers.append(Attends(size))
        layers.append(
            nn.Sequential(nn.LayerNorm(size), nn.Linear(size, 4 * size), nn.ReLU(), nn.Linear(4 * size, size))
        )
    stack = ReversibleStack(layers)
    run = stack if kind == "reversible" else lambda *x: run_forwards(stack.layers, *x)
    x1, x2 = (torch.randn(4, 512, size, requires_grad=True) for _ in range(2))
    before = device.peak_memory()
    sum(y.square().mean() for y in run(x1, x2)).backward()
    return (device.peak_memory() - before) / 2**20


def peak_of_its_own(kind: str, depth: int, seed: int) -> float:
    """`peak` in a fresh process, whose allocator gives back at once what is freed (glibc keeps it else)."""
    giving_back = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    command = [sys.executable, __file__, kind, str(depth), str(seed)]
    run = subprocess.run(command, capture_output=True, text=True, env=giving_back)
    run.check_returncode()
    print("MiB", kind, depth, seed, run.stdout.strip(), flush=True)
    return float(run.stdout)


def main() -> None:
    """Everything, one after the other, on one thread."""
    peaks = {k: [[peak_of_its_own(k, d, s) for d in DEPTHS] for s in SEEDS] for k in ("ordinary", "reversible")}
    trained = {str(rounds): [repeat(rounds, s) for s in SEEDS] for rounds in STEPS}
    searched = [search(s) for s in SEEDS]
    itself = [right_with_itself(s) for s in SEEDS]
    spent = [cost(s) for s in SEEDS]
    a_layer = {kind: [float(np.polyfit(DEPTHS, row, 1)[0]) for row in rows] for kind, rows in peaks.items()}
    right = {t: {str(r): [run["right"][str(r)] for run in runs] for r in TRIED} for t, runs in trained.items()}
    values = {
        "length": LENGTH,
        "words": WORDS,
        "steps": {str(rounds): steps for rounds, steps in STEPS.items()},
        "buckets": BUCKETS,
        "window": WINDOW,
        "rotations": ROTATIONS,
        "tried": [str(r) for r in TRIED],
        "right": right,
        "one_tried_with_eight": right["1"]["8"],
        "halved": {t: [run["halved"] for run in runs] for t, runs in trained.items()},
        "search": {name: [found[name] for found in searched] for name in searched[0]},
        "with_itself": itself,
        "lengths": LENGTHS,
        "seconds": {name: [of[name] for of in spent] for name in spent[0]},
        "exponents": {name: [exponent(LENGTHS[1:], of[name][1:]) for of in spent] for name in spent[0]},
        "exponent_of_hashing": [exponent(LENGTHS[1:], of["hashing"][1:]) for of in spent],
        "depths": DEPTHS,
        "peaks": peaks,
        "memory_of_a_layer": [r / o for r, o in zip(a_layer["reversible"], a_layer["ordinary"], strict=True)],
    }
    results.save("19_hashing", values, command="python experiments/19_hashing.py", seeds=SEEDS)


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:]:
        print(peak(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
    else:
        main()
