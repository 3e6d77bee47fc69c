"""What lesson 06 builds, as it stands there: its exercises use it. A test holds both together."""

import torch
from torch import nn


class Regions(nn.Module):
    """The annotations h of the regions, from their features. The features of some pictures tell mean and deviation."""

    def __init__(self, features, size):  # (pictures, S, 112)
        super().__init__()
        some = features[:500].float()
        self.register_buffer("mean", some.mean((0, 1)))  # of each of the 112 numbers
        self.register_buffer("std", some.std((0, 1)) + 1e-3)
        self.project = nn.Linear(features.shape[2], size)
        self.places = nn.Parameter(0.1 * torch.randn(features.shape[1], size))
        self.norm = nn.LayerNorm(size)

    def forward(self, features):  # (B, S, 112)
        standard = (features - self.mean) / self.std
        return torch.relu(self.norm(self.project(standard) + self.places))  # h: (B, S, 192)


class Attention(nn.Module):
    """Eqs. (11) to (13), soft: the context is the average of the annotations h. k: the keys, W_k(h), made once."""

    def __init__(self, query_size, key_size, D):
        super().__init__()
        self.W_q = nn.Linear(query_size, D, bias=False)
        self.W_k = nn.Linear(key_size, D, bias=False)
        self.u = nn.Parameter(torch.randn(D) / D**0.5)

    def forward(self, query, h, k):  # (B, 352), (B, S, 192), (B, S, 64)
        scores = torch.tanh(self.W_q(query)[:, None] + k) @ self.u  # Eq. (11): (B, S)
        weights = scores.softmax(-1)  # Eq. (12): (B, S)
        context = (weights[:, None] @ h)[:, 0]  # Eq. (13): (B, 192)
        return context, weights


class Writer(nn.Module):
    """Eq. (10): one step of a GRU that is given the previous word y and the context, and the next word's logits."""

    def __init__(self, words, E, C, D):  # C: numbers in the context
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        self.cell = nn.GRUCell(E + C, D)
        self.dropout = nn.Dropout(0.1)
        self.readout = nn.Linear(D + C + E, words)

    def forward(self, y, state, context):  # (B, 96), (B, 256), (B, 192)
        state = self.cell(torch.cat([y, context], -1), state)  # s_t
        joined = torch.cat([state, context, y], -1)
        return self.readout(self.dropout(joined)), state  # logits (B, words)


class Captioner(nn.Module):
    """The captioner of Xu et al. (2015) with soft attention and a GRU, upon the features (B, S, 112) of pictures."""

    def __init__(self, features, words, E=96, C=192, D=256):
        super().__init__()
        self.regions = Regions(features, C)
        self.first_state = nn.Linear(C, D)
        self.attention = Attention(D + E, C, 64)
        self.writer = Writer(words, E, C, D)

    def encode(self, features):  # (B, S, 112)
        h = self.regions(features)  # (B, S, C)
        return (h, self.attention.W_k(h)), torch.tanh(self.first_state(h.mean(1)))

    def step(self, previous, state, memory):  # (B), (B, D), (h, k)
        y = self.writer.embedding(previous)  # y_{t-1}: (B, E)
        context, weights = self.attention(torch.cat([state, y], -1), *memory)
        logits, state = self.writer(y, state, context)
        return logits, state, weights


class HardAttention(Attention):
    """The same weights, used otherwise: the context is the annotation of one region, drawn, or else the top."""

    def __init__(self, query_size, key_size, D, draws=True):
        super().__init__(query_size, key_size, D)
        self.draws = draws

    def forward(self, query, h, k):
        _, weights = super().forward(query, h, k)
        chosen = torch.multinomial(weights, 1)[:, 0] if self.draws else weights.argmax(-1)
        rows = torch.arange(len(h), device=h.device)
        return h[rows, chosen], weights  # one region's annotation: (B, 192)
