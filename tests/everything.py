"""Every attention function and every layer of several heads in the package, and who of them has a maker here."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

import attention_course
from attention_course.efficient.attention_to_others import attention_to_others
from attention_course.efficient.blocks import BlockAttention
from attention_course.efficient.dilated import DilatedAttention
from attention_course.efficient.fixed import FixedAttention
from attention_course.efficient.gated import Retention
from attention_course.efficient.global_tokens import GlobalTokenAttention
from attention_course.efficient.grouped_query import ForGroups, GroupedQueryAttention, grouped_attention
from attention_course.efficient.hashing import HashingAttention
from attention_course.efficient.linear import LinearAttention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.low_rank import LowRankAttention
from attention_course.efficient.pattern import PatternAttention
from attention_course.efficient.random_features import PositiveRandomFeatures, RandomFeatureAttention
from attention_course.efficient.strided import StridedAttention
from attention_course.efficient.tiled import TiledAttention
from attention_course.efficient.unnormalised import unnormalised
from attention_course.functional import scaled_dot_product_attention
from attention_course.layers import AttentionLayer, DropoutAttention, MultiHeadAttention
from attention_course.layers.attends import innermost
from attention_course.layers.shared_query_key import SharedQueryKey
from attention_course.masks import causal_mask
from attention_course.positions import AlibiAttention, RotaryAttention, ShawAttention, T5Attention
from attention_course.positions.relative import RelativeAttention
from attention_course.scores import ScaledScore

HEADS, HEAD_SIZE, LONGEST = 4, 4, 100
SIZE = HEADS * HEAD_SIZE


class Form(NamedTuple):
    make_for: Callable  # a new attention function for so many heads of this size
    any_mask: bool = False  # or one of keys alone
    causal: bool = False  # how it is called

    def make(self, heads=HEADS, size=HEAD_SIZE):
        return self.make_for(heads, size)


def given(attend):
    return lambda heads, size: attend


ANY_MASK = {
    "plain": given(scaled_dot_product_attention),
    "any score": lambda heads, size: AttentionLayer(ScaledScore(size, size, 5)),
    "for groups": lambda heads, size: ForGroups(AlibiAttention(heads)),
    "grouped": given(grouped_attention),
    "to others": given(attention_to_others),
    "alibi": lambda heads, size: AlibiAttention(heads),
    "t5": lambda heads, size: T5Attention(heads, buckets=8, max_distance=20),
    "shaw": lambda heads, size: ShawAttention(size, max_distance=3),
    "rotary": lambda heads, size: RotaryAttention(),
    "tiled": lambda heads, size: TiledAttention(3),
    "dropout, none": lambda heads, size: DropoutAttention(0.0),
    "alibi, tiled": lambda heads, size: AlibiAttention(heads, TiledAttention(3)),
}
KEY_MASK = {
    "rotary, local": lambda heads, size: RotaryAttention(attend=LocalAttention(3, chunk=2)),
    "rotary, hashing": lambda heads, size: RotaryAttention(attend=HashingAttention(size, 4, rounds=2, window=3)),
    "local": lambda heads, size: LocalAttention(3, chunk=4),
    "local, window 1": lambda heads, size: LocalAttention(1),
    "dilated": lambda heads, size: DilatedAttention(2, 3, chunk=2),
    "alibi, local": lambda heads, size: AlibiAttention(heads, LocalAttention(3, chunk=4)),
    "shaw, dilated": lambda heads, size: ShawAttention(size, max_distance=4, attend=DilatedAttention(2, 3, chunk=2)),
    "t5, strided": lambda heads, size: T5Attention(heads, buckets=8, max_distance=20, attend=StridedAttention(3)),
    "strided": lambda heads, size: StridedAttention(3),
    "fixed": lambda heads, size: FixedAttention(3),
    "fixed, all sum up": lambda heads, size: FixedAttention(3, 3),
    "blocks": lambda heads, size: BlockAttention(2),
    "blocks, neighbours": lambda heads, size: BlockAttention(2, neighbours=0, everywhere=0, random=0),
    "blocks, random": lambda heads, size: BlockAttention(2, everywhere=0, random=3),
    "global": lambda heads, size: GlobalTokenAttention(2, positions=(1,), chunk=4),
    "global, none": lambda heads, size: GlobalTokenAttention(2, positions=(), chunk=4),
    "linear": lambda heads, size: LinearAttention(chunk=4),
    "linear, random": lambda heads, size: LinearAttention(PositiveRandomFeatures(size, heads), chunk=4),
    "random features": lambda heads, size: RandomFeatureAttention(size, heads, chunk=4),
    "retention": lambda heads, size: Retention(heads, chunk=4),
    "low rank": lambda heads, size: LowRankAttention(LONGEST, heads),
    "hashing": lambda heads, size: HashingAttention(size, 4, rounds=3, window=3),
}
MAKERS = ANY_MASK | KEY_MASK
TAKE_RELATIVE = ["plain", "to others", "tiled", "dropout, none", "local", "local, window 1", "dilated", "strided"]
TAKE_RELATIVE += ["fixed", "fixed, all sum up", "blocks", "blocks, neighbours", "blocks, random"]
TAKE_RELATIVE += ["global", "global, none"]
"""Forms that a scheme of positions can be put around; all others refuse. `test_relative` tries all pairs."""
ONLY_BACK = ["strided", "fixed", "fixed, all sum up", "t5, strided", "retention"]
ONLY_BOTH_WAYS = ["low rank"]
FORMS = {name: Form(make, name in ANY_MASK) for name, make in MAKERS.items() if name not in ONLY_BACK}
FORMS |= {
    f"{name}, causal": Form(make, name in ANY_MASK, True) for name, make in MAKERS.items() if name not in ONLY_BOTH_WAYS
}
LAYERS = {  # called with the size, the heads and `attend=`
    "multi-head": MultiHeadAttention,
    **{f"{groups} groups": partial(GroupedQueryAttention, groups=groups) for groups in (1, 2)},
    "shared": SharedQueryKey,
}
NOT_HERE = {
    PatternAttention,
    RelativeAttention,
    unnormalised,
    *(getattr(layer, "func", layer) for layer in LAYERS.values()),
}
"""What looks like an attention function and is none by itself, or takes no mask."""


def modules():
    """All of the package that attention and models are in."""
    for part in ("functional", "efficient", "layers", "lessons", "models", "positions"):
        module = importlib.import_module(f"{attention_course.__name__}.{part}")
        yield module
        for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{module.__name__}."):
            if ".problems." not in found.name:
                yield importlib.import_module(found.name)


def attention_functions():
    """Functions and classes that are called with queries, keys, values, a mask, causal and need_weights."""
    wanted = ["queries", "keys", "values", "mask", "causal", "need_weights"]
    for module in modules():
        for thing in vars(module).values():
            call = getattr(thing, "forward", None) if inspect.isclass(thing) else thing
            if inspect.isfunction(call) and thing.__module__ == module.__name__:
                names = [name for name in inspect.signature(call).parameters if name not in ("self", "relative")]
                if names == wanted:
                    yield thing


def layers():
    """`MultiHeadAttention` and all that the package derives from it."""
    list(modules())
    classes = [MultiHeadAttention]
    for known in classes:
        classes += [new for new in known.__subclasses__() if new.__module__.startswith(attention_course.__name__)]
    return classes


def lively(module):
    """The module with parameters, biases too, that are not zero."""
    generator = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.4, generator=generator)
    return module


def new_layer(layer, form):
    """A lively one of LAYERS, in float64, with one of FORMS."""
    return lively(LAYERS[layer](SIZE, HEADS, attend=FORMS[form].make())).double()


def fits(layer, form):
    """Whether the layer makes the vectors that this form wants."""
    return layer == "shared" or not one_vector(form)


def one_vector(form):
    """Whether query and key have to be one vector."""
    return getattr(innermost(FORMS[form].make()), "one_vector", False)


PAIRS = [(layer, form) for layer in LAYERS for form in FORMS if fits(layer, form)]
MISFITS = [(layer, form) for layer in LAYERS for form in FORMS if not fits(layer, form)]


def visible(attend, mask: Tensor, queries: int, causal: bool) -> Tensor:
    """By the definition: whether each query sees each key, (..., queries, keys), up to what its contents decide."""
    attend, keys = innermost(attend), mask.shape[-1]
    if hasattr(attend, "allowed"):
        return mask & attend.allowed(queries, keys, causal)
    if isinstance(attend, HashingAttention):  # who counts sees itself at least
        return mask & torch.eye(keys, dtype=torch.bool)[-queries:]
    return mask & causal_mask(queries, keys) if causal else mask.expand(*mask.shape[:-2], queries, keys)
