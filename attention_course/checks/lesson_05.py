"""Lesson 05: alignment."""

from .lesson_05_problems.em_step import EmStep
from .lesson_05_problems.error_rate import ErrorRate
from .lesson_05_problems.luong_decoder import LuongDecoder
from .lesson_05_problems.what_aer_says import WhatAerSays
from .lesson_05_problems.window_weights import WindowWeights

error_rate = ErrorRate()
luong_decoder = LuongDecoder()
window_weights = WindowWeights()
em_step = EmStep()
what_aer_says = WhatAerSays()
