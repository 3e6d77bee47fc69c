"""What tells attention the order. One scheme a file.

`SinusoidalPositions` and `LearnedPositions` are added to the embeddings. The others are attention functions,
called like `functional.scaled_dot_product_attention` and passed to a layer in its place.
"""

from attention_course.positions.alibi import AlibiAttention
from attention_course.positions.learned import LearnedPositions, SequenceTooLong
from attention_course.positions.rotary import RotaryAttention
from attention_course.positions.shaw import ShawAttention
from attention_course.positions.sinusoidal import SinusoidalPositions
from attention_course.positions.t5 import T5Attention

__all__ = [
    "AlibiAttention",
    "LearnedPositions",
    "RotaryAttention",
    "SequenceTooLong",
    "ShawAttention",
    "SinusoidalPositions",
    "T5Attention",
]
