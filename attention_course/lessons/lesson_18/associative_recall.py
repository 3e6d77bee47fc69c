"""A memory for pairs of a name and a place: one attention, and what it needs to be trained by itself."""

from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.layers.multi_head import Attention
from attention_course.lessons.lesson_18.recall_task import NAMES, PLACES


class AssociativeRecall(nn.Module):
    """Names are keys, places are values, and the name asked for is the query.

    key_size, value_size: of what is kept of a pair. attend: an attention function (queries, keys, values) that is not
    causal: all questions come after all pairs.
    """

    def __init__(self, key_size: int, value_size: int, attend: Attention, size: int = 64):
        super().__init__()
        self.name = nn.Embedding(NAMES, size)
        self.place = nn.Embedding(PLACES, value_size)
        self.project_query = nn.Linear(size, key_size)
        self.project_key = nn.Linear(size, key_size)
        self.attend = attend
        self.norm = nn.LayerNorm(value_size)
        self.answer = nn.Linear(value_size, PLACES)

    def forward(
        self,
        names: Int[Tensor, "batch pairs"],
        places: Int[Tensor, "batch pairs"],
        asked: Int[Tensor, "batch questions"],
    ) -> tuple[Float[Tensor, "batch questions places"], None]:
        """Logits of the place for each name asked for. No weights are computed."""
        found, _ = self.attend(*self.look_up(names, places, asked))
        return self.read(found), None

    def look_up(
        self, names: Tensor, places: Tensor, asked: Tensor
    ) -> tuple[
        Float[Tensor, "batch questions key_size"],
        Float[Tensor, "batch pairs key_size"],
        Float[Tensor, "batch pairs value_size"],
    ]:
        """Queries, keys and values."""
        return self.project_query(self.name(asked)), self.project_key(self.name(names)), self.place(places)

    def read(self, found: Float[Tensor, "batch questions value_size"]) -> Float[Tensor, "batch questions places"]:
        """Logits of the places, for what attention has brought."""
        return self.answer(self.norm(found))
