"""Where a Transformer looks: the weights of all its heads, for pictures."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


@torch.no_grad()
def looks(
    model: nn.Module, source: Int[Tensor, "1 source"], previous: Int[Tensor, "1 target"]
) -> Float[Tensor, "layers heads target source"]:
    """The weights of the cross-attentions of lesson 12's Transformer, for one sentence and its translation."""
    found = []
    watched = [block.cross.register_forward_hook(lambda layer, given, out: found.append(out[1][0]))
               for block in model.decoder.blocks]  # fmt: skip
    try:
        model(source, previous)
    finally:
        for handle in watched:
            handle.remove()
    return torch.stack(found)
