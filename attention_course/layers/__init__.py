"""Attention as layers, one mechanism a file."""

from attention_course.layers.attention_layer import AttentionLayer
from attention_course.layers.dropout import DropoutAttention
from attention_course.layers.multi_head import MultiHeadAttention
from attention_course.layers.pooling import AttentionPooling, MeanPooling
from attention_course.layers.pruning import prune_heads
from attention_course.layers.self_attention import SelfAttention, self_attention
from attention_course.layers.structured import StructuredAttention, hop_penalty

__all__ = [
    "AttentionLayer",
    "AttentionPooling",
    "DropoutAttention",
    "MeanPooling",
    "MultiHeadAttention",
    "SelfAttention",
    "StructuredAttention",
    "hop_penalty",
    "prune_heads",
    "self_attention",
]
