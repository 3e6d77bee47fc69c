"""What lesson 09 builds, as it stands there: other lessons show it. A test holds both together."""

import torch
from torch import nn

from attention_course.functional import masked_softmax


def attend(Q, K, V, mask=None):
    """Scaled dot-product attention. mask: True = may attend; a row of all False gives zeros."""
    scores = Q @ K.mT / Q.shape[-1] ** 0.5  # (B, L, D) @ (B, D, L) -> (B, L, L)
    weights = masked_softmax(scores, mask)  # forbidden scores hidden first
    return weights @ V, weights  # (B, L, L) @ (B, L, E) -> (B, L, E)


class SelfAttention(nn.Module):
    """Every word of x asks every word of x. Gives (contexts, weights)."""

    def __init__(self, E, D):
        super().__init__()
        self.W_Q = nn.Linear(E, D, bias=False)
        self.W_K = nn.Linear(E, D, bias=False)
        self.W_V = nn.Linear(E, E, bias=False)

    def forward(self, x, mask=None):  # (B, L, E)
        Q, K, V = self.W_Q(x), self.W_K(x), self.W_V(x)  # (B, L, D), (B, L, D), (B, L, E)
        return attend(Q, K, V, mask)  # (B, L, E), (B, L, L)


def additive_attend(Q, K, V, u, mask=None):
    """Eqs. (15) to (17)."""
    scores = torch.tanh(Q[..., :, None, :] + K[..., None, :, :]) @ u  # (B, L, L, D) @ (D)
    weights = masked_softmax(scores, mask)  # (B, L, L)
    return weights @ V, weights


class QuerylessAttention(nn.Module):
    """Eqs. (18) to (20), for r learned questions at once. Gives (one vector for each question, weights)."""

    def __init__(self, E, D, r=1):
        super().__init__()
        self.W_K = nn.Linear(E, D, bias=False)
        self.U = nn.Parameter(torch.randn(r, D) / D**0.5)  # a question in each row

    def forward(self, h, mask=None):  # (B, L, E), (B, L)
        scores = self.U @ torch.tanh(self.W_K(h)).mT  # (r, D) @ (B, D, L) -> (B, r, L)
        weights = masked_softmax(scores, mask if mask is None else mask[:, None])
        return weights @ h, weights  # (B, r, E), (B, r, L)


class Matcher(nn.Module):
    """Does a sentence have the same colour twice? mask: (L, L), True = may attend."""

    def __init__(self, words, E=64, D=32):
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        self.relate = SelfAttention(E, D)
        self.compare = nn.Sequential(nn.Linear(2 * E, E), nn.ReLU(), nn.LayerNorm(E))
        self.pool = QuerylessAttention(E, D)
        self.classify = nn.Linear(E, 2)

    def forward(self, words, mask=None):  # (B, L), all of one length: no padding
        mask = ~torch.eye(words.shape[1], device=words.device).bool() if mask is None else mask
        x = self.embedding(words)  # (B, L, E)
        contexts, weights = self.relate(x, mask)  # (B, L, E), (B, L, L)
        h = self.compare(torch.cat([x, contexts], -1))  # (B, L, 2 E) -> (B, L, E)
        vector, shares = self.pool(h)  # (B, 1, E), (B, 1, L)
        return self.classify(vector[:, 0]), (weights, shares)
