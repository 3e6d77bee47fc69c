"""Dilated windows: every query sees a window with gaps in it (Longformer: Beltagy, Peters and Cohan 2020).

It sees as many keys as without gaps, over a stretch `dilation` times as long. The paper leaves the lowest layers
without gaps, and gives gaps to some heads of the upper ones; here all heads of a layer have the same.
"""

import torch.nn.functional as F
from jaxtyping import Bool
from torch import Tensor

from attention_course.efficient.local import LocalAttention
from attention_course.efficient.pattern import PatternAttention, steps_back


def dilated_mask(
    queries: int, window: int, dilation: int, causal: bool = False, device=None, keys: int | None = None
) -> Bool[Tensor, "queries keys"]:
    """The definition: i - j is a multiple of `dilation`, and that multiple lies in the window of `local_mask`."""
    behind = steps_back(queries, keys, device)
    steps = behind // dilation
    return (behind % dilation == 0) & (steps < window) & (steps >= (0 if causal else 1 - window))


class DilatedAttention(PatternAttention):
    """What `dilated_mask` allows: every `dilation`-th position makes a text of its own, with a window and no gaps."""

    adds_in_pieces = True

    def __init__(self, window: int, dilation: int, chunk: int = 128):
        super().__init__()
        if dilation < 1:
            raise ValueError(f"dilation: expected at least 1, got {dilation}")
        self.local, self.dilation = LocalAttention(window, chunk), dilation

    def allowed(self, queries, keys, causal, device=None):
        return dilated_mask(queries, self.local.window, self.dilation, causal, device, keys)

    def seen(self, key_mask, causal):
        texts = self.local.seen(
            self._texts(key_mask.unsqueeze(-1)).squeeze(-1), causal
        )  # (..., dilation, n / dilation)
        return texts.mT.flatten(-2)[..., : key_mask.shape[-1]]

    def compute(self, queries, keys, values, key_mask, causal, relative=None):
        length = queries.shape[-2]
        q, k, v, key_mask = (self._texts(x) for x in (queries, keys, values, key_mask.mT))
        if relative is not None:
            relative = relative.piece(step=self.dilation)
        output, _ = self.local(q, k, v, key_mask.mT, causal, relative=relative)  # (..., dilation, n / dilation, D)
        return output.transpose(-3, -2).flatten(-3, -2)[..., :length, :]

    def _texts(self, x: Tensor) -> Tensor:
        """(..., n, size) -> (..., dilation, n / dilation, size), filled up with zeros."""
        padded = F.pad(x, (0, 0, 0, -x.shape[-2] % self.dilation))
        return padded.unflatten(-2, (-1, self.dilation)).transpose(-3, -2)
