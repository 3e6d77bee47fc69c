"""Lesson 00: reading an attention map."""

from attention_course.lessons.lesson_00.problems.how_many import HowMany
from attention_course.lessons.lesson_00.problems.most_attended import MostAttended
from attention_course.lessons.lesson_00.problems.points_right import PointsRight
from attention_course.lessons.lesson_00.problems.what_it_proves import WhatItProves

most_attended = MostAttended()
points_right = PointsRight()
how_many = HowMany()
what_it_proves = WhatItProves()
