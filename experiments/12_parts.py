"""What each part of the Transformer is worth: trained on the grammar without one after the other, from the start.

Three seeds each. Writes attention_course/results/12_parts.json. About ten minutes on one core.
"""

from collections.abc import Callable

import torch
from on_grammar import error_rate, exact, trained
from torch import Tensor, nn

from attention_course import results
from attention_course.data import grammar
from attention_course.models.transformer import Block, Config, Transformer

SEEDS = range(3)
BUDGET, LEARNING_RATE = 300_000, 6e-3  # target tokens
CONFIG = Config(size=64, heads=4, hidden=128, layers=2, dropout=0.0)


def blind(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None, need_weights: bool = True):
    """Looks at nothing."""
    return torch.zeros_like(queries), None


class WithoutResidual(Block):
    """What came in is lost: only what each part finds is handed on."""

    def forward(self, x, mask=None, past=None, source=None, source_mask=None, need_weights=False):
        normed = self.norm_itself(x)
        so_far = self.itself.prepare(normed)
        if past is not None:
            so_far = type(so_far)(*(torch.cat(both, -2) for both in zip(past, so_far, strict=True)))
        x, its_weights = self.itself.look(normed, so_far, mask, need_weights)
        source_weights = None
        if source is not None:
            x, source_weights = self.source.look(self.norm_source(x), source, source_mask)
        return self.feed_forward(self.norm_forward(x)), so_far, (its_weights, source_weights)


class Nothing(nn.Module):
    """Finds nothing that could be added."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


def without_positions(model: Transformer) -> None:
    model.encoder.positions = model.decoder.positions = None


def without_residual(model: Transformer) -> None:
    for stack in (model.encoder, model.decoder):
        blocks = [WithoutResidual(CONFIG, has_source=hasattr(block, "source")) for block in stack.blocks]
        stack.blocks = nn.ModuleList(blocks)


def without_norms(model: Transformer) -> None:
    for module in list(model.modules()):
        for name, part in module.named_children():
            if isinstance(part, nn.LayerNorm):
                setattr(module, name, nn.Identity())


def without_feed_forward(model: Transformer) -> None:
    for block in (*model.encoder.blocks, *model.decoder.blocks):
        block.feed_forward = Nothing()


def without_reading(model: Transformer) -> None:
    for block in model.encoder.blocks:
        block.itself.attend = blind


def without_looking_back(model: Transformer) -> None:
    for block in model.decoder.blocks:
        block.itself.attend = blind


PARTS: dict[str, Callable[[Transformer], None]] = {
    "whole": lambda model: None,
    "positions": without_positions,
    "residual connections": without_residual,
    "norms": without_norms,
    "feed-forward": without_feed_forward,
    "encoder's attention": without_reading,
    "decoder's attention to itself": without_looking_back,
}


def measure(part: str, seed: int) -> dict:
    """Train without one of the parts, from the start. Where the loss ceases to be finite, nothing is right."""

    def new(english: int, french: int) -> Transformer:
        model = Transformer(english, french, CONFIG)
        PARTS[part](model)
        return model

    try:
        model, _ = trained(new, seed, BUDGET, LEARNING_RATE)
    except ArithmeticError:
        return {"exact": 0.0}
    unseen = grammar.pairs(1_000, part="test")
    found = {"exact": exact(model, unseen)}
    if part == "whole":
        found["aer"] = error_rate(model, unseen)
    return found


def main() -> None:
    """All parts and seeds, one after the other."""
    values = {"budget": BUDGET}
    for part in PARTS:
        runs = []
        for seed in SEEDS:
            runs.append(measure(part, seed))
            print(part, seed, runs[-1], flush=True)
        values |= {f"{key} without {part}" if part != "whole" else key: [run[key] for run in runs] for key in runs[0]}
    results.save("12_parts", values, command="python experiments/12_parts.py", seeds=SEEDS)


if __name__ == "__main__":
    main()
