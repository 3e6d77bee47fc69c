"""Questions of one and two steps: two hops with parts of the curriculum, and models without a second look.

These have the whole curriculum, but no look that depends on another. Two have as many parameters as two hops, one is
far larger and trained four times as long. Three seeds each, on unseen drawings.

Writes attention_course/results/08_controls.json. About twenty minutes on one core.
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


def growing(joins: bool = True, updates: int = 900) -> list[Stage]:
    """The lesson's plan: a hop joins and keeps the others still, or all parts learn all the time."""
    return [Stage(200, 1, 150), Stage(updates, 2, 300, joins, still=400, slow=0.02)]


RUNS = {  # a model, and how it is trained
    "two hops, all at once": (lambda: StackedAttention(*SIZES, 2), [Stage(1100, 2)]),
    "two hops, few things first": (lambda: StackedAttention(*SIZES, 2), [Stage(1100, 2, 300)]),
    "two hops, easy questions, too": (lambda: StackedAttention(*SIZES, 2), growing(joins=False)),
    "side by side, grown": (lambda: SideBySide(*SIZES, 2), growing()),
    "one look, larger answer": (lambda: OneLook(*SIZES), growing()),
    "one look, very large, longer": (lambda: OneLook(*SIZES, hidden=2000), growing(updates=4000)),
}


def measure(name: str, seed: int, train: DrawingBank, test: DrawingBank) -> dict:
    """Train a model, and see what it answers and where it looks."""
    make, plan = RUNS[name]
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
    """One training after the other."""
    torch.set_num_threads(1)
    train, test = drawing_banks(pretrained())
    values = {"updates": [200, 900]}
    for seed in SEEDS:
        for name in RUNS:
            for key, found in measure(name, seed, train, test).items():
                values.setdefault(name, {}).setdefault(key, []).append(found)
    results.save("08_controls", values, command="python experiments/08_controls.py", seeds=SEEDS)


if __name__ == "__main__":
    main()
