"""Lesson 10: multi-head attention."""

from .lesson_10_problems.head_importance import HeadImportance
from .lesson_10_problems.multi_head import MultiHead
from .lesson_10_problems.prune import Prune
from .lesson_10_problems.pytorch_mask import PytorchMask
from .lesson_10_problems.split_heads import SplitHeads
from .lesson_10_problems.what_pruning_says import WhatPruningSays

split_heads = SplitHeads()
multi_head = MultiHead()
pytorch_mask = PytorchMask()
prune = Prune()
head_importance = HeadImportance()
what_pruning_says = WhatPruningSays()
