"""Machine reading: the answer to a question, found as a span of a passage."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.layers import AttentionPooling, self_attention
from attention_course.lessons.lesson_09.neighbours import Neighbours
from attention_course.masks import PAD, others_mask, padding_mask
from attention_course.scores import ScaledScore, scaled_dot_score


class Reader(nn.Module):
    """The passage asks itself, then the question asks the passage: where does the answer begin, where does it end?

    A convolution gives each word x_i its h_i, which knows of the `reach` words on either side and of no others. In
    self-attention, Eqs. (16) and (17), words are the queries and the keys, and the h the values: a word looks for its
    like, and is told what stands there. The score is the scaled dot product of the embeddings. A second convolution
    takes the news to the neighbours. Then ordinary attention is stacked on top, twice, with the question as the query;
    its weights are the answer, as in the pointer networks of Vinyals et al. (2015).

    (Of the readers that made self-attention known, Cheng et al. 2016 build it into an LSTM, and Wang et al. 2017 put
    it, with an additive score, between two recurrent networks. Ours is far smaller than either.)

    relate: False leaves self-attention out, for comparison.
    """

    def __init__(self, words: int, size: int = 32, reach: int = 5, relate: bool = True):
        super().__init__()
        self.relate = relate
        self.embedding = nn.Embedding(words, size, padding_idx=PAD)
        self.ask = AttentionPooling(size, size)
        self.near = Neighbours(size, 2 * size, reach)
        self.again = Neighbours((4 if relate else 2) * size, 2 * size, reach)
        self.ends = nn.ModuleList(ScaledScore(size, 2 * size, size) for _ in range(2))

    def forward(
        self, passage: Int[Tensor, "batch words"], question: Int[Tensor, "batch asked"]
    ) -> tuple[Float[Tensor, "batch 2 words"], Float[Tensor, "batch words words"] | None]:
        """Give (logits, weights): logits of the answer's first and last word, and the weights of self-attention."""
        mask, weights = padding_mask(passage), None
        query, _ = self.ask(self.embedding(question), question != PAD)
        x = self.embedding(passage)  # (B, S, E)
        h = self.near(x) * mask.mT
        if self.relate:
            others = mask & others_mask(passage.shape[1], passage.device)
            contexts, weights = self_attention(x, scaled_dot_score, h, others)
            h = torch.cat([h, contexts * mask.mT], -1)
        h = self.again(h)
        logits = torch.cat([score(query.unsqueeze(1), h) for score in self.ends], 1)  # (B, 2, S)
        return logits.masked_fill(~mask, torch.finfo(logits.dtype).min), weights
