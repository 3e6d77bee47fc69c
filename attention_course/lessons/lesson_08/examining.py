"""A model's answers to new questions about unseen drawings, and where it looked."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa
from attention_course.lessons.lesson_08.drawing_bank import DrawingBank
from attention_course.modes import evaluating


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


@torch.no_grad()
def evaluate(
    model: nn.Module,
    bank: DrawingBank,
    n: int = 6000,
    steps: tuple[int, ...] = (1, 2, 3),
    seed: int = 1_000_000,
) -> Evaluation:
    """Ask a model `n` new questions about new pictures, without dropout. All that it gives is on the CPU."""
    device, generator = next(model.parameters()).device, torch.Generator().manual_seed(seed)
    scenes = vqa.random_scenes(n, generator)
    asked, right, maps = vqa.random_questions(scenes, steps, generator), [], []
    drawings = bank.variants(n, generator)
    with evaluating(model):
        for some in torch.arange(n, device="cpu").split(500):  # all at once would take much memory
            regions = bank.regions(vqa.Scenes(*(part[some] for part in scenes)), drawings[some])
            logits, looked = model(regions.to(next(model.parameters())), asked.tokens[some].to(device))
            right.append(logits.argmax(-1).cpu() == asked.answer[some])
            maps.append(looked.cpu())
    return Evaluation(asked, torch.cat(right), torch.cat(maps))
