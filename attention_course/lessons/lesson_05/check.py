"""Lesson 05: alignment."""

from attention_course.lessons.lesson_05.problems.em_step import EmStep
from attention_course.lessons.lesson_05.problems.error_rate import ErrorRate
from attention_course.lessons.lesson_05.problems.luong_decoder import LuongDecoder
from attention_course.lessons.lesson_05.problems.what_aer_says import WhatAerSays
from attention_course.lessons.lesson_05.problems.window_weights import WindowWeights

error_rate = ErrorRate()
luong_decoder = LuongDecoder()
window_weights = WindowWeights()
em_step = EmStep()
what_aer_says = WhatAerSays()
