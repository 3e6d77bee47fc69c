"""Textual entailment: does the hypothesis follow from the premise, does it contradict it, or is it left open?"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.layers import AttentionPooling, self_attention
from attention_course.lessons.lesson_09.neighbours import Neighbours
from attention_course.masks import PAD, others_mask, padding_mask
from attention_course.scores import scaled_dot_score


class Entailer(nn.Module):
    """Premise and hypothesis as one set of words that asks itself, and one vector of what comes of it.

    A word x_i looks for its like, in the other sentence or its own, Eqs. (16) and (17) with the scaled dot product; the
    value h_j tells what stands next to it there. The two are compared word by word, and attention without a query,
    Eqs. (18)-(20), is stacked on top. (Parikh et al. 2016 attend, compare and aggregate likewise; they let the two
    sentences ask each other, and have self-attention inside each as an option.)

    relate: False leaves self-attention out, for comparison.
    """

    def __init__(self, words: int, size: int = 32, reach: int = 3, relate: bool = True):
        super().__init__()
        self.relate = relate
        self.embedding = nn.Embedding(words, size, padding_idx=PAD)
        self.near = Neighbours(size, 2 * size, reach)
        self.compare = nn.Sequential(nn.Linear((4 if relate else 2) * size, 2 * size), nn.ReLU())
        self.pool = AttentionPooling(2 * size, size)
        self.classify = nn.Linear(2 * size, 3)

    def forward(
        self, words: Int[Tensor, "batch words"]
    ) -> tuple[Float[Tensor, "batch 3"], Float[Tensor, "batch words words"] | None]:
        """words: the premise, a mark, and the hypothesis. Give (logits, weights), the weights of self-attention."""
        mask, weights = padding_mask(words), None
        x = self.embedding(words)  # (B, S, E)
        h = self.near(x)
        if self.relate:
            others = mask & others_mask(words.shape[1], words.device)
            contexts, weights = self_attention(x, scaled_dot_score, h, others)
            h = torch.cat([h, contexts], -1)
        vector, _ = self.pool(self.compare(h), mask.squeeze(1))
        return self.classify(vector), weights
