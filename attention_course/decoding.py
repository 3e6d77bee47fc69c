"""From a model that gives the next word's probabilities to whole sentences.

A model here is anything with `encode(source) -> (memory, state)` and
`step(previous, state, memory) -> (logits, state, weights)`, as `models.seq2seq.RNNsearch` has them.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from .data.vocabulary import BOS, EOS


@torch.no_grad()
def greedy(
    model: nn.Module, source: Int[Tensor, "batch source"], longest: int = 50
) -> tuple[Int[Tensor, "batch target"], Float[Tensor, "batch target source"]]:
    """Take the most probable word at every step, until every sentence has ended or is `longest` words long.

    Gives the words, `<eos>` included (what stands behind it is of no meaning), and the attention weights of each.
    """
    if longest < 1:
        raise ValueError(f"longest: expected at least 1 word, got {longest}")
    training = model.training
    model.eval()
    try:
        memory, state = model.encode(source)
        previous = torch.full((len(source),), BOS, device=source.device)
        ended = torch.zeros(len(source), dtype=torch.bool, device=source.device)
        words, weights = [], []
        for _ in range(longest):
            logits, state, looked = model.step(previous, state, memory)
            previous = logits.argmax(-1)
            ended |= previous == EOS
            words.append(previous)
            weights.append(looked)
            if ended.all():
                break
    finally:
        model.train(training)
    return torch.stack(words, 1), torch.stack(weights, 1)
