"""How many operations of a forward pass have to wait for one another."""

import torch
from torch import Tensor, nn


def longest_chain(result: Tensor) -> int:
    """Every operation leaves a node in PyTorch's graph of gradients, tied to those whose results it needed. This is the
    number of nodes on the longest way through the graph."""
    depth, waiting = {}, [result.grad_fn]
    while waiting:
        needed = [node for node, _ in waiting[-1].next_functions if node is not None]
        if missing := [node for node in needed if node not in depth]:
            waiting += missing
        else:
            depth[waiting.pop()] = 1 + max((depth[node] for node in needed), default=0)
    return depth[result.grad_fn]


def chain(model: nn.Module, words: int) -> int:
    """The longest chain of a translator that is given so many words on each side, among them none above number 49."""
    sentence = torch.arange(words).remainder(46)[None] + 4
    logits = model(sentence, sentence)
    return longest_chain((logits[0] if isinstance(logits, tuple) else logits).sum())
