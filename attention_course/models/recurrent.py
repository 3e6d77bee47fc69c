"""The recurrent parts of a translator: an encoder that reads from both ends, and a GRU cell that is told a context."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.layers.dropout import SharedDropout
from attention_course.masks import padding_mask


class Encoder(nn.Module):
    """Eq. (3), from both ends: h_t joins a GRU that has read the words up to t with one that has read those from t on.

    Gives annotations (B, S, 2 * hidden_size). What stands at padded positions is of no meaning, and what stands
    elsewhere does not depend on how much padding there is. Raises ValueError for sentences without words.
    """

    def __init__(self, vocabulary_size: int, embedding_size: int, hidden_size: int, dropout: float = 0.0):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        nn.init.normal_(self.embedding.weight, std=embedding_size**-0.5)
        self.forwards = nn.GRU(embedding_size, hidden_size, batch_first=True)
        self.backwards = nn.GRU(embedding_size, hidden_size, batch_first=True)
        self.dropout = SharedDropout(dropout)

    def forward(self, source: Int[Tensor, "batch source"]) -> Float[Tensor, "batch source annotation_size"]:
        if not source.shape[-1]:
            raise ValueError(f"source: expected at least one word a sentence, got the shape {tuple(source.shape)}")
        lengths = padding_mask(source).sum(-1)  # (B, 1)
        embedded = self.dropout(self.embedding(source))
        ahead, _ = self.forwards(embedded)
        behind, _ = self.backwards(reverse(embedded, lengths))
        return self.dropout(torch.cat([ahead, reverse(behind, lengths)], -1))


def reverse(
    sequences: Float[Tensor, "batch source size"], lengths: Int[Tensor, "batch 1"]
) -> Float[Tensor, "batch source size"]:
    """Turn each sequence round within its own length; the padding stays at the end.

    So the backward GRU meets the last word first and no padding before it: exactly what packing would give, and faster.
    """
    positions = torch.arange(sequences.shape[1], device=sequences.device)
    mirrored = lengths - 1 - positions  # (B, S)
    index = torch.where(mirrored < 0, positions, mirrored)
    return sequences.gather(1, index.unsqueeze(-1).expand_as(sequences))


class ContextGRUCell(nn.Module):
    """A GRU cell with two inputs, a word and a context: s_t = GRU([y_{t-1}, c_t], s_{t-1}).

    It is `nn.GRUCell` on the two joined, with the product of their matrix taken apart: `from_word` can be computed for
    all words of a sentence at once, and only the context has to wait for the step before.
    """

    def __init__(self, word_size: int, context_size: int, state_size: int):
        super().__init__()
        self.from_word = nn.Linear(word_size, 3 * state_size)
        self.from_context = nn.Linear(context_size, 3 * state_size, bias=False)
        self.from_state = nn.Linear(state_size, 3 * state_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(state_size**-0.5), state_size**-0.5)  # as nn.GRUCell does

    def forward(
        self,
        word: Float[Tensor, "batch gates"],
        context: Float[Tensor, "batch context_size"],
        state: Float[Tensor, "batch state_size"],
    ) -> Float[Tensor, "batch state_size"]:
        """word: what `from_word` made of it. Gives the new state."""
        reset, update, new = (word + self.from_context(context)).chunk(3, -1)
        old_reset, old_update, old = self.from_state(state).chunk(3, -1)
        candidate = torch.tanh(new + torch.sigmoid(reset + old_reset) * old)
        return torch.lerp(candidate, state, torch.sigmoid(update + old_update))
