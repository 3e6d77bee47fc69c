"""Lesson 08's problems: they agree with the package, and with answers and slips in other styles."""

import numpy as np
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch.testing import assert_close

from attention_course.checks import lesson_08 as check
from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa
from attention_course.lessons.lesson_08.multi_hop_vqa.baselines import hits_in, position_only
from attention_course.lessons.lesson_08.multi_hop_vqa.solver import solve


def looks_numpy(u, regions, scores):
    u, regions, maps = np.asarray(u), np.asarray(regions), []
    for score in scores:
        weights = np.exp(score(u, regions))
        weights = weights / weights.sum(-1, keepdims=True)
        u = u + np.einsum("bs,bse->be", weights, regions)
        maps.append(weights)
    return u, np.stack(maps, 1)


def looks_one_by_one(u, regions, scores):
    ends, maps = [], []
    for one, its in zip(u, regions, strict=True):
        rows = []
        for score in scores:
            rows.append(score(one[None], its[None])[0].softmax(0))
            one = one + rows[-1] @ its
        ends.append(one)
        maps.append(torch.stack(rows))
    return torch.stack(ends), torch.stack(maps)


def looks_filled_in(u, regions, scores):
    maps = torch.empty(len(u), len(scores), regions.shape[1])
    for hop, score in enumerate(scores):
        maps[:, hop] = score(u, regions).softmax(1)
        u = u + torch.einsum("bs,bse->be", maps[:, hop], regions)
    return [u, maps]


def follow_numpy(kinds, colours, named, relations):
    colours, at = np.array(colours), kinds.index(named)
    for relation in relations[::-1]:
        at = at ^ 1 if relation == "basket" else int(np.setdiff1d(np.flatnonzero(colours == colours[at]), [at])[0])
    return at


def follow_by_names(kinds, colours, named, relations):
    for relation in relations[::-1]:
        at = kinds.index(named)
        if relation == "basket":
            named = kinds[at + 1 - 2 * (at % 2)]
        else:
            [named] = [k for k, c in zip(kinds, colours, strict=True) if c == colours[at] and k != named]
    return kinds.index(named)


def follow_recursive(kinds, colours, named, relations):
    if not relations:
        return kinds.index(named)
    at = follow_recursive(kinds, colours, named, relations[1:])
    if relations[0] == "basket":
        return at ^ 1
    return next(i for i, colour in enumerate(colours) if colour == colours[at] and i != at)


def place_numpy(seen_hits, seen, unseen_hits, unseen):
    seen_hits, seen, unseen_hits, unseen = (np.asarray(x) for x in (seen_hits, seen, unseen_hits, unseen))
    best = np.array([seen_hits[seen == q].mean(0).argmax() for q in range(seen.max() + 1)])
    return unseen_hits[np.arange(len(unseen)), best[unseen]].mean()


def place_lists(seen_hits, seen, unseen_hits, unseen):
    counts = {}
    for hits, question in zip(seen_hits.tolist(), seen.tolist(), strict=True):
        old = counts.get(question, [0] * len(hits))
        counts[question] = [a + b for a, b in zip(old, hits, strict=True)]
    right = [h[counts[q].index(max(counts[q]))] for h, q in zip(unseen_hits.tolist(), unseen.tolist(), strict=True)]
    return sum(right) / len(right)


def place_index_add(seen_hits, seen, unseen_hits, unseen):
    counts = torch.zeros(int(seen.max()) + 1, seen_hits.shape[1]).index_add_(0, seen, seen_hits.float())
    return unseen_hits[torch.arange(len(unseen)), counts.argmax(1)[unseen]].float().mean()


