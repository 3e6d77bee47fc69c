"""Lesson 08: stacked attention."""

from attention_course.lessons.lesson_08.problems.best_place import BestPlace
from attention_course.lessons.lesson_08.problems.follow import Follow
from attention_course.lessons.lesson_08.problems.stacked_looks import StackedLooks
from attention_course.lessons.lesson_08.problems.what_one_look_can import WhatOneLookCan

stacked_looks = StackedLooks()
follow = Follow()
best_place = BestPlace()
what_one_look_can = WhatOneLookCan()
