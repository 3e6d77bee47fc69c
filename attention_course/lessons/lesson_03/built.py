"""What lesson 03 builds, as it stands there: later lessons import it. A test holds both together."""

import random

import torch
import torch.nn.functional as F
from torch import nn

from attention_course.bar import bar
from attention_course.data.vocabulary import PAD
from attention_course.device import pick_device


def pad(sentences):
    """Sentences of numbers as one tensor (B, longest), filled up with PAD."""
    longest = max(len(sentence) for sentence in sentences)
    rows = [sentence + [PAD] * (longest - len(sentence)) for sentence in sentences]
    return torch.tensor(rows)  # (B, longest)


def read(cell, x, real, order):  # (B, S, E), (B, S)
    """The states (B, S, H) of a GRU cell that reads x (B, S, E) in this order. real: (B, S), False at a PAD."""
    h, states = x.new_zeros(len(x), cell.hidden_size), {}
    for j in order:
        h = torch.where(real[:, j, None], cell(x[:, j], h), h)  # a PAD changes nothing
        states[j] = h
    return torch.stack([states[j] for j in range(x.shape[1])], 1)  # (B, S, H)


class Encoder(nn.Module):
    """Eq. (3), from both ends: the states of a GRU that reads from the left, and of one that reads from the right."""

    def __init__(self, words, E, H):
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        nn.init.normal_(self.embedding.weight, std=E**-0.5)  # vectors of length about 1
        self.rightward = nn.GRUCell(E, H)
        self.leftward = nn.GRUCell(E, H)

    def forward(self, source):  # (B, S)
        x, real, S = self.embedding(source), source != PAD, source.shape[1]
        right = read(self.rightward, x, real, range(S))  # (B, S, H)
        left = read(self.leftward, x, real, reversed(range(S)))  # (B, S, H)
        return right, left


class Decoder(nn.Module):
    """Eq. (5): one step of a GRU that is given the previous word and a context c, and the logits of the next word."""

    def __init__(self, words, E, C, D):  # C: numbers in c
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        nn.init.normal_(self.embedding.weight, std=E**-0.5)
        self.cell = nn.GRUCell(E + C, D)
        self.readout = nn.Linear(D + C + E, E)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(self, previous, state, c):  # (B), (B, D), (B, C)
        y = self.embedding(previous)  # (B, E)
        state = self.cell(torch.cat([y, c], -1), state)  # (B, D)
        wish = torch.tanh(self.readout(torch.cat([state, c, y], -1)))  # (B, E)
        return wish @ self.embedding.weight.T + self.bias, state  # logits (B, words)


class EncoderDecoder(nn.Module):
    """The translator without attention: `encode` gives the one vector c (Eq. 4) and the first state."""

    def __init__(self, source_words, target_words, E=64, H=64, D=128):
        super().__init__()
        self.encoder = Encoder(source_words, E, H)
        self.first_state = nn.Linear(H, D)
        self.decoder = Decoder(target_words, E, 2 * H, D)

    def encode(self, source):  # (B, S)
        right, left = self.encoder(source)
        c = torch.cat([right[:, -1], left[:, 0]], -1)  # Eq. (4): (B, 2 H)
        return c, torch.tanh(self.first_state(left[:, 0]))  # c and s_0 (B, D)


def teacher_forcing(model, source, target):  # (B, S), (B, L + 1)
    """The logits (B, L, words) of each target word, given the true words before it."""
    c, state = model.encode(source)
    logits = []
    for previous in target[:, :-1].unbind(1):  # <bos> le chat dort
        step, state = model.decoder(previous, state, c)
        logits.append(step)
    return torch.stack(logits, 1)  # (B, L, words)


def translation_loss(model, source, target):
    """The cross-entropy of the true next words; padding does not count."""
    logits = teacher_forcing(model, source, target)  # (B, L, words)
    wanted = target[:, 1:]  # le chat dort <eos>
    return F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=PAD)


def batches(examples, size, generator):
    """One pass through the examples, `size` sentences of like length at a time: pairs of (B, S) and (B, L + 1)."""
    order = generator.sample(range(len(examples)), len(examples))  # shuffled
    order.sort(key=lambda i: len(examples[i][1]))  # equals stay shuffled
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    generator.shuffle(groups)
    for group in groups:
        sources, targets = zip(*(examples[i] for i in group), strict=True)
        yield pad(sources), pad(targets)  # (B, S), (B, L + 1)


def train(model, examples, loss=translation_loss, size=32, learning_rate=3e-3):  # one pass
    """One pass through the examples. loss: a function of (model, source, target). Gives the loss of each batch."""
    device = pick_device(model)
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    losses = []
    for batch in bar(batches(examples, size, random.Random(0)), len(examples) // size, "batches"):
        value = loss(model, *(part.to(device) for part in batch))
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(value.detach())
    model.to("cpu")
    return torch.stack(losses).cpu()  # one number per batch
