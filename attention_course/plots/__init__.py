"""Pictures of attention weights. They take arrays, NumPy's or torch's, and know no model."""

from attention_course.plots.bands import bands
from attention_course.plots.bars import weight_bars
from attention_course.plots.colours import ATTENTION_COLOURS
from attention_course.plots.document import document
from attention_course.plots.head_grid import head_grid
from attention_course.plots.hops import hops
from attention_course.plots.landscape import landscape
from attention_course.plots.lines import lines
from attention_course.plots.maps import attention_map
from attention_course.plots.measurements import measurements
from attention_course.plots.picture import Picture
from attention_course.plots.picture_grid import picture_grid
from attention_course.plots.plane import plane
from attention_course.plots.reach_grid import reach_grid
from attention_course.plots.sentences import shaded_sentence
from attention_course.plots.steps import Block, steps

__all__ = [
    "ATTENTION_COLOURS",
    "Block",
    "Picture",
    "attention_map",
    "bands",
    "document",
    "head_grid",
    "hops",
    "landscape",
    "lines",
    "measurements",
    "picture_grid",
    "plane",
    "reach_grid",
    "shaded_sentence",
    "steps",
    "weight_bars",
]
