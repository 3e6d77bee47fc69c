"""Lesson 02: score functions."""

from .lesson_02_problems.additive_energies import AdditiveEnergies
from .lesson_02_problems.cosine_energies import CosineEnergies
from .lesson_02_problems.hidden_matrix import HiddenMatrix
from .lesson_02_problems.score_spread import ScoreSpread
from .lesson_02_problems.stands_still import StandsStill

additive_energies = AdditiveEnergies()
hidden_matrix = HiddenMatrix()
stands_still = StandsStill()
score_spread = ScoreSpread()
cosine_energies = CosineEnergies()
