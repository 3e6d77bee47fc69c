"""What lesson 10 builds, as it stands there: other lessons build upon it. A test holds both together."""

import torch
from torch import nn


def split(x, H):
    """Cut the numbers of each word into heads, and bring the heads in front of the words."""
    B, L, E = x.shape
    return x.view(B, L, H, E // H).transpose(1, 2)  # (B, L, H, D) -> (B, H, L, D)


def merge(x):
    """The way back from `split`: (B, H, L, D) -> (B, L, H D)."""
    return x.transpose(1, 2).flatten(2)


def attend(Q, K, V, mask=None):
    """Scaled dot-product attention: contexts (..., L, D) and weights (..., L, S).

    mask: Boolean, True = may look; it broadcasts to the weights. A row of False gets zeros.
    """
    scores = Q @ K.mT / Q.shape[-1] ** 0.5  # steps 3, 4: (..., L, S)
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(-1)  # step 5: each row adds up to 1
    if mask is not None:
        weights = weights * mask
    return weights @ V, weights  # step 6: (..., L, D)


class MultiHeadAttention(nn.Module):
    """Eq. (14): H heads of E / H numbers. Without a source it is self-attention, with one cross-attention.

    Gives the output (B, L, E) and the weights (B, H, L, S). mask: Boolean, True = may look; broadcasts to the weights.
    """

    def __init__(self, E, H):
        super().__init__()
        assert E % H == 0, f"H: expected a divisor of {E}, got {H}"
        self.H = H
        self.W_Q, self.W_K, self.W_V, self.W_O = (nn.Linear(E, E) for _ in range(4))

    def forward(self, x, source=None, mask=None):  # (B, L, E), (B, S, E)
        source = x if source is None else source  # no source: self-attention
        Q = split(self.W_Q(x), self.H)  # step 2: (B, H, L, D)
        K = split(self.W_K(source), self.H)  # (B, H, S, D)
        V = split(self.W_V(source), self.H)  # (B, H, S, D)
        contexts, weights = attend(Q, K, V, mask)  # steps 3 to 6
        return self.W_O(merge(contexts)), weights  # step 7: (B, L, E), (B, H, L, S)
