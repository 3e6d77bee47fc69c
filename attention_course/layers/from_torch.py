"""PyTorch's layer of several heads as ours."""

import torch
from torch import nn

from attention_course.layers.multi_head import MultiHeadAttention


def from_torch(theirs: nn.MultiheadAttention) -> MultiHeadAttention:
    """PyTorch's layer as ours, with copies of its weights; its dropout is left behind.

    Raises ValueError for `add_bias_kv` or `add_zero_attn`, which ours has not, and unless it takes the batch first.
    """
    if theirs.bias_k is not None or theirs.add_zero_attn:
        raise ValueError("theirs: expected a layer without add_bias_kv and add_zero_attn")
    if not theirs.batch_first:
        raise ValueError("theirs: expected batch_first=True, as ours takes (batch, words, size), got batch_first=False")
    sizes = {"key_size": theirs.kdim, "value_size": theirs.vdim, "bias": theirs.in_proj_bias is not None}
    ours = MultiHeadAttention(theirs.embed_dim, theirs.num_heads, **sizes).to(theirs.out_proj.weight)
    if theirs.in_proj_weight is not None:  # one matrix for the three
        weights = theirs.in_proj_weight.chunk(3)
    else:
        weights = theirs.q_proj_weight, theirs.k_proj_weight, theirs.v_proj_weight
    biases = theirs.in_proj_bias.chunk(3) if sizes["bias"] else (None,) * 3
    with torch.no_grad():
        for layer, weight, bias in zip(
            ours.projections, (*weights, theirs.out_proj.weight), (*biases, theirs.out_proj.bias), strict=True
        ):
            layer.weight.copy_(weight)
            if bias is not None:
                layer.bias.copy_(bias)
    return ours.train(theirs.training)
