"""Lesson 02: score functions."""

from attention_course.lessons.lesson_02.problems.additive_scores import AdditiveScores
from attention_course.lessons.lesson_02.problems.cosine_scores import CosineScores
from attention_course.lessons.lesson_02.problems.hidden_matrix import HiddenMatrix
from attention_course.lessons.lesson_02.problems.score_spread import ScoreSpread
from attention_course.lessons.lesson_02.problems.stands_still import StandsStill

additive_scores = AdditiveScores()
hidden_matrix = HiddenMatrix()
stands_still = StandsStill()
score_spread = ScoreSpread()
cosine_scores = CosineScores()
