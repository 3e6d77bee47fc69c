"""What linear attention remembers, what it costs, and the rank of attention in a trained model.

Memories for pairs, with states of several sizes and shapes, beside softmax attention and its cache; the same with other
feature maps and with fading states; processor time against length, all forms side by side; and the singular values of
the maps of an encoder that has learned to fill gaps in Python code. Three seeds, five rounds of timings. Writes
attention_course/results/18_linear_and_low_rank.json. About ten minutes on one thread. After the name of a part
(memories, timing, ranks) only that part is measured, and the figures of the others are kept.
"""

import math
import sysconfig
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from in_parts import measure
from torch import Tensor, nn

from attention_course import device
from attention_course.efficient.linear import LinearAttention
from attention_course.efficient.low_rank import LowRankAttention
from attention_course.efficient.random_features import RandomFeatureAttention
from attention_course.efficient.unnormalised import fading, unnormalised
from attention_course.functional import scaled_dot_product_attention
from attention_course.lessons.lesson_18.associative_recall import AssociativeRecall
from attention_course.lessons.lesson_18.recall_task import recall
from attention_course.models.transformer import Config, TransformerEncoder
from attention_course.positions import RotaryAttention
from attention_course.training import train_classifier

NAME = "18_linear_and_low_rank"

SEEDS = range(3)
PAIRS = (4, 8, 16, 32, 64, 128, 256, 512)  # each batch of the training has one of these numbers
STEPS, RATE = 800, 3e-3
SHAPES = ((8, 8), (8, 32), (16, 16), (32, 8), (16, 64), (32, 32), (64, 16), (64, 64))  # features, value size
CACHES = ((4, 4), (8, 8), (16, 16))  # key size, value size
AGES = (0, 8, 16, 32, 64, 128, 256)  # pairs told since
GATES = (1.0, 0.98, 0.9)
TEST = 10_000  # the seed of what is tested on

ROUNDS = 5
LENGTHS = (512, 1024, 2048, 4096, 8192)
HEADS, SIZE = 4, 64

WIDTH, RANKS = 256, (1, 2, 4, 8, 16, 32, 64, 128, 256)
MASKED, GAPS_STEPS = 1, (0, 200, 600)  # the token of a gap; steps of training after which maps are taken
NEAR = 3  # characters at most so far away are near


def memory(key_size: int, value_size: int, attend: Callable, seed: int) -> AssociativeRecall:
    """A trained memory."""
    device.seed_everything(seed)
    model, generator = AssociativeRecall(key_size, value_size, attend), torch.Generator().manual_seed(seed)

    def draw():
        pairs = PAIRS[int(torch.randint(len(PAIRS), (), generator=generator))]
        told = recall(32, pairs, generator)
        return (told.names, told.places, told.asked), told.answers

    train_classifier(model, draw, steps=STEPS, learning_rate=RATE, progress=False)
    return model


@torch.no_grad()
def tested(model: AssociativeRecall) -> list[float]:
    """The share of answers right, for each of `PAIRS`."""
    generator, shares = torch.Generator().manual_seed(TEST), []
    for pairs in PAIRS:
        told = recall(64, pairs, generator, questions=64)
        right = model(told.names, told.places, told.asked)[0].argmax(-1) == told.answers
        shares.append(right.float().mean().item())
    return shares


@torch.no_grad()
def by_age(model: AssociativeRecall) -> list[float]:
    """The share of answers right among 256 pairs, by how many were told since."""
    told = recall(64, AGES[-1], torch.Generator().manual_seed(TEST), questions=512)
    right = (model(told.names, told.places, told.asked)[0].argmax(-1) == told.answers).float()
    return [right[(told.ages >= low) & (told.ages < high)].mean().item() for low, high in pairwise(AGES)]


def half_point(shares: list[float]) -> float:
    """The number of pairs at which half of the answers are right, between those tested by a line over log(pairs)."""
    return 2 ** float(np.interp(-0.5, -np.array(shares), np.log2(PAIRS)))


