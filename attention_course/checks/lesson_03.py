"""Lesson 03: the bottleneck."""

from .lesson_03_problems.exact_by_length import ExactByLength
from .lesson_03_problems.reversed_source import ReversedSource
from .lesson_03_problems.shift import Shift
from .lesson_03_problems.summary import Summary
from .lesson_03_problems.two_readers import TwoReaders

shift = Shift()
summary = Summary()
exact_by_length = ExactByLength()
two_readers = TwoReaders()
reversed_source = ReversedSource()
