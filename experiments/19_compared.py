"""Does a decoder that was trained with one round still manage with eight when those compare fewer of the words?

The decoders of 19_hashing.py that were trained with all scores and with one round are trained again, three seeds, and
tried with eight rounds of more buckets and shorter windows. Writes attention_course/results/19_compared.json. About
four minutes on one core.
"""

from importlib import import_module

import numpy as np
import torch

from attention_course import device, results
from attention_course.efficient.hashing import HashingAttention, addresses, hash_vectors, hashing_mask
from attention_course.masks import causal_mask
from attention_course.models.repeater import Repeater

before = import_module("19_hashing")  # its name begins with a digit
ROUNDS = 8
TRIED = ((6, 6), (12, 3), (24, 2), (32, 1))  # buckets and window; the first are those of training


@torch.no_grad()
def compared(model: Repeater, buckets: int, window: int) -> float:
    """The share of the keys before it that a word meets, when it is said again."""
    (heard,), _ = model.draw(100, torch.Generator().manual_seed(10_000))
    x, _ = model.asked(heard)
    said, past = slice(-model.length, None), causal_mask(x.shape[-2])
    shares = []
    for rotation in range(before.ROTATIONS):
        hashing = HashingAttention(before.HEAD_SIZE, buckets, ROUNDS, window, seed=1000 + rotation)
        mask = hashing_mask(addresses(hash_vectors(x, hashing.rotations), window), window)[..., said, :]
        shares.append((mask.float().sum() / past[said].expand_as(mask).sum()).item())
    return float(np.mean(shares))


def right(model: Repeater, buckets: int, window: int) -> float:
    """The share of words right, over several draws of the rotations."""
    drawn = []
    for rotation in range(before.ROTATIONS):
        model.use(before.attention(ROUNDS, 1000 + rotation, buckets, window))
        drawn.append(model.words_right(200, seed=10_000))
    return float(np.mean(drawn))


def main() -> None:
    values = {"rounds": ROUNDS, "tried": TRIED, "compared": {}, "right": {}}
    for rounds in (before.FULL, 1):
        rows = []
        for seed in before.SEEDS:
            device.seed_everything(seed)
            attend = before.attention(rounds, seed, before.BUCKETS, before.WINDOW, anew=True)
            model = Repeater(before.LENGTH, before.WORDS, attend=attend)
            model.train_for(before.STEPS[rounds], seed, before.LEARNING_RATE, progress=False)
            rows.append([(compared(model, *finer), right(model, *finer)) for finer in TRIED])
            print("trained with", rounds, seed, rows[-1], flush=True)
        values["compared"][str(rounds)] = [[share for share, _ in row] for row in rows]
        values["right"][str(rounds)] = [[share for _, share in row] for row in rows]
    results.save("19_compared", values, command="python experiments/19_compared.py", seeds=before.SEEDS)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
