"""Lesson 19: attention by hashing, and reversible layers."""

from .lesson_19_problems.buckets import Buckets
from .lesson_19_problems.one_softmax import OneSoftmax
from .lesson_19_problems.rounds_needed import RoundsNeeded
from .lesson_19_problems.way_back import WayBack
from .lesson_19_problems.what_recall_says import WhatRecallSays
from .lesson_19_problems.who_meets import WhoMeets

buckets = Buckets()
rounds_needed = RoundsNeeded()
who_meets = WhoMeets()
one_softmax = OneSoftmax()
what_recall_says = WhatRecallSays()
way_back = WayBack()
