"""How much one head loses: a verb must bring back two words. A test holds that it is the code of the page."""

import torch
from torch import nn

from attention_course.training import fit


def who_and_where(count, n=8):
    """What the verb of each sentence asks with, the words, and what is to come back: roles 1 and 2, 2 n numbers."""
    source = torch.zeros(count, 6, 16)
    source[..., :n] = torch.randn(count, 6, n)  # what the word is
    source[..., 8:14] = torch.eye(6)  # its role
    answer = source[:, :2, :n].flatten(1)  # roles 1 and 2: (count, 2 n)
    return source[:, 2:3], source, answer  # role 3, the verb, asks


def error(model, verb, source, answer):
    """The mean squared error."""
    found, _ = model(verb, source)  # (count, 1, 16)
    return nn.functional.mse_loss(found[:, 0, : answer.shape[1]], answer)


class BehindMLP(nn.Module):
    """Attention whose words go through a small network first, each by itself."""

    def __init__(self, attention):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(16, 128), nn.ReLU(), nn.Linear(128, 16))
        self.attention = attention

    def forward(self, x, source):
        return self.attention(self.mlp(x), self.mlp(source))


def error_after(model, n=8, steps=600):
    """Train, and give the error on 10,000 new sentences."""
    batches = (who_and_where(128, n) for _ in range(steps))
    fit(model, batches, error, budget=steps, learning_rate=1e-2, progress=False)
    with torch.no_grad():
        return error(model, *who_and_where(10_000, n)).item()
