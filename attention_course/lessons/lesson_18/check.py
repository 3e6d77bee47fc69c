"""Lesson 18: linear and low-rank attention."""

from attention_course.lessons.lesson_18.problems.delta_rule import DeltaRule
from attention_course.lessons.lesson_18.problems.next_chunk import NextChunk
from attention_course.lessons.lesson_18.problems.random_features import RandomFeatures
from attention_course.lessons.lesson_18.problems.running import Running
from attention_course.lessons.lesson_18.problems.what_to_enlarge import WhatToEnlarge

running = Running()
next_chunk = NextChunk()
random_features = RandomFeatures()
delta_rule = DeltaRule()
what_to_enlarge = WhatToEnlarge()
