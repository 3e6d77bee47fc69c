"""Lesson 10: multi-head attention."""

from attention_course.lessons.lesson_10.problems.head_importance import HeadImportance
from attention_course.lessons.lesson_10.problems.multi_head import MultiHead
from attention_course.lessons.lesson_10.problems.prune import Prune
from attention_course.lessons.lesson_10.problems.pytorch_mask import PytorchMask
from attention_course.lessons.lesson_10.problems.split_fused import SplitFused
from attention_course.lessons.lesson_10.problems.what_pruning_says import WhatPruningSays

split_fused = SplitFused()
multi_head = MultiHead()
pytorch_mask = PytorchMask()
prune = Prune()
head_importance = HeadImportance()
what_pruning_says = WhatPruningSays()
