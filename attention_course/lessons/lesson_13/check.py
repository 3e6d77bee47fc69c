"""Lesson 13: training Transformers."""

from attention_course.lessons.lesson_13.problems.accumulate import Accumulate
from attention_course.lessons.lesson_13.problems.adamw_step import AdamwStep
from attention_course.lessons.lesson_13.problems.clip_by_norm import ClipByNorm
from attention_course.lessons.lesson_13.problems.learning_rate import LearningRate
from attention_course.lessons.lesson_13.problems.smoothed_loss import SmoothedLoss
from attention_course.lessons.lesson_13.problems.what_helps import WhatHelps

learning_rate = LearningRate()
clip_by_norm = ClipByNorm()
adamw_step = AdamwStep()
accumulate = Accumulate()
smoothed_loss = SmoothedLoss()
what_helps = WhatHelps()
