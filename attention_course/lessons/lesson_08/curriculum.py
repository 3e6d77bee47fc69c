"""Training stacked attention, one hop after the other."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa
from attention_course.lessons.lesson_08.drawing_bank import DrawingBank
from attention_course.models.stacked import StackedAttention
from attention_course.modes import evaluating
from attention_course.training import Training, fit

FILLING = 150  # updates of a stage in which pictures fill up, in the later stages twice as many
FROZEN = 400  # updates in which a new hop learns alone
OLD = (1.0, 0.02, 0.1)  # the older parts' share of the learning rate after that, by stage


class Evaluation(NamedTuple):
    """A model's answers to random questions about unseen drawings."""

    questions: vqa.Questions
    right: Bool[Tensor, " questions"]
    maps: Float[Tensor, "questions hops cells"]

    def accuracy(self, steps: int) -> float:
        """The share of right answers to questions of so many steps."""
        return self.right[self.questions.steps == steps].float().mean().item()

    def on_chain(self, hop: int, step: int, steps: int) -> float:
        """How often the largest weight of a hop lies on the cell of a step, in questions of so many steps (from 0)."""
        asked = self.questions.steps == steps
        return (self.maps[asked, hop].argmax(-1) == self.questions.chain[asked, step]).float().mean().item()


def grow(
    model: StackedAttention,
    bank: DrawingBank,
    *,
    updates: tuple[int, ...],
    free: int = 0,
    batch: int = 256,
    learning_rate: float = 5e-3,
    frozen: int = FROZEN,
    old: tuple[float, ...] = OLD,
    seed: int = 0,
    device: torch.device | str = "auto",
    progress: bool = True,
) -> Training:
    """`fit` in stages: in stage m questions take up to m steps, and the model looks up to m times.

    updates: of each stage; free: updates at the end in which all parts learn alike. Every picture and question is new.

    Three things make the chain learnable. At the beginning of a stage pictures hold little more than what is asked
    about, and fill up. A new hop starts with the value matrix of the hop before. And while it is at a loss, the older
    parts keep still: else they would learn, from its wrong answers, to look away from where they look. In stages beyond
    its last hop a model learns with all its parts.

    frozen, old: updates in which a new hop learns alone, and the older parts' share of the learning rate after that, by
    stage. What is drawn at random is the same on every device.

    Raises ValueError, besides what `fit` raises, for more stages than there are steps.
    """
    if len(updates) > vqa.MOST_STEPS:
        raise ValueError(f"updates: expected at most {vqa.MOST_STEPS} stages, got {len(updates)}")
    parts, total = _parts(model), sum(updates) + free

    def up_and_down(used: float) -> float:
        done = int(used * total)  # updates
        return min(1.0, (done + 1) / 100, (total - done) / (0.2 * total))

    return fit(
        model,
        _lessons(model, parts, bank, updates, free, batch, frozen, old, torch.Generator().manual_seed(seed)),
        lambda model, regions, words, mask, answer, hops: F.cross_entropy(model(regions, words, mask, hops)[0], answer),
        budget=total,
        learning_rate=learning_rate,
        unit="updates",
        optimizer=torch.optim.AdamW,
        parameters=parts,
        schedule=up_and_down,
        device=device,
        progress=progress,
    )


def _lessons(
    model: StackedAttention,
    parts: list[dict],
    bank: DrawingBank,
    updates: tuple[int, ...],
    free: int,
    batch: int,
    frozen: int,
    old: tuple[float, ...],
    generator: torch.Generator,
) -> Iterator[tuple]:
    """Regions, questions, mask and answers for each update, and how many hops look. On the way the parts' shares of the
    learning rate are set, and new hops started; see `grow`."""
    dtype, stages = next(model.parameters()).dtype, len(updates)
    plan = [(stage, i) for stage, n in enumerate((*updates, free), 1) for i in range(n)]
    for stage, i in plan:
        growing = 1 < stage <= min(stages, len(model.hops))
        if growing and i == 0:
            model.hops[stage - 1].value.load_state_dict(model.hops[stage - 2].value.state_dict())
        for part in parts:
            older = growing and part["part"] < stage
            part["share"] = (0.0 if i < frozen else old[stage - 1]) if older else 1.0
        scenes = vqa.random_scenes(batch, generator)
        asked = vqa.random_questions(scenes, tuple(range(1, min(stage, stages) + 1)), generator)
        filled = i / (FILLING if stage == 1 else 2 * FILLING) if stage <= stages else 1.0
        drawn = torch.rand(batch, vqa.CELLS, dtype=torch.float32, **vqa.drawn_by(generator))
        there = drawn < 0.1 + 0.9 * filled
        mask = there.scatter(1, asked.chain, True).unsqueeze(1) if filled < 1 else None
        regions = bank.regions(scenes, bank.variants(batch, generator)).to(dtype)
        yield regions, asked.tokens, mask, asked.answer, min(stage, stages, len(model.hops))


@torch.no_grad()
def evaluate(
    model: StackedAttention,
    bank: DrawingBank,
    n: int = 6000,
    steps: tuple[int, ...] = (1, 2, 3),
    seed: int = 1_000_000,
) -> Evaluation:
    """Ask a model `n` new questions about new pictures, without dropout. All that it gives is on the CPU."""
    like, generator = next(model.parameters()), torch.Generator().manual_seed(seed)
    scenes = vqa.random_scenes(n, generator)
    asked = vqa.random_questions(scenes, steps, generator)
    regions = bank.regions(scenes, bank.variants(n, generator)).to(like)
    with evaluating(model):
        logits, maps = model(regions, asked.tokens.to(like.device))
    return Evaluation(asked, logits.argmax(-1).cpu() == asked.answer, maps.cpu())


def _parts(model: StackedAttention) -> list[dict]:
    """What reads and sees is part 0, hop m part m; the answers' layer always learns."""
    groups = [list(hop.parameters()) for hop in model.hops]
    answers = list(model.answer.parameters())
    apart = {id(p) for p in [*answers, *(p for group in groups for p in group)]}
    reading = [p for p in model.parameters() if id(p) not in apart]
    return [{"params": p, "part": i} for i, p in enumerate([reading, *groups])] + [{"params": answers, "part": 99}]
