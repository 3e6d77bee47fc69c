"""A sentence as a small matrix: the structured self-attentive sentence embedding of Lin et al. (2017)."""

from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.layers import StructuredAttention
from attention_course.masks import PAD
from attention_course.models.recurrent import Encoder


class SentenceEmbedding(nn.Module):
    """A bidirectional recurrent network reads, and r hops each make one row of the embedding; a linear layer reads it.

    Lin et al. have an LSTM where we have a GRU. aspects: how many questions with two answers are to be answered.
    """

    def __init__(self, words: int, aspects: int, hops: int, size: int = 16, score_size: int = 16):
        super().__init__()
        self.encoder = Encoder(words, size, size)
        self.attend = StructuredAttention(2 * size, score_size, hops)
        self.answer = nn.Linear(hops * 2 * size, 2 * aspects)

    def embed(
        self, words: Int[Tensor, "batch words"]
    ) -> tuple[Float[Tensor, "batch hops size"], Float[Tensor, "batch hops words"]]:
        """The embeddings M and the weights A."""
        return self.attend(self.encoder(words), words != PAD)

    def forward(
        self, words: Int[Tensor, "batch words"]
    ) -> tuple[Float[Tensor, "batch aspects 2"], Float[Tensor, "batch hops words"]]:
        """Give (logits, A)."""
        embeddings, weights = self.embed(words)
        return self.answer(embeddings.flatten(1)).unflatten(-1, (-1, 2)), weights
