"""Lesson 07: hierarchical attention."""

from .lesson_07_problems.keep_top import KeepTop
from .lesson_07_problems.patch_rows import PatchRows
from .lesson_07_problems.two_levels import TwoLevels
from .lesson_07_problems.what_it_shows import WhatItShows

two_levels = TwoLevels()
keep_top = KeepTop()
what_it_shows = WhatItShows()
patch_rows = PatchRows()
