"""Lesson 13's translator on the grammar, as its experiments train it: every part of the recipe is passed in."""

from collections.abc import Callable
from functools import cache, partial
from itertools import islice

import torch
from mean_loss import mean_loss
from on_grammar import corpus
from torch import nn

from attention_course.data import grammar
from attention_course.data.batches import Batch, encode_pairs, endless
from attention_course.data.vocabulary import pad
from attention_course.device import seed_everything
from attention_course.lessons.lesson_12.built import write
from attention_course.lessons.lesson_12.looks import looks
from attention_course.lessons.lesson_13 import built
from attention_course.metrics import alignment_error_rate, hard_links

UNSEEN = 500
WORDS = 160_000  # places of all batches of one training; no sentence comes twice
ADAMW = built.adamw(0.006)


@cache
def unseen() -> list[grammar.Pair]:
    """The same for all trainings."""
    return grammar.pairs(UNSEEN, part="test")


def first_batches(size: int, seed: int, words: int = WORDS) -> list[Batch]:
    """So many batches of up to `size` places a side that they hold about so many places in all."""
    return list(islice(endless(corpus().examples, size, seed), words // size))


def train(
    seed: int,
    *,
    depth: int = 4,
    join: type[nn.Module] = built.PreNorm,
    E: int = 64,
    H: int = 4,
    start: Callable[[nn.Module], None] | None = None,
    model: Callable[[], nn.Module] | None = None,
    optimizer: Callable[[nn.Module], torch.optim.Optimizer] = ADAMW,
    schedule: Callable[[float], float] = built.warm_up,
    clip: float = 1.0,
    size: int = 320,
    words: int = WORDS,
) -> nn.Module:
    """One training with one seed. model: makes another one than the lesson's."""
    english, french, _ = corpus()
    seed_everything(seed)
    made = model() if model else built.stack((len(english), len(french)), depth, join, E, H, 2 * E)
    if start:
        start(made)
    built.train(made, first_batches(size, seed, words), optimizer, schedule, clip)
    return made


def unseen_loss(model: nn.Module) -> float:
    """In nats per word, over the unseen pairs."""
    english, french, _ = corpus()
    examples = encode_pairs([(pair.english, pair.french) for pair in unseen()], english, french)
    return mean_loss(model, examples, partial(built.translation_loss, smoothing=0))


@torch.no_grad()
def exact(model: nn.Module) -> float:
    """The share of unseen sentences that are translated word for word as the grammar does, greedily."""
    english, french, _ = corpus()
    pairs, right = unseen(), 0
    for some in (pairs[start : start + 100] for start in range(0, len(pairs), 100)):
        said = write(model, pad([english.encode(p.english) for p in some]), longest=20).tolist()
        right += sum(french.decode(row) == list(p.french) for row, p in zip(said, some, strict=True))
    return right / len(pairs)


def error_rate(model: nn.Module, pairs: int = 100) -> float:
    """The alignment error rate of the last block's cross-attention, mean of its heads, over so many unseen pairs."""
    english, french, _ = corpus()
    maps, asked = [], unseen()[:pairs]
    for pair in asked:
        source = torch.tensor([english.encode(pair.english)])
        _, target = encode_pairs([(pair.english, pair.french)], english, french)[0]
        maps.append(looks(model, source, torch.tensor([target[:-1]]))[-1].mean(0)[:-1])  # not the place of <eos>
    return alignment_error_rate([hard_links(w) for w in maps], [pair.links for pair in asked])
