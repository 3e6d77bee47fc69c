"""Lesson 09: self-attention."""

from .lesson_09_problems.batch_relate import BatchRelate
from .lesson_09_problems.may_ask import MayAsk
from .lesson_09_problems.penalty import Penalty
from .lesson_09_problems.what_shuffling_does import WhatShufflingDoes

batch_relate = BatchRelate()
penalty = Penalty()
what_shuffling_does = WhatShufflingDoes()
may_ask = MayAsk()
