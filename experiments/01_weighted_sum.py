"""Is attention blind to order? Keys and values permuted together, for every score function and many sizes.

Writes attention_course/results/01_weighted_sum.json. A few seconds.
"""

import torch

from attention_course import device, results
from attention_course.layers import AttentionLayer
from attention_course.scores import AdditiveScore, BilinearScore, DotScore, MultiplicativeScore, ScaledScore

SEEDS = range(10)
SIZE = 16
SCORES = [
    DotScore,
    lambda: AdditiveScore(SIZE, SIZE, 32),
    lambda: MultiplicativeScore(SIZE, SIZE, 32),
    lambda: ScaledScore(SIZE, SIZE, 32),
    lambda: BilinearScore(SIZE, SIZE),
]


@torch.no_grad()
def largest_change() -> float:
    """The largest change of a context vector, relative to the largest number in it, over 100 cases in float32."""
    worst = 0.0
    for case in range(100):
        attend = AttentionLayer(SCORES[case % len(SCORES)]())
        count = int(torch.randint(2, 200, ()))
        queries, keys, values = torch.randn(4, SIZE), torch.randn(count, SIZE), torch.randn(count, SIZE)
        order = torch.randperm(count)
        context, _ = attend(queries, keys, values)
        permuted, _ = attend(queries, keys[order], values[order])
        worst = max(worst, float((permuted - context).abs().max() / context.abs().max()))
    return worst


def main() -> None:
    """One value a seed."""
    changes = []
    for seed in SEEDS:
        device.seed_everything(seed)
        changes.append(largest_change())
    results.save(
        "01_weighted_sum",
        {"permutation_change": changes},
        command="python experiments/01_weighted_sum.py",
        seeds=list(SEEDS),
    )


if __name__ == "__main__":
    main()
