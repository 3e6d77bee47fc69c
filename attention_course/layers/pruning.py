"""Heads removed from a trained layer."""

import copy
from collections.abc import Sequence

from torch import Tensor, nn

from attention_course.layers.multi_head import MultiHeadAttention


def prune_heads(attention: MultiHeadAttention, keep: Sequence[int]) -> MultiHeadAttention:
    """A copy with the heads `keep` alone: their rows of W^Q, W^K, W^V and their columns of W_O.

    It gives what the whole layer gives with a `head_mask` that is True for them. Where heads share keys, so do those
    that stay, in groups of one size; where they no longer come in such groups, some keys are kept several times.

    `of_heads` of a module names its parameters and buffers with a row for each head, as an `attend` may have them; they
    are cut, too. A function is taken over as it is. Raises ValueError for a module without `of_heads` where something
    has as many rows as there are heads, and unless `keep` names one head or more, each once.
    """
    heads, size, keep = attention.heads, attention.head_size, list(keep)
    if not keep or len(set(keep)) < len(keep) or not set(keep) <= set(range(heads)):
        raise ValueError(f"keep: expected different heads among 0 to {heads - 1}, got {keep}")
    smaller = copy.deepcopy(attention)
    if keep == list(range(heads)):
        return smaller
    query, key, value, output = smaller.projections
    for module in smaller.modules():
        if module not in smaller.projections:
            _cut_what_is_of_heads(module, keep, heads)
    groups = _groups([head * attention.groups // heads for head in keep])
    for projection, stay in {query: keep, value: groups, key: groups}.items():  # `key` may be `query`
        for name, x in projection.named_parameters():
            _put(projection, name, _rows(x, stay, size))
    _put(output, "weight", _rows(output.weight.mT, keep, size).mT.contiguous())
    for projection in smaller.projections:
        projection.out_features, projection.in_features = projection.weight.shape
    smaller.heads, smaller.groups = len(keep), len(groups)
    return smaller


def _groups(of: list[int]) -> list[int]:
    """Which heads of keys stay, given that of each head: one for a group of neighbours, the larger the better."""
    for size in range(len(of), 0, -1):
        runs = [set(of[i : i + size]) for i in range(0, len(of), size)]
        if len(of) % size == 0 and all(len(run) == 1 for run in runs):
            break
    return of[::size]


def _cut_what_is_of_heads(module: nn.Module, keep: list[int], heads: int) -> None:
    """The rows `keep` of what `module` itself has for each head."""
    named = getattr(module, "of_heads", None)
    for name, x in [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]:
        if name in (named or ()):
            _put(module, name, x.detach()[keep])
        elif named is None and x.shape[:1] == (heads,):
            raise ValueError(
                f"{type(module).__name__}: expected `of_heads`, names of what it has for each head; its `{name}` has "
                f"{heads} rows, as many as there are heads"
            )


def _rows(x: Tensor, stay: list[int], size: int) -> Tensor:
    """Those of the heads `stay`, of `size` rows each."""
    return x.detach().unflatten(0, (-1, size))[stay].flatten(0, 1)


def _put(module: nn.Module, name: str, x: Tensor) -> None:
    """In the place of a parameter or buffer."""
    before = getattr(module, name)
    setattr(module, name, nn.Parameter(x, before.requires_grad) if isinstance(before, nn.Parameter) else x)
