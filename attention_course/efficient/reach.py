"""How far information travels: a query sees what its keys have seen in the layer below."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def layers_needed(patterns: Sequence[Bool[Tensor, "length length"]]) -> Int[Tensor, "length length"]:
    """In how many layers position i (row) can know of position j: 0 for itself, -1 where not even in all of them.

    patterns: who may attend to whom, the lowest layer first. Past each attention a residual connection leads, so that
    every position also keeps what it has. These are paths and no more; whether a model uses them, training decides.
    """
    known = torch.eye(len(patterns[0]), dtype=torch.bool, device=patterns[0].device)
    needed = torch.where(known, 0, -1)
    for number, pattern in enumerate(patterns, 1):
        # i knows in this layer what it or one of those it sees knew in the layer below: one factor of the power more
        known = known | (pattern.float() @ known.float() > 0)
        needed = torch.where(known & (needed < 0), number, needed)
    return needed
