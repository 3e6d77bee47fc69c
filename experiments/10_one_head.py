"""How much of two words one head can bring back: counted and trained, with more heads, longer, and behind an MLP.

Three seeds each. Writes attention_course/results/10_one_head.json. About half a minute on one core.

With linear maps alone, one head passes n + 1 of 2 n numbers: one blend, and the weights of it. So its error should be
(n - 1) / 2 n. Behind a small network that changes each word by itself this limit does not hold.
"""

from concurrent.futures import ProcessPoolExecutor

from attention_course import results
from attention_course.device import seed_everything, use_threads
from attention_course.lessons.lesson_10.built import MultiHeadAttention
from attention_course.lessons.lesson_10.one_head import BehindMLP, error_after

SEEDS = range(3)
TRIALS = {  # heads, random numbers per word, steps, and whether an MLP stands in front
    "1 head, n = 2": (1, 2, 600, False),
    "1 head, n = 4": (1, 4, 600, False),
    "1 head, n = 8": (1, 8, 600, False),
    "1 head, n = 8, twice as long": (1, 8, 1200, False),
    "1 head behind an MLP, n = 8, twice as long": (1, 8, 1200, True),
    "2 heads, n = 8": (2, 8, 600, False),
    "4 heads, n = 8": (4, 8, 600, False),
}


def measure(heads: int, n: int, steps: int, behind_mlp: bool, seed: int) -> float:
    """The error of one training."""
    use_threads(1)
    seed_everything(seed)
    model = MultiHeadAttention(16, heads)
    return error_after(BehindMLP(model) if behind_mlp else model, n, steps)


def main() -> None:
    """All trials and all seeds, one after the other."""
    with ProcessPoolExecutor() as pool:
        started = {name: [pool.submit(measure, *trial, seed) for seed in SEEDS] for name, trial in TRIALS.items()}
        errors = {}
        for name, runs in started.items():
            errors[name] = [run.result() for run in runs]
            print(name, errors[name], flush=True)
    counted = {name: (n - 1) / (2 * n) for name, (heads, n, _, mlp) in TRIALS.items() if heads == 1 and not mlp}
    values = {"errors": errors, "counted": counted}
    results.save("10_one_head", values, command="python experiments/10_one_head.py", seeds=SEEDS)


if __name__ == "__main__":
    main()
