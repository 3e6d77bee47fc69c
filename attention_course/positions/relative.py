"""What depends on the distance of query and key alone, added to any attention that computes scores."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attention_course.functional import scaled_dot_product_attention
from attention_course.positions.distance import key_positions


class RelativeAttention(nn.Module):
    """Hands queries, keys and values on to `attend`, with a number to add for each head and distance (`numbers`).

    attend: an attention function that takes the keyword `relative`. Local and dilated attention add in their windows;
        for the other patterns and for tiles the whole is computed by the definition. What has no scores, or looks at
        them in an order of its own, takes none: ValueError says so.
    """

    def __init__(self, attend: Callable = scaled_dot_product_attention):
        super().__init__()
        call = attend.forward if isinstance(attend, nn.Module) else attend
        if "relative" not in inspect.signature(call).parameters:
            name = getattr(attend, "__name__", type(attend).__name__)
            raise ValueError(f"attend: expected one that adds to its scores (`relative=`), got `{name}`")
        self.attend = attend

    def forward(
        self,
        queries: Float[Tensor, "*#batch queries key_size"],
        keys: Float[Tensor, "*#batch keys key_size"],
        values: Float[Tensor, "*#batch keys value_size"],
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        need_weights: bool = True,
    ) -> tuple[Float[Tensor, "*#batch queries value_size"], Float[Tensor, "*#batch queries keys"] | None]:
        return self.attend(queries, keys, values, mask, causal, need_weights, relative=Relative(self))

    def numbers(self, distances: Int[Tensor, "*shape"]) -> Float[Tensor, "heads *shape"]:
        """For key position less query position."""
        raise NotImplementedError

    def scores(self, queries: Tensor, keys: int, at: "Relative") -> Float[Tensor, "..."]:
        """What is added to the scores of these queries, which are divided by sqrt(D), with so many keys."""
        distances = at.distances(queries, keys)
        return self.numbers(distances.view(*(1,) * at.between, *distances.shape)).to(queries.dtype)

    def output(self, weights: Tensor, at: "Relative") -> Tensor | None:
        """What is added to the output."""
        return None


@dataclass(frozen=True)
class Relative:
    """The places at which a scheme adds: all of the text, whose last query and key are level, or a piece of it.

    first: the distance of the piece's first key and first query, in steps. step: how far neighbours are apart.
    between: how many axes there are between that of the heads and that of the queries.
    """

    scheme: RelativeAttention
    first: int | None = None
    step: int = 1
    between: int = 0

    def piece(self, first: int | None = None, step: int = 1) -> "Relative":
        """Of tensors with one more axis, for the pieces, between heads and words."""
        return replace(self, first=first, step=self.step * step, between=self.between + 1)

    def start(self, queries: int, keys: int) -> int:
        """The distance of the first key and the first query, in steps. ValueError for more queries than keys."""
        if self.first is not None:
            return self.first
        if keys < queries:
            raise ValueError(f"keys: expected at least as many as the {queries} queries, got {keys}")
        return queries - keys

    def distances(self, queries: Tensor, keys: int) -> Int[Tensor, "queries keys"]:
        """Key position less query position."""
        i = key_positions(queries)
        j = torch.arange(keys, device=queries.device) + self.start(len(i), keys)
        return (j - i.unsqueeze(-1)) * self.step

    def scores(self, queries: Tensor, keys: int) -> Float[Tensor, "..."]:
        return self.scheme.scores(queries, keys, self)

    def output(self, weights: Tensor) -> Tensor | None:
        return self.scheme.output(weights, self)
