"""The Transformer (Vaswani et al. 2017): three models made of one kind of block.

`Transformer` reads a sentence and writes another, `TransformerEncoder` only reads (as BERT does), `TransformerDecoder`
only writes (as GPT does). What a block is stands in `block`.
"""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attention_course.cache import KeyValueCache
from attention_course.functional import check_positive
from attention_course.layers.dropout import SharedDropout
from attention_course.masks import padding_mask
from attention_course.models.block import Block, Config

__all__ = [
    "Block",
    "Config",
    "DecoderState",
    "Stack",
    "Transformer",
    "TransformerDecoder",
    "TransformerEncoder",
    "Weights",
]


class DecoderState(NamedTuple):
    """What a decoder keeps of the words that it has seen."""

    blocks: tuple[Any, ...]  # of each block's self-attention: keys and values, or what its `attend` keeps instead
    length: int  # how many words those are


class Weights(NamedTuple):
    """Where each word of each head looks, one tensor for each block."""

    self_attention: tuple[Float[Tensor, "batch heads words so_far"] | None, ...]  # None if not asked for
    cross_attention: tuple[Float[Tensor, "batch heads words source"] | None, ...]  # None without a source


class Stack(nn.Module):
    """Embeddings with positions, the blocks, and a last norm."""

    def __init__(self, words: int, config: Config = Config(), source_size: int | None = None):
        super().__init__()
        check_positive(words=words)
        self.embedding = nn.Embedding(words, config.size)
        nn.init.normal_(self.embedding.weight, std=config.size**-0.5)
        self.positions = config.positions(config.size) if config.positions else None
        self.blocks = nn.ModuleList(Block(config, source_size) for _ in range(config.layers))
        self.norm = config.last_norm(config.size)
        self.dropout = SharedDropout(config.dropout)

    def forward(
        self,
        tokens: Int[Tensor, "batch words"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        source: tuple[Any, ...] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "batch words size"], Weights]:
        """Give (states, the weights of all blocks). source: one part for each block."""
        x, weights = self._embed(tokens), []
        for block, its_source in zip(self.blocks, self._each("source", source), strict=True):
            x, looked = block(x, mask, causal, its_source, need_weights)
            weights.append(looked)
        return self.norm(x), Weights(*zip(*weights, strict=True))

    def step(
        self,
        tokens: Int[Tensor, "batch words"],
        state: DecoderState | None = None,
        source: tuple[Any, ...] | None = None,
        mask: Bool[Tensor, "batch 1 words"] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "batch words size"], Weights, DecoderState]:
        """The next words, of which none looks ahead. Give (states, weights, the state for those that follow)."""
        before = state.length if state else 0
        x, weights, kept = self._embed(tokens, before), [], []
        states, sources = self._each("state", state and state.blocks), self._each("source", source)
        for block, its_state, its_source in zip(self.blocks, states, sources, strict=True):
            x, looked, its_state = block.step(x, its_state, its_source, mask, need_weights)
            weights.append(looked)
            kept.append(its_state)
        return self.norm(x), Weights(*zip(*weights, strict=True)), DecoderState(tuple(kept), before + tokens.shape[-1])

    def _embed(self, tokens: Tensor, start: int = 0) -> Float[Tensor, "batch words size"]:
        """What goes into the first block; the first of the words stands at position `start`."""
        check_words("tokens", tokens)
        x = self.embedding(tokens) * self.embedding.embedding_dim**0.5
        return self.dropout(x if self.positions is None else self.positions(x, start))

    def _each(self, name: str, parts: tuple[Any, ...] | None) -> tuple[Any, ...]:
        """One part for each block."""
        parts = parts or (None,) * len(self.blocks)
        if len(parts) != len(self.blocks):
            raise ValueError(f"{name}: expected {len(self.blocks)} parts, one for each block, got {len(parts)}")
        return parts

    def logits(
        self, states: Float[Tensor, "batch words size"], bias: Float[Tensor, " vocabulary"] | None = None
    ) -> Float[Tensor, "batch words vocabulary"]:
        """Words read off the states, by the embedding's own matrix (Press and Wolf 2017)."""
        return F.linear(states, self.embedding.weight, bias)


