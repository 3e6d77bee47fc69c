"""Attention by hashing on a sequence said twice, its cost against length, and the memory of reversible layers.

Three seeds. Writes attention_course/results/19_hashing.json. About twenty minutes on one core.
"""

import resource
import subprocess
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attention_course import device, results
from attention_course.efficient.hashing import HashingAttention, addresses, hash_vectors, hashing_mask
from attention_course.efficient.reversible import ReversibleStack, run_forwards
from attention_course.layers import MultiHeadAttention
from attention_course.layers.multi_head import Attention
from attention_course.layers.shared_query_key import attention_to_others
from attention_course.masks import causal_mask
from attention_course.models.repeater import Repeater

SEEDS = range(3)
FULL = "full"
LENGTH, STEPS = 31, 800
BUCKETS, WINDOW, HEAD_SIZE = 8, 8, 32
TRAINED = (FULL, 1, 2, 4)  # rounds
TRIED = (FULL, 1, 2, 4, 8)
ROTATIONS = 5  # drawings of the rotations that an evaluation is averaged over
LENGTHS = (512, 1024, 2048, 4096, 8192)
DEPTHS = (2, 4, 8, 16)


def attention(rounds: int | str, seed: int) -> Attention:
    """All others, or those found in so many rounds."""
    return attention_to_others if rounds == FULL else HashingAttention(HEAD_SIZE, BUCKETS, rounds, WINDOW, seed=seed)


def repeat(rounds: int | str, seed: int) -> tuple[Repeater, dict[str, float]]:
    """Train with so many rounds; the share of words right with each other number."""
    device.seed_everything(seed)
    model = Repeater(LENGTH, attend=attention(rounds, seed))
    model.train_for(STEPS, seed, progress=False)
    right = {}
    for tried in TRIED:
        drawn = []
        for rotation in range(1 if tried == FULL else ROTATIONS):
            model.use(attention(tried, 1000 + rotation))
            drawn.append(model.words_right(200, seed=10_000))
        right[str(tried)] = float(np.mean(drawn))
    print("trained with", rounds, seed, right, flush=True)
    return model, right


@torch.no_grad()
def found(model: Repeater, rounds: int) -> dict[str, float]:
    """Of the words to be said: how often the key with the largest weight is among those seen, the output's error..."""
    (heard,), _ = model.draw(100, torch.Generator().manual_seed(10_000))
    x, values = model.asked(heard)
    said = slice(-LENGTH, None)
    exact, weights = attention_to_others(x, x, values, causal_mask(x.shape[-2]))
    best = weights[..., said, :].argmax(-1, keepdim=True)
    recall, error, seen = [], [], []
    for rotation in range(ROTATIONS):
        attend = attention(rounds, 1000 + rotation)
        mask = hashing_mask(addresses(hash_vectors(x, attend.rotations), WINDOW), WINDOW)
        recall.append(mask[..., said, :].gather(-1, best).float().mean())
        output, _ = attend(x, x, values)
        error.append((output - exact)[..., said, :].norm() / exact[..., said, :].norm())
        seen.append(mask.float().sum() / causal_mask(x.shape[-2]).expand_as(mask).sum())
    return {"recall": np.mean(recall), "error": np.mean(error), "seen": np.mean(seen)}


def seconds(attend, length: int, seed: int) -> float:
    """Processor time of a forward and a backward pass, 4 heads of 64: the least of three."""
    generator, spent = torch.Generator().manual_seed(seed), []
    for _ in range(3):
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
        spent["hashing"].append(seconds(lambda x, v, hashing=hashing: hashing(x, x, v)[0], length, seed))
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


def peak(kind: str, depth: int, seed: int, size: int = 128) -> float:
    """Megabytes that a forward and a backward pass add to this process, at its highest."""
    device.seed_everything(seed)
    layers = []
    for _ in range(depth):
        layers.append(Attends(size))
        layers.append(
            nn.Sequential(nn.LayerNorm(size), nn.Linear(size, 4 * size), nn.ReLU(), nn.Linear(4 * size, size))
        )
    stack = ReversibleStack(layers)
    run = stack if kind == "reversible" else lambda *x: run_forwards(stack.layers, *x)
    x1, x2 = (torch.randn(8, 512, size, requires_grad=True) for _ in range(2))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sum(y.square().mean() for y in run(x1, x2)).backward()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024  # Linux counts in kilobytes


def peak_of_its_own(kind: str, depth: int, seed: int) -> float:
    """`peak` in a fresh process."""
    run = subprocess.run([sys.executable, __file__, kind, str(depth), str(seed)], capture_output=True, text=True)
    run.check_returncode()
    print("MB", kind, depth, seed, run.stdout.strip(), flush=True)
    return float(run.stdout)


def main() -> None:
    """Everything, one after the other, on one thread."""
    peaks = {k: [[peak_of_its_own(k, d, s) for d in DEPTHS] for s in SEEDS] for k in ("ordinary", "reversible")}
    a_layer = {kind: [float(np.polyfit(DEPTHS, row, 1)[0]) for row in rows] for kind, rows in peaks.items()}
    spent = [cost(s) for s in SEEDS]
    trained = {rounds: [repeat(rounds, s) for s in SEEDS] for rounds in TRAINED}
    right = {str(t): {str(r): [of[str(r)] for _, of in runs] for r in TRIED} for t, runs in trained.items()}
    search = {str(r): [found(model, r) for model, _ in trained[FULL]] for r in TRIED if r != FULL}
    values = {
        "length": LENGTH,
        "steps": STEPS,
        "buckets": BUCKETS,
        "window": WINDOW,
        "trained": [str(r) for r in TRAINED],
        "tried": [str(r) for r in TRIED],
        "right": right,
        "one_tried_with_eight": right["1"]["8"],
        "found": {r: {key: [of[key] for of in rows] for key in rows[0]} for r, rows in search.items()},
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
