"""From a model that gives the next word's probabilities to whole sentences.

A model here is anything with `encode(source) -> (memory, state)` and
`step(previous, state, memory) -> (logits, state, weights)`, as the translators of `models` have them. Memory and state
are tensors with the batch first, or tuples of such; the weights may be None.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from .data.vocabulary import BOS, EOS, SPECIAL, UNKNOWN, Vocabulary, pad
from .device import at_least_float32
from .masks import PAD


class Hypothesis(NamedTuple):
    """A translation that beam search has found."""

    words: list[int]  # `<eos>` included, where it came to an end
    weights: Float[Tensor, "words source"] | None
    log_probability: float  # of the words, in nats
    score: float  # the log probability over the number of words to the power `length_power`


@torch.no_grad()
def greedy(
    model: nn.Module, source: Int[Tensor, "batch source"], longest: int = 50
) -> tuple[Int[Tensor, "batch target"], Float[Tensor, "batch target keys"] | None]:
    """Take the most probable word at every step, until every sentence has ended or is `longest` words long.

    Gives the words, `<eos>` included (what stands behind it is of no meaning), and the attention weights of each.
    Raises ValueError for a `longest` below 1.
    """
    if longest < 1:
        raise ValueError(f"longest: expected at least 1 word, got {longest}")
    with evaluating(model):
        memory, state = model.encode(source)
        previous = torch.full((len(source),), BOS, device=source.device)
        ended = torch.zeros(len(source), dtype=torch.bool, device=source.device)
        words, weights = [], []
        for _ in range(longest):
            logits, state, looked = model.step(previous, state, memory)
            previous = logits.argmax(-1)
            ended |= previous == EOS
            words.append(previous)
            weights.append(looked)
            if ended.all():
                break
    return torch.stack(words, 1), None if weights[0] is None else torch.stack(weights, 1)


@torch.no_grad()
def beam(
    model: nn.Module, source: Int[Tensor, "batch source"], width: int = 4, longest: int = 50, length_power: float = 1.0
) -> list[list[Hypothesis]]:
    """Keep the `width` best beginnings at every step. Gives them for each sentence, the best first.

    Beginnings are compared by log probability / number of words ** length_power. A power of 0 compares the plain
    probabilities, which favours short sentences: every word more can only lower them. A sentence that has ended stays
    in the beam with its score as long as fewer than `width` others are better.

    Raises ValueError for a `longest` or a `width` below 1.
    """
    if longest < 1 or width < 1:
        raise ValueError(f"longest and width: expected at least 1, got {longest} and {width}")
    with evaluating(model):
        memory, state = model.encode(source)
        rows = torch.arange(len(source), device=source.device).repeat_interleave(width)
        memory, state = pick(memory, rows), pick(state, rows)
        first = torch.arange(len(source), device=source.device).unsqueeze(1) * width  # each sentence's first row

        words = torch.full((len(rows), 1), BOS, device=source.device)
        # At first all beginnings of a sentence are the same: let one of them speak.
        total = torch.full((len(source), width), -torch.inf, device=source.device)
        total[:, 0] = 0
        ended = torch.zeros_like(total, dtype=torch.bool)
        lengths = torch.zeros_like(total)
        weights = None
        for _ in range(longest):
            logits, state, looked = model.step(words[:, -1], state, memory)
            logs = at_least_float32(logits).log_softmax(-1).unflatten(0, (-1, width))  # (B, width, V)
            # What has ended goes on in one way only, and at no cost.
            is_end = torch.arange(logs.shape[-1], device=logs.device) == EOS
            logs = torch.where(ended.unsqueeze(-1), torch.where(is_end, 0.0, -torch.inf), logs)
            longer = lengths + (~ended).float()
            totals = total.unsqueeze(-1) + logs
            scores = (totals / longer.unsqueeze(-1) ** length_power).flatten(1)  # (B, width * V)
            places = scores.topk(width, -1).indices
            beams, chosen = places // logs.shape[-1], places % logs.shape[-1]

            rows = (first + beams).flatten()
            state, words = pick(state, rows), torch.cat([words[rows], chosen.flatten().unsqueeze(1)], 1)
            if looked is not None:
                looked = looked.unsqueeze(1)  # (B * width, 1, S)
                weights = (looked if weights is None else torch.cat([weights, looked], 1))[rows]
            total, lengths = totals.flatten(1).gather(1, places), longer.gather(1, beams)
            ended = ended.gather(1, beams) | (chosen == EOS)
            if ended.all():
                break
    found = []
    for i in range(len(source)):
        hypotheses = []
        for row, log, n in zip(
            range(i * width, (i + 1) * width), total[i].tolist(), lengths[i].int().tolist(), strict=True
        ):
            its_weights = None if weights is None else weights[row, :n]
            hypotheses.append(Hypothesis(words[row, 1 : n + 1].tolist(), its_weights, log, log / n**length_power))
        possible = [h for h in hypotheses if h.score > -torch.inf]  # there may be fewer sentences than `width`
        found.append(sorted(possible, key=lambda h: -h.score))
    return found


class Translation(NamedTuple):
    """A sentence that `translate` has written."""

    words: list[str]
    weights: Float[Tensor, "words source"] | None


def translate(
    model: nn.Module,
    sentences: Sequence[Sequence[str]],
    source: Vocabulary,
    target: Vocabulary,
    longest: int = 50,
    batch: int = 250,
) -> list[Translation]:
    """Translate sentences of words into words, greedily, with sentences of like length in one batch.

    Raises ValueError for a sentence without words.
    """
    device = next(model.parameters()).device
    found: list[Translation] = [Translation([], None)] * len(sentences)
    for places in in_batches(sentences, batch):
        words, weights = greedy(model, pad([source.encode(sentences[i]) for i in places]).to(device), longest)
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
    found: list[Tensor] = [torch.empty(0)] * len(pairs)
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


def pick(tree: Any, rows: Int[Tensor, " rows"]) -> Any:
    """The given rows of a tensor, or of every tensor in a tuple (named or not); numbers and None stay."""
    if isinstance(tree, Tensor):
        return tree[rows]
    if tree is None or isinstance(tree, int):
        return tree
    parts = [pick(part, rows) for part in tree]
    return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Without dropout; the model's mode is afterwards what it was."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
