"""Translation by length, with one vector for a sentence and with attention, inside the trained lengths and beyond.

Two controls ask whether the one vector is too small or its training too short: one of 512 numbers instead of 128, and
three times the training. Writes attention_course/results/03_the_bottleneck.json. About half an hour on two cores.
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
MODELS = {
    "without": EncoderDecoder,
    "with": RNNsearch,
    "wide": partial(EncoderDecoder, hidden_size=256),  # a vector of 512 numbers
    "longer": EncoderDecoder,
}
BUDGETS = dict.fromkeys(MODELS, BUDGET) | {"longer": 3 * BUDGET}


def measure(job: tuple[str, int]) -> dict:
    """Train one model with one seed."""
    name, seed = job
    model, run = trained(MODELS[name], seed, BUDGETS[name])
    unseen = grammar.pairs(1_000, part="test")
    found = {
        "exact": exact(model, unseen),
        "by_length": [exact(model, grammar.pairs(400, 1, "test", *lengths)) for lengths in LENGTHS],
        "words_a_second": run.used / run.seconds,
    }
    if name == "with":
        found["aer"] = error_rate(model, unseen)
    print(name, seed, found, flush=True)
    return found


def main() -> None:
    """Four trainings, five seeds each."""
    jobs = [(name, seed) for seed in SEEDS for name in MODELS]
    with ProcessPoolExecutor(2) as pool:
        measured = dict(zip(jobs, pool.map(measure, jobs), strict=True))
    values = {"lengths": LENGTHS, "budget": BUDGET, "budgets": BUDGETS}
    for name in MODELS:
        runs = [measured[name, seed] for seed in SEEDS]
        for key in runs[0]:
            values[f"{key}_{name}"] = [run[key] for run in runs]
        by_length = values[f"by_length_{name}"]
        values[f"kept_{name}"] = [row[3] / row[0] for row in by_length]  # 13-15 words against 4-6
        values[f"kept_beyond_{name}"] = [row[5] / row[3] for row in by_length]  # 21-25 against 13-15
    results.save("03_the_bottleneck", values, command="python experiments/03_the_bottleneck.py", seeds=SEEDS)


if __name__ == "__main__":
    main()
