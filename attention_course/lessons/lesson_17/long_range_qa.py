"""A small Transformer that answers questions in the text: for the task of `data.facts`."""

from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.masks import padding_mask
from attention_course.models.transformer import Config, Stack


class LongRangeQA(Stack):
    """An encoder, and one linear layer that reads the answers off the states at the questions.

    causal: whether its words look only back, which is enough here: a question stands behind its fact.
    """

    def __init__(self, words: int, answers: int, config: Config, causal: bool = False):
        super().__init__(words, config)
        self.causal = causal
        self.answer = nn.Linear(config.size, answers)

    def forward(
        self, tokens: Int[Tensor, "batch words"], asked: Int[Tensor, "batch questions"]
    ) -> tuple[Float[Tensor, "batch questions answers"], None]:
        """Logits of the answers to the questions at the places `asked`; the shape that `train_classifier` wants."""
        states, _ = super().forward(tokens, padding_mask(tokens), self.causal)
        rows = asked.unsqueeze(-1).expand(-1, -1, states.shape[-1])
        return self.answer(states.gather(1, rows)), None
