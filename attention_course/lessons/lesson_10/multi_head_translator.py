"""A translator whose decoder looks with several heads: GRUs on both sides, multi-head attention between them."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.cache import KeyValueCache
from attention_course.layers import MultiHeadAttention
from attention_course.masks import padding_mask
from attention_course.models.seq2seq import Translator


class MultiHeadTranslator(Translator):
    """A GRU writes the states s_1 .. s_L, and all of them ask at once (Eq. 14, with the annotations as the source).

    c'_t = W_O [c_1, ..., c_H], x_t = LayerNorm(s_t + c'_t), and words are read off tanh(W x_t). As the GRU is told only
    the words before, s_t does not depend on what was looked at: there is no input feeding, and no loop over the words.

    heads: their number; it has to divide `decoder_size`. For the other sizes see `Translator`.
    """

    def __init__(self, source_words: int, target_words: int, heads: int = 8, **sizes):
        super().__init__(source_words, target_words, **sizes)
        embedding_size, decoder_size = self.embedding.embedding_dim, self.first_state.out_features
        self.rnn = nn.GRU(embedding_size, decoder_size, batch_first=True)
        self.attention = MultiHeadAttention(decoder_size, heads, key_size=2 * self.first_state.in_features)
        self.norm = nn.LayerNorm(decoder_size)
        self.readout = nn.Linear(decoder_size, embedding_size)

    def encode(self, source: Int[Tensor, "batch source"]) -> tuple[KeyValueCache, Float[Tensor, "batch decoder_size"]]:
        """Read the source sentences. Gives their keys and values in every head, and the first state s_0."""
        annotations, state = self.read(source)
        return self.attention.init_state(annotations, mask=padding_mask(source)), state

    def words(self, x: Float[Tensor, "batch target decoder_size"]) -> Float[Tensor, "batch target target_words"]:
        """Logits over the target words."""
        read = torch.tanh(self.readout(x))
        return nn.functional.linear(self.dropout(read), self.embedding.weight, self.bias)

    def heads(
        self, source: Int[Tensor, "batch source"], previous: Int[Tensor, "batch target"]
    ) -> tuple[Float[Tensor, "batch target target_words"], Float[Tensor, "batch heads target source"]]:
        """Teacher forcing, as `forward`, with the weights of every head."""
        memory, state = self.encode(source)
        logits, weights, _ = self._write(previous, state, memory)
        return logits, weights

    def forward(
        self, source: Int[Tensor, "batch source"], previous: Int[Tensor, "batch target"]
    ) -> tuple[Float[Tensor, "batch target target_words"], Float[Tensor, "batch target source"]]:
        """Teacher forcing: logits of every target word given the true words before it, and the heads' mean weights."""
        logits, weights = self.heads(source, previous)
        return logits, weights.mean(1)

    def step(
        self, previous: Int[Tensor, " batch"], state: Float[Tensor, "batch decoder_size"], source: KeyValueCache
    ) -> tuple[Float[Tensor, "batch target_words"], Float[Tensor, "batch decoder_size"], Float[Tensor, "batch source"]]:
        """One word further: logits of y_t, the state s_t, and the heads' mean weights."""
        logits, weights, state = self._write(previous.unsqueeze(1), state, source)
        return logits.squeeze(1), state, weights.mean(1).squeeze(1)

    def _write(self, previous: Tensor, state: Tensor, source: KeyValueCache) -> tuple[Tensor, Tensor, Tensor]:
        states, last = self.rnn(self.dropout(self.embedding(previous)), state.unsqueeze(0))
        looked, weights, _ = self.attention.step(states, source, need_weights=True, append=False)
        return self.words(self.norm(states + looked)), weights, last.squeeze(0)
