"""What lesson 04 builds, as it stands there: other lessons show it. A test holds both together."""

import torch
import torch.nn.functional as F
from torch import nn

from attention_course.data.vocabulary import BOS, PAD
from attention_course.functional import masked_softmax
from attention_course.lessons.lesson_03.built import Decoder, Encoder


class Attention(nn.Module):
    """Eqs. (7) to (9): a state asks all annotations h, which are keys and values. mask: True = may attend."""

    def __init__(self, query_size, key_size, D):
        super().__init__()
        self.W_q = nn.Linear(query_size, D, bias=False)
        self.W_k = nn.Linear(key_size, D, bias=False)
        self.u = nn.Parameter(torch.randn(D) / D**0.5)

    def forward(self, state, h, mask):  # (B, D), (B, S, 2 H), (B, S)
        q, k = self.W_q(state)[:, None], self.W_k(h)  # (B, 1, D), (B, S, D)
        scores = torch.tanh(q + k) @ self.u  # Eq. (7): (B, S)
        weights = masked_softmax(scores, mask)  # Eq. (8): (B, S)
        context = (weights[:, None] @ h)[:, 0]  # Eq. (9): (B, 2 H)
        return context, weights


class RNNsearch(nn.Module):
    """The translator of Bahdanau et al. (2015): in each step, attention gives the decoder a new context vector."""

    def __init__(self, source_words, target_words, E=64, H=64, D=128):
        super().__init__()
        self.encoder = Encoder(source_words, E, H)
        self.first_state = nn.Linear(H, D)
        self.attention = Attention(D, 2 * H, D)
        self.decoder = Decoder(target_words, E, 2 * H, D)

    def encode(self, source):  # (B, S)
        right, left = self.encoder(source)
        h = torch.cat([right, left], -1)  # annotations (B, S, 2 H)
        return (h, source != PAD), torch.tanh(self.first_state(left[:, 0]))

    def step(self, previous, state, memory):  # (B), (B, D), (h, mask)
        context, weights = self.attention(state, *memory)  # c_t: it asks with s_{t-1}
        logits, state = self.decoder(previous, state, context)
        return logits, state, weights


def teacher_forcing(model, source, target):  # (B, S), (B, L + 1)
    """The logits (B, L, words) of each target word, given the true words before it, and the weights (B, L, S)."""
    memory, state = model.encode(source)
    logits, weights = [], []
    for previous in target[:, :-1].unbind(1):
        step, state, looked = model.step(previous, state, memory)
        logits.append(step)
        weights.append(looked)
    return torch.stack(logits, 1), torch.stack(weights, 1)  # (B, L, words), (B, L, S)


def translation_loss(model, source, target):
    """The cross-entropy of the true next words; padding does not count."""
    logits, _ = teacher_forcing(model, source, target)
    return F.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD)


@torch.no_grad()
def greedy(model, source, longest=30):  # (B, S)
    """The most probable word at each step."""
    memory, state = model.encode(source)
    previous, words = torch.full((len(source),), BOS), []
    for _ in range(longest):
        logits, state, _ = model.step(previous, state, memory)
        previous = logits.argmax(-1)
        words.append(previous)
    return torch.stack(words, 1)  # (B, longest)
