"""The loss of a translator on sentences that it has not learned from, as several experiments take it."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from attention_course.data.batches import Example
from attention_course.data.vocabulary import pad
from attention_course.training import translation_loss
from attention_course.training.translators import words_to_predict

AT_ONCE = 100  # sentences


@torch.no_grad()
def mean_loss(model: nn.Module, examples: Sequence[Example], loss: Callable[..., Tensor] = translation_loss) -> float:
    """In nats per French word, over all words of the examples. loss: as `translation_loss`, without label smoothing."""
    total = words = 0
    for start in range(0, len(examples), AT_ONCE):
        source, target = (pad(list(side)) for side in zip(*examples[start : start + AT_ONCE], strict=True))
        n = words_to_predict(source, target)
        total, words = total + n * loss(model, source, target).item(), words + n
    return total / words
