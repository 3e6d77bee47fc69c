"""Lesson 07: hierarchical attention."""

from attention_course.lessons.lesson_07.problems.keep_top import KeepTop
from attention_course.lessons.lesson_07.problems.patch_rows import PatchRows
from attention_course.lessons.lesson_07.problems.two_levels import TwoLevels
from attention_course.lessons.lesson_07.problems.what_it_shows import WhatItShows

two_levels = TwoLevels()
keep_top = KeepTop()
what_it_shows = WhatItShows()
patch_rows = PatchRows()
