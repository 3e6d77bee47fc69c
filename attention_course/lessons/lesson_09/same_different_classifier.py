"""Networks that compare two words of a sentence, however far apart: some read word by word, some see all words at once.

Each is called with words (B, S) and gives (logits, weights): logits (B, 2) for different and same.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.layers import AttentionPooling, SelfAttention
from attention_course.masks import others_mask


class SelfAttentiveClassifier(nn.Module):
    """Self-attention, and ordinary attention stacked on its output: nothing in it knows of order.

    Every word asks all the others, Eqs. (15)-(17), and a layer compares x_i with what came back, c_i. Then attention
    without a query, Eqs. (18)-(20), makes one vector of the new set. No word asks itself: it stands in x_i already.
    """

    def __init__(self, words: int, size: int = 32, score_size: int = 16):
        super().__init__()
        self.embedding = nn.Embedding(words, size)
        self.relate = SelfAttention(size, score_size)
        self.compare = nn.Sequential(nn.Linear(2 * size, size), nn.ReLU(), nn.LayerNorm(size))
        self.pool = AttentionPooling(size, score_size)
        self.classify = nn.Linear(size, 2)

    def forward(
        self, words: Int[Tensor, "batch words"]
    ) -> tuple[Float[Tensor, "batch 2"], tuple[Float[Tensor, "batch words words"], Float[Tensor, "batch words"]]]:
        """Weights are the two distributions: each word's over the words, and the second attention's."""
        x = self.embedding(words)  # (B, S, E)
        contexts, weights = self.relate(x, others_mask(words.shape[1], words.device))
        vector, shares = self.pool(self.compare(torch.cat([x, contexts], -1)))
        return self.classify(vector), (weights, shares)


class RecurrentClassifier(nn.Module):
    """A recurrent network from the first word to the last; the answer is read off its last state.

    cell: `nn.RNN`, `nn.GRU` or `nn.LSTM`.
    """

    def __init__(self, words: int, cell: type[nn.RNNBase] = nn.GRU, size: int = 32):
        super().__init__()
        self.embedding = nn.Embedding(words, size)
        self.read = cell(size, size, batch_first=True)
        self.classify = nn.Sequential(nn.Linear(size, size), nn.ReLU(), nn.Linear(size, 2))

    def forward(self, words: Int[Tensor, "batch words"]) -> tuple[Float[Tensor, "batch 2"], None]:
        states, _ = self.read(self.embedding(words))
        return self.classify(states[:, -1]), None


class AverageClassifier(nn.Module):
    """The plain average of the words: no order, and no attention either."""

    def __init__(self, words: int, size: int = 32):
        super().__init__()
        self.embedding = nn.Embedding(words, size)
        self.classify = nn.Sequential(nn.Linear(size, size), nn.ReLU(), nn.Linear(size, 2))

    def forward(self, words: Int[Tensor, "batch words"]) -> tuple[Float[Tensor, "batch 2"], None]:
        return self.classify(self.embedding(words).mean(1)), None


class PooledRecurrentClassifier(RecurrentClassifier):
    """The same network with a short way to the answer: all its states are pooled by attention without a query."""

    def __init__(self, words: int, cell: type[nn.RNNBase] = nn.GRU, size: int = 32, score_size: int = 16):
        super().__init__(words, cell, size)
        self.pool = AttentionPooling(size, score_size)

    def forward(
        self, words: Int[Tensor, "batch words"]
    ) -> tuple[Float[Tensor, "batch 2"], Float[Tensor, "batch words"]]:
        vector, shares = self.pool(self.read(self.embedding(words))[0])
        return self.classify(vector), shares


class PooledClassifier(AverageClassifier):
    """Attention without a query over the bare words: no order, and no word knows of any other."""

    def __init__(self, words: int, size: int = 32, score_size: int = 16):
        super().__init__(words, size)
        self.pool = AttentionPooling(size, score_size)

    def forward(
        self, words: Int[Tensor, "batch words"]
    ) -> tuple[Float[Tensor, "batch 2"], Float[Tensor, "batch words"]]:
        vector, shares = self.pool(self.embedding(words))
        return self.classify(vector), shares
