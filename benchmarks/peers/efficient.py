"""Packages from PyPI that compute what this course computes, each made to be called as ours is.

A pair has a function of ours and one of theirs, with the same numbers for parameters, and says how the mathematics
differs. `close` is what they are compared with: where a small constant of theirs stands in the way it is set to zero
there, and only there.
"""

import warnings
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attention_course.efficient.hashing import HashingAttention, hash_vectors
from attention_course.efficient.linear import causal_linear_attention, linear_attention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.low_rank import LowRankAttention
from attention_course.efficient.random_features import RandomFeatureAttention
from attention_course.layers import MultiHeadAttention

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from linear_attention_transformer import linear_attention_transformer
    from linformer import LinformerSelfAttention
    from local_attention import LocalAttention as TheirLocalAttention
    from performer_pytorch import performer_pytorch
    from reformer_pytorch import LSHAttention, reformer_pytorch

HEADS, HEAD_SIZE = 8, 64


class Pair(NamedTuple):
    package: str
    setting: str
    make: Callable[[int], tuple]  # length -> (ours, theirs, close): `close` is theirs without its small constants
    same: str  # empty, or how the mathematics differs
    why: str  # where the time goes
    layer: bool = False  # called with words (B, n, E), and not with queries, keys and values
    length: int = 4096
    batch: int = 4
    agree_at: int = 512  # the length at which outputs are compared; 0: nowhere, for the mathematics differs


def local(causal: bool, length: int) -> tuple:
    # Their window counts the keys before the query's own.
    theirs = TheirLocalAttention(
        256, causal, look_forward=0 if causal else 1, exact_windowsize=True, use_rotary_pos_emb=False
    )
    return partial(LocalAttention(257, chunk=64), causal=causal), theirs, theirs


def linformer(length: int) -> tuple:
    size = HEADS * HEAD_SIZE
    theirs = LinformerSelfAttention(size, length, k=256, heads=HEADS)
    low_rank = LowRankAttention(length, 256)
    ours = MultiHeadAttention(size, HEADS, bias=False, attend=low_rank)
    ours.project_output = theirs.to_out  # the one that has a bias there
    with torch.no_grad():
        for layer, their_layer in zip(ours.projections, (theirs.to_q, theirs.to_k, theirs.to_v), strict=False):
            layer.weight.copy_(their_layer.weight)
        low_rank.mix_keys.copy_(theirs.proj_k.mT)
        low_rank.mix_values.copy_(theirs.proj_v.mT)
    return partial_layer(ours), theirs, theirs


def partial_layer(layer: MultiHeadAttention) -> nn.Module:
    """Self-attention without weights."""

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x, need_weights=False)[0]

    return Layer()


