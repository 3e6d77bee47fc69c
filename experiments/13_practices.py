"""Eight of the glossary's ten practices, one changed at a time: the small translator of lesson 13, four blocks a side.

Five seeds. 500 steps on the grammar, in which no sentence comes twice; then the loss, the exact translations and the
alignment error rate on unseen sentences. (Of the two that are missing here, memory stands in
experiments/13_memory.py, and dropout and label smoothing in experiments/13_little_data.py.) Writes
attention_course/results/13_practices.json; about half an hour on two cores. It goes on where it was broken off.
"""

from functools import partial

import small_translator as small
import torch
from one_by_one import kept_from, measure_all
from scipy.stats import spearmanr
from torch import nn

from attention_course import results
from attention_course.lessons.lesson_13 import built
from attention_course.models.transformer import Config, Transformer
from attention_course.positions import LearnedPositions, RotaryAttention, SinusoidalPositions

SEEDS = range(5)
BASE_PEAK = 0.006


def redraw(draw):
    """Draws the matrices of all linear maps anew."""

    def start(model):
        for part in model.modules():
            if isinstance(part, nn.Linear):
                draw(part.weight)

    return start


class Logits(nn.Module):
    """The package's Transformer, of which only the logits are asked."""

    def __init__(self, **parts):
        super().__init__()
        english, french, _ = small.corpus()
        self.model = Transformer(
            len(english), len(french), Config(size=64, heads=4, hidden=128, layers=4, dropout=0, **parts)
        )

    def forward(self, source, previous):
        return self.model(source, previous)[0]


SETTINGS = {"as it is": {}}
SETTINGS |= {
    f"start, {name}": {"start": redraw(draw)}
    for name, draw in {
        "He": partial(nn.init.kaiming_uniform_, nonlinearity="relu"),
        "as nn.Linear": partial(nn.init.kaiming_uniform_, a=5**0.5),
        "normal, 0.02": partial(nn.init.normal_, std=0.02),
        "normal, 1": nn.init.normal_,
    }.items()
} | {"start, Xavier halved": {"start": built.smaller_start}}
SETTINGS |= {"halved post-norm": {"start": built.smaller_start, "join": built.PostNorm}}
SETTINGS |= {
    f"schedule, {name}": {"schedule": schedule}
    for name, schedule in {
        "constant": lambda done: 1.0,
        "constant after a warm-up": lambda done: min(done / 0.1, 1.0),
        "decay alone": built.decay,
        "inverse root": built.inverse_root,
        "cosine": built.cosine,
        "stable": built.stable,
    }.items()
}
SETTINGS |= {"clip, none": {"clip": float("inf")}, "clip, 0.1": {"clip": 0.1}}
SETTINGS |= {
    f"batch, {size}, {peak}": {"size": size, "optimizer": built.adamw(peak)}
    for size in (80, 320, 1280)
    for peak in (0.003, 0.006, 0.012)
    if (size, peak) != (320, BASE_PEAK)
}
SETTINGS |= {f"heads, {H}": {"H": H} for H in (1, 2, 8, 16)}
SETTINGS |= {
    f"norm, {join.__name__}, {peak}": {"join": join, "optimizer": built.adamw(peak)}
    for join, peaks in {built.PostNorm: (0.00075, 0.0015, 0.003, 0.006), built.PreNorm: (0.0015,)}.items()
    for peak in peaks
}
SETTINGS |= {
    f"positions, {name}": {"model": partial(Logits, **parts)}
    for name, parts in {
        "none": {"positions": None},
        "sinusoids": {"positions": SinusoidalPositions},
        "learned": {"positions": partial(LearnedPositions, max_length=64)},
        "rotary": {"positions": None, "attend": RotaryAttention},
    }.items()
}


def trained(setting: str, seed: int) -> dict[str, float]:
    """What one training comes to."""
    model = small.train(seed, **SETTINGS[setting])
    found = {"loss": small.unseen_loss(model)}
    if not setting.startswith("positions"):  # the package's model writes with a cache
        found |= {"exact": small.exact(model), "error_rate": small.error_rate(model)}
    return found


def best(values: dict, names: list[str]) -> list[float]:
    """The losses of that setting among `names` whose mean is lowest."""
    return min((values[name]["loss"] for name in names), key=sum)


def less(a: list[float], b: list[float]) -> list[float]:
    return [x - y for x, y in zip(a, b, strict=True)]


def spread(values: dict, names: list[str]) -> list[float]:
    """The loss of the worst setting less that of the best, by their means."""
    ordered = sorted((values[name]["loss"] for name in names), key=sum)
    return less(ordered[-1], ordered[0])


def effects(values: dict) -> dict[str, list[float]]:
    """What each claim asks, one value a seed."""
    base, middle = values["as it is"]["loss"], "as it is"
    by_size = {
        size: best(values, [n for n in values if n.startswith(f"batch, {size},")] + [middle] * (size == 320))
        for size in (80, 320, 1280)
    }
    pre = best(values, [middle, "batch, 320, 0.003", "batch, 320, 0.012", "norm, PreNorm, 0.0015"])
    post = best(values, [name for name in values if name.startswith("norm, PostNorm")])
    compared = [name for name in values if "error_rate" in values[name]]
    return {
        "naive_start": less(values["start, normal, 1"]["loss"], base),
        "no_warm_up": less(values["schedule, decay alone"]["loss"], base),
        "constant_rate": less(values["schedule, constant"]["loss"], base),
        "no_clipping": less(values["clip, none"]["loss"], base),
        "extreme_batches": less(min(by_size[80], by_size[1280], key=sum), by_size[320]),
        "positions": spread(values, ["positions, sinusoids", "positions, learned", "positions, rotary"]),
        "no_positions": less(
            values["positions, none"]["loss"],
            best(values, [n for n in values if n.startswith("positions") and "none" not in n]),
        ),
        "heads": spread(values, [middle, *(name for name in values if name.startswith("heads"))]),
        "post_norm": less(post, pre),
        "loss_and_error_rate": [
            spearmanr(*([values[name][key][seed] for name in compared] for key in ("loss", "error_rate"))).statistic
            for seed in range(len(base))
        ],
        "loss_and_exact": [
            -spearmanr(*([values[name][key][seed] for name in compared] for key in ("loss", "exact"))).statistic
            for seed in range(len(base))
        ],
    }


def main() -> None:
    """All settings of the first seed, then of the next."""
    torch.set_num_threads(1)
    found = measure_all("13_practices", trained, [(setting, seed) for seed in SEEDS for setting in SETTINGS])
    values = {}
    for i, setting in enumerate(SETTINGS):
        runs = found[i :: len(SETTINGS)]
        values[setting] = {key: [run[key] for run in runs] for key in runs[0]}
    command, note = "python experiments/13_practices.py", kept_from("13_practices")
    results.save("13_practices", {"settings": values} | effects(values), command=command, seeds=SEEDS, note=note)


if __name__ == "__main__":
    main()
