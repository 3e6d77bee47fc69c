"""The attention functions of this course that are measured, each made for a length, beside PyTorch's own kernel."""

from collections.abc import Callable
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from attention_course.efficient.blocks import BlockAttention
from attention_course.efficient.fixed import FixedAttention
from attention_course.efficient.hashing import HashingAttention
from attention_course.efficient.linear import LinearAttention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.low_rank import LowRankAttention
from attention_course.efficient.random_features import RandomFeatureAttention
from attention_course.efficient.strided import StridedAttention
from attention_course.efficient.tiled import tiled_attention
from attention_course.functional import scaled_dot_product_attention

HEAD_SIZE = 64
WINDOW, CHUNK, RANK, FEATURES, BLOCK, ROUNDS, NEAREST = 256, 64, 256, 256, 64, 4, 64
CAUSAL, BOTH = "PyTorch's kernel, causal", "PyTorch's kernel"  # what the others are compared with


class Form(NamedTuple):
    """make: the function or module for a length. causal: with which of the two kernels of PyTorch it is compared."""

    make: Callable[[int], object]
    causal: bool
    setting: str = ""
    max_length: int = 1 << 30


def root(length: int) -> int:
    return round(length**0.5)


FORMS = {
    CAUSAL: Form(lambda n: lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), True),
    "local": Form(lambda n: LocalAttention(WINDOW, chunk=CHUNK), True, f"window {WINDOW}, chunks of {CHUNK}"),
    "linear, causal": Form(lambda n: LinearAttention(), True, "elu + 1"),
    "random features, causal": Form(
        lambda n: RandomFeatureAttention(HEAD_SIZE, FEATURES), True, f"{FEATURES} features"
    ),
    "hashing": Form(
        lambda n: HashingAttention(HEAD_SIZE, max(2, n // NEAREST // 2 * 2), ROUNDS, NEAREST),
        True,
        f"{ROUNDS} rounds, the {NEAREST} nearest of a bucket, length / {NEAREST} buckets",
    ),
    "strided": Form(lambda n: StridedAttention(root(n)), True, "stride √length"),
    "fixed": Form(lambda n: FixedAttention(root(n)), True, "blocks of √length, one summary each"),
    BOTH: Form(lambda n: F.scaled_dot_product_attention, False),
    "tiled": Form(lambda n: tiled_attention, False, "tiles of 256; exact", 4096),
    "linear": Form(lambda n: LinearAttention(), False, "elu + 1"),
    "random features": Form(lambda n: RandomFeatureAttention(HEAD_SIZE, FEATURES), False, f"{FEATURES} features"),
    "low rank": Form(lambda n: LowRankAttention(n, RANK), False, f"rank {RANK}"),
    "blocks": Form(lambda n: BlockAttention(BLOCK), False, f"blocks of {BLOCK}: neighbours, one global, one random"),
}


def definition(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Attention that keeps all its weights."""
    return scaled_dot_product_attention(queries, keys, values)[0]


def made(name: str, length: int) -> tuple[Callable[..., Tensor], object]:
    """The function (queries, keys, values) -> output of a form, and the module that it calls."""
    form = FORMS[name].make(length)
    options = {"causal": FORMS[name].causal} if isinstance(form, nn.Module) else {}

    def call(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        asked = queries if isinstance(form, HashingAttention) else keys
        output = form(queries, asked, values, **options)
        return output if isinstance(output, Tensor) else output[0]

    return call, form if isinstance(form, nn.Module) else None
