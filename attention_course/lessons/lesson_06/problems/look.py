import torch

from attention_course.checks.problem import Problem, mistake


class Look(Problem):
    """Eqs. (11)-(13) over the regions of several pictures, with the additive score."""

    hints = (
        "There is one query a picture, and it is compared with each of the picture's own regions. Which axis is added to which?",
        "W_k belongs to the regions and W_q to the query: regions @ W_k.mT is (B, S, D), query @ W_q.mT is (B, D) and needs an axis for the regions. "
        "Then tanh, then u.",
        "scores = torch.tanh(regions @ W_k.mT + (query @ W_q.mT).unsqueeze(1)) @ u, weights = scores.softmax(-1), and "
        "context = (weights.unsqueeze(1) @ regions).squeeze(1).",
    )
    praise = "Put it behind any encoder that gives vectors for regions, and in front of any decoder that has a query."

    def inputs(self, generator):
        def drawn(pictures, regions, size, query_size, score_size):
            return arguments(generator, pictures, regions, size, query_size, score_size, 1.0)

        yield "a picture of one region, so that the weight is 1", drawn(1, 1, 2, 2, 2)
        yield "two regions of one number each", drawn(1, 2, 1, 1, 1)
        yield "a picture of three regions", drawn(1, 3, 2, 2, 2)
        yield "two pictures of two regions of one number each", drawn(2, 2, 1, 1, 1)
        yield "three pictures of three regions, all sizes equal", drawn(3, 3, 3, 3, 3)
        yield "two pictures of five regions", drawn(2, 5, 4, 3, 6)
        yield "two pictures of one region each", drawn(2, 1, 3, 2, 4)

    def admissible(self, generator):
        sizes = (int(n) for n in torch.randint(1, 5, (5,), generator=generator))
        scale = 4.0 ** int(torch.randint(-2, 2, (), generator=generator))
        return arguments(generator, *sizes, scale)

    def answer(query, regions, W_q, W_k, u):
        scores = torch.tanh(regions @ W_k.mT + (query @ W_q.mT).unsqueeze(1)) @ u  # (B, S)
        weights = scores.softmax(-1)
        context = (weights.unsqueeze(1) @ regions).squeeze(1)  # (B, E)
        return context, weights

    together = (
        "Softmax ran over all regions of all pictures at once. Each picture has weights of its own, which sum to one."
    )
    other_bend = "Another function stands in the place of the tanh."
    dot_product = (
        "That is a dot product of region and query. The score asked for is additive: a tanh of a sum, and then u."
    )
    without_an_axis = (
        "The queries were added along the regions: region 1 of every picture was compared with the first picture's query, region 2 with the "
        "second's. That runs only where there are as many pictures as regions. Give the query an axis for the regions: (B, 1, D)."
    )
    hard = (
        "The context is only the region with the largest weight. That is hard attention; Eq. (13) averages all of them."
    )
    axis_left = "The values are right, but an axis of one is left: the context is (B, E), the weights are (B, S)."
    axis_lost = "A squeeze() without an axis drops every axis of one: that of the pictures, too, where there is one picture. Say which: squeeze(1)."
    one_query = "The first picture's query was used for all pictures. Each has its own."

    @mistake(
        "The softmax runs over the pictures. Each picture's weights are to sum to one over its own regions: take the last axis."
    )
    def softmax_over_the_pictures(*arguments):
        return looked(*arguments, share=lambda scores: scores.softmax(0))

    @mistake(together)
    def softmax_over_everything(*arguments):
        return looked(*arguments, share=lambda scores: scores.flatten().softmax(0).view_as(scores))

    @mistake(
        "The exponentials were divided by another picture's sum: a sum over the last axis that does not keep it, (B,), falls on the axis of the regions. "
        "Take keepdim=True."
    )
    def sum_without_its_axis(*arguments):
        return looked(*arguments, share=lambda scores: scores.exp() / scores.exp().sum(-1))

    @mistake("The weights do not sum to one: the exponentials of the scores were not divided by their sum.")
    def not_normalised(*arguments):
        return looked(*arguments, share=torch.exp)

    @mistake("The scores were divided by their sum, where softmax takes exp first. Scores may be negative.")
    def without_exp(*arguments):
        return looked(*arguments, share=lambda scores: scores / scores.sum(-1, keepdim=True))

    @mistake("These weights are logarithms, and the regions were mixed with them: softmax, not log_softmax.")
    def logarithms(*arguments):
        return looked(*arguments, share=lambda scores: scores.log_softmax(-1))

    @mistake("Each score went through a sigmoid by itself. Weights are shares: softmax makes them sum to one.")
    def sigmoid_for_softmax(*arguments):
        return looked(*arguments, share=torch.sigmoid)

    @mistake("Softmax was taken twice, which evens the weights out. Once makes shares of the scores.")
    def softmax_twice(*arguments):
        return looked(*arguments, share=lambda scores: scores.softmax(-1).softmax(-1))

    @mistake(
        "The scores have the wrong sign, so that the region that fits worst gets most: no minus is in Eqs. (11) and (12)."
    )
    def negated(*arguments):
        return looked(*arguments, share=lambda scores: (-scores).softmax(-1))

    @mistake(
        "The softmax ran over the D numbers behind the tanh. Scores come first, one a region, and softmax over the regions."
    )
    def softmax_before_u(*arguments):
        return looked(*arguments, score=lambda h, q, u: (h + q).tanh().softmax(-1) @ u, share=lambda scores: scores)

    @mistake("The query was added to the context. The context is an average of the regions alone.")
    def query_added(query, regions, W_q, W_k, u):
        context, weights = looked(query, regions, W_q, W_k, u)
        return context + query, weights

    @mistake(
        "The tanh is missing. Without it the query adds the same number to all scores of a picture, and the softmax does not notice it: "
        "every word would look at the same place."
    )
    def without_tanh(*arguments):
        return looked(*arguments, score=lambda h, q, u: (h + q) @ u)

    @mistake(
        "The query has no say in these weights, for what depends on it alone drops out of the softmax, and every word looks at the same place. Take the tanh of "
        "the sum W_k h + W_q q."
    )
    def tanh_before_the_sum(*arguments):
        return looked(*arguments, score=lambda h, q, u: (h.tanh() + q.tanh()) @ u)

    @mistake("The regions are missing in the scores: all regions of a picture have got the same weight.")
    def query_alone(*arguments):
        return looked(*arguments, score=lambda h, q, u: (0 * h + q).tanh() @ u)

    @mistake("The vector u went into the tanh. It stands outside, and adds up D tanhs.")
    def u_inside(*arguments):
        return looked(*arguments, score=lambda h, q, u: ((h + q) @ u).tanh())

    @mistake("The vector u is missing: it says how much each of the D tanhs counts in the score.")
    def without_u(*arguments):
        return looked(*arguments, score=lambda h, q, u: (h + q).tanh().sum(-1))

    @mistake("The scores were divided by √D. The additive score has no scale: that is for dot products.")
    def scaled(*arguments):
        return looked(*arguments, score=lambda h, q, u: (h + q).tanh() @ u / len(u) ** 0.5)

    @mistake("The query was taken off. W_k h + W_q q is a sum.")
    def subtracted(*arguments):
        return looked(*arguments, score=lambda h, q, u: (h - q).tanh() @ u)

    @mistake("The two sides were multiplied. In the additive score they are added, and the tanh is taken of the sum.")
    def multiplied(*arguments):
        return looked(*arguments, score=lambda h, q, u: (h * q).tanh() @ u)

    @mistake(other_bend)
    def sigmoid(*arguments):
        return looked(*arguments, score=lambda h, q, u: (h + q).sigmoid() @ u)

    @mistake(other_bend)
    def relu(*arguments):
        return looked(*arguments, score=lambda h, q, u: (h + q).relu() @ u)

    @mistake(dot_product)
    def dot_of_the_projected(*arguments):
        return looked(*arguments, score=lambda h, q, u: (h * q).sum(-1))

    @mistake(dot_product)
    def dot_of_the_vectors(query, regions, W_q, W_k, u):
        weights = (regions @ query.unsqueeze(-1)).squeeze(-1).softmax(-1)
        return mixed(weights, regions), weights

    @mistake("The matrices have changed places: W_k belongs to the regions and W_q to the query.")
    def matrices_swapped(query, regions, W_q, W_k, u):
        return looked(query, regions, W_k, W_q, u)

    @mistake(
        "The matrices were applied the wrong way round. They are (D, E) and (D, Q), and act on the last axis as x @ W.mT."
    )
    def matrices_transposed(query, regions, W_q, W_k, u):
        return looked(query, regions, W_q.mT, W_k.mT, u)

    @mistake(without_an_axis)
    def query_of_another_picture(query, regions, W_q, W_k, u):
        weights = (torch.tanh(regions @ W_k.mT + query @ W_q.mT) @ u).softmax(-1)
        return mixed(weights, regions), weights

    @mistake(one_query)
    def query_of_the_first_picture(query, regions, W_q, W_k, u):
        return looked(query[:1].expand_as(query), regions, W_q, W_k, u)

    @mistake("Only the last picture's context and weights came back. Collect those of all of them.")
    def last_picture_alone(*arguments):
        return tuple(part[-1:] for part in looked(*arguments))

    @mistake("Only the first picture was looked at. There are B of them.")
    def first_picture_alone(*arguments):
        return tuple(part[:1] for part in looked(*arguments))

    @mistake("Only the first picture was looked at. There are B of them.")
    def first_picture_without_its_axis(*arguments):
        return tuple(part[0] for part in looked(*arguments))

    @mistake("The scores mixed the regions as they are. Softmax makes weights of them first, Eq. (12).")
    def without_softmax(*arguments):
        return looked(*arguments, share=lambda scores: scores)

    @mistake("The context is right; what came with it are the scores. Asked for are the weights, Eq. (12).")
    def scores_returned(*arguments):
        return looked(*arguments)[0], looked(*arguments, share=lambda scores: scores)[1]

    @mistake("Context and weights have changed places: the context comes first.")
    def turned_round(*arguments):
        return looked(*arguments)[::-1]

    @mistake("That is the context alone. Return the weights, too: context, weights.")
    def context_alone(*arguments):
        return looked(*arguments)[0]

    @mistake("These are the weights alone. Return the context, too: context, weights.")
    def weights_alone(*arguments):
        return looked(*arguments)[1]

    @mistake(hard)
    def largest_alone(*arguments):
        return looked(*arguments, mix=lambda weights, regions: regions[torch.arange(len(regions)), weights.argmax(-1)])

    @mistake(
        "Only one region has a weight, and that is 1. So it is in hard attention; Eq. (12) gives every region a share."
    )
    def one_hot_weights(*arguments):
        return looked(*arguments, share=lambda scores: (scores == scores.amax(-1, keepdim=True)).float())

    @mistake(
        "The context is the plain mean of the regions: the weights were computed and not used. That is attention switched off."
    )
    def plain_mean(*arguments):
        return looked(*arguments, mix=lambda weights, regions: regions.mean(1))

    @mistake("The context is the plain sum of the regions: the weights were computed and not used.")
    def plain_sum(*arguments):
        return looked(*arguments, mix=lambda weights, regions: regions.sum(1))

    @mistake("The weighted regions were averaged, which divides by S once more. The weights sum to one: take the sum.")
    def weighted_mean(*arguments):
        return looked(*arguments, mix=lambda weights, regions: (weights.unsqueeze(-1) * regions).mean(1))

    @mistake("The regions were weighted and not added up: the context is their sum over S, (B, E).")
    def not_added_up(*arguments):
        return looked(*arguments, mix=lambda weights, regions: weights.unsqueeze(-1) * regions)

    @mistake(
        "The weighted regions were added up over the wrong axis. The context is their sum over the S regions, (B, E)."
    )
    def summed_over_the_numbers(*arguments):
        return looked(*arguments, mix=lambda weights, regions: (weights.unsqueeze(-1) * regions).sum(-1))

    @mistake(
        "The weighted regions were added up over the wrong axis. The context is their sum over the S regions, (B, E)."
    )
    def summed_over_the_pictures(*arguments):
        return looked(*arguments, mix=lambda weights, regions: (weights.unsqueeze(-1) * regions).sum(0))

    @mistake(
        "What was averaged is W_k h. The scores are made of it, but the context is an average of the regions themselves."
    )
    def projected_averaged(query, regions, W_q, W_k, u):
        return looked(query, regions, W_q, W_k, u, mix=lambda weights, regions: mixed(weights, regions @ W_k.mT))

    @mistake(axis_left)
    def context_with_an_axis(*arguments):
        context, weights = looked(*arguments)
        return context.unsqueeze(1), weights

    @mistake(axis_left)
    def weights_with_an_axis(*arguments):
        context, weights = looked(*arguments)
        return context, weights.unsqueeze(1)

    @mistake(axis_left)
    def weights_with_an_axis_behind(*arguments):
        context, weights = looked(*arguments)
        return context, weights.unsqueeze(-1)

    @mistake(axis_left)
    def both_with_an_axis(*arguments):
        context, weights = looked(*arguments)
        return context.unsqueeze(1), weights.unsqueeze(1)

    @mistake(axis_lost)
    def squeezed(*arguments):
        return tuple(part.squeeze() for part in looked(*arguments))

    @mistake(axis_lost)
    def context_squeezed(*arguments):
        context, weights = looked(*arguments)
        return context.squeeze(), weights

    @mistake(axis_lost)
    def scores_squeezed(*arguments):
        context, weights = looked(*arguments)
        return context, weights.squeeze()


def looked(
    query,
    regions,
    W_q,
    W_k,
    u,
    score=lambda h, q, u: (h + q).tanh() @ u,
    share=lambda scores: scores.softmax(-1),
    mix=lambda weights, regions: mixed(weights, regions),
):
    """One look, with a place for each mistake. `h` is (B, S, D), `q` (B, 1, D)."""
    weights = share(score(regions @ W_k.mT, (query @ W_q.mT).unsqueeze(1), u))
    return mix(weights, regions), weights


def mixed(weights, regions):
    return (weights.unsqueeze(1) @ regions).squeeze(1)


def arguments(generator, pictures, regions, size, query_size, score_size, scale):
    """Drawn at random; nothing near zero, lest two mistakes look alike."""

    def drawn(*sizes):
        signs = 1 - 2.0 * (torch.rand(sizes, generator=generator) < 0.5)
        return (0.4 + torch.rand(sizes, generator=generator)) * signs

    query, its_regions = drawn(pictures, query_size), 2 * scale * drawn(pictures, regions, size)
    return query, its_regions, drawn(score_size, query_size), drawn(score_size, size), 2 * drawn(score_size)
