"""Is it the second look that helps? Models with as many parameters, in which no look depends on another."""

import torch
from torch import nn

from attention_course.lessons.lesson_08.built import StackedAttention


class SideBySide(StackedAttention):
    """Each look asks with q^(0): the same parts and parameters, but no look knows what another has found."""

    def forward(self, regions, words, mask=None, hops=None):
        q, seen = self.encoder(self.embedding(words))[1][0], self.see(regions)
        looks = [hop(q, seen, mask) for hop in self.hops[:hops]]
        found = sum(after - q for after, _ in looks)
        return self.answer(q + found), torch.stack([weights for _, weights in looks], 1)


class OneLook(StackedAttention):
    """One hop, and a larger network that answers. 152 hidden numbers make as many parameters as two hops have."""

    def __init__(self, words, region_size, answers, hidden=152, E=64, D=64):
        super().__init__(words, region_size, answers, 1, E, D)
        self.answer = nn.Sequential(nn.Linear(E, hidden), nn.ReLU(), nn.Linear(hidden, answers))
