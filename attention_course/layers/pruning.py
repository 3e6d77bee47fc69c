"""Heads removed from a trained layer."""

from collections.abc import Sequence

import torch

from attention_course.layers.multi_head import MultiHeadAttention


def prune_heads(attention: MultiHeadAttention, keep: Sequence[int]) -> MultiHeadAttention:
    """A smaller layer with the heads `keep` alone: their rows of W^Q, W^K, W^V and their columns of W_O.

    It gives what the whole layer gives with a `head_mask` that is True for them. An `attend` is taken over as it is.
    Raises ValueError unless `keep` names one head or more, each once.
    """
    if not keep or len(set(keep)) < len(keep) or not set(keep) <= set(range(attention.heads)):
        raise ValueError(f"keep: expected different heads among 0 to {attention.heads - 1}, got {list(keep)}")
    D = attention.head_size
    rows = torch.cat([torch.arange(h * D, (h + 1) * D) for h in keep]).to(attention.project_query.weight.device)
    query, key, value, output = attention.projections
    smaller = MultiHeadAttention(
        query.in_features,
        len(keep),
        key_size=key.in_features,
        value_size=value.in_features,
        head_size=D,
        bias=query.bias is not None,
        attend=attention.attend,
    ).to(query.weight)
    with torch.no_grad():
        for ours, theirs in zip(smaller.projections[:3], (query, key, value), strict=True):
            ours.weight.copy_(theirs.weight[rows])
            if theirs.bias is not None:
                ours.bias.copy_(theirs.bias[rows])
        smaller.project_output.weight.copy_(output.weight[:, rows])
        if output.bias is not None:
            smaller.project_output.bias.copy_(output.bias)
    return smaller.train(attention.training)
