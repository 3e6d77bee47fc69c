"""From a model that gives the next word's probabilities to whole sentences.

A model here is anything with `encode(source) -> (memory, state)` and
`step(previous, state, memory) -> (logits, state, weights)`, as the translators of `models` have them. Memory and state
are tensors with the batch first, or what has a method `pick` for rows of the batch, or tuples of such; the weights may
be None. `beam` stands in `beam_search`.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.beam_search import Hypothesis, beam
from attention_course.data.vocabulary import BOS, EOS, SPECIAL, UNKNOWN, Vocabulary, pad
from attention_course.masks import PAD
from attention_course.modes import evaluating

__all__ = ["Hypothesis", "Translation", "align", "beam", "copy_unknown", "greedy", "in_batches", "translate"]


@torch.no_grad()
def greedy(
    model: nn.Module, source: Int[Tensor, "batch source"], max_length: int = 50
) -> tuple[Int[Tensor, "batch target"], Float[Tensor, "batch target keys"] | None]:
    """Take the most probable word at every step, until every sentence has ended or is `max_length` words long.

    Gives the words, `<eos>` included (what stands behind it is of no meaning), and the attention weights of each.
    Raises ValueError for a `max_length` below 1.
    """
    if max_length < 1:
        raise ValueError(f"max_length: expected at least 1 word, got {max_length}")
    with evaluating(model):
        memory, state = model.encode(source)
        previous = torch.full((len(source),), BOS, device=source.device)
        ended = torch.zeros(len(source), dtype=torch.bool, device=source.device)
        words, weights = [], []
        for _ in range(max_length):
            logits, state, looked = model.step(previous, state, memory)
            previous = logits.argmax(-1)
            ended |= previous == EOS
            words.append(previous)
            weights.append(looked)
            if ended.all():
                break
    return torch.stack(words, 1), None if weights[0] is None else torch.stack(weights, 1)


class Translation(NamedTuple):
    """A sentence that `translate` has written."""

    words: list[str]
    weights: Float[Tensor, "words source"] | None


def translate(
    model: nn.Module,
    sentences: Sequence[Sequence[str]],
    source: Vocabulary,
    target: Vocabulary,
    max_length: int = 50,
    batch: int = 250,
) -> list[Translation]:
    """Translate sentences of words into words, greedily, with sentences of like length in one batch.

    Raises ValueError for a sentence without words.
    """
    device = next(model.parameters()).device
    found: list[Translation] = [Translation([], None)] * len(sentences)
    for places in in_batches(sentences, batch):
        words, weights = greedy(model, pad([source.encode(sentences[i]) for i in places]).to(device), max_length)
        for row, i in enumerate(places):
            numbers = words[row].tolist()
            end = numbers.index(EOS) if EOS in numbers else len(numbers)
            said = [place for place in range(end) if numbers[place] not in (PAD, BOS)]  # as `decode` has it
            looked = None if weights is None else weights[row, said, : len(sentences[i])].cpu()
            found[i] = Translation(target.decode(numbers), looked)
    return found


@torch.no_grad()
def align(
    model: nn.Module,
    pairs: Sequence[tuple[Sequence[str], Sequence[str]]],
    source: Vocabulary,
    target: Vocabulary,
    batch: int = 250,
) -> list[Float[Tensor, "words source"]]:
    """The weights with which the model writes a given translation of each sentence: one row a target word.

    Raises ValueError for a sentence without words, TypeError for a model without attention.
    """
    device = next(model.parameters()).device
    found: list[Tensor] = [torch.empty(0, device="cpu")] * len(pairs)
    with evaluating(model):
        for places in in_batches([sentence for sentence, _ in pairs], batch):
            sources = pad([source.encode(pairs[i][0]) for i in places]).to(device)
            previous = pad([[BOS, *target.encode(pairs[i][1])] for i in places]).to(device)
            _, weights = model(sources, previous)
            if weights is None:
                raise TypeError(f"align: expected a model with attention, got {type(model).__name__}")
            for row, i in enumerate(places):
                found[i] = weights[row, : len(pairs[i][1]), : len(pairs[i][0])].cpu()
    return found


def in_batches(sentences: Sequence[Sequence[str]], size: int) -> Iterator[list[int]]:
    """The places of sentences of like length, `size` at a time. Raises ValueError for a sentence without words."""
    if not all(sentences):
        empty = next(i for i, sentence in enumerate(sentences) if not sentence)
        raise ValueError(f"sentences: expected at least one word in each, number {empty} is empty")
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    return (order[start : start + size] for start in range(0, len(order), size))


def copy_unknown(words: Sequence[str], source: Sequence[str], weights: Float[Tensor, "words source"]) -> list[str]:
    """Put the source word with the largest weight in the place of each `<unk>` (Luong et al. 2015, section 4).

    It is a good guess for names and numbers that both languages write alike. Raises ValueError where there is not one
    row of weights for each word.
    """
    looked_at = weights.argmax(-1).tolist()
    return [source[place] if word == SPECIAL[UNKNOWN] else word for word, place in zip(words, looked_at, strict=True)]
