"""Lesson 00: reading an attention map."""

from .lesson_00_problems.how_many import HowMany
from .lesson_00_problems.most_attended import MostAttended
from .lesson_00_problems.points_right import PointsRight
from .lesson_00_problems.what_it_proves import WhatItProves

most_attended = MostAttended()
points_right = PointsRight()
how_many = HowMany()
what_it_proves = WhatItProves()
