"""Stacked attention: look, add what was found to the question, and look again."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attention_course.layers import AttentionLayer
from attention_course.scores import AdditiveScore


class Hop(nn.Module):
    """One look: u^(m) = c^(m) + u^(m-1), where c^(m) is attention over the regions with u^(m-1) as the query."""

    def __init__(self, size: int, score_size: int):
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.attend = AttentionLayer(AdditiveScore(size, size, score_size))
        self.value = nn.Linear(size, size, bias=False)

    def forward(
        self,
        u: Float[Tensor, "batch size"],
        regions: Float[Tensor, "batch regions size"],
        mask: Bool[Tensor, "batch 1 regions"] | None = None,
    ) -> tuple[Float[Tensor, "batch size"], Float[Tensor, "batch regions"]]:
        """Give (the refined query, the weights)."""
        context, weights = self.attend(self.norm(u).unsqueeze(1), regions, self.value(regions), mask)
        return u + context.squeeze(1), weights.squeeze(1)


class StackedAttention(nn.Module):
    """Answers a question about the regions of a picture in several hops (Yang et al. 2016, "Stacked attention networks
    for image question answering", CVPR; survey, section 3.2).

    words, region_size, answers: how many words there are, how large a region's vector is, how many answers there are.
    hops: how many times it looks. size: of u, and of the regions inside; score_size: k of the additive score.

    The paper's v_i are our regions after `see`, its v_Q is u^(0), its h_A is the tanh inside of the score. Here differ:
    the encoder is a GRU (the paper has an LSTM or convolutions), queries and regions are normalised, the score has no
    bias, and every hop has a value matrix of its own, where the paper adds up the v_i themselves: without one, what the
    hops found lies in the sum u as if it had been found at once.
    """

    def __init__(self, words: int, region_size: int, answers: int, hops: int = 3, size: int = 64, score_size: int = 64):
        super().__init__()
        if hops < 1:
            raise ValueError(f"hops: expected at least 1, got {hops}")
        self.embedding = nn.Embedding(words, size)
        self.encoder = nn.GRU(size, size, batch_first=True)
        self.project = nn.Linear(region_size, size)
        self.norm = nn.LayerNorm(size)
        self.hops = nn.ModuleList(Hop(size, score_size) for _ in range(hops))
        self.answer = nn.Linear(size, answers)

    def read(self, questions: Int[Tensor, "batch words"]) -> Float[Tensor, "batch size"]:
        """u^(0), the last state of the GRU. Questions are padded at their beginning, where padding does least."""
        return self.encoder(self.embedding(questions))[1][0]

    def see(self, regions: Float[Tensor, "batch regions region_size"]) -> Float[Tensor, "batch regions size"]:
        """The regions' vectors in the size of u."""
        return self.norm(torch.tanh(self.project(regions)))

    def forward(
        self,
        regions: Float[Tensor, "batch regions region_size"],
        questions: Int[Tensor, "batch words"],
        mask: Bool[Tensor, "batch 1 regions"] | None = None,
        hops: int | None = None,
    ) -> tuple[Float[Tensor, "batch answers"], Float[Tensor, "batch hops regions"]]:
        """Give (logits of the answers, the weights of every hop).

        mask: True = may be looked at. hops: look only that many times. Raises ValueError for more hops than there are.
        """
        hops = len(self.hops) if hops is None else hops
        if not 1 <= hops <= len(self.hops):
            raise ValueError(f"hops: expected 1 to {len(self.hops)}, got {hops}")
        seen, u, maps = self.see(regions), self.read(questions), []
        for hop in self.hops[:hops]:
            u, weights = hop(u, seen, mask)
            maps.append(weights)
        return self.answer(u), torch.stack(maps, 1)
