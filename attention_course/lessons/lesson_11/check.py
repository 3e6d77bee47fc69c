"""Lesson 11: positions."""

from attention_course.lessons.lesson_11.problems.past_buckets import PastBuckets
from attention_course.lessons.lesson_11.problems.rotate_halves import RotateHalves
from attention_course.lessons.lesson_11.problems.shaw_scores import ShawScores
from attention_course.lessons.lesson_11.problems.squeezed import Squeezed
from attention_course.lessons.lesson_11.problems.what_breaks import WhatBreaks

rotate_halves = RotateHalves()
shaw_scores = ShawScores()
past_buckets = PastBuckets()
squeezed = Squeezed()
what_breaks = WhatBreaks()
