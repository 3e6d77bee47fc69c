from collections.abc import Callable
from dataclasses import dataclass

import torch

from ..problem import Problem, mistake


@dataclass(frozen=True)
class StandIn:
    """A small function in the place of a trained score. It equals its copies, and shows as its formula."""

    formula: str
    function: Callable

    def __call__(self, u, regions):
        return self.function(u[:, None], regions)

    def __repr__(self):
        return self.formula


SCORES = [
    StandIn("(u[:, None] * regions).sum(-1)", lambda u, regions: (u * regions).sum(-1)),
    StandIn("((u[:, None] - regions) ** 2).sum(-1) / 4", lambda u, regions: ((u - regions) ** 2).sum(-1) / 4),
    StandIn("abs(u[:, None] + regions).sum(-1)", lambda u, regions: abs(u + regions).sum(-1)),
]


class StackedLooks(Problem):
    """Several hops over the regions of several pictures."""

    hints = (
        "One hop is lesson 01: energies, softmax, weighted sum. What does the next hop need that the first did not have?",
        "Keep u in a variable and change it in the loop: each hop compares the regions with the present u, and adds what it finds to it. The regions "
        "stay the same.",
        "for score in scores: weights = score(u, regions).softmax(-1); u = u + (weights.unsqueeze(1) @ regions).squeeze(1); and keep the weights. At the "
        "end return u, torch.stack(maps, 1).",
    )
    praise = "With a GRU in front and a linear layer behind, this is the model of the lesson."

    def inputs(self, generator):
        def drawn(pictures, regions, size, hops):
            u, seen = (torch.randn(*s, generator=generator) for s in ((pictures, size), (pictures, regions, size)))
            return u, seen, SCORES[:hops]

        yield "one picture of one region and one hop", drawn(1, 1, 2, 1)
        yield "one picture and one hop", drawn(1, 3, 2, 1)
        yield "one picture and two hops", drawn(1, 4, 3, 2)
        yield "three pictures and one hop", drawn(3, 3, 3, 1)
        yield "two pictures and three hops", drawn(2, 5, 4, 3)

    def answer(u, regions, scores):
        maps = []
        for score in scores:
            weights = score(u, regions).softmax(-1)  # (B, S)
            u = u + (weights.unsqueeze(1) @ regions).squeeze(1)
            maps.append(weights)
        return u, torch.stack(maps, 1)

    @mistake(
        "The context has taken the place of u. So the second hop no longer knows what was asked: u^(m) is the context plus u^(m−1)."
    )
    def question_forgotten(u, regions, scores):
        return looped(u, regions, scores, lambda first, u, context: context)

    @mistake(
        "Every context was added to the question alone, so what the hops before had found is lost. Add it to the u that the hop was asked with."
    )
    def findings_forgotten(u, regions, scores):
        return looped(u, regions, scores, lambda first, u, context: first + context)

    @mistake(
        "All hops were asked with u^(0). They look side by side then, and none can depend on what another has found; that is several heads, not "
        "several hops."
    )
    def all_ask_the_question(u, regions, scores):
        maps = [score(u, regions).softmax(-1) for score in scores]
        return u + sum(mixed(weights, regions) for weights in maps), torch.stack(maps, 1)

    @mistake("The first hop's score was used in all of them. Each hop has its own.")
    def first_score_alone(u, regions, scores):
        return StackedLooks.answer(u, regions, [scores[0]] * len(scores))

    @mistake(
        "The softmax runs over the pictures. The weights of each picture are to sum to one over its own regions: take the last axis."
    )
    def softmax_over_the_pictures(u, regions, scores):
        return looped(u, regions, scores, lambda first, u, context: u + context, axis=0)

    @mistake("The maps have the hops in front. Asked for are pictures, hops, regions: stack along axis 1.")
    def hops_first(u, regions, scores):
        u, maps = StackedLooks.answer(u, regions, scores)
        return u, maps.transpose(0, 1)

    @mistake("The last context is missing in u: it is read off after the last hop, too.")
    def last_not_added(u, regions, scores):
        found = u
        for score in scores[:-1]:
            found = found + mixed(score(found, regions).softmax(-1), regions)
        return found, StackedLooks.answer(u, regions, scores)[1]

    @mistake(
        "The context was added to every region. It is the question that is refined; the regions stay what they are."
    )
    def regions_changed(u, regions, scores):
        maps = []
        for score in scores:
            weights = score(u, regions).softmax(-1)
            context = mixed(weights, regions)
            u, regions = u + context, regions + context.unsqueeze(1)
            maps.append(weights)
        return u, torch.stack(maps, 1)


def mixed(weights, regions):
    """The weighted sum of the regions, one a picture."""
    return (weights.unsqueeze(1) @ regions).squeeze(1)


def looped(u, regions, scores, refined, axis=-1):
    """The loop, with another rule for the next u."""
    first, maps = u, []
    for score in scores:
        weights = score(u, regions).softmax(axis)
        u = refined(first, u, mixed(weights, regions))
        maps.append(weights)
    return u, torch.stack(maps, 1)