class TransformerEncoder(Stack):
    """Reads in both directions: every word looks at every other. Padding is looked at by none."""

    def forward(
        self, tokens: Int[Tensor, "batch words"], need_weights: bool = False
    ) -> tuple[Float[Tensor, "batch words size"], Weights]:
        """Give (states, weights)."""
        return super().forward(tokens, padding_mask(tokens), need_weights=need_weights)


class TransformerDecoder(Stack):
    """Writes: every word looks at itself and at those before it, and the logits are of the next.

    bias: added to the logits, for how often each word is said at all.

    In both ways to call it, source: what `Transformer.encode` gives, where there is one. mask: which words count,
    (B, 1, words); padding behind the words needs none, for they do not see it.
    """

    def __init__(self, words: int, config: Config = Config(), source_size: int | None = None):
        super().__init__(words, config, source_size)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(
        self,
        tokens: Int[Tensor, "batch words"],
        source: tuple[Any, ...] | None = None,
        mask: Bool[Tensor, "batch 1 words"] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "batch words vocabulary"], Weights]:
        """All words at once: (logits, weights)."""
        states, weights = super().forward(tokens, mask, True, source, need_weights)
        return self.logits(states, self.bias), weights

    def step(
        self,
        tokens: Int[Tensor, "batch words"],
        state: DecoderState | None = None,
        source: tuple[Any, ...] | None = None,
        mask: Bool[Tensor, "batch 1 words"] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "batch words vocabulary"], Weights, DecoderState]:
        """The words behind those in `state`, one or some: (logits, weights, the state for the next step)."""
        states, weights, state = super().step(tokens, state, source, mask, need_weights)
        return self.logits(states, self.bias), weights, state


class Transformer(nn.Module):
    """The translator: an encoder, and a decoder whose blocks also look at what the encoder made of the source.

    config: of the decoder, and of the encoder where `encoder` does not say otherwise. Their sizes may differ.
    """

    def __init__(self, source_words: int, target_words: int, config: Config = Config(), encoder: Config | None = None):
        super().__init__()
        self.encoder = TransformerEncoder(source_words, encoder or config)
        self.decoder = TransformerDecoder(target_words, config, (encoder or config).size)

    def encode(self, source: Int[Tensor, "batch source"]) -> tuple[tuple[KeyValueCache, ...], None]:
        """Read the source sentences. Gives their keys and values for each block, and an empty state."""
        check_words("source", source)
        states, _ = self.encoder(source)
        mask = padding_mask(source)
        return tuple(block.cross_attention.init_state(states, mask=mask) for block in self.decoder.blocks), None

    def forward(
        self, source: Int[Tensor, "batch source"], previous: Int[Tensor, "batch target"]
    ) -> tuple[Float[Tensor, "batch target target_words"], Float[Tensor, "batch target source"]]:
        """Teacher forcing: logits of every target word given the true words before it, and where each one looks."""
        memory, _ = self.encode(source)
        logits, weights = self.decoder(previous, memory)
        return logits, look_at_source(weights)

    def step(
        self, previous: Int[Tensor, " batch"], state: DecoderState | None, memory: tuple[KeyValueCache, ...]
    ) -> tuple[Float[Tensor, "batch target_words"], DecoderState, Float[Tensor, "batch source"]]:
        """One word further, as `decoding` wants it: logits, the state, and where the word looks."""
        logits, weights, state = self.decoder.step(previous.unsqueeze(1), state, memory)
        return logits.squeeze(1), state, look_at_source(weights).squeeze(1)


def look_at_source(weights: Weights) -> Float[Tensor, "batch words source"]:
    """One map for a translation: the mean over the heads of the last block."""
    return weights.cross_attention[-1].mean(1)


def check_words(name: str, tokens: Tensor) -> None:
    """Raise unless there are words to look at."""
    if tokens.dim() != 2:
        raise ValueError(f"{name}: expected the shape (batch, words), got {tuple(tokens.shape)}")
    if not tokens.shape[-1]:
        raise ValueError(f"{name}: expected at least one word a sentence, got the shape {tuple(tokens.shape)}")
