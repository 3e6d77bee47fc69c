"""What an attention function keeps of the words so far, so that the next ones cost little.

An attention function may say itself what that is, by two methods:

    state = attend.init_state(keys, values, mask)
    output, weights, state = attend.step(queries, keys, values, state, mask, need_weights)

`step` is given the next words. They see what is in `state`, each other as far as none looks ahead, and themselves; the
state that comes back holds them, too. Without keys and values (None) the queries ask what is in `state`, all of it, and
add nothing: so a decoder asks a source. mask: which of the keys that are given count, (..., 1, keys). A state has a
`mask` of its own, which of the `length` things that it holds count, None for all.

Linear attention keeps sums of constant size (`efficient.linear`). `init_state` and `step` here serve every function:
where it has none of its own, a `KeyValueCache`.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from attention_course.cache import KeyValueCache


def init_state(attend: Callable, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> Any:
    """What `attend` keeps of these keys and values, of which there may be none yet."""
    own = getattr(attend, "init_state", None)
    return KeyValueCache.of(keys, values, mask) if own is None else own(keys, values, mask)


def step(
    attend: Callable,
    queries: Tensor,
    keys: Tensor | None,
    values: Tensor | None,
    state: Any,
    mask: Tensor | None = None,
    need_weights: bool = False,
) -> tuple[Tensor, Tensor | None, Any]:
    """The next words, see above. `attend` itself computes them where it has no `step`."""
    own = getattr(attend, "step", None)
    if own is not None:
        return own(queries, keys, values, state, mask, need_weights)
    return step_with_cache(attend, queries, keys, values, state, mask, need_weights)


def step_with_cache(
    attend: Callable,
    queries: Tensor,
    keys: Tensor | None,
    values: Tensor | None,
    cache: KeyValueCache,
    mask: Tensor | None = None,
    need_weights: bool = False,
) -> tuple[Tensor, Tensor | None, KeyValueCache]:
    """`step` of a function that is called with all keys so far.

    Of those it keeps the last `sees_back`, where it names a number of words that it sees back at most.
    """
    if keys is not None:
        cache = cache.append(keys, values, mask)
    output, weights = attend(queries, cache.keys, cache.values, cache.mask, keys is not None, need_weights)
    sees_back = getattr(innermost(attend), "sees_back", None)
    if sees_back is None:
        return output, weights, cache
    if keys is None:
        raise ValueError(f"keys: expected some, as {type(attend).__name__} keeps only the last of them, got None")
    return output, weights, cache.last(sees_back)


def innermost(attend: Callable) -> Callable:
    """The attention function itself, where another one is wrapped around it, which has it as `attend`."""
    while callable(getattr(attend, "attend", None)):
        attend = attend.attend
    return attend
