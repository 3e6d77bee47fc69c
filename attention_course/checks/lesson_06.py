"""Lesson 06: image captioning."""

from .lesson_06_problems.leave_one_out import LeaveOneOut
from .lesson_06_problems.look import Look
from .lesson_06_problems.penalty import Penalty
from .lesson_06_problems.pointing_rate import PointingRate
from .lesson_06_problems.what_pointing_proves import WhatPointingProves

look = Look()
pointing_rate = PointingRate()
penalty = Penalty()
leave_one_out = LeaveOneOut()
what_pointing_proves = WhatPointingProves()
