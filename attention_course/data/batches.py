"""Sentence pairs as batches of numbers, sentences of like length together."""

import random
from collections.abc import Iterator, Sequence

from jaxtyping import Int
from torch import Tensor

from attention_course.data.vocabulary import BOS, EOS, Vocabulary, pad

Example = tuple[list[int], list[int]]
Batch = tuple[Int[Tensor, "batch source"], Int[Tensor, "batch target"]]


def encode_pairs(
    pairs: Sequence[tuple[Sequence[str], Sequence[str]]], source: Vocabulary, target: Vocabulary
) -> list[Example]:
    """Sentence pairs as numbers; the target stands between `<bos>` and `<eos>`."""
    return [(source.encode(s), [BOS, *target.encode(t), EOS]) for s, t in pairs]


def cut(examples: Sequence[Example], tokens: int, generator: random.Random) -> list[list[int]]:
    """The examples' places, cut into the batches of one pass: sentences of like length together, in random order.

    tokens: the most that one side of a batch may hold, padding included; a longer sentence is a batch of its own. So a
        batch takes the same memory, and about the same time, whether its sentences are short or long. Raises ValueError
        for less than 1.
    """
    if tokens < 1:
        raise ValueError(f"batch_tokens: expected at least 1, got {tokens}")
    order = list(range(len(examples)))
    generator.shuffle(order)
    order.sort(key=lambda i: (len(examples[i][1]), len(examples[i][0])))  # equals stay shuffled
    found, longest = [], 0
    for i in order:
        length = max(len(examples[i][0]), len(examples[i][1]) - 1)  # `<bos>` is not to be predicted
        longest = max(longest, length)
        if not found or longest * (len(found[-1]) + 1) > tokens:
            found.append([])
            longest = length
        found[-1].append(i)
    generator.shuffle(found)
    return found


def endless(examples: Sequence[Example], tokens: int, seed: int) -> Iterator[Batch]:
    """Pass after pass through the examples, each cut anew by `cut`.

    Raises ValueError where there are no examples.
    """
    if not examples:
        raise ValueError("examples: expected at least one sentence pair, got none")
    generator = random.Random(seed)
    while True:
        for batch in cut(examples, tokens, generator):
            yield pad([examples[i][0] for i in batch]), pad([examples[i][1] for i in batch])
