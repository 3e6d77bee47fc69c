"""One, two and three hops on questions of one, two and three steps, three seeds each, on unseen drawings.

First the baselines that accept the question set: the question alone, and one look at a place that it alone decides.
Writes attention_course/results/08_stacked_attention.json. About twenty minutes on one core.
"""

import time

import torch

from attention_course import device, results
from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa
from attention_course.lessons.lesson_08.built import StackedAttention, Stage, grow
from attention_course.lessons.lesson_08.drawing_bank import DrawingBank, drawing_banks
from attention_course.lessons.lesson_08.examining import evaluate
from attention_course.lessons.lesson_08.multi_hop_vqa.baselines import chance, position_only, question_only
from attention_course.models.efficientnet import pretrained

SEEDS = range(3)
HOPS = (1, 2, 3)
STEPS = (1, 2, 3)
PLAN = [
    Stage(200, 1, 150),
    Stage(700, 2, 300, joins=True, still=400, slow=0.02),
    Stage(1000, 3, 300, joins=True, still=400, slow=0.1),
    Stage(1600, 3),
]
SHOWN = 40  # questions of three steps whose maps are kept


def baselines() -> dict:
    """Their shares of right answers by number of steps, counted on 400,000 questions, tested on 60,000 others."""
    generator = torch.Generator().manual_seed(0)
    seen, unseen = (
        (scenes, vqa.random_questions(scenes, STEPS, generator))
        for scenes in (vqa.random_scenes(n, generator) for n in (400_000, 60_000))
    )
    right = {"question": question_only(seen[1], unseen[1]), "position": position_only(seen, unseen)}
    found = {name: [r[unseen[1].steps == s].mean().item() for s in STEPS] for name, r in right.items()}
    found["chance"] = [chance(s) for s in STEPS]
    furthest = max(found[name][i] - found["chance"][i] for name in right for i in range(len(STEPS)))
    if furthest > 0.05:
        raise AssertionError(f"the question set leaks: a baseline is {furthest:.3f} above chance")
    return found


def measure(hops: int, seed: int, train: DrawingBank, test: DrawingBank) -> dict:
    """Train a model, and see what it answers and where it looks."""
    device.seed_everything(seed)
    model = StackedAttention(len(vqa.WORDS), train.features.shape[-1] + 8, len(vqa.ANSWERS), hops)
    start = time.perf_counter()
    grow(model, train, PLAN, seed)
    seconds = time.perf_counter() - start
    examined = evaluate(model, test)
    found = {
        "accuracy": [examined.accuracy(s) for s in STEPS],
        # chain[s - 1][m][step]: how often hop m's largest weight lies on that step's cell, in questions of s steps
        "chain": [[[examined.on_chain(m, i, s) for i in range(3)] for m in range(hops)] for s in STEPS],
        "minutes": seconds / 60,
    }
    print(hops, seed, found, flush=True)
    return found | ({"shown": shown(model, test)} if (hops, seed) == (max(HOPS), 0) else {})


@torch.no_grad()
def shown(model: StackedAttention, bank: DrawingBank) -> dict:
    """Pictures, as numbers, with a question of three steps each, and the maps of the three hops."""
    generator = torch.Generator().manual_seed(8)
    scenes = vqa.random_scenes(SHOWN, generator)
    asked = vqa.random_questions(scenes, (3,), generator)
    variants = bank.variants(SHOWN, generator)
    logits, maps = model(bank.regions(scenes, variants), asked.tokens)
    return {
        "kinds": scenes.kinds,
        "colours": scenes.colours,
        "variants": variants,
        "form": asked.form,
        "chain": asked.chain,
        "said": logits.argmax(-1),
        "answer": asked.answer,
        "maps": maps,
    }


def main() -> None:
    """All hops and seeds, one after the other."""
    torch.set_num_threads(1)
    values = {
        "steps": list(STEPS),
        "hops": list(HOPS),
        "updates": [stage.updates for stage in PLAN],
        "baselines": baselines(),
    }
    train, test = drawing_banks(pretrained())
    measured = {(h, seed): measure(h, seed, train, test) for seed in SEEDS for h in HOPS}
    for key in ("accuracy", "chain", "minutes"):
        values[key] = {str(h): [measured[h, seed][key] for seed in SEEDS] for h in HOPS}
    best, one = (values["accuracy"][str(h)] for h in (max(HOPS), 1))
    values["lead_on_several_steps"] = [
        sum(three[i] - single[i] for i in (1, 2)) / 2 for three, single in zip(best, one, strict=True)
    ]
    chains = values["chain"][str(max(HOPS))]
    values["first_on_first"] = [chain[2][0][0] - 1 / vqa.CELLS for chain in chains]
    values["last_on_answer"] = [chain[2][2][2] - 1 / vqa.CELLS for chain in chains]
    # The survey: first all that the question mentions, spread widely, then the answer.
    values["second_on_answer"] = [chain[1][1][1] for chain in chains]
    values["shown"] = measured[max(HOPS), 0]["shown"]
    results.save("08_stacked_attention", values, command="python experiments/08_stacked_attention.py", seeds=SEEDS)


if __name__ == "__main__":
    main()
