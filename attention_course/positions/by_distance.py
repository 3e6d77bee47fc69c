"""From distances to pairs of query and key, and back: each of the two is the gradient of the other.

`gather` and `scatter_add` say the same in a line. But many keys of a query share the largest distance, and on a GPU
the threads that add to one place come in any order: a sum differs from run to run.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


def spread(
    x: Float[Tensor, "*batch queries distances"], index: Int[Tensor, "queries keys"], first: int
) -> Float[Tensor, "*batch queries keys"]:
    """What query i has at `index[i, j]`, for each key j. For `index` and `first` see `gathered`."""
    return _Spread.apply(x, index, first)


def gathered(
    x: Float[Tensor, "*batch queries keys"], index: Int[Tensor, "queries keys"], max_distance: int, first: int
) -> Float[Tensor, "*batch queries distances"]:
    """The sum of what query i has for its keys, for each of the distances from -max_distance to max_distance.

    index: as `index_of` gives it. Keys that lie farther count at the largest distance of their side.
    first: the distance of the first key and the first query.
    """
    return _Gathered.apply(x, index, max_distance, first)


def index_of(distances: Int[Tensor, "*shape"], max_distance: int) -> Int[Tensor, "*shape"]:
    """Which of the distances from -max_distance to max_distance a pair has: 0 to 2 * max_distance."""
    return distances.clamp(-max_distance, max_distance) + max_distance


class _Spread(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x, index, first):
        return x.gather(-1, index.expand(*x.shape[:-1], -1))

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, index, ctx.first = inputs
        ctx.save_for_backward(index)
        ctx.max_distance = x.shape[-1] // 2

    @staticmethod
    def backward(ctx, gradient):
        return gathered(gradient, *ctx.saved_tensors, ctx.max_distance, ctx.first), None, None


class _Gathered(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x, index, max_distance, first):
        if not max_distance:
            return x.sum(-1, keepdim=True)
        (queries, keys), k = x.shape[-2:], max_distance
        # Zeros around, and each row cut off one later than the one before it: so equal distances stand in one column.
        middle = max(queries - 1 - first, k)  # the column of the distance 0
        width = middle + max(first + keys, k + 1)
        rows = F.pad(x, (middle + first, width - keys - middle - first, 0, 1)).flatten(-2)
        columns = rows[..., : queries * (width + 1)].unflatten(-1, (queries, width + 1))[..., :-1]
        behind, near, ahead = columns.tensor_split((middle - k + 1, middle + k), -1)
        return torch.cat([behind.sum(-1, keepdim=True), near, ahead.sum(-1, keepdim=True)], -1)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[1])
        ctx.first = inputs[3]

    @staticmethod
    def backward(ctx, gradient):
        return spread(gradient, *ctx.saved_tensors, ctx.first), None, None, None
