"""Lesson 01's problems: answers in other styles, and slips as learners make them."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403

from attention_course.checks import lesson_01 as check


def soft_look_up_numpy(query, keys, values):
    e = np.dot(keys, query)
    e = np.exp(e - np.max(e))
    return np.dot(e / np.sum(e), values)


def soft_look_up_arrays_only(query, keys, values):
    s = np.einsum("sd,d->s", keys, query)
    w = np.exp(s - s.max(axis=0, keepdims=True))
    return (w[:, np.newaxis] * values).sum(axis=0) / w.sum(axis=0, initial=0.0)


def soft_look_up_tolist(query, keys, values):
    q, k, v = query.tolist(), keys.tolist(), values.tolist()
    scores = [sum(a * b for a, b in zip(q, key, strict=True)) for key in k]
    weights = [math.exp(e - max(scores)) for e in scores]
    return [sum(w * row[d] for w, row in zip(weights, v, strict=True)) / sum(weights) for d in range(len(v[0]))]


def soft_look_up_loops(q, K, V):
    scores = []
    for k in K:
        total = 0
        for i in range(len(q)):
            total += q[i] * k[i]
        scores.append(total)
    top = max(scores)
    shares = [math.exp(s - top) for s in scores]
    context = [0.0] * len(V[0])
    for share, value in zip(shares, V, strict=True):
        for d in range(len(context)):
            context[d] += share / sum(shares) * value[d]
    return context


def soft_look_up_einsum(q, k, v):
    return torch.einsum("s,sd->d", torch.einsum("sd,d->s", k, q).softmax(0), v)


def soft_look_up_columns(query, keys, values):
    scores = keys.mm(query.view(-1, 1))
    return (torch.softmax(scores, 0).T @ values).squeeze(0)


def soft_look_up_logsumexp(query, keys, values):
    e = (keys * query).sum(-1)
    return (torch.exp(e - torch.logsumexp(e, 0))[:, None] * values).sum(0)


def soft_look_up_doubles(query, keys, values):
    return torch.softmax(keys.double() @ query.double(), 0) @ values.double()


def soft_look_up_attention(query, keys, values):
    return torch.nn.functional.scaled_dot_product_attention(query[None], keys, values, scale=1.0)[0]


def masked_weights_numpy(scores, mask):
    low = np.where(mask, scores, -np.inf)
    top = np.max(low, axis=-1, keepdims=True)
    e = np.where(mask, np.exp(low - np.where(np.isfinite(top), top, 0)), 0)
    total = e.sum(axis=-1, keepdims=True)
    return np.divide(e, total, out=np.zeros_like(e), where=total > 0)


def masked_weights_nan_to_num(scores, mask):
    return torch.nan_to_num(torch.where(mask, scores, -torch.inf).softmax(dim=-1), nan=0.0)


def masked_weights_rows(scores, mask):
    rows = []
    for row, allowed in zip(scores, mask, strict=True):
        e = [math.exp(s) if a else 0.0 for s, a in zip(row, allowed, strict=True)]
        rows.append([x / (sum(e) or 1) for x in e])
    return rows


def masked_weights_lists(scores, mask):
    out = torch.zeros(scores.shape)
    for i in range(scores.shape[0]):
        if mask[i].any():
            out[i, mask[i]] = torch.softmax(scores[i][mask[i]], 0)
    return out


def masked_weights_renormalised(scores, mask):
    allowed = scores.masked_fill(~mask, -1e9)
    e = (allowed - allowed.max(-1, keepdim=True).values).exp() * mask
    return e / e.sum(-1, keepdim=True).clamp(min=1e-30)


def score_gradient_autograd(weights, values, gradient):
    scores = torch.log(weights + 1e-30).requires_grad_()
    (scores.softmax(0) @ values @ gradient).backward()
    return scores.grad


def score_gradient_numpy(weights, values, gradient):
    w, v, g = (np.asarray(a, dtype=np.float64) for a in (weights, values, gradient))
    return (np.diag(w) - np.outer(w, w)) @ (v @ g)


def score_gradient_lists(w, v, g):
    gain = [float(sum(a * b for a, b in zip(row, g, strict=True))) for row in v]
    mean = sum(float(a) * b for a, b in zip(w, gain, strict=True))
    return [float(a) * (b - mean) for a, b in zip(w, gain, strict=True)]


def score_gradient_einsum(weights, values, gradient):
    jacobian = torch.diag(weights) - torch.einsum("i,j->ij", weights, weights)
    return torch.einsum("ij,jd,d->i", jacobian, values, gradient)


def leave_one_out_numpy(x, y, width):
    x, y = np.array(x), np.array(y)
    scores = -(np.subtract.outer(x, x) ** 2) / (2 * width**2)
    np.fill_diagonal(scores, -np.inf)
    k = np.exp(scores - scores.max(axis=1, keepdims=True))
    return k @ y / k.sum(axis=1)


def leave_one_out_arrays_only(x, y, width):
    scores = -((x[:, np.newaxis] - x) ** 2) / (2 * width**2)
    scores[np.eye(x.size, dtype=bool)] = -np.inf
    k = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-1e9))
    return (k / k.sum(axis=1, keepdims=True)).dot(y)


def leave_one_out_loops(x, y, w):
    predictions = []
    for i, here in enumerate(x):
        others = [(float(a), float(b)) for j, (a, b) in enumerate(zip(x, y, strict=True)) if i != j]
        nearest = min((float(here) - a) ** 2 for a, _ in others)
        k = [math.exp((nearest - (float(here) - a) ** 2) / 2 / w**2) for a, _ in others]
        predictions.append(sum(s * b for s, (_, b) in zip(k, others, strict=True)) / sum(k))
    return predictions


def leave_one_out_fill_diagonal(x, y, width):
    scores = -torch.cdist(x[:, None], x[:, None]).square() / (2 * width**2)
    return scores.fill_diagonal_(-torch.inf).softmax(1).matmul(y)


STYLES = {
    check.soft_look_up: [
        soft_look_up_numpy,
        soft_look_up_arrays_only,
        soft_look_up_tolist,
        soft_look_up_loops,
        soft_look_up_einsum,
        soft_look_up_columns,
        soft_look_up_logsumexp,
        soft_look_up_doubles,
        soft_look_up_attention,
    ],
    check.masked_weights: [
        masked_weights_numpy,
        masked_weights_nan_to_num,
        masked_weights_rows,
        masked_weights_lists,
        masked_weights_renormalised,
    ],
    check.score_gradient: [score_gradient_autograd, score_gradient_numpy, score_gradient_lists, score_gradient_einsum],
    check.leave_one_out: [
        leave_one_out_numpy,
        leave_one_out_arrays_only,
        leave_one_out_loops,
        leave_one_out_fill_diagonal,
    ],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def distances(x):
    return (x[:, None] - x[None, :]) ** 2


def leave_one_out_far_from_all(x, y, width):
    k = np.exp(-(np.subtract.outer(np.array(x), np.array(x)) ** 2) / (2 * width**2))
    np.fill_diagonal(k, 0)
    return k @ y / k.sum(axis=1)


SLIPS = [
    (check.leave_one_out, "underflows", leave_one_out_far_from_all),
    (check.soft_look_up, "overflows", lambda q, k, v: np.exp(k @ q) / np.exp(k @ q).sum() @ v),
    (check.soft_look_up, "weights_returned", lambda q, k, v: (k @ q).softmax(0).tolist()),
    (check.soft_look_up, "scaled", lambda q, k, v: F.scaled_dot_product_attention(q[None], k, v)[0]),
    (check.soft_look_up, "hard_look_up", lambda q, k, v: v[int(np.argmax(np.dot(k, q)))]),
    (check.masked_weights, "mask_inverted_with_inf", lambda s, m: torch.where(m, -torch.inf, s).softmax(1)),
    (check.masked_weights, "mask_inverted_with_low_number", lambda s, m: (s - 1e10 * m).softmax(1)),
    (check.masked_weights, "nan_in_empty_row", lambda s, m: s.exp() * m / (s.exp() * m).sum(-1, keepdim=True)),
    (check.masked_weights, "equal_shares_in_empty_row", lambda s, m: (s + (m.float() - 1) * 1e12).softmax(-1)),
    (check.masked_weights, "scores_multiplied", lambda s, m: s.masked_fill(~m, 0.0).softmax(-1)),
    (check.leave_one_out, "looks_at_itself", lambda x, y, w: (distances(x) / (-2 * w**2)).softmax(1) @ y),
]


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)
