"""Which recipes let a stack of blocks learn: the final loss over learning rate, depth, place of the norm and warm-up.

The translator of lesson 13 on the grammar: 250 steps, in which no sentence comes twice, so that the loss of the last
50 is one on unseen sentences. Three seeds. Besides, stacks whose matrices start half as large, such without residual
connections, and such that are trained four times as long; and how long the gradients are before any training. Writes
attention_course/results/13_map.json; about 45 minutes on two cores. It goes on where it was broken off.
"""

import math
from functools import cache
from itertools import islice, product

from one_by_one import kept_from, measure_all

from attention_course import results
from attention_course.data import grammar
from attention_course.data.batches import encode_pairs, endless
from attention_course.data.vocabulary import Vocabulary
from attention_course.device import seed_everything
from attention_course.lessons.lesson_13 import built

SEEDS = range(3)
PEAKS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032)
DEPTHS = (2, 4, 6, 12)
JOINS = {"post-norm": built.PostNorm, "pre-norm": built.PreNorm, "no residual": built.NoResidual}
SCHEDULES = {"warm-up": built.warm_up, "none": built.decay}
STEPS, LAST = 250, 50
LONGER = 4  # times as many steps, and sentences
OF_LONGER = {
    ("post-norm", 6): (0.0005, 0.001, 0.002),
    ("post-norm", 12): (0.00025, 0.0005, 0.001),
    ("pre-norm", 2): (0.002, 0.004, 0.008),
    ("pre-norm", 6): (0.002, 0.004, 0.008),
    ("pre-norm", 12): (0.002, 0.004, 0.008),
}


@cache
def corpus(size: int = 15_000) -> tuple:
    """The examples, and how many words both vocabularies have: the same for all trainings of one length."""
    pairs = grammar.pairs(size, part="train")
    english, french = Vocabulary(p.english for p in pairs), Vocabulary(p.french for p in pairs)
    return encode_pairs([(p.english, p.french) for p in pairs], english, french), (len(english), len(french))


def beginning(join: str, depth: int, seed: int) -> tuple:
    """A model before any training, and the batches."""
    examples, words = corpus()
    seed_everything(seed)
    model = built.stack(words, depth, JOINS[join])
    return model, list(islice(endless(examples, 320, seed), STEPS))


def final_loss(join: str, schedule: str, depth: int, peak: float, seed: int, smaller: bool = False) -> float:
    """Of one training, in nats per word. smaller: whether the matrices start half as large."""
    model, batches = beginning(join, depth, seed)
    if smaller:
        built.smaller_start(model)
    losses = built.train(model, batches, built.adamw(peak), SCHEDULES[schedule])
    return losses[-LAST:].mean().item()


def longer_loss(join: str, depth: int, peak: float, seed: int) -> float:
    """Of one training of `LONGER` times as many steps with a warm-up, in which no sentence comes twice either."""
    examples, words = corpus(LONGER * 15_000)
    seed_everything(seed)
    batches = list(islice(endless(examples, 320, seed), LONGER * STEPS))
    losses = built.train(built.stack(words, depth, JOINS[join]), batches, built.adamw(peak), built.warm_up)
    return losses[-LAST:].mean().item()


def first_gradients(join: str, depth: int, seed: int) -> list[float]:
    """Before any training: the length of each decoder block's gradient."""
    model, batches = beginning(join, depth, seed)
    return built.watch(model, *batches[0])[1]


def main() -> None:
    """All trainings, those of the first seed first."""
    settings = list(product(("post-norm", "pre-norm"), SCHEDULES, DEPTHS, PEAKS))
    settings += [("no residual", "warm-up", depth, peak) for depth in DEPTHS for peak in (0.002, 0.008)]
    halved = list(product(("post-norm", "pre-norm"), ("warm-up",), (6, 12), (0.002, 0.008)))
    jobs = [(*setting, seed) for seed in SEEDS for setting in settings]
    jobs += [(*setting, seed, True) for seed in SEEDS for setting in halved]
    found = measure_all("13_map", final_loss, jobs)
    values = {"peaks": list(PEAKS), "depths": list(DEPTHS), "losses": {}}
    for (join, schedule, depth, peak, _, *smaller), loss in zip(jobs, found, strict=True):
        by_schedule = values["losses"].setdefault(f"{join}, halved" if smaller else join, {})
        by_schedule.setdefault(schedule, {}).setdefault(str(depth), {}).setdefault(str(peak), []).append(loss)
    longer = [(*setting, peak, seed) for seed in SEEDS for setting, peaks in OF_LONGER.items() for peak in peaks]
    values["longer"] = {join: {str(n): {} for other, n in OF_LONGER if other == join} for join, _ in OF_LONGER}
    for (join, depth, peak, _), loss in zip(longer, measure_all("13_map", longer_loss, longer), strict=True):
        values["longer"][join][str(depth)].setdefault(str(peak), []).append(loss)
    losses = values["losses"]
    values["gradients"] = {
        join: {str(depth): [first_gradients(join, depth, seed) for seed in SEEDS] for depth in DEPTHS} for join in JOINS
    }
    values |= {
        "paper_s_form_less_mended": [
            a - b
            for a, b in zip(
                losses["post-norm"]["none"]["6"]["0.008"], losses["pre-norm"]["warm-up"]["6"]["0.008"], strict=True
            )
        ],
        "worst_less_best_rate": [
            max(runs) - min(runs) for runs in zip(*losses["pre-norm"]["warm-up"]["6"].values(), strict=True)
        ],
        "vanished": [math.log10(max(g[0], 1e-30) / g[-1]) for g in values["gradients"]["no residual"]["12"]],
        "not_vanished": [math.log10(g[0] / g[-1]) for g in values["gradients"]["pre-norm"]["12"]],
    }
    command, note = "python experiments/13_map.py", kept_from("13_map")
    results.save("13_map", values, command=command, seeds=SEEDS, note=note)


if __name__ == "__main__":
    main()
