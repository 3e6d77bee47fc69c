from collections.abc import Callable
from dataclasses import dataclass

import torch

from attention_course.checks.problem import Problem, mistake


@dataclass(frozen=True)
class StandIn:
    """A small function in the place of a trained score. It equals its copies, and shows as its formula."""

    formula: str
    function: Callable

    def __call__(self, q, regions):
        return self.function(q[:, None], regions)

    def __repr__(self):
        return self.formula


SCORES = [
    StandIn("(q[:, None] * regions).sum(-1)", lambda q, regions: (q * regions).sum(-1)),
    StandIn("((q[:, None] - regions) ** 2).sum(-1) / 4", lambda q, regions: ((q - regions) ** 2).sum(-1) / 4),
    StandIn("abs(q[:, None] + regions).sum(-1)", lambda q, regions: abs(q + regions).sum(-1)),
]


class StackedLooks(Problem):
    """Several hops over the regions of several pictures."""

    hints = (
        "One hop is lesson 01: scores, softmax, weighted sum. What does the next hop need that the first did not have?",
        "Keep q in a variable and change it in the loop: each hop compares the regions with the present q, and adds what it finds to it. The regions "
        "stay the same.",
        "for score in scores: weights = score(q, regions).softmax(-1); q = q + (weights.unsqueeze(1) @ regions).squeeze(1); and keep the weights. At the "
        "end return q, torch.stack(maps, 1).",
    )
    praise = (
        "With a GRU in front, a value matrix in each hop and a linear layer behind, this is the model of the lesson."
    )

    def inputs(self, generator):
        def sized(pictures, regions, size, hops):
            return drawn(generator, pictures, regions, size, SCORES[:hops])

        yield "one picture of one region and one hop", sized(1, 1, 2, 1)
        yield "one picture of two regions and one hop", sized(1, 2, 1, 1)
        yield "one picture of two regions and two hops", sized(1, 2, 1, 2)
        yield "one picture and two hops", sized(1, 4, 3, 2)
        yield "two pictures of two regions and one hop", sized(2, 2, 2, 1)
        yield "three pictures of three regions and two hops", sized(3, 3, 3, 2)
        yield "two pictures and three hops", sized(2, 5, 4, 3)
        yield "two pictures of one region each and two hops", sized(2, 1, 3, 2)

    def admissible(self, generator):
        sizes = (int(n) for n in torch.randint(1, 5, (3,), generator=generator))
        hops = torch.randint(0, 3, (int(torch.randint(1, 5, (), generator=generator)),), generator=generator)
        return drawn(generator, *sizes, [SCORES[i] for i in hops.tolist()])

    def answer(q, regions, scores):
        maps = []
        for score in scores:
            weights = score(q, regions).softmax(-1)  # (B, S)
            q = q + (weights.unsqueeze(1) @ regions).squeeze(1)
            maps.append(weights)
        return q, torch.stack(maps, 1)

    other_score = "The scores are used in another order, or not all of them. Each hop has its own: the first of the list is the first hop's."
    not_all_maps = "These are not all maps. Keep those of every hop, in the order of the hops: (B, hops, S)."
    another_rule = "The next q is another than q plus the context: nothing is halved, multiplied, bent or taken off."
    shape_of_maps = "The maps are not (B, hops, S). Stack them along axis 1: pictures, hops, regions."
    axis_lost = "A squeeze() without an axis drops every axis of one: that of the pictures, too, where there is one picture. Say which: squeeze(1)."
    scaled_scores = "The scores were multiplied before the softmax. They go into it as the score gives them."
    one_sum = (
        "Softmax ran over all regions of all pictures at once. Each picture has weights of its own, which sum to one."
    )

    @mistake(
        "The context has taken the place of q. So the second hop no longer knows what was asked: q^(m) is the context plus q^(m−1)."
    )
    def question_forgotten(*arguments):
        return looped(*arguments, lambda first, q, context: context)

    @mistake(
        "Every context was added to the question alone, so what the hops before had found is lost. Add it to the q that the hop was asked with."
    )
    def findings_forgotten(*arguments):
        return looped(*arguments, lambda first, q, context: first + context)

    @mistake(
        "All hops were asked with q^(0). They look side by side then, and none can depend on what another has found; that is several heads, not "
        "several hops."
    )
    def all_ask_the_question(*arguments):
        return looped(*arguments, ask=lambda first, q: first)

    @mistake("A later hop was asked with the contexts alone. It is asked with q, in which the question still is.")
    def contexts_ask(*arguments):
        return looped(*arguments, ask=lambda first, q: q if q is first else q - first)

    @mistake(
        "The contexts so far were added at every hop, so that the earlier ones count several times. Add the new one."
    )
    def contexts_added_again(q, regions, scores):
        maps, found = [], 0
        for score in scores:
            maps.append(score(q, regions).softmax(-1))
            found = found + mixed(maps[-1], regions)
            q = q + found
        return q, torch.stack(maps, 1)

    @mistake("The first hop's score was used in all of them. Each hop has its own.")
    def first_score_alone(q, regions, scores):
        return looped(q, regions, [scores[0]] * len(scores))

    @mistake(other_score)
    def last_score_alone(q, regions, scores):
        return looped(q, regions, [scores[-1]] * len(scores))

    @mistake(other_score)
    def scores_reversed(q, regions, scores):
        return looped(q, regions, scores[::-1])

    @mistake("The first hop alone was done. There is one for each score: does the return stand inside the loop?")
    def one_hop(q, regions, scores):
        return looped(q, regions, scores[:1])

    @mistake(other_score)
    def first_score_left_out(q, regions, scores):
        q, maps = looped(q, regions, scores[1:]) if scores[1:] else (q, None)
        return q, torch.zeros(len(q), 0, regions.shape[1]) if maps is None else maps

    @mistake("All hops looked at the first picture's question. Each picture has its own q.")
    def question_of_the_first_picture(q, regions, scores):
        return looped(q[:1].expand_as(q), regions, scores)

    @mistake(
        "The softmax runs over the pictures. The weights of each picture are to sum to one over its own regions: take the last axis."
    )
    def softmax_over_the_pictures(*arguments):
        return looped(*arguments, share=lambda z: z.softmax(0))

    @mistake(one_sum)
    def softmax_over_everything(*arguments):
        return looped(*arguments, share=lambda z: z.flatten().softmax(0).view_as(z))

    @mistake(
        "The exponentials were divided by another picture's sum: a sum over the last axis that does not keep it, (B,), falls on the axis of the regions. "
        "Take keepdim=True."
    )
    def sum_without_its_axis(*arguments):
        return looped(*arguments, share=lambda z: z.exp() / z.exp().sum(-1))

    @mistake("The softmax is missing: the scores themselves were taken for weights.")
    def without_softmax(*arguments):
        return looped(*arguments, share=lambda z: z)

    @mistake("The weights do not sum to one: the exponentials of the scores were not divided by their sum.")
    def not_normalised(*arguments):
        return looped(*arguments, share=torch.exp)

    @mistake("The scores were divided by their sum, where softmax takes exp first. Scores may be negative.")
    def without_exp(*arguments):
        return looped(*arguments, share=lambda z: z / z.sum(-1, keepdim=True))

    @mistake("These weights are logarithms, and the regions were mixed with them: softmax, not log_softmax.")
    def logarithms(*arguments):
        return looped(*arguments, share=lambda z: z.log_softmax(-1))

    @mistake("Each score went through a sigmoid by itself. Weights are shares: softmax makes them sum to one.")
    def sigmoid(*arguments):
        return looped(*arguments, share=torch.sigmoid)

    @mistake("Softmax was taken twice, which evens the weights out. Once makes shares of the scores.")
    def softmax_twice(*arguments):
        return looped(*arguments, share=lambda z: z.softmax(-1).softmax(-1))

    @mistake("The scores have the wrong sign, so that the region that fits worst gets most.")
    def negated(*arguments):
        return looped(*arguments, share=lambda z: (-z).softmax(-1))

    @mistake(scaled_scores)
    def doubled(*arguments):
        return looped(*arguments, share=lambda z: (2 * z).softmax(-1))

    @mistake(scaled_scores)
    def halved_scores(*arguments):
        return looped(*arguments, share=lambda z: (z / 2).softmax(-1))

    @mistake("The scores were divided by √E. The score function has done what is to be done.")
    def scaled(q, regions, scores):
        return looped(q, regions, scores, share=lambda z: (z / q.shape[-1] ** 0.5).softmax(-1))

    @mistake(another_rule)
    def context_taken_off(*arguments):
        return looped(*arguments, lambda first, q, context: q - context)

    @mistake(another_rule)
    def halved(*arguments):
        return looped(*arguments, lambda first, q, context: (q + context) / 2)

    @mistake(another_rule)
    def multiplied(*arguments):
        return looped(*arguments, lambda first, q, context: q * context)

    @mistake(another_rule)
    def bent(*arguments):
        return looped(*arguments, lambda first, q, context: torch.tanh(q + context))

    @mistake(another_rule)
    def of_length_one(*arguments):
        return looped(*arguments, lambda first, q, context: torch.nn.functional.normalize(q + context, dim=-1))

    @mistake("The q was added twice: q^(m) is the context plus q^(m−1).")
    def q_twice(*arguments):
        return looped(*arguments, lambda first, q, context: 2 * q + context)

    @mistake("The question was added at every hop. It is in q already: q^(m) is the context plus q^(m−1).")
    def question_added_again(*arguments):
        return looped(*arguments, lambda first, q, context: first + q + context)

    @mistake(
        "The region with the largest weight was added alone. That is hard attention; the context is the weighted sum of all."
    )
    def largest_alone(*arguments):
        return looped(*arguments, mix=lambda weights, regions: regions[torch.arange(len(regions)), weights.argmax(-1)])

    @mistake("The plain mean of the regions was added: the weights were computed and not used.")
    def plain_mean(*arguments):
        return looped(*arguments, mix=lambda weights, regions: regions.mean(1))

    @mistake("The plain sum of the regions was added: the weights were computed and not used.")
    def plain_sum(*arguments):
        return looped(*arguments, mix=lambda weights, regions: regions.sum(1))

    @mistake("The weighted regions were averaged, which divides by S once more. The weights sum to one: take the sum.")
    def weighted_mean(*arguments):
        return looped(*arguments, mix=lambda weights, regions: (weights.unsqueeze(-1) * regions).mean(1))

    @mistake("The last context is missing in q: it is read off after the last hop, too.")
    def last_not_added(q, regions, scores):
        return (looped(q, regions, scores[:-1])[0] if scores[1:] else q), looped(q, regions, scores)[1]

    @mistake("That is the first q, the question. Return the last, to which all contexts have been added.")
    def question_returned(q, regions, scores):
        return q, looped(q, regions, scores)[1]

    @mistake("These are the contexts alone. The question belongs to the last q.")
    def contexts_returned(q, regions, scores):
        last, maps = looped(q, regions, scores)
        return last - q, maps

    @mistake("That is every q. Asked for is the last, (B, E).")
    def every_q(q, regions, scores):
        all_of_them = [looped(q, regions, scores[: i + 1])[0] for i in range(len(scores))]
        return torch.stack(all_of_them, 1), looped(q, regions, scores)[1]

    @mistake("The map was computed with the new q. A hop's map holds the weights that it looked with.")
    def map_of_the_new_q(q, regions, scores):
        maps = []
        for score in scores:
            q = q + mixed(score(q, regions).softmax(-1), regions)
            maps.append(score(q, regions).softmax(-1))
        return q, torch.stack(maps, 1)

    @mistake("The maps hold the scores. A map holds the weights, behind the softmax.")
    def maps_of_scores(q, regions, scores):
        start, z = q, []
        for score in scores:
            z.append(score(q, regions))
            q = q + mixed(z[-1].softmax(-1), regions)
        return looped(start, regions, scores)[0], torch.stack(z, 1)

    @mistake("The maps have the hops in front. Asked for are pictures, hops, regions: stack along axis 1.")
    def hops_first(*arguments):
        q, maps = looped(*arguments)
        return q, maps.transpose(0, 1)

    @mistake(shape_of_maps)
    def hops_last(*arguments):
        q, maps = looped(*arguments)
        return q, maps.mT

    @mistake(shape_of_maps)
    def maps_in_a_row(*arguments):
        q, maps = looped(*arguments)
        return q, maps.flatten(1)

    @mistake(shape_of_maps)
    def maps_one_below_the_other(*arguments):
        q, maps = looped(*arguments)
        return q, maps.transpose(0, 1).flatten(0, 1)

    @mistake(not_all_maps)
    def last_map_alone(*arguments):
        q, maps = looped(*arguments)
        return q, maps[:, -1]

    @mistake(not_all_maps)
    def last_map_with_its_axis(*arguments):
        q, maps = looped(*arguments)
        return q, maps[:, -1:]

    @mistake(not_all_maps)
    def maps_averaged(*arguments):
        q, maps = looped(*arguments)
        return q, maps.mean(1)

    @mistake("That is q alone. Return the maps, too: q, maps.")
    def q_alone(*arguments):
        return looped(*arguments)[0]

    @mistake("These are the maps alone. Return the last q, too: q, maps.")
    def maps_alone(*arguments):
        return looped(*arguments)[1]

    @mistake("The two have changed places: q first, then the maps.")
    def turned_round(*arguments):
        return looped(*arguments)[::-1]

    @mistake("The values are right, but q has an axis of one left. It is (B, E).")
    def axis_left(*arguments):
        q, maps = looped(*arguments)
        return q.unsqueeze(1), maps

    @mistake(axis_lost)
    def squeezed(*arguments):
        return tuple(part.squeeze() for part in looped(*arguments))

    @mistake(axis_lost)
    def q_squeezed(*arguments):
        q, maps = looped(*arguments)
        return q.squeeze(), maps

    @mistake(axis_lost)
    def maps_squeezed(*arguments):
        q, maps = looped(*arguments)
        return q, maps.squeeze()

    @mistake(
        "The context was added to every region. It is the question that is refined; the regions stay what they are."
    )
    def regions_changed(*arguments):
        return looped(*arguments, change=lambda weights, regions: regions + mixed(weights, regions).unsqueeze(1))

    @mistake(
        "The weighted regions took the place of the regions. They stay what they are: every hop looks at all of the picture."
    )
    def regions_weighted(*arguments):
        return looped(*arguments, change=lambda weights, regions: weights.unsqueeze(-1) * regions)


def mixed(weights, regions):
    """The weighted sum of the regions, one a picture."""
    return (weights.unsqueeze(1) @ regions).squeeze(1)


def looped(
    q,
    regions,
    scores,
    refined=lambda first, q, context: q + context,
    share=lambda z: z.softmax(-1),
    mix=mixed,
    ask=lambda first, q: q,
    change=lambda weights, regions: regions,
):
    """The loop, with a place for each mistake."""
    first, maps = q, []
    for score in scores:
        weights = share(score(ask(first, q), regions))
        q = refined(first, q, mix(weights, regions))
        regions = change(weights, regions)
        maps.append(weights)
    return q, torch.stack(maps, 1)


def drawn(generator, pictures, regions, size, scores):
    """Questions and regions, drawn at random; nothing near zero, lest two mistakes look alike."""

    def away(*sizes):
        signs = 1 - 2.0 * (torch.rand(sizes, generator=generator) < 0.5)
        return (0.4 + torch.rand(sizes, generator=generator)) * signs

    return away(pictures, size), away(pictures, regions, size), scores
