"""Lesson 02: score functions."""

from attention_course.lessons.lesson_02.problems.additive_energies import AdditiveEnergies
from attention_course.lessons.lesson_02.problems.cosine_energies import CosineEnergies
from attention_course.lessons.lesson_02.problems.hidden_matrix import HiddenMatrix
from attention_course.lessons.lesson_02.problems.score_spread import ScoreSpread
from attention_course.lessons.lesson_02.problems.stands_still import StandsStill

additive_energies = AdditiveEnergies()
hidden_matrix = HiddenMatrix()
stands_still = StandsStill()
score_spread = ScoreSpread()
cosine_energies = CosineEnergies()
