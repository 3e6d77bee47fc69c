"""Translators out of recurrent networks: without attention (Eqs. 3-5), and the one that made attention known (6-9).

Both have `encode` and `step`, which is all that `decoding` asks of a model, and a `forward` for `training`.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attention_course.functional import context_vector, masked_softmax
from attention_course.layers.dropout import SharedDropout
from attention_course.masks import padding_mask
from attention_course.models.recurrent import ContextGRUCell, Encoder
from attention_course.scores import AdditiveScore, Score


class Source(NamedTuple):
    """What a decoder keeps of a source sentence from its first word to its last."""

    annotations: Float[Tensor, "batch source annotation_size"]  # h_1 .. h_T
    prepared: Float[Tensor, "batch source score_size"]  # what the score makes of them, computed once
    mask: Bool[Tensor, "batch 1 source"]


class Translator(nn.Module):
    """What the translators share: encoder, first state, target embedding, and the words that are read off a state.

    hidden_size: of each of the encoder's two GRUs; an annotation is twice as long. Dropout is shared over time.

    The output matrix is the target embedding's (Press and Wolf 2017), which learns faster than one of its own.
    """

    def __init__(
        self,
        source_words: int,
        target_words: int,
        embedding_size: int = 64,
        hidden_size: int = 64,
        decoder_size: int = 128,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.encoder = Encoder(source_words, embedding_size, hidden_size, dropout)
        self.first_state = nn.Linear(hidden_size, decoder_size)
        self.embedding = nn.Embedding(target_words, embedding_size)
        nn.init.normal_(self.embedding.weight, std=embedding_size**-0.5)
        self.readout = nn.Linear(decoder_size + 2 * hidden_size + embedding_size, embedding_size)
        self.bias = nn.Parameter(torch.zeros(target_words))
        self.dropout = SharedDropout(dropout)

    def read(
        self, source: Int[Tensor, "batch source"]
    ) -> tuple[Float[Tensor, "batch source annotation_size"], Float[Tensor, "batch decoder_size"]]:
        """The annotations h_1 .. h_T and the first state s_0.

        s_0 is made from the backward GRU's state at the first word, which has read the whole sentence.
        """
        annotations = self.encoder(source)
        backward = annotations[:, 0, annotations.shape[-1] // 2 :]
        return annotations, torch.tanh(self.first_state(backward))

    def words(
        self,
        embedded: Float[Tensor, "batch target embedding_size"],
        states: Float[Tensor, "batch target decoder_size"],
        contexts: Float[Tensor, "batch target annotation_size"],
    ) -> Float[Tensor, "batch target target_words"]:
        """g(y_{t-1}, s_t, c_t) of Eqs. (5) and (6), as logits over the target words.

        The vocabulary is the largest product of all: it is best called once for a whole sentence.
        """
        read = torch.tanh(self.readout(torch.cat([states, contexts, embedded], -1)))
        return nn.functional.linear(self.dropout(read), self.embedding.weight, self.bias)


class EncoderDecoder(Translator):
    """The translator without attention (Sutskever et al. 2014; Cho et al. 2014): one vector for the whole sentence.

    c = q({h_1 .. h_T}) (Eq. 4) joins the last states of the two GRUs of the encoder, s_t = GRU([y_{t-1}, c], s_{t-1}),
    and words come from g(y_{t-1}, s_t, c) (Eq. 5), the same c at every word. For the sizes see `Translator`.
    """

    def __init__(self, source_words: int, target_words: int, **sizes):
        super().__init__(source_words, target_words, **sizes)
        embedding_size, annotation_size = self.embedding.embedding_dim, 2 * self.first_state.in_features
        self.rnn = nn.GRU(embedding_size + annotation_size, self.first_state.out_features, batch_first=True)

    def encode(
        self, source: Int[Tensor, "batch source"]
    ) -> tuple[Float[Tensor, "batch annotation_size"], Float[Tensor, "batch decoder_size"]]:
        """Read the source sentences. Gives the one vector c of each (Eq. 4), and the first state s_0."""
        annotations, state = self.read(source)
        ahead, behind = annotations.chunk(2, -1)
        last = (padding_mask(source).sum(-1, keepdim=True) - 1).clamp(min=0)  # (B, 1, 1)
        return torch.cat([ahead.gather(1, last.expand(-1, -1, ahead.shape[-1])).squeeze(1), behind[:, 0]], -1), state

    def forward(
        self, source: Int[Tensor, "batch source"], previous: Int[Tensor, "batch target"]
    ) -> tuple[Float[Tensor, "batch target target_words"], None]:
        """Teacher forcing: logits of every target word given the true words before it; there are no weights."""
        summary, state = self.encode(source)
        return self._write(previous, state, summary)[0], None

    def step(
        self,
        previous: Int[Tensor, " batch"],
        state: Float[Tensor, "batch decoder_size"],
        summary: Float[Tensor, "batch annotation_size"],
    ) -> tuple[Float[Tensor, "batch target_words"], Float[Tensor, "batch decoder_size"], None]:
        """One word further: logits of y_t and the state s_t; there are no weights."""
        logits, state = self._write(previous.unsqueeze(1), state, summary)
        return logits.squeeze(1), state, None

    def _write(self, previous: Tensor, state: Tensor, summary: Tensor) -> tuple[Tensor, Tensor]:
        embedded = self.dropout(self.embedding(previous))
        contexts = summary.unsqueeze(1).expand(-1, embedded.shape[1], -1)  # the same at every word
        states, last = self.rnn(torch.cat([embedded, contexts], -1), state.unsqueeze(0))
        return self.words(embedded, states, contexts), last.squeeze(0)


class RNNsearch(Translator):
    """A GRU decoder that looks at the source sentence anew for every word (Bahdanau et al. 2015).

    At word t: scores z_t = score(s_{t-1}, h) (Eq. 7), weights a_t = softmax(z_t) (Eq. 8), context c_t = sum_i
    a_ti h_i (Eq. 9), state s_t = GRU([y_{t-1}, c_t], s_{t-1}), and words from g(y_{t-1}, s_t, c_t) (Eq. 6).

    score: with queries of `decoder_size` and keys of 2 * `hidden_size`; the additive one if none is given. For the
        sizes see `Translator`.

    Against the paper: one tanh layer where it has a maxout layer, and the tied output matrix of `Translator`.
    """

    def __init__(self, source_words: int, target_words: int, score: Score | None = None, **sizes):
        super().__init__(source_words, target_words, **sizes)
        embedding_size, decoder_size = self.embedding.embedding_dim, self.first_state.out_features
        annotation_size = 2 * self.first_state.in_features
        self.score = score or AdditiveScore(decoder_size, annotation_size, decoder_size)
        self.cell = ContextGRUCell(embedding_size, annotation_size, decoder_size)

    def encode(self, source: Int[Tensor, "batch source"]) -> tuple[Source, Float[Tensor, "batch decoder_size"]]:
        """Read the source sentences. Gives what stays the same at every step, and the first state s_0."""
        annotations, state = self.read(source)
        return Source(annotations, self.score.prepare(annotations), padding_mask(source)), state

    def query(
        self, word: Float[Tensor, "batch embedding_size"], state: Float[Tensor, "batch decoder_size"]
    ) -> Float[Tensor, "batch query_size"]:
        """What is compared with the annotations: s_{t-1}, as in Eq. (7). `word` is the embedding of y_{t-1}."""
        return state

    def look(
        self, word: Float[Tensor, "batch embedding_size"], state: Float[Tensor, "batch decoder_size"], source: Source
    ) -> tuple[Float[Tensor, "batch annotation_size"], Float[Tensor, "batch source"]]:
        """Eqs. (7)-(9): the context c_t, and the weights with which it was mixed."""
        scores = self.score.compare(self.query(word, state).unsqueeze(1), source.prepared)  # (B, 1, S)
        weights = masked_softmax(scores, source.mask)
        return context_vector(weights, source.annotations).squeeze(1), weights.squeeze(1)

    def step(
        self, previous: Int[Tensor, " batch"], state: Float[Tensor, "batch decoder_size"], source: Source
    ) -> tuple[Float[Tensor, "batch target_words"], Float[Tensor, "batch decoder_size"], Float[Tensor, "batch source"]]:
        """One word further: logits of y_t, the state s_t, and the weights with which the source was looked at."""
        word = self.embedding(previous)
        context, weights = self.look(word, state, source)
        state = self.cell(self.cell.from_word(word), context, state)
        logits = self.words(word.unsqueeze(1), state.unsqueeze(1), context.unsqueeze(1))
        return logits.squeeze(1), state, weights

    def forward(
        self, source: Int[Tensor, "batch source"], previous: Int[Tensor, "batch target"]
    ) -> tuple[Float[Tensor, "batch target target_words"], Float[Tensor, "batch target source"]]:
        """Teacher forcing: logits of every target word given the true words before it, and all weights.

        previous: the target sentences, each behind `<bos>`.
        """
        memory, state = self.encode(source)
        embedded = self.dropout(self.embedding(previous))
        states, contexts, weights = [], [], []
        for word, gates in zip(embedded.unbind(1), self.cell.from_word(embedded).unbind(1), strict=True):
            context, looked = self.look(word, state, memory)
            state = self.cell(gates, context, state)
            states.append(state)
            contexts.append(context)
            weights.append(looked)
        return self.words(embedded, torch.stack(states, 1), torch.stack(contexts, 1)), torch.stack(weights, 1)
