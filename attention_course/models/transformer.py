"""The Transformer (Vaswani et al. 2017): one block, and three models made of it.

`Transformer` reads a sentence and writes another, `TransformerEncoder` only reads (as BERT does), `TransformerDecoder`
only writes (as GPT does). Against the paper, each sublayer's input is normalised and not its sum ("pre-norm", Xiong et
al. 2020), which trains without a long warm-up; lesson 13 compares the two. Attention weights are not dropped out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from ..functional import scaled_dot_product_attention
from ..layers import KeysValues, MultiHeadAttention
from ..layers.multi_head import Attention
from ..masks import causal_mask, padding_mask
from ..positions import SinusoidalPositions
from .recurrent import SharedDropout


@dataclass(frozen=True)
class Config:
    """What a Transformer is made of.

    size: of the vectors between the blocks (d_model, E). heads: of each attention. hidden: of the feed-forward network.
    layers: blocks on top of each other; in a `Transformer`, on each side.
    positions: makes, of `size`, what is added to the embeddings; None adds nothing.
    attend: makes the attention function of one self-attention. Relative positions and cheaper forms come in here. One
        that looks only back by itself has `causal = True`, and is given no mask for it.
    attention: makes the layer of one self-attention, called with the size, the heads and `attend=`.
    """

    size: int = 256
    heads: int = 8
    hidden: int = 512
    layers: int = 3
    dropout: float = 0.1
    positions: Callable[[int], nn.Module] | None = SinusoidalPositions
    attend: Callable[[], Attention] = lambda: scaled_dot_product_attention
    attention: Callable[..., MultiHeadAttention] = MultiHeadAttention


class Cache(NamedTuple):
    """What a decoder keeps of the words that it has seen."""

    blocks: tuple[KeysValues, ...]  # of each block
    length: int  # how many words those are


class Maps(NamedTuple):
    """Attention weights, the layers in front."""

    itself: Float[Tensor, "layers batch heads words words"]
    source: Float[Tensor, "layers batch heads words source"] | None


class FeedForward(nn.Sequential):
    """Two linear maps with a ReLU between them, at every word alone: W_2 max(0, W_1 x)."""

    def __init__(self, config: Config):
        super().__init__(nn.Linear(config.size, config.hidden), nn.ReLU(), nn.Linear(config.hidden, config.size))


class Block(nn.Module):
    """Attention to the words themselves, to a source if there is one, and a feed-forward network.

    What each of them finds is added to what came in: x + sublayer(norm(x)).
    """

    def __init__(self, config: Config, has_source: bool = False):
        super().__init__()
        self.norm_itself = nn.LayerNorm(config.size)
        self.itself = config.attention(config.size, config.heads, attend=config.attend())
        if has_source:
            self.norm_source = nn.LayerNorm(config.size)
            self.source = MultiHeadAttention(config.size, config.heads)
        self.norm_forward = nn.LayerNorm(config.size)
        self.feed_forward = FeedForward(config)
        self.dropout = SharedDropout(config.dropout)

    def forward(
        self,
        x: Float[Tensor, "batch words size"],
        mask: Bool[Tensor, "..."] | None = None,
        past: KeysValues | None = None,
        source: KeysValues | None = None,
        source_mask: Bool[Tensor, "batch 1 source"] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "batch words size"], KeysValues, tuple[Tensor | None, Tensor | None]]:
        """Give (x, the keys and values of all words so far, the weights of both attentions).

        past: keys and values of the words before these, from an earlier call.
        source: what `self.source.prepare` made of the encoder's states.
        """
        normed = self.norm_itself(x)
        so_far = self.itself.prepare(normed)
        if past is not None:
            so_far = KeysValues(torch.cat([past.keys, so_far.keys], -2), torch.cat([past.values, so_far.values], -2))
        found, its_weights = self.itself.look(normed, so_far, mask, need_weights)
        x = x + self.dropout(found)
        source_weights = None
        if source is not None:
            found, source_weights = self.source.look(self.norm_source(x), source, source_mask, need_weights)
            x = x + self.dropout(found)
        x = x + self.dropout(self.feed_forward(self.norm_forward(x)))
        return x, self.itself.keep(so_far), (its_weights, source_weights)


class Stack(nn.Module):
    """Embeddings with positions, the blocks, and a last norm."""

    def __init__(self, words: int, config: Config, has_source: bool = False):
        super().__init__()
        self.embedding = nn.Embedding(words, config.size)
        nn.init.normal_(self.embedding.weight, std=config.size**-0.5)
        self.positions = config.positions(config.size) if config.positions else None
        self.blocks = nn.ModuleList(Block(config, has_source) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.size)
        self.dropout = SharedDropout(config.dropout)

    def forward(
        self,
        tokens: Int[Tensor, "batch words"],
        mask: Bool[Tensor, "..."] | None = None,
        past: Cache | None = None,
        source: tuple[KeysValues, ...] | None = None,
        source_mask: Bool[Tensor, "batch 1 source"] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "batch words size"], Cache, Maps | None]:
        """Give (states, the cache for the next call's `past`, all weights)."""
        if not tokens.shape[-1]:
            raise ValueError(f"tokens: expected at least one word a sentence, got the shape {tuple(tokens.shape)}")
        x = self.embedding(tokens) * self.embedding.embedding_dim**0.5
        before = past.length if past else 0
        if self.positions is not None:
            x = self.positions(x, before)
        x = self.dropout(x)
        nothing = (None,) * len(self.blocks)
        kept, weights = [], []
        pasts = past.blocks if past else nothing
        for block, its_past, its_source in zip(self.blocks, pasts, source or nothing, strict=True):
            x, so_far, looked = block(x, mask, its_past, its_source, source_mask, need_weights)
            kept.append(so_far)
            weights.append(looked)
        maps = None
        if need_weights:
            itself, to_source = zip(*weights, strict=True)
            maps = Maps(torch.stack(itself), torch.stack(to_source) if source else None)
        return self.norm(x), Cache(tuple(kept), before + tokens.shape[-1]), maps

    def logits(self, states: Float[Tensor, "batch words size"]) -> Float[Tensor, "batch words vocabulary"]:
        """Words read off the states, by the embedding's own matrix (Press and Wolf 2017)."""
        return F.linear(states, self.embedding.weight)


class TransformerEncoder(Stack):
    """Reads in both directions: every word looks at every other. Padding is looked at by none."""

    def forward(
        self, tokens: Int[Tensor, "batch words"], need_weights: bool = False
    ) -> tuple[Float[Tensor, "batch words size"], Maps | None]:
        """Give (states, weights)."""
        states, _, maps = super().forward(tokens, padding_mask(tokens), need_weights=need_weights)
        return states, maps


class TransformerDecoder(Stack):
    """Writes: every word looks at itself and at those before it, and the logits are of the next."""

    def forward(
        self,
        tokens: Int[Tensor, "batch words"],
        past: Cache | None = None,
        source: tuple[KeysValues, ...] | None = None,
        source_mask: Bool[Tensor, "batch 1 source"] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "batch words vocabulary"], Cache, Maps | None]:
        """Give (logits, the cache for the next call's `past`, weights). `tokens` are those behind the past."""
        mask = None
        if not getattr(self.blocks[0].itself.attend, "causal", False):
            length, before = tokens.shape[-1], past.blocks[0].keys.shape[-2] if past else 0
            mask = causal_mask(length, before + length, tokens.device)
        states, kept, maps = super().forward(tokens, mask, past, source, source_mask, need_weights)
        return self.logits(states), kept, maps


