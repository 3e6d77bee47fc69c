"""Training a reader of documents on a budget of documents, and reading with it."""

import random
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor, nn
from tqdm import tqdm

from attention_course.data.vocabulary import UNKNOWN
from attention_course.lessons.lesson_07.documents import Numbers, pad_documents
from attention_course.masks import PAD
from attention_course.models.hierarchical import Reading
from attention_course.modes import evaluating, start_training
from attention_course.training import warm_up_then_decay


class Run(NamedTuple):
    """What a training has used, and its losses in nats a document, one a step."""

    documents: int
    seconds: float
    losses: list[float]


@torch.inference_mode(False)
@torch.enable_grad()
def train(
    model: nn.Module,
    documents: Sequence[Numbers],
    labels: Sequence[int],
    *,
    passes: int,
    learning_rate: float,
    batch: int = 32,
    word_dropout: float = 0.0,
    seed: int = 0,
    progress: bool = True,
) -> Run:
    """Train `model(documents) -> Reading` to say the labels, in `passes` through the documents, in random order.

    AdamW; gradients are clipped at norm 1; the learning rate follows `warm_up_then_decay`.
    word_dropout: the share of words that are read as `<unk>`, others at every pass.
    What is frozen stays frozen (`modes.start_training`), and the model is left in evaluation mode.

    Raises ValueError where there are no documents or not as many labels, ArithmeticError where the loss is not finite.
    """
    if not documents or len(documents) != len(labels):
        raise ValueError(f"documents and labels: expected as many of both, got {len(documents)} and {len(labels)}")
    order, shuffle = list(range(len(documents))), random.Random(seed)
    noise = torch.Generator("cpu").manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.98), fused=True)
    where = next(model.parameters()).device
    losses, seen, budget, start = [], 0, passes * len(documents), time.perf_counter()
    start_training(model)
    # To stdout: what a notebook gets on stderr it shows as if something had gone wrong.
    with tqdm(total=budget, unit=" documents", disable=not progress, file=sys.stdout, leave=False) as bar:
        for _ in range(passes):
            shuffle.shuffle(order)
            for chosen in [order[i : i + batch] for i in range(0, len(order), batch)]:
                tokens = pad_documents([documents[i] for i in chosen])
                if word_dropout:
                    lost = torch.rand(tokens.shape, generator=noise, dtype=torch.float32, device="cpu") < word_dropout
                    tokens[lost.to(tokens.device) & (tokens != PAD)] = UNKNOWN
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate * warm_up_then_decay((seen + len(chosen) / 2) / budget)
                target = torch.tensor([int(labels[i]) for i in chosen], device=where)
                loss = F.cross_entropy(model(tokens.to(where)).logits, target)
                if not loss.isfinite():
                    raise ArithmeticError(f"loss: expected a finite number, got {loss.item()}")
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                seen += len(chosen)
                losses.append(loss.item())
                bar.update(len(chosen))
    model.eval()
    return Run(seen, time.perf_counter() - start, losses)


@torch.no_grad()
def read(model: nn.Module, documents: Sequence[Numbers], batch: int = 100) -> Reading:
    """Read documents, without dropout and a batch at a time; the weights of all of them stand in two tensors, filled up
    with zeros."""
    tokens = pad_documents(documents).to(next(model.parameters()).device)
    with evaluating(model):
        return Reading(*(torch.cat(parts) for parts in zip(*map(model, tokens.split(batch)), strict=True)))


def accuracy(reading: Reading, labels: Sequence[int] | Int[Tensor, " batch"]) -> float:
    """The share of documents whose largest logit is that of their label."""
    return (reading.logits.argmax(-1) == torch.as_tensor(labels, device=reading.logits.device)).float().mean().item()
