"""The Transformer (Vaswani et al. 2017): one block, and three models made of it.

`Transformer` reads a sentence and writes another, `TransformerEncoder` only reads (as BERT does), `TransformerDecoder`
only writes (as GPT does). Against the paper, each sublayer's input is normalised and not its sum ("pre-norm", Xiong et
al. 2020), which trains without a long warm-up. Attention weights are not dropped out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attention_course.functional import check_positive, scaled_dot_product_attention
from attention_course.layers import KeysValues, MultiHeadAttention
from attention_course.layers.dropout import SharedDropout
from attention_course.layers.multi_head import Attention
from attention_course.masks import padding_mask
from attention_course.positions import SinusoidalPositions


def plain() -> Attention:
    """What `Config` makes unless told: scaled dot-product attention."""
    return scaled_dot_product_attention


@dataclass(frozen=True)
class Config:
    """What a Transformer is made of.

    size: of the vectors between the blocks (d_model, E). heads: of each attention. hidden: of the feed-forward network.
    layers: blocks on top of each other; in a `Transformer`, on each side.
    positions: makes, of `size`, what is added to the embeddings; None adds nothing.
    attend: makes the attention function of one self-attention. Relative positions and cheaper forms come in here. A
        decoder calls it with `causal=True`, an encoder without.
    attention: makes the layer of one self-attention, called with the size, the heads and `attend=`.
    """

    size: int = 256
    heads: int = 8
    hidden: int = 512
    layers: int = 3
    dropout: float = 0.1
    positions: Callable[[int], nn.Module] | None = SinusoidalPositions
    attend: Callable[[], Attention] = plain
    attention: Callable[..., MultiHeadAttention] = MultiHeadAttention

    def __post_init__(self):
        check_positive(size=self.size, heads=self.heads, hidden=self.hidden, layers=self.layers)
        if not 0 <= self.dropout <= 1:
            raise ValueError(f"dropout: expected 0 to 1, got {self.dropout}")


class Cache(NamedTuple):
    """What a decoder keeps of the words that it has seen."""

    blocks: tuple[KeysValues, ...]  # of each block
    length: int  # how many words those are


class Weights(NamedTuple):
    """Where each word of each head looks, one tensor for each block."""

    self_attention: tuple[Float[Tensor, "batch heads words so_far"] | None, ...]  # at the words; None if not asked for
    cross_attention: tuple[Float[Tensor, "batch heads words source"] | None, ...]  # at the source; None without one


class Block(nn.Module):
    """Attention to the words themselves, to a source if there is one, and a feed-forward network.

    What each of them finds is added to what came in: x + sublayer(norm(x)).

    source_size: of the states of a source, where there is one.
    """

    def __init__(self, config: Config, source_size: int | None = None):
        super().__init__()
        self.norm_self_attention = nn.LayerNorm(config.size)
        self.self_attention = config.attention(config.size, config.heads, attend=config.attend())
        if source_size is not None:
            self.norm_cross_attention = nn.LayerNorm(config.size)
            self.cross_attention = MultiHeadAttention(config.size, config.heads, key_size=source_size)
        self.norm_mlp = nn.LayerNorm(config.size)
        self.mlp = nn.Sequential(  # at every word alone: W_2 max(0, W_1 x)
            nn.Linear(config.size, config.hidden), nn.ReLU(), nn.Linear(config.hidden, config.size)
        )
        self.dropout = SharedDropout(config.dropout)

    def forward(
        self,
        x: Float[Tensor, "batch words size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        past: KeysValues | None = None,
        source: KeysValues | None = None,
        source_mask: Bool[Tensor, "batch 1 source"] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "batch words size"], KeysValues, tuple[Tensor | None, Tensor | None]]:
        """Give (x, the keys and values of all words so far, the weights of both attentions).

        past: keys and values of the words before these, from an earlier call.
        source: what `self.cross_attention.prepare` made of the encoder's states.
        need_weights: of the attention to the words themselves. Those at the source, which are how a translation is
            read and cost little, are always given.
        """
        normed = self.norm_self_attention(x)
        so_far = self.self_attention.prepare(normed)
        if past is not None:
            so_far = KeysValues(torch.cat([past.keys, so_far.keys], -2), torch.cat([past.values, so_far.values], -2))
        found, its_weights = self.self_attention.look(normed, so_far, mask, causal, need_weights)
        x = x + self.dropout(found)
        source_weights = None
        if source is not None:
            found, source_weights = self.cross_attention.look(self.norm_cross_attention(x), source, source_mask)
            x = x + self.dropout(found)
        x = x + self.dropout(self.mlp(self.norm_mlp(x)))
        return x, self.self_attention.keep(so_far), (its_weights, source_weights)


class Stack(nn.Module):
    """Embeddings with positions, the blocks, and a last norm."""

    def __init__(self, words: int, config: Config = Config(), source_size: int | None = None):
        super().__init__()
        check_positive(words=words)
        self.embedding = nn.Embedding(words, config.size)
        nn.init.normal_(self.embedding.weight, std=config.size**-0.5)
        self.positions = config.positions(config.size) if config.positions else None
        self.blocks = nn.ModuleList(Block(config, source_size) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.size)
        self.dropout = SharedDropout(config.dropout)

    def forward(
        self,
        tokens: Int[Tensor, "batch words"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        past: Cache | None = None,
        source: tuple[KeysValues, ...] | None = None,
        source_mask: Bool[Tensor, "batch 1 source"] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "batch words size"], Cache, Weights]:
        """Give (states, the cache for the next call's `past`, the weights of all blocks)."""
        check_words("tokens", tokens)
        x = self.embedding(tokens) * self.embedding.embedding_dim**0.5
        before = past.length if past else 0
        if self.positions is not None:
            x = self.positions(x, before)
        x = self.dropout(x)
        nothing = (None,) * len(self.blocks)
        pasts = past.blocks if past else nothing
        for name, parts in (("past", pasts), ("source", source or nothing)):
            if len(parts) != len(self.blocks):
                raise ValueError(f"{name}: expected {len(self.blocks)} parts, one for each block, got {len(parts)}")
        kept, weights = [], []
        for block, its_past, its_source in zip(self.blocks, pasts, source or nothing, strict=True):
            x, so_far, looked = block(x, mask, causal, its_past, its_source, source_mask, need_weights)
            kept.append(so_far)
            weights.append(looked)
        return self.norm(x), Cache(tuple(kept), before + tokens.shape[-1]), Weights(*zip(*weights, strict=True))

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
        states, _, weights = super().forward(tokens, padding_mask(tokens), need_weights=need_weights)
        return states, weights


class TransformerDecoder(Stack):
    """Writes: every word looks at itself and at those before it, and the logits are of the next.

    bias: added to the logits, for how often each word is said at all.
    """

    def __init__(self, words: int, config: Config = Config(), source_size: int | None = None):
        super().__init__(words, config, source_size)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(
        self,
        tokens: Int[Tensor, "batch words"],
        past: Cache | None = None,
        source: tuple[KeysValues, ...] | None = None,
        source_mask: Bool[Tensor, "batch 1 source"] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "batch words vocabulary"], Cache, Weights]:
        """Give (logits, the cache for the next call's `past`, weights). `tokens` are those behind the past."""
        states, cache, weights = super().forward(tokens, None, True, past, source, source_mask, need_weights)
        return self.logits(states, self.bias), cache, weights


