"""What attention that is exact and cheaper saves, and what it costs.

Peak memory, each time in a fresh process: attention written out, in tiles, and PyTorch's, against the length; and four
layers on top of each other, with each of the three ways to save memory that the glossary names. Quality: decoders that
write the grammar's English, equal in size, whose eight heads have eight, two or one head of keys; and those with
eight, made into fewer by averaging, before and after a little more training, each at the rate that suits it best.
Writes attention_course/results/20_exact_and_cheaper.json. About ten minutes on one core; needs Linux.
"""

import copy
import ctypes
import itertools
import math
import multiprocessing
from collections.abc import Callable
from functools import cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from attention_course import device, results
from attention_course.data import grammar
from attention_course.data.vocabulary import Vocabulary
from attention_course.efficient.grouped_query import GroupedQueryAttention, grouped
from attention_course.efficient.tiled import tiled_attention
from attention_course.functional import scaled_dot_product_attention
from attention_course.layers import MultiHeadAttention
from attention_course.models.transformer import Config, TransformerDecoder
from attention_course.training import fit

SEEDS, REPEATS = range(3), range(3)
MMAP_THRESHOLD = -3  # malloc's own number for it: freed memory is given back at once, or it would be counted, too
LENGTHS = (1_024, 2_048, 4_096, 8_192, 16_384)
LONGEST_WRITTEN = 8_192  # the next one would want 3 GB
STACKED, STACK = 2_048, 4  # words, and layers on top of each other
HEAD_SIZE = 64
HEADS, SIZE, HIDDEN, LAYERS = 8, 64, 128, 2
GROUPS = (8, 2, 1)
SENTENCES = {"train": 31_000, "test": 2_000}
VALIDATION = 1_000  # the last of the training sentences, which are not trained on
LENGTH, BATCH = 64, 8  # words of an excerpt, and excerpts of a step
STEPS = 300
MORE = {"trained_on": STEPS // 20, "trained_on_longer": STEPS // 5}  # after averaging; in the paper it is a twentieth
LEARNING_RATE = 5e-3
RATES = (3e-4, 1e-3, 2e-3, 5e-3, 1e-2)  # of the training after averaging; validation sentences say which


def written(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """With the whole matrix of weights."""
    return scaled_dot_product_attention(queries, keys, values)[0]


FORMS = {"written out": written, "in tiles": tiled_attention, "PyTorch's": F.scaled_dot_product_attention}


def stacked(layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Several layers of self-attention; without matrices, so that attention is all that takes memory."""
    for _ in range(STACK):
        x = x + layer(x)
    return x


def in_bfloat16(x: Tensor) -> Tensor:
    return written(*(x.bfloat16(),) * 3).float()


def autocast(x: Tensor) -> Tensor:
    """Mixed precision as PyTorch has it on a CPU, where the softmax stays in bfloat16."""
    with torch.autocast("cpu", torch.bfloat16):
        return written(x, x, x).float()


def autocast_of_a_gpu(x: Tensor) -> Tensor:
    """The same with what autocast does on a GPU: the softmax in float32, and its weights cast for the next product."""
    q = x.bfloat16()
    weights = (q @ q.mT / HEAD_SIZE**0.5).float().softmax(-1)
    return (weights.bfloat16() @ q).float()


CHECKPOINTING, TILES, MIXED = "checkpointing", "tiles", ("autocast", "autocast of a GPU")
STACKS = {
    "as it is": lambda x: written(x, x, x),
    CHECKPOINTING: lambda x: checkpoint(written, x, x, x, use_reentrant=False),
    "all in bfloat16": in_bfloat16,
    MIXED[0]: autocast,
    MIXED[1]: autocast_of_a_gpu,
    TILES: lambda x: tiled_attention(x, x, x),
}


def extra(kind: str, name: str, length: int) -> float:
    """MB that one forward and backward pass takes at most: `kind` is "one" layer or a "stack"."""
    inputs = [some(length) for _ in range(1 if kind == "stack" else 3)]
    device.forget_peak_memory()
    before = device.peak_memory()
    output = stacked(STACKS[name], *inputs) if kind == "stack" else FORMS[name](*inputs)
    output.sum().backward()
    return (device.peak_memory() - before) / 1e6


def child(kind: str, name: str, length: int) -> float:
    """The same, without what is loaded at the first call."""
    extra(kind, name, 300)
    return extra(kind, name, length)


def some(length: int) -> Tensor:
    """One head of one sentence."""
    return torch.randn(1, 1, length, HEAD_SIZE, requires_grad=True)


def in_a_fresh_process(kind: str, name: str, length: int) -> float:
    """What `child` gives in a process that does this and nothing else."""
    with multiprocessing.get_context("fork").Pool(1) as processes:
        megabytes = processes.apply(child, (kind, name, length))
    print(kind, name, length, round(megabytes, 1), "MB", flush=True)
    return megabytes


def measure_memory() -> dict:
    """Of each form at each length, and of each stack, three fresh processes."""
    found = {"lengths": LENGTHS, "longest_written": LONGEST_WRITTEN, "stacked": STACKED, "stack": STACK}
    found["megabytes"] = {}
    for name in FORMS:
        lengths = [n for n in LENGTHS if name != "written out" or n <= LONGEST_WRITTEN]
        found["megabytes"][name] = [[in_a_fresh_process("one", name, n) for _ in REPEATS] for n in lengths]
    stacks = {name: [in_a_fresh_process("stack", name, STACKED) for _ in REPEATS] for name in STACKS}
    found["stack_mb"] = stacks
    ways = (CHECKPOINTING, *MIXED, TILES)
    found["least_saving"] = [min(stacks["as it is"][i] / stacks[way][i] for way in ways) for i in REPEATS]
    found["exponents"] = [slope(LENGTHS[1:], [runs[i] for runs in found["megabytes"]["in tiles"][1:]]) for i in REPEATS]
    return found


def slope(x, y) -> float:
    """By least squares, of log y over log x."""
    x, y = (torch.tensor([math.log(value) for value in values], dtype=torch.float64) for values in (x, y))
    x = x - x.mean()
    return ((x * y).sum() / x.square().sum()).item()


def hidden(groups: int) -> int:
    """The hidden size that makes up for the matrices which fewer heads of keys do not need, as in Shazeer (2019)."""
    missing = 2 * (HEADS - groups) * (SIZE // HEADS) * (SIZE + 1)
    return HIDDEN + round(missing / (2 * SIZE + 1))


@cache
def text() -> tuple[dict[str, Tensor], int]:
    """Of each part the grammar's English one sentence after the other, and the number of different words."""
    sentences = {part: [pair.english for pair in grammar.pairs(SENTENCES[part], part=part)] for part in SENTENCES}
    sentences["train"], sentences["validation"] = sentences["train"][:-VALIDATION], sentences["train"][-VALIDATION:]
    english = Vocabulary(sentences["train"])
    words = {part: torch.tensor([n for s in found for n in english.encode(s)]) for part, found in sentences.items()}
    return words, len(english)


def loss_of(model: TransformerDecoder, words: Tensor) -> Tensor:
    """Nats a word."""
    return F.cross_entropy(model(words[:, :-1])[0].flatten(0, 1), words[:, 1:].flatten())


def held_out(model: TransformerDecoder, part: str = "test") -> float:
    words = text()[0][part]
    words = words[: len(words) // (LENGTH + 1) * (LENGTH + 1)].view(-1, LENGTH + 1)
    with torch.no_grad():
        return loss_of(model, words).item()


def train(model: TransformerDecoder, steps: int, learning_rate: float, seed: int) -> None:
    """Adam on random excerpts; the rate rises over a tenth of the steps and falls to zero."""
    words, generator = text()[0]["train"], torch.Generator().manual_seed(seed)
    starts = (torch.randint(len(words) - LENGTH, (BATCH, 1), generator=generator) for _ in range(steps))
    excerpts = (words[start + torch.arange(LENGTH + 1)] for start in starts)
    fit(
        model, excerpts, loss_of, budget=steps, learning_rate=learning_rate, optimizer=torch.optim.Adam, clip=None,
        progress=False,
    )  # fmt: skip


def new_decoder(groups: int, seed: int) -> TransformerDecoder:
    """As many parameters whatever the groups."""
    device.seed_everything(seed)
    layer = MultiHeadAttention if groups == HEADS else partial(GroupedQueryAttention, groups=groups)
    config = Config(SIZE, HEADS, hidden(groups), LAYERS, dropout=0.0, attention=layer)
    return TransformerDecoder(text()[1], config)


def averaged(model: TransformerDecoder, groups: int) -> TransformerDecoder:
    """A copy whose keys and values are the means over groups of heads."""
    model = copy.deepcopy(model)
    for block in model.blocks:
        block.self_attention = grouped(block.self_attention, groups)
    return model


def trained_on(model: TransformerDecoder, steps: int, seed: int) -> tuple[float, list[float]]:
    """The rate that suits some more training best, by validation, and what is lost on test sentences at every rate."""
    validation, test = [], []
    for rate in RATES:
        copied = copy.deepcopy(model)
        train(copied, steps, rate, seed)
        validation.append(held_out(copied, "validation"))
        test.append(held_out(copied))
    return RATES[validation.index(min(validation))], test


def measure_quality() -> dict:
    """Loss on unseen sentences by number of groups, one a seed: trained so; made so afterwards; and trained on."""
    more = [f"{key}_{what}" for key in MORE for what in ("rate", "at_each_rate")]
    kinds = ["loss", "parameters", "averaged", *MORE, *more]
    found = {key: {str(g): [] for g in GROUPS} for key in kinds}
    for seed, groups in itertools.product(SEEDS, GROUPS):
        model = new_decoder(groups, seed)
        train(model, STEPS, LEARNING_RATE, seed)
        found["loss"][str(groups)].append(held_out(model))
        found["parameters"][str(groups)].append(sum(p.numel() for p in model.parameters()))
        print(seed, groups, found["loss"][str(groups)][-1], flush=True)
        if groups == HEADS:
            for fewer in GROUPS:
                made = averaged(model, fewer)
                found["averaged"][str(fewer)].append(held_out(made))
                for key, steps in MORE.items():
                    rate, losses = trained_on(made, steps, seed + 100)
                    found[key][str(fewer)].append(losses[RATES.index(rate)])
                    found[f"{key}_rate"][str(fewer)].append(rate)
                    found[f"{key}_at_each_rate"][str(fewer)].append(losses)
                print(seed, fewer, {key: found[key][str(fewer)][-1] for key in kinds[2:5]}, flush=True)
    for groups in GROUPS[1:]:
        for name, key in (("groups", "loss"), ("averaged", "trained_on"), ("averaged_longer", "trained_on_longer")):
            pairs = zip(found[key][str(groups)], found[key][str(HEADS)], strict=True)
            found[f"{name}_{groups}_more"] = [few - whole for few, whole in pairs]
    return found


def main() -> None:
    torch.set_num_threads(1)
    ctypes.CDLL("libc.so.6").mallopt(MMAP_THRESHOLD, 65_536)
    found = {"heads": HEADS, "groups": GROUPS, "steps": STEPS, "more": MORE, "rates": RATES}
    found |= {"size": SIZE, "layers": LAYERS} | measure_memory() | measure_quality()
    command = "python experiments/20_exact_and_cheaper.py"
    results.save("20_exact_and_cheaper", found, command=command, seeds=SEEDS)


if __name__ == "__main__":
    main()
