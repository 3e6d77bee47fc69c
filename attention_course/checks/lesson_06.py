"""Lesson 06: image captioning."""

from .lesson_06_problems.look import Look
from .lesson_06_problems.penalty import Penalty
from .lesson_06_problems.pointing_rate import PointingRate
from .lesson_06_problems.reinforce_estimate import ReinforceEstimate
from .lesson_06_problems.what_pointing_proves import WhatPointingProves

look = Look()
pointing_rate = PointingRate()
penalty = Penalty()
reinforce_estimate = ReinforceEstimate()
what_pointing_proves = WhatPointingProves()
