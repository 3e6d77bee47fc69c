"""Optimizers on the small translator of lesson 13, and a learning rate carried from a narrow model to wide ones.

Three seeds, each optimizer at four learning rates. Then widths of 32, 64 and 128 with the same rate for all
parameters, and with the rate of the matrices divided by the width, the part of μP (Yang and others 2022) that
concerns Adam's steps. The head size stays 8. Writes attention_course/results/13_optimizers.json; about a quarter of
an hour on two cores. It goes on where it was broken off.
"""

import math
import time
from itertools import product

import small_translator as small
import torch
from one_by_one import kept_from, measure_all
from torch import nn

from attention_course import results
from attention_course.training import muon

SEEDS = range(3)
RATES = {
    "SGD, momentum": (0.03, 0.1, 0.3, 1.0),
    "SGD, Nesterov momentum": (0.03, 0.1, 0.3, 1.0),
    "SGD, Nesterov, not clipped": (0.03, 0.1, 0.3, 1.0),
    "Adam": (0.0015, 0.003, 0.006, 0.012),
    "AdamW": (0.0015, 0.003, 0.006, 0.012),
    "Muon": (0.003, 0.006, 0.012, 0.024),
    "AdamW, twice the steps": (0.003, 0.006),  # about the time of Muon
}
DIVERGED = 99.0  # stands for a loss that is larger, infinite or not a number
DECAY = 0.1  # of AdamW and Muon; Adam and SGD have none
WIDTHS, BASE = (32, 64, 128), 32
PEAKS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032)
DEPTH, WORDS = 2, 96_000  # of the comparison of widths: 300 steps


def matrices_and_others(model: nn.Module) -> tuple[list, list]:
    """The weights of linear maps, and embeddings, norms and biases."""
    matrices = [part.weight for part in model.modules() if isinstance(part, nn.Linear)]
    taken = {id(p) for p in matrices}
    return matrices, [p for p in model.parameters() if id(p) not in taken]


def make(name: str, peak: float):
    """From a model to its optimizer."""
    betas = (0.9, 0.98)

    def adamw(model):
        matrices, others = matrices_and_others(model)
        groups = [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
        return torch.optim.AdamW(groups, peak, betas, fused=True)

    def sgd(model, nesterov=True):
        return torch.optim.SGD(model.parameters(), peak, momentum=0.9, nesterov=nesterov)

    return {
        "SGD, momentum": lambda model: sgd(model, nesterov=False),
        "SGD, Nesterov momentum": sgd,
        "SGD, Nesterov, not clipped": sgd,
        "Adam": lambda model: torch.optim.Adam(model.parameters(), peak, betas, fused=True),
        "AdamW": adamw,
        "AdamW, twice the steps": adamw,
        "Muon": lambda model: muon.MuonWithAdamW(muon.for_muon(model), peak, weight_decay=DECAY),
    }[name]


def with_optimizer(name: str, peak: float, seed: int) -> dict[str, float]:
    """Loss and exact translations of one training, and the processor time it took."""
    start = time.process_time()
    others = {"SGD, Nesterov, not clipped": {"clip": math.inf}, "AdamW, twice the steps": {"words": 2 * small.WORDS}}
    model = small.train(seed, optimizer=make(name, peak), **others.get(name, {}))
    seconds, loss = time.process_time() - start, small.unseen_loss(model)
    return {"loss": loss if loss < DIVERGED else DIVERGED, "exact": small.exact(model), "seconds": seconds}


def of_width(rule: str, E: int, peak: float, seed: int) -> float:
    """The loss of a model so wide."""

    def optimizer(model):
        matrices, others = matrices_and_others(model)
        share = BASE / E if rule == "μP" else 1.0
        return torch.optim.AdamW(
            [{"params": matrices, "lr": peak * share}, {"params": others}], peak, (0.9, 0.98), fused=True
        )

    return small.unseen_loss(small.train(seed, depth=DEPTH, E=E, H=E // 8, optimizer=optimizer, words=WORDS))


def carried(widths: dict, i: int) -> float:
    """The loss of the widest model at the rate that is best for the narrow one: with one rate for all, less with μP."""
    narrow = widths["one rate"][str(BASE)]
    peak = min(narrow, key=lambda peak: sum(narrow[peak]))
    return widths["one rate"][str(WIDTHS[-1])][peak][i] - widths["μP"][str(WIDTHS[-1])][peak][i]


def main() -> None:
    jobs = [(name, peak, seed) for name, peaks in RATES.items() for peak in peaks for seed in SEEDS]
    jobs = [job for job in jobs if job[0] != "Muon" or muon.THERE]
    found, optimizers = measure_all("13_optimizers", with_optimizer, jobs), {}
    for (name, peak, _), run in zip(jobs, found, strict=True):
        kept = optimizers.setdefault(name, {}).setdefault(str(peak), {key: [] for key in run})
        for key, value in run.items():
            kept[key].append(value)
    best = {name: min(runs, key=lambda peak, runs=runs: sum(runs[peak]["loss"])) for name, runs in optimizers.items()}
    losses = {name: optimizers[name][peak]["loss"] for name, peak in best.items()}

    jobs = [
        (rule, E, peak, seed) for rule, E in product(("one rate", "μP"), WIDTHS) for peak in PEAKS for seed in SEEDS
    ]
    jobs = [job for job in jobs if not (job[0] == "μP" and job[1] == BASE)]  # there both are the same
    found, widths = measure_all("13_widths", of_width, jobs), {}
    for (rule, E, peak, _), loss in zip(jobs, found, strict=True):
        widths.setdefault(rule, {}).setdefault(str(E), {}).setdefault(str(peak), []).append(loss)
    widths["μP"] = {str(BASE): widths["one rate"][str(BASE)]} | widths["μP"]

    values = {"rates": RATES, "optimizers": optimizers, "best": best, "widths": widths, "peaks": list(PEAKS)}
    values |= {
        "sgd_less_adamw": [a - b for a, b in zip(losses["SGD, Nesterov momentum"], losses["AdamW"], strict=True)],
        "adam_less_adamw": [a - b for a, b in zip(losses["Adam"], losses["AdamW"], strict=True)],
        "carried": [carried(widths, i) for i in range(len(SEEDS))],
    }
    if muon.THERE:
        values["adamw_less_muon"] = [a - b for a, b in zip(losses["AdamW"], losses["Muon"], strict=True)]
    command, note = "python experiments/13_optimizers.py", kept_from("13_optimizers", "13_widths")
    results.save("13_optimizers", values, command=command, seeds=SEEDS, note=note)


if __name__ == "__main__":
    main()
