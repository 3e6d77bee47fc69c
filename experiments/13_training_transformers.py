"""What lesson 13 shows as measured beforehand: how far an average of random values lies from zero, by their number.

Writes attention_course/results/13_training_transformers.json. A second on one core.
"""

import torch

from attention_course import results

NAME = "13_training_transformers"
SEEDS = range(3)
NUMBERS = (1, 4, 16, 64)


def main() -> None:
    values = {"numbers": list(NUMBERS), "distance": [[distance(n, seed) for n in NUMBERS] for seed in SEEDS]}
    results.save(NAME, values, command=f"python experiments/{NAME}.py", seeds=SEEDS)


def distance(number: int, seed: int) -> float:
    """The length of the mean of so many normal vectors of 8 numbers."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(number, 8, generator=generator).mean(0).norm().item()


if __name__ == "__main__":
    main()
