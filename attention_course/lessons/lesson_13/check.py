"""Lesson 13: training Transformers."""

from attention_course.lessons.lesson_13.problems.average import Average

average = Average()
