"""Attention as layers, one mechanism a file."""

from attention_course.layers.attention_layer import AttentionLayer
from attention_course.layers.pooling import AttentionPooling

__all__ = ["AttentionLayer", "AttentionPooling"]
