"""Lesson 19: attention by hashing, and reversible layers."""

from attention_course.lessons.lesson_19.problems.buckets import Buckets
from attention_course.lessons.lesson_19.problems.one_softmax import OneSoftmax
from attention_course.lessons.lesson_19.problems.rounds_needed import RoundsNeeded
from attention_course.lessons.lesson_19.problems.way_back import WayBack
from attention_course.lessons.lesson_19.problems.what_recall_says import WhatRecallSays
from attention_course.lessons.lesson_19.problems.who_meets import WhoMeets

buckets = Buckets()
rounds_needed = RoundsNeeded()
who_meets = WhoMeets()
one_softmax = OneSoftmax()
what_recall_says = WhatRecallSays()
way_back = WayBack()
