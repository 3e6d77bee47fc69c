"""Lesson 00's problems: answers in other styles, and slips as learners make them."""

import math

import numpy as np
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403

from attention_course.checks import lesson_00 as check


def most_attended_numpy(weights, english):
    return np.array(english)[np.argmax(weights, axis=1)]


def most_attended_loops(weights, english):
    found = []
    for row in weights:
        best = 0
        for i in range(len(row)):
            if row[i] > row[best]:
                best = i
        found.append(english[best])
    return tuple(found)


def most_attended_tolist(weights, english):
    return [max(zip(row, english, strict=True))[1] for row in weights.tolist()]


def points_right_numpy(weights, links):
    return np.mean([(e, f) in links for f, e in enumerate(np.argmax(np.asarray(weights), axis=-1))])


def points_right_tensor(weights, links):
    gold = torch.zeros(weights.shape[1] + 9, weights.shape[0] + 9)
    for e, f in links:
        gold[e, f] = 1
    return gold[weights.argmax(1), torch.arange(len(weights))].mean()


def points_right_loop(weights, links):
    hits = 0
    for f in range(len(weights)):
        row = [float(w) for w in weights[f]]
        hits += (row.index(max(row)), f) in links
    return hits / len(weights)


def how_many_numpy(weights):
    w = np.where(np.asarray(weights) > 0, weights, 1)
    return np.exp(-np.sum(w * np.log(w), axis=1))


def how_many_arrays_only(weights):
    return np.prod(weights**-weights, axis=1, initial=1.0)


def how_many_epsilon(weights):
    return torch.exp(-(weights * torch.log(weights + 1e-12)).sum(dim=1))


def how_many_bits(weights):
    return 2 ** torch.special.entr(weights).sum(1).div(math.log(2))


def how_many_distribution(weights):
    return torch.distributions.Categorical(weights).entropy().exp()


def how_many_lists(weights):
    return [math.prod(float(w) ** -float(w) for w in row) for row in weights]


STYLES = {
    check.most_attended: [most_attended_numpy, most_attended_loops, most_attended_tolist],
    check.points_right: [points_right_numpy, points_right_tensor, points_right_loop],
    check.how_many: [
        how_many_numpy,
        how_many_arrays_only,
        how_many_epsilon,
        how_many_bits,
        how_many_distribution,
        how_many_lists,
    ],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def found(best, links):
    return np.mean([(place, f) in links for f, place in enumerate(best)])


def turned(links):
    return {link[::-1] for link in links}


SLIPS = [
    (check.most_attended, "down_the_columns", lambda w, english: [english[int(i)] for i in np.argmax(w, axis=0)]),
    (check.most_attended, "places_not_words", lambda w, english: [int(row.argmax()) for row in w]),
    (check.most_attended, "one_for_all", lambda w, english: english[int(w.argmax())]),
    (check.points_right, "tensor_among_numbers", lambda w, links: found(w.argmax(1), links)),
    (check.points_right, "links_turned_round", lambda w, links: found(w.argmax(1).tolist(), turned(links))),
    (check.how_many, "nan_at_zero", lambda w: np.exp(-np.sum(np.array(w) * np.log(np.array(w)), -1))),
    (check.how_many, "sign_missing", lambda w: torch.special.entr(w).sum(-1).neg().exp()),
]


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)