def performer(causal: bool, length: int) -> tuple:
    ours = RandomFeatureAttention(HEAD_SIZE, 256)
    theirs = performer_pytorch.FastAttention(HEAD_SIZE, 256, causal=causal)
    theirs.projection_matrix.copy_(ours.features.directions)

    def without_constants(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        features = partial(performer_pytorch.softmax_kernel, projection_matrix=theirs.projection_matrix, eps=0)
        attend = partial(performer_pytorch.causal_linear_attention_noncuda, eps=0)
        return (attend if causal else performer_pytorch.linear_attention)(
            features(q, is_query=True), features(k, is_query=False), v
        )

    return partial(ours, causal=causal), theirs, without_constants


def reformer(exact: bool, length: int) -> tuple:
    ours = HashingAttention(HEAD_SIZE, length // 64, 4, 64 if length > 128 else length)
    theirs = LSHAttention(
        bucket_size=64,
        n_hashes=4,
        causal=True,
        attend_across_buckets=not exact,
        allow_duplicate_attention=not exact,
    )

    def flat(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return theirs(q.flatten(0, 1), v.flatten(0, 1))[0].unflatten(0, q.shape[:2])

    def with_our_rotations(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        def hashed(buckets: int, x: Tensor, **_) -> Tensor:
            found = hash_vectors(x, ours.rotations)  # (B H, rounds, n)
            return (found + buckets * torch.arange(found.shape[1]).unsqueeze(-1)).flatten(1)

        theirs.hash_vectors = hashed
        # What a position gives itself as a score, -50,000, float32 knows to 0.004, and who sees nothing else is that
        # much off. -500 is as little seen beside other scores.
        reformer_pytorch.TOKEN_SELF_ATTN_VALUE = -500
        return flat(q, k, v)

    return lambda q, k, v: ours(q, q, v, causal=True)[0], flat, with_our_rotations


def linear_transformer(causal: bool, blind: int, length: int) -> tuple:
    if causal:
        ours = lambda q, k, v: causal_linear_attention(q.softmax(-1), k.exp(), v)
        theirs = partial(linear_attention_transformer.causal_linear_attn, bucket_size=blind)
    else:
        ours = lambda q, k, v: linear_attention(q.softmax(-1), k.softmax(-2), v)
        theirs = linear_attention_transformer.linear_attn
    scale = 1 if causal else HEAD_SIZE**0.5  # theirs divides the output by it
    return ours, theirs, lambda q, k, v: scale * theirs(q, k, v)


PAIRS = [
    Pair(
        "local-attention",
        "causal, window 257",
        partial(local, True),
        "",
        "Theirs compares 256 queries with 512 keys at a time, and keeps scores and weights for the backward pass; ours "
        "compares 64 with 320, in PyTorch's fused kernel, which keeps neither.",
    ),
    Pair(
        "local-attention",
        "both sides, window 257",
        partial(local, False),
        "",
        "As above, 256 queries with 768 keys against 64 with 576.",
    ),
    Pair(
        "linformer",
        "a layer, rank 256",
        linformer,
        "",
        "The projections, half of the work, are the same. Theirs keeps the scores and weights of queries and mixtures; "
        "ours leaves them to the fused kernel.",
        layer=True,
    ),
    Pair(
        "performer-pytorch",
        "both sides, 256 features",
        partial(performer, False),
        "theirs adds 1e-4 to every feature",
        "The same products. Each makes some passes over the features (an exponential, maxima, a division), and "
        "they take much of the time.",
    ),
    Pair(
        "performer-pytorch",
        "causal, 256 features, one sequence",
        partial(performer, True),
        "theirs adds 1e-4 to every feature and 1e-6 to the divisor, and takes the maxima over later keys, too",
        "Without its extension for CUDA theirs keeps the running sum of every single position; ours one a chunk.",
        length=512,
        batch=1,
    ),
    Pair(
        "reformer-pytorch",
        "causal, 4 rounds, within buckets, pairs counted once",
        partial(reformer, True),
        "theirs cuts what is sorted into chunks of 64 and sees its own and the one before; ours sees the 64 that stand "
        "nearest in the bucket. The two are one where that is the whole bucket, and there they are compared",
        "How often a pair meets is counted in both; theirs compares 2 × 4 places of all pairs for it at once.",
        agree_at=128,
    ),
    Pair(
        "reformer-pytorch",
        "causal, 4 rounds, as it comes",
        partial(reformer, False),
        "theirs looks beyond the bucket, and counts a pair as often as it meets: another function, with less to do",
        "Nothing is counted, and nothing compared with buckets.",
        agree_at=0,
    ),
    Pair(
        "linear-attention-transformer",
        "both sides",
        partial(linear_transformer, False, 0),
        "theirs divides the output by √64",
        "Two softmaxes and two products on both sides; ours has a divisor besides, which is 1 here.",
    ),
    Pair(
        "linear-attention-transformer",
        "causal, as it comes, one sequence",
        partial(linear_transformer, True, 1),
        "theirs takes no divisor below 0.001",
        "Theirs keeps the running sum of every single position; ours one a chunk.",
        length=1024,
        batch=1,
    ),
    Pair(
        "linear-attention-transformer",
        "causal, buckets of 64",
        partial(linear_transformer, True, 64),
        "no query of theirs sees its own bucket: another function, with less to do",
        "It has no products within a chunk.",
        agree_at=0,
    ),
]
