"""A room for each lesson: its problems, and the small models, data and figures that no other lesson uses.

`lesson_NN/check.py` names the problems of `lesson_NN/problems` in their order; a learner gets it by
`from attention_course.checks import lesson_NN as check`.
"""
