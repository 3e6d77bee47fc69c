"""Lesson 12's Transformer with one part left out, to see what the part is there for."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from unittest.mock import patch

import torch
from torch import Tensor, nn

from attention_course.lessons.lesson_12 import built


class Nothing(nn.Module):
    """In the place of a feed-forward network: it finds nothing."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


class FindsNothing(nn.Module):
    """In the place of an attention: no word finds anything."""

    def forward(self, x: Tensor, source: Tensor | None = None, mask: Tensor | None = None) -> tuple[Tensor, None]:
        return torch.zeros_like(x), None


def not_added(self, x, mask, h=None, h_mask=None):
    """A block's `forward` without residual connections: each part hands on what it found, and nothing else."""
    x = self.drop(self.look(self.norm_1(x), mask=mask)[0])
    if h is not None:
        x = self.drop(self.cross(self.norm_2(x), h, mask=h_mask)[0])
    return self.drop(self.feed(self.norm_3(x)))


def _no_feed_forward(model):
    for block in (*model.encoder.blocks, *model.decoder.blocks):
        block.feed = Nothing()


def _no_reading(model):
    for block in model.encoder.blocks:
        block.look = FindsNothing()


def _no_norms(model):
    for part in list(model.modules()):
        for name, child in part.named_children():
            if isinstance(child, nn.LayerNorm):
                setattr(part, name, nn.Identity())


def _no_factor(embedding, words, start=0):
    end, E = start + words.shape[1], embedding.embedding_dim
    return embedding(words) + built.sinusoids(end, E)[start:].to(words.device)


def _elsewhere(name: str, other, place=built) -> Callable[[], AbstractContextManager]:
    return lambda: patch.object(place, name, other)


CHANGES = {  # what is left out: what stands elsewhere in lesson 12's code, and what is done to the model
    "nothing": (nullcontext, None),
    "the encoder's self-attention": (nullcontext, _no_reading),
    "the feed-forward networks": (nullcontext, _no_feed_forward),
    "the norms": (nullcontext, _no_norms),
    "the residual connections": (_elsewhere("forward", not_added, built.Block), None),
    "the positions": (_elsewhere("sinusoids", lambda L, E: torch.zeros(L, E)), None),
    "the factor √E": (_elsewhere("enter", _no_factor), None),
    "the warm-up": (_elsewhere("warm_up", lambda done: 1 - done), None),
}


def without(part: str, make: Callable[[], nn.Module]) -> tuple[AbstractContextManager, nn.Module]:
    """A Transformer of lesson 12 that lacks a part of CHANGES, and the context in which it learns and writes.

    make: builds the whole model. Raises KeyError for another part. It writes with `built.write` only: the KV cache
    knows nothing of this.
    """
    context, change = CHANGES[part]
    with context():
        model = make()
    if change:
        change(model)
    return context(), model
