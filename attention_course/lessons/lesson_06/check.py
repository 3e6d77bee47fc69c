"""Lesson 06: image captioning."""

from attention_course.lessons.lesson_06.problems.leave_one_out import LeaveOneOut
from attention_course.lessons.lesson_06.problems.look import Look
from attention_course.lessons.lesson_06.problems.penalty import Penalty
from attention_course.lessons.lesson_06.problems.pointing_rate import PointingRate
from attention_course.lessons.lesson_06.problems.what_pointing_proves import WhatPointingProves

look = Look()
pointing_rate = PointingRate()
penalty = Penalty()
leave_one_out = LeaveOneOut()
what_pointing_proves = WhatPointingProves()
