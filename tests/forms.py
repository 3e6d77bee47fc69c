"""Every attention function of the package, for what has to hold of all of them. Each is made for (heads, head size)."""

from attention_course.efficient.blocks import BlockAttention
from attention_course.efficient.dilated import DilatedAttention
from attention_course.efficient.fixed import FixedAttention
from attention_course.efficient.gated import Retention
from attention_course.efficient.global_tokens import GlobalTokenAttention
from attention_course.efficient.grouped_query import ForGroups
from attention_course.efficient.hashing import HashingAttention
from attention_course.efficient.linear import LinearAttention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.low_rank import LowRankAttention
from attention_course.efficient.random_features import RandomFeatureAttention
from attention_course.efficient.strided import StridedAttention
from attention_course.efficient.tiled import TiledAttention
from attention_course.functional import scaled_dot_product_attention
from attention_course.layers.attention_layer import AttentionLayer
from attention_course.layers.shared_query_key import attention_to_others
from attention_course.positions import AlibiAttention, RotaryAttention, ShawAttention, T5Attention
from attention_course.scores import scaled_dot_score

FORMS = {
    "whole": lambda heads, size: scaled_dot_product_attention,
    "any score": lambda heads, size: AttentionLayer(scaled_dot_score),
    "for groups": lambda heads, size: ForGroups(),
    "to others": lambda heads, size: attention_to_others,
    "rotary": lambda heads, size: RotaryAttention(),
    "rotary, window": lambda heads, size: RotaryAttention(attend=LocalAttention(4, causal=False)),
    "alibi": lambda heads, size: AlibiAttention(heads),
    "t5": lambda heads, size: T5Attention(heads, buckets=8, farthest=20),
    "shaw": lambda heads, size: ShawAttention(size, farthest=3),
    "tiled": lambda heads, size: TiledAttention(tile=5),
    "tiled, causal": lambda heads, size: TiledAttention(tile=5, causal=True),
    "window": lambda heads, size: LocalAttention(4, chunk=3),
    "window, both sides": lambda heads, size: LocalAttention(4, causal=False, chunk=3),
    "dilated": lambda heads, size: DilatedAttention(3, 4, chunk=2),
    "dilated, both sides": lambda heads, size: DilatedAttention(2, 3, causal=False),
    "strided": lambda heads, size: StridedAttention(4),
    "fixed": lambda heads, size: FixedAttention(4, 2),
    "global tokens": lambda heads, size: GlobalTokenAttention(3, positions=(0, 2), chunk=4),
    "blocks": lambda heads, size: BlockAttention(2),
    "blocks, three random": lambda heads, size: BlockAttention(2, everywhere=0, random=3),
    "hashing": lambda heads, size: HashingAttention(size, 4, window=3),
    "hashing, both sides": lambda heads, size: HashingAttention(size, 4, window=3, causal=False),
    "linear": lambda heads, size: LinearAttention(causal=False),
    "linear, causal": lambda heads, size: LinearAttention(chunk=4),
    "random features": lambda heads, size: RandomFeatureAttention(size, 64, causal=False),
    "random features, causal": lambda heads, size: RandomFeatureAttention(size, 64, chunk=4),
    "low rank": lambda heads, size: LowRankAttention(longest=100, rank=8),
    "retention": lambda heads, size: Retention(heads, chunk=4),
}
ONE_VECTOR = ["to others", "hashing", "hashing, both sides"]  # query and key are one
