"""Who may attend to whom. Masks are boolean, and True means: may attend.

`F.scaled_dot_product_attention` reads them so too; `nn.MultiheadAttention` reads True as *may not*.
"""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

PAD = 0
"""The token id that fills short sentences up, everywhere in this course."""


def padding_mask(tokens: Int[Tensor, "batch keys"]) -> Bool[Tensor, "batch 1 keys"]:
    """Every query may attend to every token but `PAD`."""
    return (tokens != PAD).unsqueeze(-2)


def length_mask(lengths: Int[Tensor, " batch"], max_length: int | None = None) -> Bool[Tensor, "batch 1 keys"]:
    """Every query may attend to the first `lengths[b]` keys of sequence b. `max_length` is the number of keys.

    Raises ValueError where a length is negative or exceeds `max_length`; so on a GPU it waits for the lengths.
    """
    most = int(lengths.max()) if len(lengths) else 0
    max_length = most if max_length is None else max_length
    if most > max_length or (lengths < 0).any():
        raise ValueError(f"lengths: expected 0 to {max_length}, got {lengths.tolist()}")
    positions = torch.arange(max_length, device=lengths.device)
    return (positions < lengths.unsqueeze(-1)).unsqueeze(-2)


def causal_mask(queries: int, keys: int | None = None, device=None) -> Bool[Tensor, "queries keys"]:
    """Query i may attend to key j where j <= i.

    With more keys than queries the last query is level with the last key: earlier keys are the past.
    """
    keys = queries if keys is None else keys
    if keys < queries:
        raise ValueError(f"keys: expected at least as many as the {queries} queries, got {keys}")
    return torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)


def others_mask(count: int, device=None) -> Bool[Tensor, "words words"]:
    """Of `count` words every one may attend to all the others, and not to itself."""
    return ~torch.eye(count, dtype=torch.bool, device=device)
