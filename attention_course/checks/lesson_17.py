"""Lesson 17: sparse and local attention."""

from .lesson_17_problems.dilated import Dilated
from .lesson_17_problems.global_in_a_decoder import GlobalInADecoder
from .lesson_17_problems.heard_of import HeardOf
from .lesson_17_problems.local_both_sides import LocalBothSides
from .lesson_17_problems.strided_pattern import StridedPattern

strided_pattern = StridedPattern()
local_both_sides = LocalBothSides()
dilated = Dilated()
heard_of = HeardOf()
global_in_a_decoder = GlobalInADecoder()
