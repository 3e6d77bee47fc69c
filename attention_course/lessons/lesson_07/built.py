"""What lesson 07 builds, as it stands there: its exercises use it. A test holds both together."""

import random
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from attention_course.data.vocabulary import PAD, UNKNOWN
from attention_course.device import pick_device
from attention_course.functional import masked_softmax


def pad_documents(documents):  # lists of sentences, which are lists of numbers
    """Documents as one tensor (B, S, T), filled up with PAD behind the words and behind the sentences."""
    S = max(len(document) for document in documents)
    T = max(len(sentence) for document in documents for sentence in document)
    padded = []
    for document in documents:
        rows = [sentence + [PAD] * (T - len(sentence)) for sentence in document]
        padded.append(rows + [[PAD] * T] * (S - len(document)))
    return torch.tensor(padded)  # (B, S, T)


class BothEnds(nn.Module):
    """A GRU from the left and one from the right, with E / 2 numbers each. Padding stands at the end."""

    def __init__(self, E):
        super().__init__()
        self.gru = nn.GRU(E, E // 2, bidirectional=True, batch_first=True)

    def forward(self, x, mask):  # (B, n, E), (B, n)
        lengths = mask.sum(1).clamp(min=1).cpu()  # nothing but PAD: read one
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        states, _ = self.gru(packed)
        return pad_packed_sequence(states, batch_first=True, total_length=x.shape[1])[0]


class Level(nn.Module):
    """Vectors become one: a GRU from both ends, if asked for, and attention without a query, Eqs. (18) to (20)."""

    def __init__(self, E, gru=True):
        super().__init__()
        self.gru = BothEnds(E) if gru else None
        self.W_k = nn.Linear(E, E, bias=False)
        self.u = nn.Parameter(torch.randn(E) / E**0.5)

    def forward(self, x, mask):  # (B, n, E), (B, n)
        h = self.gru(x, mask) if self.gru else x  # states (B, n, E)
        scores = torch.tanh(self.W_k(h)) @ self.u  # step 1: (B, n)
        weights = masked_softmax(scores, mask)  # step 2: (B, n)
        c = (weights[:, None] @ h)[:, 0]  # step 3: (B, E)
        return c, weights, h


class Reading(NamedTuple):
    """What a network makes of documents."""

    logits: torch.Tensor  # (B, classes)
    sentence_weights: torch.Tensor  # (B, S)
    word_weights: torch.Tensor  # (B, S, T)
    states: torch.Tensor  # of the sentences (B, S, E)


class HierarchicalAttention(nn.Module):
    """The network of Yang et al. (2016): words become sentences, sentences become a document, the document a label."""

    def __init__(self, words, classes, E=32, gru=(True, True), dropout=0.0):
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        nn.init.normal_(self.embedding.weight, std=E**-0.5)
        self.words, self.sentences = Level(E, gru[0]), Level(E, gru[1])
        self.dropout, self.classify = nn.Dropout(dropout), nn.Linear(E, classes)

    def forward(self, documents):  # (B, S, T)
        mask, B = documents != PAD, len(documents)  # (B, S, T)
        x = self.dropout(self.embedding(documents))  # (B, S, T, E)
        c, word_weights, _ = self.words(x.flatten(0, 1), mask.flatten(0, 1))  # (B·S, E)
        c, word_weights = c.unflatten(0, (B, -1)), word_weights.unflatten(0, (B, -1))
        document, weights, h = self.sentences(c, mask.any(-1))  # (B, E)
        return Reading(self.classify(self.dropout(document)), weights, word_weights, h)


def batches(documents, labels, passes, generator, size=32, lost=0.0):
    """Batches (B, S, T) and labels (B) of so many passes, in random order. lost: the share of words read as <unk>."""
    order = list(range(len(documents)))
    for _ in range(passes):
        generator.shuffle(order)
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            batch = pad_documents([documents[i] for i in chosen])
            if lost:
                batch[(torch.rand(batch.shape) < lost) & (batch != PAD)] = UNKNOWN
            yield batch, torch.tensor([labels[i] for i in chosen])


def train(model, documents, labels, passes, learning_rate=1e-2, seed=0, size=32, lost=0.0):
    """Lower the cross-entropy of the labels with AdamW, and leave the model on the CPU and in eval mode."""
    device = pick_device(model)
    model.to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    for batch, label in batches(documents, labels, passes, random.Random(seed), size, lost):
        loss = F.cross_entropy(model(batch.to(device)).logits, label.to(device))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.to("cpu").eval()


@torch.no_grad()
def read(model, documents):
    """What a network makes of many documents, twenty at a time."""
    parts = [model(part) for part in pad_documents(documents).split(20)]
    return Reading(*map(torch.cat, zip(*parts, strict=True)))
