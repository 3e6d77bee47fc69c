"""Two hops on questions of one and two steps, beside what might do as well: no curriculum, looks that do not depend on
each other, a larger network behind a single look, longer training. Three seeds each, on unseen drawings.

Writes attention_course/results/08_controls.json. About half an hour on one core.
"""

import torch

from attention_course import device, results
from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa
from attention_course.lessons.lesson_08.built import StackedAttention, Stage, grow
from attention_course.lessons.lesson_08.controls import OneLook, SideBySide
from attention_course.lessons.lesson_08.drawing_bank import DrawingBank, drawing_banks
from attention_course.lessons.lesson_08.examining import evaluate
from attention_course.models.efficientnet import pretrained

SEEDS = range(3)
SIZES = len(vqa.WORDS), 120, len(vqa.ANSWERS)


def growing(times: int = 1, joins: bool = True, still: int = 400, slow: float = 0.02) -> list[Stage]:
    """The lesson's plan, or one so many times as long."""
    return [Stage(200 * times, 1, 150), Stage(900 * times, 2, 300, joins, still, slow)]


ORDER_ALONE = {"joins": False, "still": 0, "slow": 1.0}  # easy questions and few things first, and no more than that
RUNS = {  # a model, and how it is trained; what matters most comes first
    "two hops, all at once": (lambda: StackedAttention(*SIZES, 2), [Stage(1100, 2)]),
    "side by side, grown": (lambda: SideBySide(*SIZES, 2), growing()),
    "one look, larger answer": (lambda: OneLook(*SIZES), growing()),
    "two hops, easy questions first": (lambda: StackedAttention(*SIZES, 2), growing(**ORDER_ALONE)),
    "two hops, grown": (lambda: StackedAttention(*SIZES, 2), growing()),
}
LONGER = {
    "two hops, all at once, twice as long": (lambda: StackedAttention(*SIZES, 2), [Stage(2200, 2)]),
    "side by side, twice as long": (lambda: SideBySide(*SIZES, 2), growing(2, **ORDER_ALONE)),
    "one look, larger answer, twice as long": (lambda: OneLook(*SIZES), growing(2)),
}


def measure(name: str, seed: int, train: DrawingBank, test: DrawingBank) -> dict:
    """Train a model, and see what it answers and where it looks."""
    make, plan = (RUNS | LONGER)[name]
    device.seed_everything(seed)
    model = make()
    losses = grow(model, train, plan, seed)
    examined = evaluate(model, test, steps=(1, 2))
    found = {
        "accuracy": [examined.accuracy(1), examined.accuracy(2)],
        # of questions of two steps: how often hop m's largest weight lies on the cell of step m
        "follows": [examined.on_chain(m, m, 2) for m in range(len(model.hops))],
        "loss": losses[-100:].mean().item(),
        "parameters": sum(p.numel() for p in model.parameters()),
    }
    print(name, seed, found, flush=True)
    return found


def main() -> None:
    """One training after the other; the longer ones last."""
    torch.set_num_threads(1)
    train, test = drawing_banks(pretrained())
    values = {"updates": [200, 900]}
    for runs in (RUNS, LONGER):
        for seed in SEEDS:
            for name in runs:
                for key, found in measure(name, seed, train, test).items():
                    values.setdefault(name, {}).setdefault(key, []).append(found)
                # what is finished is kept
                results.save("08_controls", values, command="python experiments/08_controls.py", seeds=SEEDS)


if __name__ == "__main__":
    main()
