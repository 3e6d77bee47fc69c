"""Lesson 20: exact and cheaper."""

from attention_course.lessons.lesson_20.problems.average_heads import AverageHeads
from attention_course.lessons.lesson_20.problems.cache_bytes import CacheBytes
from attention_course.lessons.lesson_20.problems.cached_mask import CachedMask
from attention_course.lessons.lesson_20.problems.merge import Merge
from attention_course.lessons.lesson_20.problems.score_gradient import ScoreGradient
from attention_course.lessons.lesson_20.problems.what_sets_the_pace import WhatSetsThePace

merge = Merge()
score_gradient = ScoreGradient()
cached_mask = CachedMask()
cache_bytes = CacheBytes()
average_heads = AverageHeads()
what_sets_the_pace = WhatSetsThePace()
