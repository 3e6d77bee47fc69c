"""The grammar corpus as several experiments use it: data, training, and what is measured of a translator."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import torch
from torch import nn

from attention_course import device
from attention_course.data import grammar
from attention_course.data.batches import Example, encode_pairs
from attention_course.data.vocabulary import Vocabulary
from attention_course.decoding import align, translate
from attention_course.metrics import alignment_error_rate, hard_links
from attention_course.training import Training, train


class Corpus(NamedTuple):
    """30,000 pairs of at most 15 English words, as the lessons use them."""

    english: Vocabulary
    french: Vocabulary
    examples: list[Example]


@cache
def corpus() -> Corpus:
    """The same for every process and seed."""
    pairs = grammar.pairs(30_000, part="train")
    english = Vocabulary(pair.english for pair in pairs)
    french = Vocabulary(pair.french for pair in pairs)
    return Corpus(english, french, encode_pairs([(pair.english, pair.french) for pair in pairs], english, french))


def trained(
    new: Callable[[int, int], nn.Module], seed: int, target_tokens: int, learning_rate: float = 6e-3
) -> tuple[nn.Module, Training]:
    """A translator made by `new(source_words, target_words)` and trained with one seed, on one thread."""
    torch.set_num_threads(1)
    english, french, examples = corpus()
    device.seed_everything(seed)
    model = new(len(english), len(french))
    run = train(
        model,
        examples,
        target_tokens=target_tokens,
        batch_tokens=320,
        learning_rate=learning_rate,
        seed=seed,
        progress=False,
    )
    return model, run


def exact(model: nn.Module, pairs: Sequence[grammar.Pair]) -> float:
    """The share of sentences that are translated word for word as the grammar does."""
    english, french, _ = corpus()
    written = translate(model, [pair.english for pair in pairs], english, french)
    return sum(t.words == list(pair.french) for t, pair in zip(written, pairs, strict=True)) / len(pairs)


def error_rate(model: nn.Module, pairs: Sequence[grammar.Pair]) -> float:
    """The alignment error rate of the largest weights while the grammar's own translation is written."""
    english, french, _ = corpus()
    weights = align(model, [(pair.english, pair.french) for pair in pairs], english, french)
    return alignment_error_rate([hard_links(w) for w in weights], [pair.links for pair in pairs])
