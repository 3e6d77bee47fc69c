"""Lesson 04: translation."""

from attention_course.lessons.lesson_04.problems.beam_step import BeamStep
from attention_course.lessons.lesson_04.problems.bleu import Bleu
from attention_course.lessons.lesson_04.problems.greedy import Greedy
from attention_course.lessons.lesson_04.problems.rank import Rank
from attention_course.lessons.lesson_04.problems.same_rows import SameRows

greedy = Greedy()
same_rows = SameRows()
bleu = Bleu()
beam_step = BeamStep()
rank = Rank()