class Memory(NamedTuple):
    """What the decoder keeps of a source sentence: keys and values for each block, and which words there are."""

    prepared: tuple[KeysValues, ...]
    mask: Bool[Tensor, "batch 1 source"]


class Transformer(nn.Module):
    """The translator: an encoder, and a decoder whose blocks also look at what the encoder made of the source.

    config: of the decoder, and of the encoder where `encoder` does not say otherwise. Their sizes may differ.
    """

    def __init__(self, source_words: int, target_words: int, config: Config = Config(), encoder: Config | None = None):
        super().__init__()
        self.encoder = TransformerEncoder(source_words, encoder or config)
        self.decoder = TransformerDecoder(target_words, config, (encoder or config).size)

    def encode(self, source: Int[Tensor, "batch source"]) -> tuple[Memory, None]:
        """Read the source sentences. Gives what stays the same at every step, and an empty cache."""
        check_words("source", source)
        states, _ = self.encoder(source)
        return Memory(
            tuple(block.cross_attention.prepare(states) for block in self.decoder.blocks), padding_mask(source)
        ), None

    def forward(
        self, source: Int[Tensor, "batch source"], previous: Int[Tensor, "batch target"]
    ) -> tuple[Float[Tensor, "batch target target_words"], Float[Tensor, "batch target source"]]:
        """Teacher forcing: logits of every target word given the true words before it, and where each one looks."""
        memory, _ = self.encode(source)
        logits, _, weights = self.decoder(previous, None, *memory)
        return logits, look_at_source(weights)

    def step(
        self, previous: Int[Tensor, " batch"], cache: Cache | None, memory: Memory
    ) -> tuple[Float[Tensor, "batch target_words"], Cache, Float[Tensor, "batch source"]]:
        """One word further: logits, the cache, and where the word looks."""
        logits, cache, weights = self.decoder(previous.unsqueeze(1), cache, *memory)
        return logits.squeeze(1), cache, look_at_source(weights).squeeze(1)


def look_at_source(weights: Weights) -> Float[Tensor, "batch words source"]:
    """One map for a translation: the mean over the heads of the last block."""
    return weights.cross_attention[-1].mean(1)


def check_words(name: str, tokens: Tensor) -> None:
    """Raise unless there are words to look at."""
    if tokens.dim() != 2:
        raise ValueError(f"{name}: expected the shape (batch, words), got {tuple(tokens.shape)}")
    if not tokens.shape[-1]:
        raise ValueError(f"{name}: expected at least one word a sentence, got the shape {tuple(tokens.shape)}")
