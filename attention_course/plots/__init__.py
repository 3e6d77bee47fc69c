"""Pictures of attention weights. They take arrays, NumPy's or torch's, and know no model."""

from attention_course.plots.bands import bands
from attention_course.plots.bars import weight_bars
from attention_course.plots.colours import ATTENTION_COLOURS
from attention_course.plots.head_grid import head_grid
from attention_course.plots.lines import lines
from attention_course.plots.maps import attention_map
from attention_course.plots.picture import Picture
from attention_course.plots.picture_grid import picture_grid
from attention_course.plots.sentences import shaded_sentence

__all__ = [
    "ATTENTION_COLOURS",
    "Picture",
    "attention_map",
    "bands",
    "head_grid",
    "lines",
    "picture_grid",
    "shaded_sentence",
    "weight_bars",
]
