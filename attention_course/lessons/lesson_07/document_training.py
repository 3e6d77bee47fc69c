"""Training a reader of documents on a budget of documents, and reading with it."""

import random
from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor, nn

from attention_course.data.vocabulary import UNKNOWN
from attention_course.lessons.lesson_07.documents import Numbers, pad_documents
from attention_course.masks import PAD
from attention_course.models.hierarchical import Reading
from attention_course.modes import evaluating
from attention_course.training import Training, fit

Batch = tuple[Int[Tensor, "batch sentences words"], Int[Tensor, " batch"]]


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
    device: torch.device | str = "auto",
    progress: bool = True,
) -> Training:
    """`fit` of `model(documents) -> Reading` to the labels, in `passes` through the documents, in random order.

    word_dropout: the share of words that are read as `<unk>`, others at every pass.
    The budget is in documents, and losses in nats a document. Raises ValueError, besides what `fit` raises, where there
    are no documents or not as many labels.
    """
    if not documents or len(documents) != len(labels):
        raise ValueError(f"documents and labels: expected as many of both, got {len(documents)} and {len(labels)}")
    return fit(
        model,
        batches(documents, labels, passes, batch, word_dropout, seed),
        lambda model, tokens, target: F.cross_entropy(model(tokens).logits, target),
        budget=passes * len(documents),
        learning_rate=learning_rate,
        count=lambda tokens, target: len(target),
        unit="documents",
        device=device,
        progress=progress,
    )


def batches(
    documents: Sequence[Numbers], labels: Sequence[int], passes: int, size: int, word_dropout: float, seed: int
) -> Iterator[Batch]:
    """The documents of each pass with their labels, in random order, `size` at a time. For the rest, see `train`."""
    order, shuffle = list(range(len(documents))), random.Random(seed)
    noise = torch.Generator().manual_seed(seed)
    for _ in range(passes):
        shuffle.shuffle(order)
        for chosen in [order[i : i + size] for i in range(0, len(order), size)]:
            tokens = pad_documents([documents[i] for i in chosen])
            if word_dropout:
                lost = torch.rand(tokens.shape, generator=noise, dtype=torch.float32, device="cpu") < word_dropout
                tokens[lost.to(tokens.device) & (tokens != PAD)] = UNKNOWN
            yield tokens, torch.tensor([int(labels[i]) for i in chosen])


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
