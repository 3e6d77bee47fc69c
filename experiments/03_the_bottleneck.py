"""Translation by length, with one vector for a sentence and with attention, inside the trained lengths and beyond.

Controls ask whether the one vector is too small or its training too short: one of 512 numbers instead of 128, and four
times the training, for both models and for the wide one. Writes attention_course/results/03_the_bottleneck.json. About
an hour and a half on two cores.
"""

from concurrent.futures import ProcessPoolExecutor
from functools import partial

from on_grammar import error_rate, exact, trained

from attention_course import results
from attention_course.data import grammar
from attention_course.models.seq2seq import EncoderDecoder, RNNsearch

SEEDS = range(5)
BUDGET = 1_000_000  # target tokens
LENGTHS = [(4, 6), (7, 9), (10, 12), (13, 15), (16, 20), (21, 25), (26, 30)]  # English words; trained on 15 at most
WIDE = partial(EncoderDecoder, hidden_size=256)  # a vector of 512 numbers
MODELS = {"without": EncoderDecoder, "with": RNNsearch, "wide": WIDE}
TRAININGS = {name: (MODELS[name], BUDGET, SEEDS) for name in MODELS}
TRAININGS |= {f"{name}_longer": (MODELS[name], 4 * BUDGET, SEEDS[:3]) for name in MODELS}


def measure(job: tuple[str, int]) -> dict:
    """Train one model with one seed."""
    name, seed = job
    new, budget, _ = TRAININGS[name]
    model, run = trained(new, seed, budget)
    unseen = grammar.pairs(1_000, part="test")
    found = {
        "exact": exact(model, unseen),
        "by_length": [exact(model, grammar.pairs(400, 1, "test", *lengths)) for lengths in LENGTHS],
        "words_a_second": run.used / run.seconds,
    }
    if new is RNNsearch:
        found["aer"] = error_rate(model, unseen)
    print(name, seed, found, flush=True)
    return found


def main() -> None:
    """Three models, each with a short and a long training."""
    jobs = [(name, seed) for name, (_, _, seeds) in TRAININGS.items() for seed in seeds]
    jobs.sort(key=lambda job: -TRAININGS[job[0]][1])  # the long ones first, so that both cores end together
    with ProcessPoolExecutor(2) as pool:
        measured = dict(zip(jobs, pool.map(measure, jobs), strict=True))
    values = {
        "lengths": LENGTHS,
        "budget": BUDGET,
        "budgets": {name: budget for name, (_, budget, _) in TRAININGS.items()},
    }
    for name, (_, _, seeds) in TRAININGS.items():
        runs = [measured[name, seed] for seed in seeds]
        for key in runs[0]:
            values[f"{key}_{name}"] = [run[key] for run in runs]
        by_length = values[f"by_length_{name}"]
        values[f"kept_{name}"] = [row[3] / row[0] for row in by_length]  # 13-15 words against 4-6
        values[f"kept_beyond_{name}"] = [row[5] / row[3] for row in by_length]  # 21-25 against 13-15
    results.save("03_the_bottleneck", values, command="python experiments/03_the_bottleneck.py", seeds=SEEDS)


if __name__ == "__main__":
    main()
