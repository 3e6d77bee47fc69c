"""How fast the Transformer trains beside PyTorch's own and with Muon, and how much faster it writes with a cache."""

import random
import statistics
import time
import warnings
from functools import partial
from itertools import islice

import torch
from racing import Contender, race
from torch import Tensor, nn

from attention_course import device
from attention_course.data import multi30k
from attention_course.data.batches import Example, cut, encode_pairs
from attention_course.data.vocabulary import BOS, Vocabulary, pad
from attention_course.masks import PAD, causal_mask
from attention_course.models.transformer import Config, Transformer, TransformerDecoder
from attention_course.positions import SinusoidalPositions
from attention_course.training import muon, train_step, translation_loss
from attention_course.training.recipe import adamw

BATCH, TURNS = 128, 12  # sentences of like length, batches in a round
LENGTH = 1_024  # words written with a cache and without
OURS, THEIRS = "ours", "nn.Transformer"


class TorchTransformer(nn.Module):
    """`nn.Transformer` with embeddings, positions and tied output as ours, and the masks that it is fastest with."""

    def __init__(self, source_words: int, target_words: int, config: Config):
        super().__init__()
        self.source = nn.Embedding(source_words, config.size)
        self.target = nn.Embedding(target_words, config.size)
        for table in (self.source, self.target):
            nn.init.normal_(table.weight, std=config.size**-0.5)
        self.positions = SinusoidalPositions(config.size)
        with warnings.catch_warnings(action="ignore"):  # that its encoder takes no nested tensors when norms come first
            self.transformer = nn.Transformer(
                config.size, config.heads, config.layers, config.layers, config.hidden, config.dropout,
                batch_first=True, norm_first=True,
            )  # fmt: skip
        self.dropout = nn.Dropout(config.dropout)
        self.bias = nn.Parameter(torch.zeros(target_words))

    def forward(self, source: Tensor, previous: Tensor) -> tuple[Tensor, None]:
        x, y = (
            self.dropout(self.positions(table(words) * table.embedding_dim**0.5))
            for table, words in ((self.source, source), (self.target, previous))
        )
        padding = source == PAD
        states = self.transformer(
            x, y, src_key_padding_mask=padding, memory_key_padding_mask=padding,
            tgt_mask=~causal_mask(previous.shape[1]), tgt_is_causal=True,
        )  # fmt: skip
        return nn.functional.linear(states, self.target.weight, self.bias), None


def corpus() -> tuple[Vocabulary, Vocabulary, list[Example]]:
    """English words, French words, and the training part in their numbers."""
    pairs = multi30k.pairs("train")
    english, french = (Vocabulary(side, minimum=2) for side in zip(*pairs, strict=True))
    return english, french, encode_pairs(pairs, english, french)


