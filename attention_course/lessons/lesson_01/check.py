"""Lesson 01: attention as a weighted sum."""

from attention_course.lessons.lesson_01.problems.leave_one_out import LeaveOneOut
from attention_course.lessons.lesson_01.problems.masked_weights import MaskedWeights
from attention_course.lessons.lesson_01.problems.multiplied_mask import MultipliedMask
from attention_course.lessons.lesson_01.problems.score_gradient import ScoreGradient
from attention_course.lessons.lesson_01.problems.soft_look_up import SoftLookUp

soft_look_up = SoftLookUp()
masked_weights = MaskedWeights()
multiplied_mask = MultipliedMask()
score_gradient = ScoreGradient()
leave_one_out = LeaveOneOut()
