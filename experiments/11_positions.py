"""Seven ways of telling a causal model the order, inside the length it is trained on and beyond.

Small models of two layers read the docstrings of the standard library character by character, at most 64 at a time,
and are tested on up to 256. With one layer, the same without positions and with rotary ones. Three seeds. Writes
attention_course/results/11_positions.json. About a quarter of an hour on one core. With names of schemes, as in
`python experiments/11_positions.py learned`, only those are measured anew, and the rest stays as it was.
"""

import copy
import sys
from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attention_course import device, results
from attention_course.data import docstrings
from attention_course.data.vocabulary import Vocabulary
from attention_course.masks import causal_mask
from attention_course.models.transformer import Config, TransformerDecoder
from attention_course.positions import (
    AlibiAttention,
    LearnedPositions,
    RotaryAttention,
    ShawAttention,
    SinusoidalPositions,
    T5Attention,
)
from attention_course.training import sequence_loss, train

SEEDS = range(3)
TRAINED, TESTED, BIN = 64, 256, 16  # characters
BUDGET = 1_000_000  # characters to predict
TEST_TEXT = 12_000  # characters
LEARNING_RATE = 4e-3
SIZE, HEADS = 64, 4
NONE = {"positions": None}
SCHEMES = {
    "none": NONE,
    "sinusoidal": {"positions": SinusoidalPositions},
    "learned": {"positions": lambda size: LearnedPositions(size, TESTED)},  # of which training reaches the first 64
    "Shaw": {"attend": lambda: ShawAttention(SIZE // HEADS), **NONE},
    "T5": {
        "attend": lambda: T5Attention(HEADS, max_distance=TRAINED // 2),
        **NONE,
    },  # its last bucket is met in training
    "rotary": {"attend": RotaryAttention, **NONE},
    "ALiBi": {"attend": lambda: AlibiAttention(HEADS), **NONE},
}
SHALLOW = ("none", "rotary")  # trained with one layer, too


@cache
def numbers(part: str) -> list[int]:
    """The docstrings as numbers of their characters."""
    return characters().encode(docstrings.text(part))


@cache
def characters() -> Vocabulary:
    """Those of the training texts."""
    return Vocabulary(docstrings.text("train"))


def next_character(model: nn.Module, _, text: Tensor) -> Tensor:
    """The loss of predicting each character from those before it."""
    return sequence_loss(model(text[:, :-1])[0], text[:, 1:])


@torch.no_grad()
def by_position(model: nn.Module) -> list[float]:
    """Mean loss in nats a character at positions 0 to 15, 16 to 31 and so on; the same characters stand in each.

    A window as long as `TESTED` is moved over the test text by 16 characters at a time, so that a character stands in
    the first 16 positions once, in the next 16 once, and so on. (At both ends of the text some do not: they are left
    out.)
    """
    text = numbers("test")[: TEST_TEXT + 2 * TESTED]
    windows = torch.tensor(docstrings.pieces(text, TESTED, BIN))
    losses = torch.cat(
        [F.cross_entropy(model(w[:, :-1])[0].mT, w[:, 1:], reduction="none") for w in windows.split(50)]
    ).unflatten(1, (-1, BIN))  # (windows, bins, BIN)
    last = TESTED // BIN - 1
    return [losses[last - i : len(losses) - i, i].mean().item() for i in range(last + 1)]


class Near(nn.Module):
    """An attention function in which a query looks at the `TRAINED` latest keys at most."""

    def __init__(self, attend: Callable):
        super().__init__()
        self.attend = attend

    def forward(self, queries, keys, values, mask=None, causal=False, need_weights=True):
        near = ~causal_mask(queries.shape[-2], keys.shape[-2], queries.device).tril(-TRAINED)
        return self.attend(queries, keys, values, near, causal, need_weights)


def looking_near(model: nn.Module) -> nn.Module:
    """A copy whose attention does not look farther back than in training."""
    near = copy.deepcopy(model)
    for block in near.blocks:
        block.self_attention.attend = Near(block.self_attention.attend)
    return near


def measure(scheme: str, layers: int, seed: int) -> dict:
    """Train one model, and test it."""
    device.seed_everything(seed)
    config = Config(SIZE, HEADS, hidden=4 * SIZE, layers=layers, dropout=0.0, **SCHEMES[scheme])
    model = TransformerDecoder(len(characters()), config)
    examples = [([1], piece) for piece in docstrings.pieces(numbers("train"), TRAINED)]
    run = train(
        model, examples, target_tokens=BUDGET, batch_tokens=16 * TRAINED, learning_rate=LEARNING_RATE,
        loss=next_character, seed=seed, progress=False,
    )  # fmt: skip
    found = {"loss": by_position(model), "near": by_position(looking_near(model)), "seconds": run.seconds}
    print(scheme, layers, seed, [f"{loss:.3f}" for loss in found["loss"]], f"{run.seconds:.0f} s", flush=True)
    print(" " * 12, "near", [f"{loss:.3f}" for loss in found["near"]], flush=True)
    return found


def main(*again: str) -> None:
    """All schemes, or those to measure again, and all seeds, one after the other, on one thread."""
    if unknown := set(again) - set(SCHEMES):
        raise SystemExit(f"expected names among {', '.join(SCHEMES)}, got {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    asked, before, note = again or tuple(SCHEMES), None, ""
    if again:
        before = results.load("11_positions")
        note = f"Only {', '.join(again)} there; the others on commit {before.provenance.rpartition('commit ')[2]}"
    wanted = [(scheme, 2) for scheme in SCHEMES] + [(scheme, 1) for scheme in SHALLOW]
    measured = {(*which, seed): measure(*which, seed) for seed in SEEDS for which in wanted if which[0] in asked}

    def every(what: str, layers: int, stored: str) -> dict[str, list]:
        """One of the things measured, by scheme and seed; `stored` is its name in the results."""
        return {
            name: [measured[name, layers, seed][what] for seed in SEEDS] if name in asked else before[stored][name]
            for name, depth in wanted
            if depth == layers
        }

    loss = {name: torch.tensor(rows) for name, rows in every("loss", 2, "loss").items()}
    inside = {name: values[:, TRAINED // BIN - 1] for name, values in loss.items()}  # one a seed
    rise = {name: values[:, -1] - inside[name] for name, values in loss.items()}
    told = [name for name in SCHEMES if name != "none"]
    values = {
        "trained": TRAINED,
        "tested": TESTED,
        "budget": BUDGET,
        "ends": list(range(BIN, TESTED + 1, BIN)),  # each loss is a mean over the 16 positions before
        "loss": loss,
        "near": every("near", 2, "near"),
        "loss_one_layer": every("loss", 1, "loss_one_layer"),
        "seconds": every("seconds", 2, "seconds"),
        "rise": rise,
        "none_less_told": inside["none"] - torch.stack([inside[name] for name in told]).mean(0),
        "schemes_that_lose": torch.stack([rise[name] > 0.1 for name in told]).sum(0),
        "alibi_rise": rise["ALiBi"],
    }
    results.save(
        "11_positions", values, command=" ".join(["python experiments/11_positions.py", *again]), seeds=SEEDS, note=note
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
