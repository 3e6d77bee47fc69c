"""Lesson 12: the Transformer."""

from .lesson_12_problems.block import Block
from .lesson_12_problems.cached_look import CachedLook
from .lesson_12_problems.count_parameters import CountParameters
from .lesson_12_problems.layer_norm import LayerNorm
from .lesson_12_problems.sees import Sees
from .lesson_12_problems.what_went_wrong import WhatWentWrong

layer_norm = LayerNorm()
block = Block()
cached_look = CachedLook()
sees = Sees()
count_parameters = CountParameters()
what_went_wrong = WhatWentWrong()