def slope(x, y) -> float:
    """The exponent b of the power law y = a x^b that fits best."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def memories(seed: int) -> dict:
    """All memories of one seed."""
    linear = LinearAttention()
    found = {
        "linear": {f"{f}x{v}": tested(memory(f, v, linear, seed)) for f, v in SHAPES},
        "softmax": {f"{k}+{v}": tested(memory(k, v, scaled_dot_product_attention, seed)) for k, v in CACHES},
        "maps": {
            "none": tested(memory(16, 16, unnormalised, seed)),
            "random, 16": tested(memory(16, 16, RandomFeatureAttention(16, 16, seed=seed), seed)),
        },
        "ages": {str(gate): by_age(memory(16, 16, fading(gate), seed)) for gate in GATES},
    }
    print(seed, found, flush=True)
    return found


FORMS = {
    "softmax, causal": lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
    "softmax": F.scaled_dot_product_attention,
    "linear, causal": partial(LinearAttention(), causal=True),
    "linear": LinearAttention(),
    "random features, 64": RandomFeatureAttention(SIZE, 64),
    "low rank, 64": LowRankAttention(max(LENGTHS), 64),
}


def seconds(form: Callable, length: int) -> float:
    """Processor time forward and backward, the better of two."""
    tensors = [torch.randn(1, HEADS, length, SIZE, requires_grad=True) for _ in range(3)]
    times = []
    for _ in range(2):
        start = time.process_time()
        output = form(*tensors)
        (output[0] if isinstance(output, tuple) else output).sum().backward()
        times.append(time.process_time() - start)
    return min(times)


def code() -> tuple[Tensor, int]:
    """Modules of the standard library as numbers of characters from 2 on, and how many numbers there are."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    text = "".join((folder / f"{name}.py").read_text() for name in ("argparse", "ast", "inspect", "tarfile", "typing"))
    characters = sorted(set(text))
    numbers = {character: i for i, character in enumerate(characters, 2)}
    return torch.tensor([numbers[character] for character in text]), len(characters) + 2


class GapFiller(nn.Module):
    """An encoder that says which characters stood in the gaps."""

    def __init__(self, characters: int):
        super().__init__()
        # with sinusoids it has learned hardly more than frequencies after as many steps
        self.encoder = TransformerEncoder(
            characters,
            Config(size=64, heads=4, hidden=128, layers=2, dropout=0.0, positions=None, attend=RotaryAttention),
        )

    def maps(self, tokens):
        """(layers, passages, heads, width, width)"""
        return torch.stack(self.encoder(tokens, need_weights=True)[1].self_attention)

    def forward(self, tokens):
        return self.encoder.logits(self.encoder(tokens)[0]), None


def spectra(seed: int) -> dict:
    """The shares of the singular values in the maps of an encoder as it learns, all heads, and in those of a memory."""
    text, characters = code()
    kept = len(text) * 9 // 10
    device.seed_everything(seed)
    generator = torch.Generator().manual_seed(seed)

    def passages(count, low, high):
        starts = torch.randint(low, high - WIDTH, (count, 1), generator=generator)
        return text[starts + torch.arange(WIDTH)]

    def draw(low=0, high=kept, count=8):
        tokens = passages(count, low, high)
        gaps = torch.rand(tokens.shape, generator=generator) < 0.15
        return (tokens.masked_fill(gaps, MASKED),), tokens.masked_fill(~gaps, -100)

    model, places = GapFiller(characters), torch.arange(WIDTH)
    near, found = (places[:, None] - places).abs() <= NEAR, []
    for trained, steps in zip((0, *GAPS_STEPS), GAPS_STEPS, strict=False):
        if steps > trained:
            train_classifier(model, draw, steps=steps - trained, learning_rate=2e-3, progress=False)
        with torch.no_grad():
            (tokens,), target = draw(kept, len(text), 32)
            loss = F.cross_entropy(model(tokens)[0].flatten(0, 1), target.flatten()).item()
            maps = model.maps(passages(16, kept, len(text)))
        nearness = (maps * near).sum(-1).mean((1, 3)).flatten()  # of each layer's heads
        found.append({"gap_loss": loss, "spectra": shares(maps), "near": nearness.tolist()})
        print(seed, steps, loss, np.mean(found[-1]["spectra"], 0), flush=True)
    recaller = memory(16, 16, scaled_dot_product_attention, seed)
    with torch.no_grad():
        told = recall(4, WIDTH, generator, WIDTH)
        # each name is asked for once
        _, weights = scaled_dot_product_attention(*recaller.look_up(told.names, told.places, told.names))
    frequencies = torch.bincount(text[:kept]).float() / kept
    entropy = -(frequencies * frequencies.clamp_min(1e-9).log()).sum().item()
    encoder = {name: [one[name] for one in found] for name in found[0]}
    return encoder | {"unigram_loss": entropy, "recall_spectra": shares(weights[None, :, None])}


