"""A decoder of one layer that has heard a sequence and says it again."""

from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.efficient.attention_to_others import attention_to_others
from attention_course.layers.multi_head import Attention
from attention_course.layers.shared_query_key import SharedQueryKey
from attention_course.lessons.lesson_19.copy_task import copy_task
from attention_course.models.transformer import Config, TransformerDecoder
from attention_course.training.classifiers import Batch, train_classifier


class CopyModel(nn.Module):
    """A `TransformerDecoder` with one vector for query and key, on what `copy_task` gives.

    length: of the sequence that is said twice. attend: its attention function.
    """

    def __init__(self, length: int, words: int = 32, heads: int = 2, attend: Attention = attention_to_others):
        super().__init__()
        self.length, self.words = length, words
        config = Config(64, heads, 128, layers=1, dropout=0.0, attend=lambda: attend, attention=SharedQueryKey)
        self.decoder = TransformerDecoder(words, config)

    def use(self, attend: Attention) -> None:
        """Exchange the attention function; what was learned stays."""
        layer = self.decoder.blocks[0].self_attention
        del layer.attend  # or a function could not stand where a module stood
        layer.attend = attend

    def forward(self, heard: Int[Tensor, "batch before"]) -> tuple[Float[Tensor, "batch length words"], None]:
        """Logits of the `length` words after the second mark, each given all before it; the last word is not needed."""
        logits, _ = self.decoder(heard)
        return logits[:, -self.length :], None

    @torch.no_grad()
    def asked(
        self, heard: Int[Tensor, "batch before"]
    ) -> tuple[Float[Tensor, "batch heads words head_size"], Float[Tensor, "batch heads words head_size"]]:
        """The vectors that serve as queries and keys, and the values, (B, H, words, D) each."""
        decoder = self.decoder
        x = decoder.positions(decoder.embedding(heard) * decoder.embedding.embedding_dim**0.5)
        return decoder.blocks[0].self_attention.project(decoder.blocks[0].norm_self_attention(x))

    def draw(self, count: int, generator: torch.Generator) -> Batch:
        """Sequences for `train_classifier`, where the model is: what is heard, and the words that are to be said."""
        said = copy_task(count, self.length, self.words, generator).to(self.decoder.bias.device)
        return (said[:, :-1],), said[:, -self.length :]

    def train_for(self, steps: int, seed: int, learning_rate: float = 1e-2, progress: bool = True) -> list[float]:
        """`train_classifier` on fresh sequences, 32 a step; the losses."""
        draw = partial(self.draw, 32, torch.Generator().manual_seed(seed))
        return train_classifier(self, draw, steps=steps, learning_rate=learning_rate, progress=progress).losses

    @torch.no_grad()
    def words_right(self, count: int, seed: int) -> float:
        """The share of words that are right, each given all before it."""
        (heard,), said = self.draw(count, torch.Generator().manual_seed(seed))
        return (self(heard)[0].argmax(-1) == said).float().mean().item()
