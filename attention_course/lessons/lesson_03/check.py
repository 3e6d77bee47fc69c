"""Lesson 03: the bottleneck."""

from attention_course.lessons.lesson_03.problems.exact_by_length import ExactByLength
from attention_course.lessons.lesson_03.problems.reversed_source import ReversedSource
from attention_course.lessons.lesson_03.problems.shift import Shift
from attention_course.lessons.lesson_03.problems.summary import Summary
from attention_course.lessons.lesson_03.problems.two_readers import TwoReaders

shift = Shift()
summary = Summary()
exact_by_length = ExactByLength()
two_readers = TwoReaders()
reversed_source = ReversedSource()
