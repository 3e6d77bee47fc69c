"""A picture said in words: a GRU that looks at the regions of the picture anew for every word (Xu et al. 2015)."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.functional import context_vector
from attention_course.layers.dropout import SharedDropout
from attention_course.models.recurrent import ContextGRUCell
from attention_course.scores import AdditiveScore


class Regions(NamedTuple):
    """What a captioner keeps of a picture from its first word to its last."""

    annotations: Float[Tensor, "batch regions size"]  # h_1 .. h_T
    prepared: Float[Tensor, "batch regions score_size"]  # what the score makes of them, computed once


class Captioner(nn.Module):
    """Eqs. (10)-(13) on the features of an image encoder, such as `efficientnet.EfficientNetLite0`.

    h_i is made of the features of region i, standardised, and of a learned vector for the region's place. At word t:
    scores z_ti = score(q_t, h_i) (Eq. 11), the additive one, weights a_t = softmax(z_t) (Eq. 12), context c_t =
    sum_i a_ti h_i (Eq. 13), state s_t = GRU([y_{t-1}, c_t], s_{t-1}), and words from g(y_{t-1}, s_t, c_t) (Eq. 10).

    features: some pictures' (pictures, T, channels), for their mean and standard deviation; T is fixed by them.
    words: the size of the vocabulary.

    Against the survey: the query q_t joins s_{t-1} with the word y_{t-1}, which Eq. (11) leaves out. Against the paper:
    a GRU in place of its LSTM, no gate on the context, and the additive score in place of its two-layer network.
    """

    def __init__(
        self,
        features: Float[Tensor, "pictures regions channels"],
        words: int,
        size: int = 192,
        embedding_size: int = 96,
        decoder_size: int = 256,
        score_size: int = 64,
        dropout: float = 0.1,
    ):
        super().__init__()
        some = features[:500].float()
        self.register_buffer("mean", some.mean((0, 1)))
        self.register_buffer("std", some.std((0, 1)) + 1e-3)
        self.project = nn.Linear(features.shape[-1], size)
        self.places = nn.Parameter(0.1 * torch.randn(features.shape[1], size))
        self.norm = nn.LayerNorm(size)
        self.first_state = nn.Linear(size, decoder_size)
        self.embedding = nn.Embedding(words, embedding_size)
        self.score = AdditiveScore(decoder_size + embedding_size, size, score_size)
        self.cell = ContextGRUCell(embedding_size, size, decoder_size)
        self.readout = nn.Linear(decoder_size + size + embedding_size, words)
        self.dropout = SharedDropout(dropout)

    def encode(
        self, features: Float[Tensor, "batch regions channels"]
    ) -> tuple[Regions, Float[Tensor, "batch decoder_size"]]:
        """The annotations, and the first state s_0, made from their average.

        Raises ValueError for another number of regions or channels than the captioner was made for.
        """
        expected = (len(self.places), len(self.mean))
        if features.shape[1:] != expected:
            raise ValueError(f"features: expected (batch, {expected[0]}, {expected[1]}), got {tuple(features.shape)}")
        standard = (features.to(self.mean.dtype) - self.mean) / self.std
        standard = standard.to(self.places.dtype)  # mean and std may be of another precision than what learns
        annotations = torch.relu(self.norm(self.project(standard) + self.places))  # (B, T, size)
        state = torch.tanh(self.first_state(annotations.mean(1)))
        return Regions(annotations, self.score.prepare(annotations)), state

    def look(
        self, word: Float[Tensor, "batch embedding_size"], state: Float[Tensor, "batch decoder_size"], regions: Regions
    ) -> tuple[Float[Tensor, "batch size"], Float[Tensor, "batch regions"]]:
        """Eqs. (11)-(13): the context c_t, and the weights with which it was mixed."""
        query = torch.cat([state, word], -1).unsqueeze(1)
        weights = self.score.compare(query, regions.prepared).softmax(-1)  # (B, 1, T)
        return context_vector(weights, regions.annotations).squeeze(1), weights.squeeze(1)

    def words(
        self,
        embedded: Float[Tensor, "batch target embedding_size"],
        states: Float[Tensor, "batch target decoder_size"],
        contexts: Float[Tensor, "batch target size"],
    ) -> Float[Tensor, "batch target words"]:
        """g(y_{t-1}, s_t, c_t) of Eq. (10), as logits."""
        return self.readout(self.dropout(torch.cat([states, contexts, embedded], -1)))

    def step(
        self, previous: Int[Tensor, " batch"], state: Float[Tensor, "batch decoder_size"], regions: Regions
    ) -> tuple[Float[Tensor, "batch words"], Float[Tensor, "batch decoder_size"], Float[Tensor, "batch regions"]]:
        """One word further: logits of y_t, the state s_t, and the weights with which the picture was looked at."""
        word = self.embedding(previous)
        context, weights = self.look(word, state, regions)
        state = self.cell(self.cell.from_word(word), context, state)
        logits = self.words(word.unsqueeze(1), state.unsqueeze(1), context.unsqueeze(1))
        return logits.squeeze(1), state, weights

    def forward(
        self, features: Float[Tensor, "batch regions channels"], previous: Int[Tensor, "batch target"]
    ) -> tuple[Float[Tensor, "batch target words"], Float[Tensor, "batch target regions"]]:
        """Teacher forcing: logits of every word given the true words before it, and all weights.

        previous: the captions, each behind `<bos>`.
        """
        regions, state = self.encode(features)
        embedded = self.dropout(self.embedding(previous))
        states, contexts, weights = [], [], []
        for word, gates in zip(embedded.unbind(1), self.cell.from_word(embedded).unbind(1), strict=True):
            context, looked = self.look(word, state, regions)
            state = self.cell(gates, context, state)
            states.append(state)
            contexts.append(context)
            weights.append(looked)
        return self.words(embedded, torch.stack(states, 1), torch.stack(contexts, 1)), torch.stack(weights, 1)


class MeanCaptioner(Captioner):
    """The captioner with attention switched off: all weights are 1 / T, and the context is the same at every word."""

    def look(self, word, state, regions):
        context = regions.annotations.mean(1)
        return context, context.new_full(regions.annotations.shape[:2], 1 / regions.annotations.shape[1])


class Album(nn.Module):
    """A captioner with the features of some pictures at hand: what it is told is a picture's number.

    So pictures can stand where sentences do, in `training.train`, `decoding.greedy` and `decoding.beam`: `source` is
    (B, 1), and holds numbers of pictures.
    """

    def __init__(self, captioner: Captioner, features: Float[Tensor, "pictures regions channels"]):
        super().__init__()
        self.captioner = captioner
        self.register_buffer("features", features, persistent=False)

    def encode(self, source: Int[Tensor, "batch 1"]) -> tuple[Regions, Float[Tensor, "batch decoder_size"]]:
        return self.captioner.encode(self.features[source[:, 0]])

    def step(self, previous, state, regions):
        return self.captioner.step(previous, state, regions)

    def forward(self, source: Int[Tensor, "batch 1"], previous: Int[Tensor, "batch target"]):
        return self.captioner(self.features[source[:, 0]], previous)


def doubly_stochastic(
    weights: Float[Tensor, "batch target regions"], counts: Float[Tensor, "batch target"]
) -> Float[Tensor, ""]:
    """Xu et al.'s penalty, sum_i (1 - sum_t alpha_ti)^2, averaged over pictures and over the T regions.

    It asks that over the whole caption every region gets a total weight of one. counts: 1 for a word, 0 for padding.
    Each word has a weight of one to give, so with L words the totals sum to L: where L is less than T the penalty
    cannot be zero, and is least, (1 - L / T)^2, where all regions get the same.
    """
    totals = (weights * counts.unsqueeze(-1)).sum(1)  # (B, T)
    return (1 - totals).square().mean()