class Memory(NamedTuple):
    """What the decoder keeps of a source sentence: keys and values for each block, and which words there are."""

    prepared: tuple[KeysValues, ...]
    mask: Bool[Tensor, "batch 1 source"]


class Transformer(nn.Module):
    """The translator: an encoder, and a decoder whose blocks also look at what the encoder made of the source."""

    def __init__(self, source_words: int, target_words: int, config: Config = Config()):
        super().__init__()
        self.encoder = TransformerEncoder(source_words, config)
        self.decoder = TransformerDecoder(target_words, config, has_source=True)

    def encode(self, source: Int[Tensor, "batch source"]) -> tuple[Memory, None]:
        """Read the source sentences. Gives what stays the same at every step, and an empty cache."""
        return self._remember(self.encoder(source)[0], padding_mask(source)), None

    def forward(
        self, source: Int[Tensor, "batch source"], previous: Int[Tensor, "batch target"]
    ) -> tuple[Float[Tensor, "batch target target_words"], None]:
        """Teacher forcing: logits of every target word given the true words before it; for weights see `maps`."""
        memory, _ = self.encode(source)
        return self.decoder(previous, source=memory.prepared, source_mask=memory.mask)[0], None

    def step(
        self, previous: Int[Tensor, " batch"], cache: Any, memory: Memory
    ) -> tuple[Float[Tensor, "batch target_words"], Any, Float[Tensor, "batch source"]]:
        """One word further: logits, the cache, and the mean over the last block's heads of their look at the source."""
        logits, cache, maps = self.decoder(previous.unsqueeze(1), cache, memory.prepared, memory.mask, True)
        return logits.squeeze(1), cache, maps.source[-1].mean(1).squeeze(1)

    @torch.no_grad()
    def maps(
        self, source: Int[Tensor, "batch source"], previous: Int[Tensor, "batch target"]
    ) -> tuple[Float[Tensor, "layers batch heads source source"], Maps]:
        """All weights while a given translation is written: the encoder's, and both of the decoder's."""
        states, reading = self.encoder(source, need_weights=True)
        memory = self._remember(states, padding_mask(source))
        _, _, writing = self.decoder(previous, None, memory.prepared, memory.mask, True)
        return reading.itself, writing

    def _remember(self, states: Tensor, mask: Tensor) -> Memory:
        return Memory(tuple(block.source.prepare(states) for block in self.decoder.blocks), mask)
