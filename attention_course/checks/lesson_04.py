"""Lesson 04: translation."""

from .lesson_04_problems.beam_step import BeamStep
from .lesson_04_problems.bleu import Bleu
from .lesson_04_problems.greedy import Greedy
from .lesson_04_problems.rank import Rank
from .lesson_04_problems.same_rows import SameRows

greedy = Greedy()
same_rows = SameRows()
bleu = Bleu()
beam_step = BeamStep()
rank = Rank()