STYLES = {
    check.stacked_looks: [looks_numpy, looks_one_by_one, looks_filled_in],
    check.follow: [follow_by_names, follow_recursive, follow_numpy],
    check.best_place: [place_numpy, place_lists, place_index_add],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def looks_with(share=lambda e: e.softmax(-1), refined=lambda first, u, c: u + c, scores_used=lambda scores: scores):
    def answer(u, regions, scores):
        first, maps = u, []
        for score in scores_used(scores):
            maps.append(share(score(u, regions)))
            u = refined(first, u, torch.einsum("bs,bse->be", maps[-1], regions))
        return u, torch.stack(maps, 1)

    return answer


def follow_with(alike, beside=lambda at: at ^ 1):
    def answer(kinds, colours, named, relations):
        start = at = kinds.index(named)
        for relation in relations[::-1]:
            cells = [c for c in range(len(kinds)) if colours[c] == colours[at]]
            at = alike(cells, at, start) if relation == "colour" else beside(at)
        return at

    return answer


def without_the_start(kinds, colours, named, relations):
    start = at = kinds.index(named)
    for relation in relations[::-1]:
        cells = [c for c in range(len(kinds)) if c != start]
        [at, *_] = [c for c in cells if (colours[c] == colours[at] if relation == "colour" else c // 2 == at // 2)]
    return at


def the_other(cells, at, start):
    return sum(cells) - at


def place_averaged(seen_hits, seen, unseen_hits, unseen):
    questions = unseen.unique()
    return np.mean([place_lists(seen_hits, seen, unseen_hits[unseen == q], unseen[unseen == q]) for q in questions])


SLIPS = [
    (check.stacked_looks, "findings_forgotten", looks_with(refined=lambda first, u, c: first + c)),
    (check.stacked_looks, "scores_reversed", looks_with(scores_used=lambda scores: scores[::-1])),
    (check.stacked_looks, "without_softmax", looks_with(share=lambda e: e)),
    (check.stacked_looks, "one_hop", looks_with(scores_used=lambda scores: scores[:1])),
    (check.stacked_looks, "q_alone", lambda *given: looks_numpy(*given)[0]),
    (check.stacked_looks, "last_map_alone", lambda *given: (looks_numpy(*given)[0], looks_numpy(*given)[1][:, -1])),
    (check.follow, "named_cell_excluded", without_the_start),
    (check.follow, "second_of_the_colour", follow_with(lambda cells, at, start: cells[1])),
    (check.follow, "finds_its_colour_again", follow_with(lambda cells, at, start: cells[0])),
    (check.follow, "odd_and_even_exchanged", follow_with(the_other, lambda at: at + 1 if at % 2 else at - 1)),
    (check.follow, "counted_from_one", lambda *given: follow_recursive(*given) + 1),
    (check.best_place, "chosen_on_both", lambda a, b, c, d: place_lists(torch.cat([a, c]), torch.cat([b, d]), c, d)),
    (check.best_place, "averaged_over_questions", place_averaged),
    (check.best_place, "tested_on_the_seen", lambda a, b, c, d: place_lists(a, b, a, b)),
    (check.best_place, "divided_by_the_seen", lambda a, b, c, d: place_lists(a, b, c, d) * len(d) / len(b)),
    (check.stacked_looks, "question_forgotten", lambda u, regions, scores: _replaced(u, regions, scores)),
    (check.follow, "from_left_to_right", lambda k, c, n, r: follow_recursive(k, c, n, r[::-1])),
    (check.best_place, "any_place", lambda a, b, hits, d: np.asarray(hits).mean()),
    (check.best_place, "one_place_for_all", lambda a, b, hits, d: hits[:, a.float().mean(0).argmax()].sum() / len(d)),
]


def _replaced(u, regions, scores):
    maps = []
    for score in scores:
        maps.append(score(u, regions).softmax(-1))
        u = torch.einsum("bs,bse->be", maps[-1], regions)
    return u, torch.stack(maps, 1)


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def test_the_chain_is_the_solver_s():
    generator = torch.Generator().manual_seed(0)
    scenes = vqa.random_scenes(200, generator)
    asked = vqa.random_questions(scenes, (1, 2, 3), generator)
    for i in range(200):
        kinds = [vqa.KINDS[k] for k in scenes.kinds[i]]
        colours = [vqa.COLOURS[c] for c in scenes.colours[i]]
        form, named = vqa.FORMS[asked.form[i]], kinds[asked.chain[i, 0]]
        cell = type(check.follow).answer(kinds, colours, named, list(form.relations[::-1]))
        assert cell == asked.chain[i, -1]
        things = list(zip(kinds, colours, strict=True))
        assert solve(" ".join(form.words(named)), things) == {vqa.ANSWERS[asked.answer[i]]}


def test_the_leak_detector_is_the_package_s():
    generator = torch.Generator().manual_seed(0)
    sides = []
    for n in (60_000, 3000):
        scenes = vqa.random_scenes(n, generator)
        asked = vqa.random_questions(scenes, (1, 2, 3), generator)
        named = scenes.kinds[torch.arange(n), asked.chain[:, 0]]
        sides.append((scenes, asked, hits_in(scenes, asked).bool(), asked.form * len(vqa.KINDS) + named))
    (scenes, asked, hits, numbers), (other, others, other_hits, other_numbers) = sides
    mine = type(check.best_place).answer(hits, numbers, other_hits, other_numbers)
    assert_close(mine, position_only((scenes, asked), (other, others)).mean().item(), atol=1e-6, rtol=0)
