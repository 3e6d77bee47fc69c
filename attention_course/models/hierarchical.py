"""Hierarchical attention: words become a sentence, sentences become a document (survey, section 3.2 and Fig. 4)."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attention_course.masks import PAD
from attention_course.models.recurrent import reverse


class Reading(NamedTuple):
    """What a reader makes of documents."""

    logits: Float[Tensor, "batch classes"]
    sentence_weights: Float[Tensor, "batch sentences"]  # of each sentence in its document
    word_weights: Float[Tensor, "batch sentences words"]  # of each word in its sentence


class BidirectionalGRU(nn.Module):
    """A bidirectional GRU over what the mask allows: each state has heard what stands before it and behind it.

    What is masked is not read at all, wherever it stands: the others' states are those they would have without it, and
    its own state is zero. `size` is that of the vectors and of the states; ValueError where it is odd.
    """

    def __init__(self, size: int):
        super().__init__()
        if size % 2:
            raise ValueError(f"size: expected an even number, half for each direction, got {size}")
        self.forwards = nn.GRU(size, size // 2, batch_first=True)
        self.backwards = nn.GRU(size, size // 2, batch_first=True)

    def forward(
        self, values: Float[Tensor, "batch keys size"], mask: Bool[Tensor, "batch keys"]
    ) -> Float[Tensor, "batch keys size"]:
        first = (~mask).long().argsort(dim=1, stable=True)  # the allowed ones, in their order, then the others
        lengths = mask.sum(1, keepdim=True)  # (B, 1)
        index = first.unsqueeze(-1).expand_as(values)
        together = values.gather(1, index)
        ahead, _ = self.forwards(together)
        behind, _ = self.backwards(reverse(together, lengths))
        states = torch.cat([ahead, reverse(behind, lengths)], -1)
        return torch.zeros_like(states).scatter(1, index, states) * mask.unsqueeze(-1)  # each to its own place


class Identity(nn.Module):
    """No encoder: every vector stands for itself, and knows nothing of its neighbours."""

    def forward(
        self, values: Float[Tensor, "batch keys size"], mask: Bool[Tensor, "batch keys"]
    ) -> Float[Tensor, "batch keys size"]:
        return values


class Level(nn.Module):
    """One level of the hierarchy: a sequence of vectors is encoded, then pooled into one vector.

    encoder: (values, mask) -> states, such as `BidirectionalGRU` or `Identity`.
    pool: (states, mask) -> (vector, weights), such as `layers.AttentionPooling`, Eqs. (18)-(20), or `MeanPooling`.
    """

    def __init__(self, encoder: nn.Module, pool: nn.Module):
        super().__init__()
        self.encoder = encoder
        self.pool = pool

    def forward(
        self, values: Float[Tensor, "batch keys size"], mask: Bool[Tensor, "batch keys"]
    ) -> tuple[Float[Tensor, "batch size"], Float[Tensor, "batch keys"]]:
        """Give (vector, weights)."""
        return self.pool(self.encoder(values, mask), mask)


class HierarchicalAttention(nn.Module):
    """Yang et al. 2016 ("Hierarchical Attention Networks for Document Classification", NAACL): the same level twice.

        s_i = sum_t alpha_it h_it    from the states of words
        v   = sum_i alpha_i  h_i     from the states of sentences, which are made of the s_i

    words, sentences: the two `Level`s, for vectors of `size` numbers. With `BidirectionalGRU` and `AttentionPooling`
        in both this is the paper's network (whose W has a bias; what it calls the word and sentence context vector,
        u_w and u_s, is the `v` of the pooling). Other encoders and pools make its relatives.

    Words that are `PAD` and sentences without words change nothing and have a weight of zero. A document without any
    word becomes the vector zero: its weights are all zero, and its logits the bias of the last layer.
    """

    def __init__(
        self, vocabulary_size: int, words: Level, sentences: Level, *, size: int, classes: int = 2, dropout: float = 0.0
    ):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, size)
        nn.init.normal_(self.embedding.weight, std=size**-0.5)
        self.words = words
        self.sentences = sentences
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(size, classes)

    def forward(self, documents: Int[Tensor, "batch sentences words"]) -> Reading:
        """Read documents. Raises ValueError for a tensor without room for a word."""
        if not documents.shape[1] * documents.shape[2]:
            raise ValueError(f"documents: expected room for at least one word, got the shape {tuple(documents.shape)}")
        batch, mask = len(documents), documents != PAD  # (B, S, T)
        words = self.dropout(self.embedding(documents))
        vectors, word_weights = self.words(words.flatten(0, 1), mask.flatten(0, 1))  # every sentence for itself
        vectors = vectors.unflatten(0, (batch, -1))  # (B, S, E)
        document, sentence_weights = self.sentences(vectors, mask.any(-1))
        return Reading(self.classify(self.dropout(document)), sentence_weights, word_weights.unflatten(0, (batch, -1)))
