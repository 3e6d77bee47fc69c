"""Lesson 20: exact and cheaper."""

from .lesson_20_problems.average_heads import AverageHeads
from .lesson_20_problems.cache_bytes import CacheBytes
from .lesson_20_problems.cached_mask import CachedMask
from .lesson_20_problems.merge import Merge
from .lesson_20_problems.score_gradient import ScoreGradient
from .lesson_20_problems.what_sets_the_pace import WhatSetsThePace

merge = Merge()
score_gradient = ScoreGradient()
cached_mask = CachedMask()
cache_bytes = CacheBytes()
average_heads = AverageHeads()
what_sets_the_pace = WhatSetsThePace()
