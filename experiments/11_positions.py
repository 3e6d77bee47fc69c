"""Seven ways of telling a causal model the order, inside the length it is trained on and beyond.

Small models of two layers read the docstrings of the standard library character by character, at most 64 at a time,
and are tested on up to 256. Three seeds. The model is the one that lesson 11 builds. Its controls:

- with one layer, the same without positions and with rotary ones;
- every query kept from looking farther back than training ever did (`near`);
- rotary models with some of their pairs kept from turning farther than in training (`held`).

Writes attention_course/results/11_positions.json. Twenty minutes on one core. With names of schemes or controls, as
in `python experiments/11_positions.py learned held`, only those are measured anew, and the rest stays as it was.
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
from attention_course.functional import masked_softmax
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
HELD = {"none": (), "0 to 2": (0, 1, 2), "3": (3,), "4 to 7": (4, 5, 6, 7), "3 to 7": (3, 4, 5, 6, 7)}
CONTROLS = ("held",)


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


class Held(nn.Module):
    """Rotary attention of a causal model in which some pairs turn no farther than in training.

    Instead of turning queries and keys it turns their products, pair by pair, by the angle of their distance.
    """

    def __init__(self, pairs: tuple[int, ...]):
        super().__init__()
        self.pairs = pairs

    def forward(self, queries, keys, values, mask=None, causal=False, need_weights=True):
        place, D, scores = torch.arange(queries.shape[-2]), queries.shape[-1], 0
        back = (place[:, None] - place).clamp(min=0)  # (L, L)
        for m in range(D // 2):
            angle = (back.clamp(max=TRAINED - 1) if m in self.pairs else back) * 10_000 ** (-2 * m / D)
            q, k = queries[..., 2 * m : 2 * m + 2], keys[..., 2 * m : 2 * m + 2].mT
            across = q[..., :1] * k[..., 1:, :] - q[..., 1:] * k[..., :1, :]
            scores = scores + (q @ k) * angle.cos() + across * angle.sin()
        weights = masked_softmax(scores / D**0.5, causal_mask(len(place)))
        return weights @ values, weights


def holding(model: nn.Module, pairs: tuple[int, ...]) -> nn.Module:
    """A copy of a rotary model in which these pairs turn no farther than in training."""
    held = copy.deepcopy(model)
    for block in held.blocks:
        block.self_attention.attend = Held(pairs)
    return held


def trained(scheme: str, layers: int, seed: int) -> tuple[nn.Module, float]:
    """A model that has learned, and the seconds that it took."""
    device.seed_everything(seed)
    config = Config(SIZE, HEADS, hidden=4 * SIZE, layers=layers, dropout=0.0, **SCHEMES[scheme])
    model = TransformerDecoder(len(characters()), config)
    examples = [([1], piece) for piece in docstrings.pieces(numbers("train"), TRAINED)]
    run = train(
        model, examples, target_tokens=BUDGET, batch_tokens=16 * TRAINED, learning_rate=LEARNING_RATE,
        loss=next_character, seed=seed, progress=False,
    )  # fmt: skip
    return model, run.seconds


def measure(scheme: str, layers: int, seed: int) -> dict:
    """Train one model, and test it."""
    model, seconds = trained(scheme, layers, seed)
    found = {"loss": by_position(model), "near": by_position(looking_near(model)), "seconds": seconds}
    print(scheme, layers, seed, [f"{loss:.3f}" for loss in found["loss"]], f"{seconds:.0f} s", flush=True)
    print(" " * 12, "near", [f"{loss:.3f}" for loss in found["near"]], flush=True)
    return found


@torch.no_grad()
def of_the_last(model: nn.Module, length: int) -> float:
    """Mean loss in nats a character of the last 16 of each window, read from `length` characters before its end."""
    windows = torch.tensor(docstrings.pieces(numbers("test")[:TEST_TEXT], TESTED, TESTED // 2))
    parts = [w[:, -length - 1 :] for w in windows.split(16)]
    losses = [F.cross_entropy(model(w[:, :-1])[0][:, -BIN:].mT, w[:, -BIN:], reduction="none") for w in parts]
    return torch.cat(losses).mean().item()


def measure_held() -> dict[str, list[float]]:
    """Three rotary models as in training, and with long texts where each of `HELD` is held; one value a seed."""
    found = {"as in training": [], **{name: [] for name in HELD}}
    for seed in SEEDS:
        model, _ = trained("rotary", 2, seed)
        found["as in training"].append(of_the_last(model, TRAINED))
        for name, pairs in HELD.items():
            found[name].append(of_the_last(holding(model, pairs), TESTED))
        print("held", seed, {name: values[-1] for name, values in found.items()}, flush=True)
    return found


def main(*again: str) -> None:
    """All schemes and controls, or those to measure again, and all seeds, one after the other, on one thread."""
    if unknown := set(again) - {*SCHEMES, *CONTROLS}:
        raise SystemExit(f"expected names among {', '.join((*SCHEMES, *CONTROLS))}, got {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    asked, before, note = again or (*SCHEMES, *CONTROLS), None, ""
    if again:
        before = results.load("11_positions")
        note = f"Only {', '.join(again)} there; the others on commit {before.provenance.partition('commit ')[2]}"
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
        "held": measure_held() if "held" in asked else before["held"],
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