def measure(recipe: dict, rounds: int) -> dict:
    """Target tokens a second: on batches of `BATCH` sentences and of the recipe, in both precisions."""
    english, french, examples = corpus()
    order = sorted(range(len(examples)), key=lambda i: (len(examples[i][1]), len(examples[i][0])))
    middles = [(2 * turn + 1) * len(order) // (2 * TURNS) for turn in range(TURNS)]  # short sentences to long ones
    cuts = iter(cut(examples, recipe["batch_tokens"], random.Random(0)))
    batches = {
        f"{BATCH} sentences": [order[i - BATCH // 2 : i + BATCH // 2] for i in middles],
        f"up to {recipe['batch_tokens']} tokens": [next(cuts) for _ in range(2 * TURNS)],
    }
    found = []
    for dropout in (Config().dropout, 0.0):
        config = Config(dropout=dropout)
        models = {
            name: make(len(english), len(french), config)
            for name, make in ((OURS, Transformer), (THEIRS, TorchTransformer))
        }
        for name, places in batches.items():
            turns = [[tuple(pad([examples[i][side] for i in some]) for side in (0, 1))] for some in places]
            for half in (False, True) if device.bfloat16_pays() and dropout else (False,):
                found.append(
                    {
                        "batches": name,
                        "precision": "bfloat16" if half else "float32",
                        "dropout": dropout,
                        **compare(models, turns, recipe["learning_rate"], half, rounds),
                    }
                )
                print(found[-1], flush=True)
    parameters = {name: sum(p.numel() for p in model.parameters()) for name, model in models.items()}
    return {"rows": found, "rounds": rounds, "parameters": parameters, "machine": device.describe()}


def compare(models: dict[str, nn.Module], turns: list, learning_rate: float, half: bool, rounds: int) -> dict:
    """How many times as many target tokens a second ours trains: one ratio a round."""
    optimizers = {
        name: torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.98), fused=True)
        for name, model in models.items()
    }

    loss = partial(translation_loss, label_smoothing=0.1)

    def step(name):
        return lambda *batch: train_step(models[name], optimizers[name], loss, batch, half=half)

    contenders = {name: Contender(step(name), turns) for name in models}
    tokens = contenders[OURS].target_tokens()
    seconds = {name: [sum(taken) for taken in rows] for name, rows in race(contenders, rounds).items()}
    return {
        "ratios": [theirs / ours for ours, theirs in zip(seconds[OURS], seconds[THEIRS], strict=True)],
        "tokens_per_second": tokens / statistics.median(seconds[OURS]),
        "of_pytorch": tokens / statistics.median(seconds[THEIRS]),
    }


def optimizers(recipe: dict, rounds: int) -> dict:
    """How many times as long a step takes with Muon as with AdamW, on the recipe's batches: one ratio a round."""
    english, french, examples = corpus()
    cuts = islice(cut(examples, recipe["batch_tokens"], random.Random(0)), 2 * TURNS)
    turns = [[tuple(pad([examples[i][side] for i in some]) for side in (0, 1))] for some in cuts]
    half, loss, contenders = device.bfloat16_pays(), partial(translation_loss, label_smoothing=0.1), {}
    for name, make, groups in (("AdamW", adamw, one_group), ("Muon", muon.MuonWithAdamW, muon.for_muon)):
        device.seed_everything(0)
        model = Transformer(len(english), len(french))
        descent = make(groups(model), lr=recipe["learning_rate"])
        contenders[name] = Contender(
            lambda *batch, model=model, descent=descent: train_step(model, descent, loss, batch, half=half), turns
        )
    seconds = {name: [sum(taken) for taken in rows] for name, rows in race(contenders, rounds).items()}
    ratios = [with_muon / adam for with_muon, adam in zip(seconds["Muon"], seconds["AdamW"], strict=True)]
    precision = "bfloat16" if half else "float32"
    return {"ratios": ratios, "rounds": rounds, "precision": precision, "machine": device.describe()}


def one_group(model: nn.Module) -> list[dict]:
    """All parameters together."""
    return [{"params": list(model.parameters())}]


@torch.no_grad()
def cache() -> dict:
    """Seconds to write `LENGTH` words one by one, with a cache and by reading everything again."""
    device.seed_everything(0)
    model = TransformerDecoder(1_000).eval()

    def with_cache() -> Tensor:
        words, state = torch.full((1, 1), BOS), None
        for _ in range(LENGTH):
            logits, _, state = model.step(words[:, -1:], state)
            words = torch.cat([words, logits[:, -1:].argmax(-1)], 1)
        return words

    def without() -> Tensor:
        words = torch.full((1, 1), BOS)
        for _ in range(LENGTH):
            words = torch.cat([words, model(words)[0][:, -1:].argmax(-1)], 1)
        return words

    seconds, written = {}, {}
    for name, write in (("with", with_cache), ("without", without)):
        start = time.perf_counter()
        written[name] = write()
        seconds[name] = time.perf_counter() - start
    agreeing = (written["with"] == written["without"]).float().mean().item()
    return {
        "length": LENGTH, "seconds": seconds, "ratio": seconds["without"] / seconds["with"],
        "same_words": agreeing, "machine": device.describe(),
    }  # fmt: skip
