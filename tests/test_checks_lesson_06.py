"""Lesson 06's problems: they agree with the package, and with answers and slips in other styles."""

import numpy as np
import pytest
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch.testing import assert_close

from attention_course.checks import lesson_06 as check
from attention_course.metrics import pointing
from attention_course.models.captioner import doubly_stochastic
from attention_course.models.hard_attention import reinforce
from attention_course.scores import AdditiveScore


def look_numpy(query, regions, W_q, W_k, u):
    scores = np.tanh(np.einsum("bti,ki->btk", regions, W_k) + np.einsum("bq,kq->bk", query, W_q)[:, None]) @ u
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return np.einsum("bt,bti->bi", weights, regions), weights


def look_one_by_one(query, regions, W_q, W_k, u):
    weights = torch.stack(
        [
            torch.stack([u @ torch.tanh(W_k @ region + W_q @ q) for region in its]).softmax(0)
            for q, its in zip(query, regions, strict=True)
        ]
    )
    return (weights[..., None] * regions).sum(1), weights


def rate_numpy(maps, boxes):
    maps = np.asarray(maps)
    rows, columns = maps.shape[1:]
    places = maps.reshape(len(maps), -1).argmax(1)
    x, y = (places % columns + 0.5) / columns, (places // columns + 0.5) / rows
    return np.mean(
        [any(a <= i <= c and b <= j <= d for a, b, c, d in its) for i, j, its in zip(x, y, boxes, strict=True)]
    )


def rate_by_loops(maps, boxes):
    hits = []
    for each, its in zip(maps, boxes, strict=True):
        height, width = each.shape
        row, column = torch.nonzero(each == each.max())[0].tolist()
        hit = False
        for left, top, right, bottom in its:
            hit = hit or (
                left * width <= column + 0.5 <= right * width and top * height <= row + 0.5 <= bottom * height
            )
        hits.append(hit)
    return sum(hits) / len(hits)


def penalty_loops(weights, lengths):
    values = [(1 - each[:n].sum(0)) ** 2 for each, n in zip(weights, lengths.tolist(), strict=True)]
    return torch.stack(values).mean()


def penalty_numpy(weights, lengths):
    weights, lengths = np.array(weights), np.asarray(lengths)
    for row, n in zip(weights, lengths, strict=True):
        row[n:] = 0
    return ((1 - weights.sum(1)) ** 2).mean()


def leave_one_out_autograd(scores, draws, rewards):
    scores = scores.clone().requires_grad_()
    baselines = torch.stack([torch.cat([rewards[:i], rewards[i + 1 :]]).mean() for i in range(len(rewards))])
    (scores.log_softmax(-1)[draws] * (rewards - baselines)).mean().backward()
    return scores.grad


def leave_one_out_numpy(scores, draws, rewards):
    scores, draws, rewards = np.asarray(scores), np.asarray(draws), np.asarray(rewards)
    weights = np.exp(scores) / np.exp(scores).sum()
    n = len(draws)
    advantages = n / (n - 1) * (rewards - rewards.mean())  # the same number in another form
    return sum(a * (np.eye(len(scores))[k] - weights) for a, k in zip(advantages, draws, strict=True)) / n


def with_the_mean_of_all(scores, draws, rewards):
    n = len(draws)
    return leave_one_out_numpy(scores, draws, rewards) * (n - 1) / n


def look_bmm(query, regions, W_q, W_k, u):
    both = torch.cat([regions, query[:, None].expand(-1, regions.shape[1], -1)], -1)
    weights = (torch.tanh(both @ torch.cat([W_k, W_q], 1).T) @ u).exp()
    weights = weights / weights.sum(1, keepdim=True)
    return [torch.bmm(weights[:, None], regions)[:, 0], weights]


def rate_strictly_inside(maps, boxes):
    found = []
    for each, its in zip(np.asarray(maps), boxes, strict=True):
        row, column = np.unravel_index(each.argmax(), each.shape)
        x, y = (2 * column + 1) / (2 * each.shape[1]), (2 * row + 1) / (2 * each.shape[0])
        found.append(np.any([a < x < c and b < y < d for a, b, c, d in its]))
    return torch.tensor(found).float().mean()


def penalty_by_cumsum(weights, lengths):
    return (weights.cumsum(1)[torch.arange(len(lengths)), lengths - 1] - 1).pow(2).mean(1).mean()


def penalty_number_by_number(weights, lengths):
    pictures, _, regions = weights.shape
    totals = [[sum(float(w) for w in weights[b, : lengths[b], i]) for i in range(regions)] for b in range(pictures)]
    return sum((1 - total) ** 2 for row in totals for total in row) / (pictures * regions)


def leave_one_out_index_add(scores, draws, rewards):
    advantages = rewards - (rewards.sum() - rewards) / (len(rewards) - 1)
    return torch.zeros_like(scores).index_add(0, draws, advantages) / len(draws)  # the weights drop out


def leave_one_out_loops(scores, draws, rewards):
    weights, n = scores.softmax(0).tolist(), len(draws)
    gradient = [0.0] * len(weights)
    for i, k in enumerate(draws.tolist()):
        baseline = sum(float(rewards[j]) for j in range(n) if j != i) / (n - 1)
        for region in range(len(weights)):
            gradient[region] += (float(rewards[i]) - baseline) * ((region == k) - weights[region]) / n
    return gradient


STYLES = {
    check.look: [look_numpy, look_one_by_one, look_bmm],
    check.pointing_rate: [rate_numpy, rate_by_loops, rate_strictly_inside],
    check.penalty: [penalty_loops, penalty_numpy, penalty_by_cumsum, penalty_number_by_number],
    check.leave_one_out: [leave_one_out_numpy, leave_one_out_index_add, leave_one_out_loops],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def look_with(score=lambda a, b, u: torch.tanh(a + b[:, None]) @ u, share=lambda e: e.softmax(-1)):
    def answer(query, regions, W_q, W_k, u):
        weights = share(score(regions @ W_k.T, query @ W_q.T, u))
        return torch.einsum("bs,bsd->bd", weights, regions), weights

    return answer


def rate_with(centre=lambda r, c, R, C: ((c + 0.5) / C, (r + 0.5) / R), combine=any, count=len):
    def answer(maps, boxes):
        found = []
        for each, its in zip(maps, boxes, strict=True):
            x, y = centre(*divmod(int(each.argmax()), count(each[0])), *each.shape)
            found.append(combine([a <= x <= c and b <= y <= d for a, b, c, d in its]))
        return sum(found) / len(found)

    return answer


def one_box_around_all(maps, boxes):
    sides = [np.array(its) for its in boxes]
    return rate_numpy(maps, [[(*its[:, :2].min(0), *its[:, 2:].max(0))] for its in sides])


def leave_one_out_with(baseline, derivative=lambda chosen, weights: chosen - weights):
    def answer(scores, draws, rewards):
        scores, draws, rewards = np.asarray(scores), np.asarray(draws), np.asarray(rewards)
        weights = np.exp(scores) / np.exp(scores).sum()
        rows = [derivative(np.eye(len(weights))[k], weights) for k in draws]
        return ((rewards - baseline(rewards))[:, None] * np.array(rows)).mean(0)

    return answer


def mean_of_others(rewards):
    return np.array([np.delete(rewards, i).mean() for i in range(len(rewards))])


SLIPS = [
    (check.look, "matrices_swapped", lambda q, h, a, b, u: look_numpy(q, h, b, a, u)),
    (check.look, "softmax_over_the_pictures", look_with(share=lambda e: e.softmax(0))),
    (check.look, "query_of_another_picture", look_with(lambda a, b, u: torch.tanh(a + b) @ u)),
    (check.look, "sum_without_its_axis", look_with(share=lambda e: e.exp() / e.exp().sum(-1))),
    (check.look, "scaled", look_with(lambda a, b, u: torch.tanh(a + b[:, None]) @ u / u.numel() ** 0.5)),
    (check.look, "squeezed", lambda *given: [part.squeeze() for part in look_one_by_one(*given)]),
    (check.look, "context_alone", lambda *given: look_numpy(*given)[0]),
    (check.pointing_rate, "one_box_around_all", one_box_around_all),
    (check.pointing_rate, "in_all_boxes", rate_with(combine=all)),
    (check.pointing_rate, "boxes_that_are_hit", rate_with(combine=sum)),
    (check.pointing_rate, "divided_by_rows", lambda maps, boxes: rate_with(count=lambda row: maps.shape[1])(
        maps, boxes)),
    (check.pointing_rate, "sizes_swapped", rate_with(lambda r, c, R, C: ((c + 0.5) / R, (r + 0.5) / C))),
    (check.pointing_rate, "upside_down", rate_with(lambda r, c, R, C: ((c + 0.5) / C, (R - r - 0.5) / R))),
    (check.penalty, "absolute", lambda w, n: np.mean(
        [np.abs(1 - np.asarray(a)[:k].sum(0)) for a, k in zip(w, n, strict=True)])),
    (check.penalty, "one_word_too_many", lambda w, n: penalty_loops(w, n + 1)),
    (check.penalty, "longest", lambda w, n: (1 - w[:, : n.max()].sum(1)).square().mean()),
    (check.penalty, "one_a_picture", lambda w, n: torch.stack(
        [penalty_loops(a[None], k[None]) for a, k in zip(w, n, strict=True)])),
    (check.penalty, "summed_over_regions_of_words", lambda w, n: np.mean(
        [((1 - np.asarray(a)[:k].sum(1)) ** 2).mean() for a, k in zip(w, n, strict=True)])),
    (check.leave_one_out, "against_the_statement", leave_one_out_autograd),
    (check.leave_one_out, "no_baseline", leave_one_out_with(np.zeros_like)),
    (check.leave_one_out, "draws_before", leave_one_out_with(
        lambda r: np.array([r[:i].mean() if i else 0 for i in range(len(r))]))),
    (check.leave_one_out, "drawn_alone", leave_one_out_with(mean_of_others, lambda chosen, a: chosen * (1 - a))),
    (check.leave_one_out, "with_respect_to_the_weight", leave_one_out_with(
        mean_of_others, lambda chosen, a: chosen / a)),
    (check.look, "without_tanh", lambda q, h, W_q, W_k, u: (
        w := torch.softmax((h @ W_k.T + (q @ W_q.T)[:, None]) @ u, 1), (w[..., None] * h).sum(1))[::-1]),
    (check.look, "turned_round", lambda *given: look_one_by_one(*given)[::-1]),
    (check.pointing_rate, "first_box_alone", lambda maps, boxes: rate_numpy(maps, [its[:1] for its in boxes])),
    (check.pointing_rate, "not_divided", lambda maps, boxes: rate_by_loops(maps, boxes) * len(boxes)),
    (check.penalty, "padding_counted", lambda weights, lengths: ((1 - np.asarray(weights).sum(1)) ** 2).mean()),
    (check.penalty, "regions_summed", lambda weights, lengths: penalty_loops(weights, lengths) * weights.shape[2]),
    (check.leave_one_out, "own_reward_included", with_the_mean_of_all),
    (check.leave_one_out, "downhill", lambda e, k, r: -leave_one_out_numpy(e, k, r)),
]  # fmt: skip


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def test_the_look_is_the_package_s():
    torch.manual_seed(0)
    score = AdditiveScore(3, 4, 5)
    query, regions = torch.randn(2, 3), torch.randn(2, 6, 4)
    context, weights = type(check.look).answer(
        query, regions, score.project_query.weight, score.project_key.weight, score.u
    )
    theirs = score(query.unsqueeze(1), regions).softmax(-1)
    assert_close(weights, theirs.squeeze(1))
    assert_close(context, (theirs @ regions).squeeze(1))


def test_the_rate_is_the_package_s():
    for _, (maps, boxes) in check.pointing_rate.inputs(torch.Generator().manual_seed(0)):
        if maps.shape[1] == maps.shape[2]:
            theirs = pointing(maps.flatten(1), boxes, boxes).rate
            assert type(check.pointing_rate).answer(maps, boxes) == pytest.approx(theirs)


def test_the_penalty_is_the_package_s():
    for _, (weights, lengths) in check.penalty.inputs(torch.Generator().manual_seed(0)):
        counts = (torch.arange(weights.shape[1]) < lengths.unsqueeze(1)).float()
        assert type(check.penalty).answer(weights, lengths) == pytest.approx(doubly_stochastic(weights, counts).item())


def test_leaving_one_out_does_no_harm_on_average():
    scores, rewards = torch.tensor([0.5, 0.0, -0.5]), torch.tensor([-5.1, -6.0, -7.0])
    weights = scores.softmax(-1)
    answer = type(check.leave_one_out).answer
    pairs = torch.cartesian_prod(torch.arange(3), torch.arange(3))
    expected = sum(weights[pair].prod() * answer(scores, pair, rewards[pair]) for pair in pairs)
    assert_close(expected, weights * (rewards - weights @ rewards))


def test_the_estimate_is_the_package_s():
    for _, (scores, draws, rewards) in check.leave_one_out.inputs(torch.Generator().manual_seed(0)):
        leaf = scores.clone().requires_grad_()
        logs = leaf.log_softmax(-1)[draws]
        others = (rewards.sum() - rewards) / (len(rewards) - 1)
        captions = zip(rewards, logs, others, strict=True)  # of one word each
        values = [reinforce(reward.view(1, 1), log.view(1, 1), other.view(1)) for reward, log, other in captions]
        torch.cat(values).mean().backward()
        assert_close(type(check.leave_one_out).answer(scores, draws, rewards), leaf.grad)
