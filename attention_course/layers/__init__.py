"""Attention as layers, one mechanism a file."""

from attention_course.layers.attention_layer import AttentionLayer
from attention_course.layers.multi_head import KeysValues, MultiHeadAttention
from attention_course.layers.pooling import AttentionPooling
from attention_course.layers.pruning import prune_heads

__all__ = ["AttentionLayer", "AttentionPooling", "KeysValues", "MultiHeadAttention", "prune_heads"]
