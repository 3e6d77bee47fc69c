"""Lesson 12: the Transformer."""

from attention_course.lessons.lesson_12.problems.block import Block
from attention_course.lessons.lesson_12.problems.cached_look import CachedLook
from attention_course.lessons.lesson_12.problems.count_parameters import CountParameters
from attention_course.lessons.lesson_12.problems.layer_norm import LayerNorm
from attention_course.lessons.lesson_12.problems.sees import Sees
from attention_course.lessons.lesson_12.problems.what_went_wrong import WhatWentWrong

layer_norm = LayerNorm()
block = Block()
cached_look = CachedLook()
sees = Sees()
count_parameters = CountParameters()
what_went_wrong = WhatWentWrong()
