import torch

from ..problem import Problem, mistake


class Look(Problem):
    """Eqs. (11)-(13) over the regions of several pictures, with the additive score."""

    hints = (
        "There is one query a picture, and it is compared with each of the picture's own regions. Which axis is added to which?",
        "W_1 belongs to the regions and W_2 to the query: regions @ W_1.mT is (B, S, k), query @ W_2.mT is (B, k) and needs an axis for the regions. "
        "Then tanh, then v.",
        "energies = torch.tanh(regions @ W_1.mT + (query @ W_2.mT).unsqueeze(1)) @ v, weights = energies.softmax(-1), and "
        "context = (weights.unsqueeze(1) @ regions).squeeze(1).",
    )
    praise = "Put it behind any encoder that gives vectors for regions, and in front of any decoder that has a query."

    def inputs(self, generator):
        def drawn(pictures, regions, size, query_size, score_size):
            def randn(*sizes):
                return torch.randn(*sizes, generator=generator)

            return (
                randn(pictures, query_size),
                2 * randn(pictures, regions, size),
                randn(score_size, size),
                randn(score_size, query_size),
                2 * randn(score_size),
            )

        yield "a picture of one region, so that the weight is 1", drawn(1, 1, 2, 2, 2)
        yield "a picture of three regions", drawn(1, 3, 2, 2, 2)
        yield "three pictures of three regions, all sizes equal", drawn(3, 3, 3, 3, 3)
        yield "two pictures of five regions", drawn(2, 5, 4, 3, 6)

    def answer(query, regions, W_1, W_2, v):
        energies = torch.tanh(regions @ W_1.mT + (query @ W_2.mT).unsqueeze(1)) @ v  # (B, S)
        weights = energies.softmax(-1)
        context = (weights.unsqueeze(1) @ regions).squeeze(1)  # (B, size)
        return context, weights

    @mistake(
        "The softmax runs over the pictures. Each picture's weights are to sum to one over its own regions: take the last axis."
    )
    def softmax_over_the_pictures(query, regions, W_1, W_2, v):
        weights = energies_of(query, regions, W_1, W_2, v).softmax(0)
        return mixed(weights, regions), weights

    @mistake(
        "The tanh is missing. Without it the query adds the same number to all energies of a picture, and the softmax does not notice it: "
        "every word would look at the same place."
    )
    def without_tanh(query, regions, W_1, W_2, v):
        weights = energies_of(query, regions, W_1, W_2, v, bend=lambda x: x).softmax(-1)
        return mixed(weights, regions), weights

    @mistake(
        "The tanh was taken of regions and query separately, before they were added. Then nothing in an energy depends on both, and all words look "
        "at the same place."
    )
    def tanh_before_the_sum(query, regions, W_1, W_2, v):
        energies = (torch.tanh(regions @ W_1.mT) + torch.tanh(query @ W_2.mT).unsqueeze(1)) @ v
        weights = energies.softmax(-1)
        return mixed(weights, regions), weights

    @mistake(
        "The queries were added along the regions: region 1 of every picture was compared with the first picture's query, region 2 with the "
        "second's. That runs only where there are as many pictures as regions. Give the query an axis for the regions: (B, 1, k)."
    )
    def query_of_another_picture(query, regions, W_1, W_2, v):
        weights = (torch.tanh(regions @ W_1.mT + query @ W_2.mT) @ v).softmax(-1)
        return mixed(weights, regions), weights

    @mistake("The energies mixed the regions as they are. Softmax makes weights of them first, Eq. (12).")
    def without_softmax(query, regions, W_1, W_2, v):
        energies = energies_of(query, regions, W_1, W_2, v)
        return mixed(energies, regions), energies

    @mistake("Context and weights have changed places: the context comes first.")
    def turned_round(query, regions, W_1, W_2, v):
        context, weights = Look.answer(query, regions, W_1, W_2, v)
        return weights, context

    @mistake(
        "The context is only the region with the largest weight. That is hard attention; Eq. (13) averages all of them."
    )
    def largest_alone(query, regions, W_1, W_2, v):
        weights = energies_of(query, regions, W_1, W_2, v).softmax(-1)
        return regions[torch.arange(len(regions)), weights.argmax(-1)], weights

    @mistake(
        "The context is the plain mean of the regions: the weights were computed and not used. That is attention switched off."
    )
    def plain_mean(query, regions, W_1, W_2, v):
        return regions.mean(1), energies_of(query, regions, W_1, W_2, v).softmax(-1)


def energies_of(query, regions, W_1, W_2, v, bend=torch.tanh):
    return bend(regions @ W_1.mT + (query @ W_2.mT).unsqueeze(1)) @ v


def mixed(weights, regions):
    return (weights.unsqueeze(1) @ regions).squeeze(1)
