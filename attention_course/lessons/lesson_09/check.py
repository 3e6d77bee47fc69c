"""Lesson 09: self-attention."""

from attention_course.lessons.lesson_09.problems.batch_relate import BatchRelate
from attention_course.lessons.lesson_09.problems.may_ask import MayAsk
from attention_course.lessons.lesson_09.problems.penalty import Penalty
from attention_course.lessons.lesson_09.problems.what_shuffling_does import WhatShufflingDoes

batch_relate = BatchRelate()
penalty = Penalty()
what_shuffling_does = WhatShufflingDoes()
may_ask = MayAsk()
