"""Two controls for what 19_hashing.py measures, three seeds each.

Rounds: the decoders trained with all scores and with one round are trained again, and tried with eight rounds of more
buckets and shorter windows, which compare fewer words. Memory: the peak of processes that have run both kinds of layers
before, so that what is loaded the first time does not count.

Writes attention_course/results/19_controls.json. About five minutes on one core.
"""

import os
import subprocess
import sys
from importlib import import_module

import numpy as np
import torch

from attention_course import device, results
from attention_course.efficient.hashing import HashingAttention, addresses, hash_vectors, hashing_mask
from attention_course.lessons.lesson_19.copy_model import CopyModel
from attention_course.masks import causal_mask

before = import_module("19_hashing")  # its name begins with a digit
ROUNDS = 8
TRIED = ((6, 6), (12, 3), (24, 2), (32, 1))  # buckets and window; the first are those of training
DEPTHS = (1, 2, 5, 8)


@torch.no_grad()
def compared(model: CopyModel, buckets: int, window: int) -> float:
    """The share of the keys before it that a word meets, when it is said again."""
    (heard,), _ = model.draw(100, torch.Generator().manual_seed(10_000))
    x, _ = model.asked(heard)
    said, past = slice(-model.length, None), causal_mask(x.shape[-2])
    shares = []
    for rotation in range(before.ROTATIONS):
        hashing = HashingAttention(before.HEAD_SIZE, buckets, ROUNDS, window, seed=1000 + rotation)
        mask = hashing_mask(addresses(hash_vectors(x, hashing.rotations), window), window, causal=True)[..., said, :]
        shares.append((mask.float().sum() / past[said].expand_as(mask).sum()).item())
    return float(np.mean(shares))


def right(model: CopyModel, buckets: int, window: int) -> float:
    """The share of words right, over several draws of the rotations."""
    drawn = []
    for rotation in range(before.ROTATIONS):
        model.use(before.attention(ROUNDS, 1000 + rotation, buckets, window))
        drawn.append(model.words_right(200, seed=10_000))
    return float(np.mean(drawn))


def peak_when_warm(kind: str, depth: int, seed: int) -> float:
    """`peak` of 19_hashing.py, after one layer of each kind has been run and its memory given back."""
    for warming in ("ordinary", "reversible"):
        before.peak(warming, 1, seed)
    device.forget_peak_memory()
    return before.peak(kind, depth, seed)


def peak_of_its_own(kind: str, depth: int, seed: int) -> float:
    """`peak_when_warm` in a fresh process, whose allocator gives back at once what is freed."""
    giving_back = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    command = [sys.executable, __file__, kind, str(depth), str(seed)]
    run = subprocess.run(command, capture_output=True, text=True, env=giving_back, check=True)
    print("MiB", kind, depth, seed, run.stdout.strip(), flush=True)
    return float(run.stdout)


def finer(rounds: int | str, seed: int) -> list[tuple[float, float]]:
    """Train with so many rounds; for each of TRIED the share of keys compared, and of words right."""
    device.seed_everything(seed)
    attend = before.attention(rounds, seed, before.BUCKETS, before.WINDOW, anew=True)
    model = CopyModel(before.LENGTH, before.WORDS, attend=attend)
    model.train_for(before.STEPS[rounds], seed, before.LEARNING_RATE, progress=False)
    found = [(compared(model, *hashed), right(model, *hashed)) for hashed in TRIED]
    print("trained with", rounds, seed, found, flush=True)
    return found


def main() -> None:
    """Everything, one after the other, on one thread."""
    peaks = {k: [[peak_of_its_own(k, d, s) for d in DEPTHS] for s in before.SEEDS] for k in ("ordinary", "reversible")}
    found = {str(rounds): [finer(rounds, s) for s in before.SEEDS] for rounds in (before.FULL, 1)}
    values = {
        "rounds": ROUNDS,
        "tried": TRIED,
        "compared": {trained: [[share for share, _ in row] for row in rows] for trained, rows in found.items()},
        "right": {trained: [[share for _, share in row] for row in rows] for trained, rows in found.items()},
        "depths": DEPTHS,
        "peaks": peaks,
    }
    results.save("19_controls", values, command="python experiments/19_controls.py", seeds=before.SEEDS)


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:]:
        print(peak_when_warm(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
    else:
        main()
