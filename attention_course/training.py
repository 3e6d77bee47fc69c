"""Training a translator on a budget of target tokens."""

import random
import sys
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from tqdm import tqdm

from .data.vocabulary import BOS, EOS, Vocabulary, pad
from .masks import PAD

Example = tuple[list[int], list[int]]


class Training(NamedTuple):
    """What a training run has used, and how it went."""

    target_tokens: int
    steps: int
    seconds: float
    losses: list[float]  # nats a target token, one a step


def encode_pairs(
    pairs: Sequence[tuple[Sequence[str], Sequence[str]]], source: Vocabulary, target: Vocabulary
) -> list[Example]:
    """Sentence pairs as numbers; the target stands between `<bos>` and `<eos>`."""
    return [(source.encode(s), [BOS, *target.encode(t), EOS]) for s, t in pairs]


def batches(
    examples: Sequence[Example], size: int, generator: random.Random, pool: int = 50
) -> Iterator[tuple[Int[Tensor, "batch source"], Int[Tensor, "batch target"]]]:
    """One pass in batches of sentences of like length, in random order.

    `pool` batches are shuffled together, sorted by length and cut up, so that little of a batch is padding.
    """
    if size < 1:
        raise ValueError(f"batch size: expected at least 1, got {size}")
    order = list(range(len(examples)))
    generator.shuffle(order)
    cut = []
    for start in range(0, len(order), pool * size):
        by_length = sorted(order[start : start + pool * size], key=lambda i: (len(examples[i][1]), len(examples[i][0])))
        cut += [by_length[i : i + size] for i in range(0, len(by_length), size)]
    generator.shuffle(cut)
    for batch in cut:
        yield pad([examples[i][0] for i in batch]), pad([examples[i][1] for i in batch])


def endless(examples: Sequence[Example], size: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """`batches`, one pass after the other, each in another order."""
    if not examples:
        raise ValueError("examples: expected at least one sentence pair, got none")
    generator = random.Random(seed)
    while True:
        yield from batches(examples, size, generator)


def sequence_loss(
    logits: Float[Tensor, "batch target words"], target: Int[Tensor, "batch target"], label_smoothing: float = 0.0
) -> Float[Tensor, ""]:
    """Cross-entropy in nats a target token; padding does not count."""
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PAD, label_smoothing=label_smoothing)


def warm_up_then_decay(progress: float, warm_up: float = 0.1) -> float:
    """The factor on the learning rate when `progress` (0 to 1) of the budget is used: up to one, then down to zero."""
    return progress / warm_up if progress < warm_up else (1 - progress) / (1 - warm_up)


def train(
    model: nn.Module,
    examples: Sequence[Example],
    *,
    target_tokens: int,
    learning_rate: float,
    batch_size: int = 64,
    label_smoothing: float = 0.0,
    seed: int = 0,
    progress: bool = True,
) -> Training:
    """Train `model(source, previous) -> (logits, weights)` until it has been shown `target_tokens` words to predict.

    The budget is a number of tokens, never of seconds, so that two runs on one machine give the same numbers.
    AdamW; gradients are clipped at norm 1; the learning rate follows `warm_up_then_decay`.
    """
    if target_tokens < 1:
        raise ValueError(f"target_tokens: expected at least 1, got {target_tokens}")
    device = next(model.parameters()).device
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.98), fused=True)
    model.train()
    start, seen, losses = time.perf_counter(), 0, []
    # To stdout: what a notebook gets on stderr it shows as if something had gone wrong.
    with tqdm(
        total=target_tokens, unit=" words", mininterval=0.5, disable=not progress, file=sys.stdout, leave=False
    ) as bar:
        for source, target in endless(examples, batch_size, seed):
            tokens = int((target[:, 1:] != PAD).sum())
            for group in optimizer.param_groups:
                group["lr"] = learning_rate * warm_up_then_decay(min(1.0, (seen + tokens / 2) / target_tokens))
            source, target = source.to(device), target.to(device)
            logits, _ = model(source, target[:, :-1])
            loss = sequence_loss(logits, target[:, 1:], label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            seen += tokens
            bar.update(min(tokens, target_tokens - bar.n))
            bar.set_postfix(loss=f"{losses[-1]:.2f}", refresh=False)
            if seen >= target_tokens:
                break
        bar.refresh()  # a training shorter than the bar's interval shows its loss, too
    model.eval()
    return Training(seen, len(losses), time.perf_counter() - start, losses)
