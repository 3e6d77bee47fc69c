"""Luong's translators: look after the state is made, everywhere ("global") or through a window ("local")."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.device import at_least_float32
from attention_course.functional import context_vector, masked_softmax
from attention_course.masks import padding_mask
from attention_course.models.recurrent import ContextGRUCell
from attention_course.models.seq2seq import Source, Translator
from attention_course.scores import BilinearScore, Score


class LuongState(NamedTuple):
    """What goes from word to word."""

    hidden: Float[Tensor, "batch decoder_size"]  # s_t
    attentional: Float[Tensor, "batch embedding_size"]  # the vector that the last word was read off
    position: Int[Tensor, " batch"]  # t, how many words there are


class MonotonicWindow(nn.Module):
    """local-m: word t of the target looks at the source words from t - reach to t + reach.

    Behind the end of a source sentence the window stays on its last words. Raises ValueError for a reach below 0.
    """

    def __init__(self, reach: int):
        super().__init__()
        if reach < 0:
            raise ValueError(f"reach: expected at least 0, got {reach}")
        self.reach = reach

    def forward(
        self,
        hidden: Float[Tensor, "batch decoder_size"],
        position: Int[Tensor, " batch"],
        lengths: Int[Tensor, " batch"],
    ) -> tuple[Int[Tensor, " batch"], None]:
        """The centre of the window, and no curve over it."""
        return torch.minimum(position, lengths - 1), None


class PredictiveWindow(nn.Module):
    """local-p: the state predicts where to look, p_t = (T - 1) sigmoid(tanh(W_p s_t) u_p).

    Away from there the weights fall off, multiplied by exp(-(i - p_t)^2 / (2 sigma^2)) with sigma half of the reach, so
    that p_t can be learned. Luong has T where we have T - 1, the last of the positions that here count from 0; our
    u_p, here `u`, is his v_p, and our W_p, `project`, his matrix of the same name.

    Raises ValueError for a reach below 1.
    """

    def __init__(self, decoder_size: int, reach: int):
        super().__init__()
        if reach < 1:
            raise ValueError(f"reach: expected at least 1, as the centre may lie between two words, got {reach}")
        self.reach = reach
        self.project = nn.Linear(decoder_size, decoder_size, bias=False)
        self.u = nn.Linear(decoder_size, 1, bias=False)

    def forward(
        self,
        hidden: Float[Tensor, "batch decoder_size"],
        position: Int[Tensor, " batch"],
        lengths: Int[Tensor, " batch"],
    ) -> tuple[Float[Tensor, " batch"], float]:
        """The centre of the window, and the standard deviation of the curve over it."""
        share = torch.sigmoid(self.u(torch.tanh(self.project(hidden)))).squeeze(-1)
        return (lengths - 1) * at_least_float32(share), self.reach / 2  # in bfloat16 there is no place 257


class Luong(Translator):
    """Luong et al. 2015: the new state is the query, and what it finds is fed back at the next word.

    s_t = GRU([y_{t-1}, a_{t-1}], s_{t-1}), weights over S(h, s_t), context c_t, and the attentional vector
    a_t = tanh(W [s_t, c_t]), from which the word is read (Luong writes it with a tilde over h_t). That a_{t-1} goes
    into the cell is his "input feeding".

    score: `BilinearScore`, his "general", if none is given; his "dot" is `DotScore`, and his "concat", one matrix for
        the query and the key joined, is the sum of two matrices: `AdditiveScore`.
    window: a `MonotonicWindow` or `PredictiveWindow`; without one, attention is global.

    Against the paper: one GRU where it stacks LSTMs, and the encoder and the tied output matrix of `Translator`, so
    that it differs from `RNNsearch` in what Luong changed: the query, the score, the readout and input feeding.
    """

    def __init__(
        self, source_words: int, target_words: int, score: Score | None = None, window: nn.Module | None = None, **sizes
    ):
        super().__init__(source_words, target_words, **sizes)
        embedding_size, decoder_size = self.embedding.embedding_dim, self.first_state.out_features
        annotation_size = 2 * self.first_state.in_features
        self.score = score or BilinearScore(decoder_size, annotation_size)
        self.window = window
        self.cell = ContextGRUCell(embedding_size, embedding_size, decoder_size)
        self.readout = nn.Linear(decoder_size + annotation_size, embedding_size)

    def encode(self, source: Int[Tensor, "batch source"]) -> tuple[Source, LuongState]:
        """Read the source sentences. Gives what stays the same at every step, and the state before the first word."""
        annotations, hidden = self.read(source)
        nothing = hidden.new_zeros(len(source), self.embedding.embedding_dim)
        position = torch.zeros(len(source), dtype=torch.long, device=source.device)
        memory = Source(annotations, self.score.prepare(annotations), padding_mask(source))
        return memory, LuongState(hidden, nothing, position)

    def look(
        self, hidden: Float[Tensor, "batch decoder_size"], position: Int[Tensor, " batch"], source: Source
    ) -> tuple[Float[Tensor, "batch annotation_size"], Float[Tensor, "batch source"]]:
        """The context c_t for the state s_t of word t, and the weights with which it was mixed."""
        scores = self.score.compare(hidden.unsqueeze(1), source.prepared).squeeze(1)  # (B, S)
        mask = source.mask.squeeze(1)
        if self.window is None:
            weights = masked_softmax(scores, mask)
        else:
            centre, width = self.window(hidden, position, mask.sum(-1))
            distance = torch.arange(mask.shape[-1], device=mask.device) - centre.unsqueeze(-1)
            weights = masked_softmax(scores, mask & (distance.abs() <= self.window.reach))
            if width is not None:  # the curve makes the weights sum to less than one, as in the paper
                weights = weights * torch.exp(-(distance**2) / (2 * width**2)).to(weights.dtype)
        return context_vector(weights.unsqueeze(1), source.annotations).squeeze(1), weights

    def advance(
        self, word: Float[Tensor, "batch gates"], state: LuongState, source: Source
    ) -> tuple[LuongState, Float[Tensor, "batch source"]]:
        """From word t - 1 to word t. word: what `cell.from_word` made of y_{t-1}."""
        hidden = self.cell(word, state.attentional, state.hidden)
        context, weights = self.look(hidden, state.position, source)
        attentional = torch.tanh(self.readout(torch.cat([hidden, context], -1)))
        return LuongState(hidden, attentional, state.position + 1), weights

    def words(
        self, attentional: Float[Tensor, "batch target embedding_size"]
    ) -> Float[Tensor, "batch target target_words"]:
        """Logits over the target words."""
        return nn.functional.linear(self.dropout(attentional), self.embedding.weight, self.bias)

    def step(
        self, previous: Int[Tensor, " batch"], state: LuongState, source: Source
    ) -> tuple[Float[Tensor, "batch target_words"], LuongState, Float[Tensor, "batch source"]]:
        """One word further: logits of y_t, the state, and the weights with which the source was looked at."""
        state, weights = self.advance(self.cell.from_word(self.embedding(previous)), state, source)
        return self.words(state.attentional.unsqueeze(1)).squeeze(1), state, weights

    def forward(
        self, source: Int[Tensor, "batch source"], previous: Int[Tensor, "batch target"]
    ) -> tuple[Float[Tensor, "batch target target_words"], Float[Tensor, "batch target source"]]:
        """Teacher forcing: logits of every target word given the true words before it, and all weights."""
        memory, state = self.encode(source)
        gates = self.cell.from_word(self.dropout(self.embedding(previous)))
        vectors, weights = [], []
        for word in gates.unbind(1):
            state, looked = self.advance(word, state, memory)
            vectors.append(state.attentional)
            weights.append(looked)
        return self.words(torch.stack(vectors, 1)), torch.stack(weights, 1)
