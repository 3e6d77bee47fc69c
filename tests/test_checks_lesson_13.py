"""Lesson 13's problems: answers in other styles, and slips as learners make them."""

import numpy as np
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403

from attention_course.checks import lesson_13 as check


def average_numpy(weights, values):
    return np.asarray(weights) @ np.asarray(values)


def average_by_broadcasting(weights, values):
    return (weights[:, :, None] * values).sum(1)


def average_in_a_loop(weights, values):
    rows = []
    for row in weights:
        total = torch.zeros(values.shape[1])
        for weight, value in zip(row, values, strict=True):
            total = total + weight * value
        rows.append(total)
    return torch.stack(rows)


STYLES = {check.average: [average_numpy, average_by_broadcasting, average_in_a_loop]}


@each_style(STYLES)
def test_answers_in_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def plain_mean(weights, values):
    return torch.stack([values.mean(0) for _ in weights])


SLIPS = [(check.average, "weights_not_used", plain_mean)]


@each_slip(SLIPS)
def test_slips_go_by_their_names(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)
