import torch

from attention_course.checks.problem import Problem, mistake


class RandomFeatures(Problem):
    """Positive random features for the scaled dot product."""

    hints = (
        "Take it in three steps: bring the scale in, make the exponents, make the products of two features a mean over the R directions.",
        "Queries and keys go through the same function, so each has to bring half of the scale: the product of what both are divided by must be √D.",
        "x = x / x.shape[-1] ** 0.25; (x @ W.mT - x.square().sum(-1, keepdim=True) / 2).exp() / len(W) ** 0.5.",
    )
    praise = "Positive whatever the directions, so that no divisor comes near zero; sines and cosines have the same mean and not this."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "a vector of zeros and a single direction: e⁰ = 1", (torch.zeros(1, 1), torch.ones(1, 1))
        yield "a single number and a single direction", (torch.tensor([[0.5]]), torch.tensor([[2.0]]))
        yield "a single number and four directions", (torch.tensor([[0.5]]), randn(4, 1))
        yield "a vector of four numbers and a single direction", (randn(1, 4), randn(1, 4))
        yield "three vectors of four numbers, nine directions", (randn(3, 4), randn(9, 4))
        yield "two sentences of three vectors of six numbers, five directions", (randn(2, 3, 6), randn(5, 6))

    def admissible(self, generator):
        size, number, axes = (int(torch.randint(1, most, (1,), generator=generator)) for most in (6, 6, 4))
        sizes = torch.randint(1, 4, (axes - 1,), generator=generator).tolist()
        x = torch.randn(*sizes, size, generator=generator) * 2.0 ** torch.randint(-2, 2, (1,), generator=generator)
        return x, torch.randn(number, size, generator=generator)

    def answer(x, W):
        x = x / x.shape[-1] ** 0.25
        exponents = x @ W.mT - x.square().sum(-1, keepdim=True) / 2
        return exponents.exp() / len(W) ** 0.5

    @mistake(
        "The vectors were divided by √D. The scale stands once in the score, and here both the query and the key bring it: each has to be divided by its root, "
        "D to the power 1/4."
    )
    def whole_scale(x, W):
        return features(x, W, scale=0.5)

    @mistake("The scale is missing: divide x by D to the power 1/4, so that the products are those of q · k / √D.")
    def without_scale(x, W):
        return features(x, W, scale=0)

    @mistake(
        "The term −|x|²/2 is missing. e to the w · x alone has the mean e to the |x|²/2, and long vectors would count for being long."
    )
    def without_length(x, W):
        return features(x, W, length=0)

    @mistake("Subtracted was |x|², and not half of it: the mean of e to the w · x is e to the |x|²/2.")
    def whole_length(x, W):
        return features(x, W, length=1)

    @mistake("Subtracted was |x|/2. It is the squared length that belongs there, |x|²/2.")
    def length_not_squared(x, W):
        x = x / x.shape[-1] ** 0.25
        return (x @ W.mT - x.norm(dim=-1, keepdim=True) / 2).exp() / len(W) ** 0.5

    @mistake(
        "The length was taken before the scale: |x|²/2 has to be that of the vector that stands in w · x, after the division by D to the power 1/4."
    )
    def length_before_the_scale(x, W):
        small = x / x.shape[-1] ** 0.25
        return (small @ W.mT - x.square().sum(-1, keepdim=True) / 2).exp() / len(W) ** 0.5

    @mistake(
        "Divided was by R. A product of two features has this factor twice, and the mean over R directions wants it once: divide by √R."
    )
    def divided_by_the_number(x, W):
        return features(x, W, number=1)

    @mistake(
        "The mean over the R directions is missing: divide by √R, so that the sum over the products of features has 1/R before it."
    )
    def without_the_mean(x, W):
        return features(x, W, number=0)


def features(x, W, scale=0.25, length=0.5, number=0.5):
    """Random features with other powers and factors."""
    x = x / x.shape[-1] ** scale
    return (x @ W.mT - length * x.square().sum(-1, keepdim=True)).exp() / len(W) ** number
