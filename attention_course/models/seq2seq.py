"""RNNsearch, the translator with which attention in its present form began (Bahdanau, Cho and Bengio 2015).

Eqs. (3) and (6)-(9) of the survey. Sizes in comments: B batch, S source words, L target words.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from ..functional import context_vector, masked_softmax
from ..masks import padding_mask
from ..scores import AdditiveScore, Score


class Source(NamedTuple):
    """What a decoder keeps of a source sentence from its first word to its last."""

    annotations: Float[Tensor, "batch source annotation_size"]  # h_1 .. h_T
    prepared: Float[Tensor, "batch source score_size"]  # what the score makes of them, computed once
    mask: Bool[Tensor, "batch 1 source"]


class Encoder(nn.Module):
    """Eq. (3), from both ends: h_t joins a GRU that has read the words up to t with one that has read those from t on.

    Gives annotations (B, S, 2 * hidden_size). What stands at padded positions is of no meaning, and what stands
    elsewhere does not depend on how much padding there is.
    """

    def __init__(self, vocabulary_size: int, embedding_size: int, hidden_size: int, dropout: float = 0.0):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        nn.init.normal_(self.embedding.weight, std=embedding_size**-0.5)
        self.forwards = nn.GRU(embedding_size, hidden_size, batch_first=True)
        self.backwards = nn.GRU(embedding_size, hidden_size, batch_first=True)
        self.dropout = nn.Dropout(dropout)

    def forward(self, source: Int[Tensor, "batch source"]) -> Float[Tensor, "batch source annotation_size"]:
        if not source.shape[-1]:
            raise ValueError(f"source: expected at least one word a sentence, got the shape {tuple(source.shape)}")
        lengths = padding_mask(source).sum(-1)  # (B, 1)
        embedded = self.dropout(self.embedding(source))
        ahead, _ = self.forwards(embedded)
        behind, _ = self.backwards(reverse(embedded, lengths))
        return self.dropout(torch.cat([ahead, reverse(behind, lengths)], -1))


def reverse(
    sequences: Float[Tensor, "batch source size"], lengths: Int[Tensor, "batch 1"]
) -> Float[Tensor, "batch source size"]:
    """Turn each sequence round within its own length; the padding stays at the end.

    So the backward GRU meets the last word first and no padding before it: exactly what packing would give, and faster.
    """
    positions = torch.arange(sequences.shape[1], device=sequences.device)
    mirrored = lengths - 1 - positions  # (B, S)
    index = torch.where(mirrored < 0, positions, mirrored)
    return sequences.gather(1, index.unsqueeze(-1).expand_as(sequences))


class RNNsearch(nn.Module):
    """A GRU decoder that looks at the source sentence anew for every word.

    At word t: energies e_t = S(h, s_{t-1}) (Eq. 7), weights alpha_t = softmax(e_t) (Eq. 8), context c_t = sum_i
    alpha_ti h_i (Eq. 9), state s_t = GRU([y_{t-1}, c_t], s_{t-1}), and words from g(y_{t-1}, s_t, c_t) (Eq. 6).

    score: S, with queries of `decoder_size` and keys of 2 * `hidden_size`; the additive one if none is given.

    Against the paper: one tanh layer where it has a maxout layer, and the output matrix is the target embedding's
    (Press and Wolf 2017), which learns faster.
    """

    def __init__(
        self,
        source_words: int,
        target_words: int,
        embedding_size: int = 64,
        hidden_size: int = 64,
        decoder_size: int = 128,
        score: Score | None = None,
        dropout: float = 0.0,
    ):
        super().__init__()
        annotation_size = 2 * hidden_size
        self.encoder = Encoder(source_words, embedding_size, hidden_size, dropout)
        self.score = score or AdditiveScore(decoder_size, annotation_size, decoder_size)
        self.first_state = nn.Linear(hidden_size, decoder_size)
        self.embedding = nn.Embedding(target_words, embedding_size)
        nn.init.normal_(self.embedding.weight, std=embedding_size**-0.5)
        self.cell = nn.GRUCell(embedding_size + annotation_size, decoder_size)
        self.readout = nn.Linear(decoder_size + annotation_size + embedding_size, embedding_size)
        self.bias = nn.Parameter(torch.zeros(target_words))
        self.dropout = nn.Dropout(dropout)

    def encode(self, source: Int[Tensor, "batch source"]) -> tuple[Source, Float[Tensor, "batch decoder_size"]]:
        """Read the source sentences. Gives what stays the same at every step, and the first state s_0.

        s_0 is made from the backward GRU's state at the first word, which has read the whole sentence.
        """
        annotations = self.encoder(source)
        backward = annotations[:, 0, annotations.shape[-1] // 2 :]
        state = torch.tanh(self.first_state(backward))
        return Source(annotations, self.score.prepare(annotations), padding_mask(source)), state

    def advance(
        self, word: Float[Tensor, "batch embedding_size"], state: Float[Tensor, "batch decoder_size"], source: Source
    ) -> tuple[
        Float[Tensor, "batch decoder_size"], Float[Tensor, "batch annotation_size"], Float[Tensor, "batch source"]
    ]:
        """From s_{t-1} to s_t: look at the source (Eqs. 7-9), then let the GRU take in y_{t-1} and c_t.

        word: the embedding of y_{t-1}. Gives the state s_t, the context c_t and its weights.
        """
        energies = self.score.compare(state.unsqueeze(1), source.prepared)  # (B, 1, S)
        weights = masked_softmax(energies, source.mask)
        context = context_vector(weights, source.annotations).squeeze(1)
        state = self.cell(torch.cat([word, context], -1), state)
        return state, context, weights.squeeze(1)

    def words(
        self,
        embedded: Float[Tensor, "... embedding_size"],
        state: Float[Tensor, "... decoder_size"],
        context: Float[Tensor, "... annotation_size"],
    ) -> Float[Tensor, "... target_words"]:
        """Eq. (6): g(y_{t-1}, s_t, c_t) as logits over the target words."""
        read = torch.tanh(self.readout(torch.cat([state, context, embedded], -1)))
        return nn.functional.linear(self.dropout(read), self.embedding.weight, self.bias)

    def step(
        self, previous: Int[Tensor, " batch"], state: Float[Tensor, "batch decoder_size"], source: Source
    ) -> tuple[Float[Tensor, "batch target_words"], Float[Tensor, "batch decoder_size"], Float[Tensor, "batch source"]]:
        """One word further: logits of y_t, the state s_t, and the weights with which the source was looked at."""
        embedded = self.embedding(previous)
        state, context, weights = self.advance(embedded, state, source)
        return self.words(embedded, state, context), state, weights

    def forward(
        self, source: Int[Tensor, "batch source"], previous: Int[Tensor, "batch target"]
    ) -> tuple[Float[Tensor, "batch target target_words"], Float[Tensor, "batch target source"]]:
        """Teacher forcing: logits of every target word given the true words before it, and all weights.

        previous: the target sentences, each behind `<bos>`.
        """
        memory, state = self.encode(source)
        embedded = self.dropout(self.embedding(previous))
        states, contexts, weights = [], [], []
        for word in embedded.unbind(1):
            state, context, looked = self.advance(word, state, memory)
            states.append(state)
            contexts.append(context)
            weights.append(looked)
        # The vocabulary is the largest product of all: one call for the whole sentence.
        logits = self.words(embedded, torch.stack(states, 1), torch.stack(contexts, 1))
        return logits, torch.stack(weights, 1)
