"""What lesson 11 builds, as it stands there: later lessons import it. A test holds both together."""

import math

import torch
from torch import nn

from attention_course.functional import masked_softmax
from attention_course.lessons.lesson_10.built import merge, split


def sinusoids(L, E):
    """The encoding of the Transformer paper: (L, E), sine and cosine of E / 2 clock hands at each place."""
    rates = 10_000 ** (-torch.arange(0, E, 2) / E)  # (E / 2): radians per place
    angles = torch.arange(L)[:, None] * rates  # (L, E / 2)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)  # (L, E)


def sinusoidal(x):  # (B, L, E)
    """The words with `sinusoids` added."""
    return x + sinusoids(*x.shape[1:]).to(x)


class Learned(nn.Module):
    """Adds a learned vector for each place; there is none behind the last."""

    def __init__(self, E, longest):
        super().__init__()
        self.table = nn.Parameter(torch.randn(longest, E))

    def forward(self, x):  # (B, L, E)
        L = x.shape[1]
        if len(self.table) < L:
            raise ValueError(f"expected at most {len(self.table)} places, got {L}")
        return x + self.table[:L]


def distances(L):
    """[t, j]: how far key j stands behind query t, negative where it stands before it. (L, L)"""
    place = torch.arange(L)
    return place - place[:, None]


def dot(Q, K):  # (B, H, L, D) each
    """Scores that know nothing of places."""
    return Q @ K.mT / Q.shape[-1] ** 0.5  # (B, H, L, L)


class Shaw(nn.Module):
    """Each distance has a vector, which joins the key."""

    def __init__(self, D, farthest=16):
        super().__init__()
        self.farthest = farthest
        self.vectors = nn.Parameter(0.02 * torch.randn(2 * farthest + 1, D))

    def forward(self, Q, K):
        near = distances(Q.shape[-2]).clamp(-self.farthest, self.farthest)
        r = self.vectors[near + self.farthest]  # (L, L, D)
        extra = torch.einsum("bhtd,tjd->bhtj", Q, r)
        return (Q @ K.mT + extra) / Q.shape[-1] ** 0.5


def bucket(distance, buckets=32, farthest=128):
    """T5's bucket of each distance: near ones have one of their own, far ones share."""
    half, exact = buckets // 2, buckets // 4  # half for keys before, half for keys behind
    far = distance.abs()
    share = (far.clamp(min=1) / exact).log() / math.log(farthest / exact)
    shared = (exact + (half - exact) * share).long().clamp(max=half - 1)
    return torch.where(far < exact, far, shared) + half * (distance > 0)


class T5(nn.Module):
    """Each bucket of distances has a learned number for each head, which is added to the score."""

    def __init__(self, H, farthest=128):
        super().__init__()
        self.farthest = farthest
        self.bias = nn.Parameter(torch.zeros(H, 32))

    def forward(self, Q, K):
        index = bucket(distances(Q.shape[-2]), farthest=self.farthest)
        return dot(Q, K) + self.bias[:, index]  # (B, H, L, L) + (H, L, L)


class ALiBi(nn.Module):
    """Each score loses in proportion to the distance. H: a power of two."""

    def __init__(self, H):
        super().__init__()
        self.slopes = 2.0 ** (-8 * torch.arange(1, H + 1) / H)

    def forward(self, Q, K):
        lost = self.slopes[:, None, None] * distances(Q.shape[-2]).abs()
        return dot(Q, K) - lost.to(Q)  # (B, H, L, L) - (H, L, L)


def turn(x, start=0):  # (..., L, D)
    """Turn each pair of numbers by the angle of its clock hand at that place. start: the first row's place."""
    L, D = x.shape[-2:]
    table = sinusoids(start + L, D)[start:].to(x)  # (L, D)
    sin, cos = table[:, 0::2], table[:, 1::2]  # (L, D / 2)
    first, second = x[..., 0::2], x[..., 1::2]  # of each pair
    return torch.stack([first * cos - second * sin, first * sin + second * cos], -1).flatten(-2)


def rotary(Q, K):
    """Scores of turned queries and turned keys; the last query stands at the last key's place."""
    start = K.shape[-2] - Q.shape[-2]  # 0, unless earlier keys are cached
    return dot(turn(Q, start), turn(K))


def linear(E):
    """A square matrix that begins as Glorot and Bengio proposed, and a bias of zeros."""
    layer = nn.Linear(E, E)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Layer(nn.Module):
    """Attention with given scores, and a small network at each place; each is added to what came in."""

    def __init__(self, E, H, scores):
        super().__init__()
        self.H, self.scores = H, scores
        self.W_Q, self.W_K, self.W_V, self.W_O = (linear(E) for _ in range(4))
        self.norm_1, self.norm_2 = nn.LayerNorm(E), nn.LayerNorm(E)
        self.mlp = nn.Sequential(nn.Linear(E, 4 * E), nn.ReLU(), nn.Linear(4 * E, E))

    def forward(self, x, mask):  # (B, L, E), (L, L)
        normed = self.norm_1(x)
        Q, K, V = (split(W(normed), self.H) for W in (self.W_Q, self.W_K, self.W_V))
        weights = masked_softmax(self.scores(Q, K), mask)  # (B, H, L, L)
        x = x + self.W_O(merge(weights @ V))
        return x + self.mlp(self.norm_2(x))


class Reader(nn.Module):
    """Predicts each next character from those before it. add: positions for the words. scores: makes a layer's."""

    def __init__(self, characters, add=None, scores=lambda: dot, layers=2, E=64, H=4):
        super().__init__()
        self.embedding = nn.Embedding(characters, E)
        nn.init.normal_(self.embedding.weight, std=E**-0.5)
        self.add = add or nn.Identity()
        self.layers = nn.ModuleList(Layer(E, H, scores()) for _ in range(layers))
        self.norm, self.bias = nn.LayerNorm(E), nn.Parameter(torch.zeros(characters))

    def forward(self, text, back=10_000):  # (B, L); back: how far it may look
        x = self.add(self.embedding(text) * self.embedding.embedding_dim**0.5)  # (B, L, E)
        distance = distances(text.shape[1]).to(text.device)
        mask = (distance <= 0) & (distance > -back)  # (L, L)
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x) @ self.embedding.weight.T + self.bias  # (B, L, characters)