@torch.no_grad()
def shares(maps: Tensor) -> list[list[float]]:
    """For every layer and head, the share of the sum of singular values in the largest `RANKS`, mean over passages."""
    values = torch.linalg.svdvals(maps)  # (layers, passages, heads, width)
    cumulative = (values.cumsum(-1) / values.sum(-1, keepdim=True)).mean(1).flatten(0, 1)
    return cumulative[:, [rank - 1 for rank in RANKS]].tolist()


def of_memories() -> dict:
    """What all memories recall, and how that grows with the state."""
    found = [memories(seed) for seed in SEEDS]
    states = {f"{f}x{v}": f * (v + 1) for f, v in SHAPES}  # with the sums of the divisor
    half = [{name: half_point(shares) for name, shares in one["linear"].items()} for one in found]
    inside = [name for name in states if all(PAIRS[0] < one[name] < PAIRS[-1] for one in half)]
    values = {
        "pairs": PAIRS,
        "steps": STEPS,
        "states": states,
        **{kind: {name: [one[kind][name] for one in found] for name in found[0][kind]} for kind in found[0]},
        "age_limits": AGES,
        "half_points": {name: [one[name] for one in half] for name in states},
        "recall_exponent": [slope([states[n] for n in inside], [one[n] for n in inside]) for one in half],
    }
    assert math.isfinite(sum(values["recall_exponent"]))
    return values


def of_timing() -> dict:
    """Seconds of all forms, side by side in every round, and their exponents."""
    rounds = [{name: [seconds(form, n) for n in LENGTHS] for name, form in FORMS.items()} for _ in range(ROUNDS)]
    exponents = {name: [slope(LENGTHS[1:], one[name][1:]) for one in rounds] for name in FORMS}
    print(exponents, flush=True)
    cheap = [name for name in FORMS if not name.startswith("softmax")]
    return {
        "lengths": LENGTHS,
        "seconds": {name: [one[name] for one in rounds] for name in FORMS},
        "exponents": exponents,
        "worst_exponent": [max(exponents[name][i] for name in cheap) for i in range(ROUNDS)],
    }


def of_ranks() -> dict:
    """Singular values, and what the encoder has learned."""
    found, quarter = [spectra(seed) for seed in SEEDS], RANKS.index(WIDTH // 4)
    return {
        "ranks": RANKS,
        "gap_steps": GAPS_STEPS,
        **{name: [one[name] for one in found] for name in found[0]},
        "share_of_quarter": [float(np.mean([head[quarter] for head in one["spectra"][-1]])) for one in found],
    }


PARTS = {"memories": of_memories, "timing": of_timing, "ranks": of_ranks}


def main() -> None:
    """The parts that are named, or everything; on one thread."""
    torch.set_num_threads(1)
    measure(NAME, PARTS, SEEDS)


if __name__ == "__main__":
    main()
