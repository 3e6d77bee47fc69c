"""Lesson 08: stacked attention."""

from .lesson_08_problems.best_place import BestPlace
from .lesson_08_problems.follow import Follow
from .lesson_08_problems.stacked_looks import StackedLooks
from .lesson_08_problems.what_one_look_can import WhatOneLookCan

stacked_looks = StackedLooks()
follow = Follow()
best_place = BestPlace()
what_one_look_can = WhatOneLookCan()
