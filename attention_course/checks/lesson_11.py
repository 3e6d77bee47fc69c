"""Lesson 11: positions."""

from .lesson_11_problems.past_buckets import PastBuckets
from .lesson_11_problems.rotate_halves import RotateHalves
from .lesson_11_problems.shaw_scores import ShawScores
from .lesson_11_problems.squeezed import Squeezed
from .lesson_11_problems.what_breaks import WhatBreaks

rotate_halves = RotateHalves()
shaw_scores = ShawScores()
past_buckets = PastBuckets()
squeezed = Squeezed()
what_breaks = WhatBreaks()
