"""Lesson 01: attention as a weighted sum."""

from .lesson_01_problems.leave_one_out import LeaveOneOut
from .lesson_01_problems.masked_weights import MaskedWeights
from .lesson_01_problems.multiplied_mask import MultipliedMask
from .lesson_01_problems.score_gradient import ScoreGradient
from .lesson_01_problems.soft_look_up import SoftLookUp

soft_look_up = SoftLookUp()
masked_weights = MaskedWeights()
multiplied_mask = MultipliedMask()
score_gradient = ScoreGradient()
leave_one_out = LeaveOneOut()
