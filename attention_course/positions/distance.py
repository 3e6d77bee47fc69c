"""Where queries and keys stand, and how far they are from each other.

With more keys than queries the last query is level with the last key, as in `masks.causal_mask`: the earlier keys are
the past, which a cache has kept.
"""

import torch
from jaxtyping import Int
from torch import Tensor


def key_positions(keys: Tensor) -> Int[Tensor, " keys"]:
    """0, 1, ... for keys (..., S, size)."""
    return torch.arange(keys.shape[-2], device=keys.device)


def query_positions(queries: Tensor, keys: Tensor) -> Int[Tensor, " queries"]:
    """Positions of queries (..., L, size), of which the last is level with the last of the keys (..., S, size).

    Raises ValueError where there are more queries than keys: a sequence looks at itself here.
    """
    length, past = queries.shape[-2], keys.shape[-2] - queries.shape[-2]
    if past < 0:
        raise ValueError(f"keys: expected at least as many as the {length} queries, got {keys.shape[-2]}")
    return torch.arange(past, past + length, device=queries.device)


def distances(queries: Tensor, keys: Tensor) -> Int[Tensor, "queries keys"]:
    """Key position less query position: negative where the key lies in the past."""
    return key_positions(keys) - query_positions(queries, keys).unsqueeze(-1)
