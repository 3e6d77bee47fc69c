"""Lesson 17: sparse and local attention."""

from attention_course.lessons.lesson_17.problems.dilated import Dilated
from attention_course.lessons.lesson_17.problems.global_in_a_decoder import GlobalInADecoder
from attention_course.lessons.lesson_17.problems.local_both_sides import LocalBothSides
from attention_course.lessons.lesson_17.problems.states_needed import StatesNeeded
from attention_course.lessons.lesson_17.problems.strided_pattern import StridedPattern

strided_pattern = StridedPattern()
local_both_sides = LocalBothSides()
dilated = Dilated()
states_needed = StatesNeeded()
global_in_a_decoder = GlobalInADecoder()
