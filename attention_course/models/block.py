"""One block of a Transformer (Vaswani et al. 2017), and what it is made of.

Unless told, each part's input is normalised ("pre-norm", Xiong et al. 2020), and not its sum, as in the paper
("post-norm"). Deep stacks then train without a long warm-up (lesson 13).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor, nn

from attention_course.functional import check_positive, scaled_dot_product_attention
from attention_course.layers import MultiHeadAttention
from attention_course.layers.dropout import SharedDropout
from attention_course.layers.multi_head import Attention
from attention_course.layers.residual import Residual, pre_norm
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
    residual: how a part joins what runs through the stack: `layers.residual.pre_norm` or `post_norm`.
    last_norm: makes, of `size`, the norm at the end of a stack. After `post_norm` it has nothing to do:
        `Config(residual=post_norm, last_norm=nn.Identity)` is the paper's form.
    """

    size: int = 256
    heads: int = 8
    hidden: int = 512
    layers: int = 3
    dropout: float = 0.1
    positions: Callable[[int], nn.Module] | None = SinusoidalPositions
    attend: Callable[[], Attention] = plain
    attention: Callable[..., MultiHeadAttention] = MultiHeadAttention
    residual: Residual = pre_norm
    last_norm: Callable[[int], nn.Module] = nn.LayerNorm

    def __post_init__(self):
        check_positive(size=self.size, heads=self.heads, hidden=self.hidden, layers=self.layers)
        if not 0 <= self.dropout <= 1:
            raise ValueError(f"dropout: expected 0 to 1, got {self.dropout}")


class Block(nn.Module):
    """Attention to the words themselves, to a source if there is one, and a feed-forward network.

    What each of them finds is added to what came in, as `config.residual` says.

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
        self.residual = config.residual

    def forward(
        self,
        x: Float[Tensor, "batch words size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        source: Any = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "batch words size"], tuple[Tensor | None, Tensor | None]]:
        """Give (x, the weights of both attentions).

        source: what `self.cross_attention.init_state` made of the encoder's states.
        need_weights: of the attention to the words themselves. Those at the source, which are how a translation is
            read and cost little, are always given.
        """

        def look(x):
            return self.self_attention(x, mask=mask, causal=causal, need_weights=need_weights)

        x, looked = self.residual(x, look, self.norm_self_attention, self.dropout)
        x, looked_at_source = self._go_on(x, source)
        return x, (looked, looked_at_source)

    def step(
        self,
        x: Float[Tensor, "batch words size"],
        state: Any = None,
        source: Any = None,
        mask: Bool[Tensor, "batch 1 words"] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "batch words size"], tuple[Tensor | None, Tensor | None], Any]:
        """The next words, of which none looks ahead. Give (x, the weights of both attentions, the state with them)."""

        def look(x):
            found, *others = self.self_attention.step(x, state, mask, need_weights)
            return found, others

        x, (looked, kept) = self.residual(x, look, self.norm_self_attention, self.dropout)
        x, looked_at_source = self._go_on(x, source)
        return x, (looked, looked_at_source), kept

    def _go_on(self, x: Tensor, source: Any) -> tuple[Tensor, Tensor | None]:
        """The parts behind the first attention."""

        def look(x):
            return self.cross_attention.step(x, source, need_weights=True, append=False)[:2]

        looked = None
        if source is not None:
            x, looked = self.residual(x, look, self.norm_cross_attention, self.dropout)
        x, _ = self.residual(x, lambda x: (self.mlp(x), None), self.norm_mlp, self.dropout)
        return x, looked
