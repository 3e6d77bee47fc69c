"""Lesson 18: linear and low-rank attention."""

from .lesson_18_problems.delta_rule import DeltaRule
from .lesson_18_problems.next_chunk import NextChunk
from .lesson_18_problems.random_features import RandomFeatures
from .lesson_18_problems.running import Running
from .lesson_18_problems.what_to_enlarge import WhatToEnlarge

running = Running()
next_chunk = NextChunk()
random_features = RandomFeatures()
delta_rule = DeltaRule()
what_to_enlarge = WhatToEnlarge()
