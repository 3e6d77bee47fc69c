"""A window and global tokens: a few positions see all and are seen by all (Longformer: Beltagy, Peters and Cohan 2020).

It is made for encoders, which look both ways; a decoder sees of it what lies behind. The paper chooses the positions
task by task (the words of the question, say) and gives global attention projections of its own; here the positions are
the same in the whole batch, and there is one set of projections.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Bool
from torch import Tensor

from attention_course.efficient.local import in_windows, local_mask, sides, window_in_chunks
from attention_course.efficient.pattern import PatternAttention, any_near
from attention_course.functional import scaled_dot_product_attention


def global_mask(
    queries: int, window: int, positions: Sequence[int] = (0,), device=None, keys: int | None = None
) -> Bool[Tensor, "queries keys"]:
    """The definition: |i - j| < window, or i or j is one of `positions`."""
    keys = queries if keys is None else keys
    is_global = torch.zeros(keys, dtype=torch.bool, device=device)
    is_global[list(positions)] = True
    return local_mask(queries, window, False, device, keys) | is_global | is_global[keys - queries :].unsqueeze(-1)


class GlobalTokenAttention(PatternAttention):
    """What `global_mask` allows: chunks with their windows and the global keys; the global queries by themselves.

    Raises ValueError where the text ends before one of `positions`.
    """

    def __init__(self, window: int, positions: Sequence[int] = (0,), chunk: int = 128):
        super().__init__()
        if window < 1 or chunk < 1:
            raise ValueError(f"window and chunk: expected at least 1, got {window} and {chunk}")
        if len(set(positions)) < len(positions) or any(position < 0 for position in positions):
            raise ValueError(f"positions: expected different numbers from 0 on, got {list(positions)}")
        self.window, self.positions, self.chunk = window, tuple(sorted(positions)), chunk

    def allowed(self, queries, keys, causal, device=None):
        pattern = global_mask(queries, self.window, self._places(keys, causal), device, keys)
        return pattern.tril(keys - queries) if causal else pattern

    def seen(self, key_mask, causal):
        places = self._places(key_mask.shape[-1], causal)
        is_global = torch.zeros(key_mask.shape[-1], dtype=torch.bool, device=key_mask.device)
        is_global[places] = True
        near = any_near(key_mask, self.window - 1, 0 if causal else self.window - 1)
        if causal:
            return torch.where(is_global, key_mask.cumsum(-1) > 0, near | ((key_mask & is_global).cumsum(-1) > 0))
        return torch.where(
            is_global, key_mask.any(-1, keepdim=True), near | key_mask[..., places].any(-1, keepdim=True)
        )

    def _places(self, length: int, causal: bool) -> list[int]:
        """The global positions of a text: a writer has not come to all of them yet, a reader sees them all."""
        places = [position for position in self.positions if position < length]
        if len(places) < len(self.positions) and not causal:
            raise ValueError(f"positions: expected less than the length {length}, got {list(self.positions)}")
        return places

    def compute(self, queries, keys, values, key_mask, causal):
        length, chunk = queries.shape[-2], min(self.chunk, queries.shape[-2])
        places = torch.tensor(self._places(length, causal), dtype=torch.long, device=queries.device)
        is_global = torch.zeros(length, dtype=torch.bool, device=queries.device).index_fill(0, places, True)

        q = F.pad(queries, (0, 0, 0, -length % chunk)).unflatten(-2, (-1, chunk))  # (..., C, chunk, D)
        before, after = sides(self.window, causal)
        k, v = (self._with_globals(in_windows(x, chunk, before, after), x[..., places, :]) for x in (keys, values))
        near = window_in_chunks(key_mask & ~is_global, self.window, causal, chunk)  # (..., C, chunk, span)
        far = key_mask[..., places].unsqueeze(-3)  # (..., 1, 1, G); a global key counts once
        if causal:
            place = torch.arange(near.shape[-3] * chunk, device=queries.device).view(-1, chunk, 1)
            far = far & (places <= place)  # (..., C, chunk, G)
        far = far.expand(*near.shape[:-1], len(places))
        output, _ = scaled_dot_product_attention(q, k, v, torch.cat([near, far], -1), need_weights=False)
        output = output.flatten(-3, -2)[..., :length, :]

        if causal:
            key_mask = key_mask & (torch.arange(length, device=queries.device) <= places.unsqueeze(-1))  # (..., G, n)
        all_seeing, _ = scaled_dot_product_attention(
            queries[..., places, :], keys, values, key_mask, need_weights=False
        )
        return output.index_copy(-2, places, all_seeing)

    @staticmethod
    def _with_globals(spans: Tensor, x: Tensor) -> Tensor:
        """(..., C, span, size) and the global vectors (..., G, size) -> (..., C, span + G, size)."""
        return torch.cat([spans, x.unsqueeze(-3).expand(*spans.shape[:-2], *x.shape[-2:])], -2)
