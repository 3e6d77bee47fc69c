import torch

from ..problem import Problem, mistake


class Buckets(Problem):
    """The bucket of every vector in every round: the largest of [x R, -x R]."""

    hints = (
        "Each column of R is an axis, and each axis has two ends. Which number tells how far a vector points to one end, and which to the other?",
        "x @ R, with R of (rounds, D, b / 2), is (rounds, n, b / 2). Put its negative beside it in the last axis.",
        "turned = x @ R; return torch.cat([turned, -turned], -1).argmax(-1).",
    )
    praise = "A hash of b buckets costs only b / 2 products: the other ends come for nothing."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        plane = torch.tensor([[1.0, 0.2], [0.1, 2.0], [-3.0, 1.0], [0.2, -0.5]])
        yield "one round, one axis, a vector at each end", (torch.tensor([[2.0], [-2.0]]), torch.ones(1, 1, 1))
        yield "one round, the two axes of the plane", (plane, torch.eye(2)[None])
        yield (
            "two rounds, the second with its axes turned",
            (plane, torch.tensor([[[1.0, 0], [0, 1]], [[0, 1], [1, 0]]])),
        )
        yield "five vectors of three numbers, two rounds, eight buckets", (randn(5, 3), randn(2, 3, 4))
        yield "as many rounds as vectors", (randn(4, 6), randn(4, 6, 3))

    def answer(x, R):
        turned = x @ R  # (rounds, n, b / 2)
        return torch.cat([turned, -turned], -1).argmax(-1)

    @mistake(
        "Only one end of each axis was considered: a vector that points away from all of them lands with the least bad. Put -xR beside xR."
    )
    def one_end_only(x, R):
        return (x @ R).argmax(-1)

    @mistake(
        "Absolute values were taken, so that opposite vectors share a bucket. Their product is the smallest there is, and they should never meet."
    )
    def opposite_together(x, R):
        return (x @ R).abs().argmax(-1)

    @mistake(
        "The largest was sought among the vectors. Each vector looks for the nearest end among all axes: the last axis."
    )
    def over_the_vectors(x, R):
        turned = x @ R
        return torch.cat([turned, -turned], -1).argmax(-2)

    @mistake(
        "The negative ends are numbered first. The same vectors meet, but the problem asks for [xR, -xR] in this order."
    )
    def negative_ends_first(x, R):
        turned = x @ R
        return torch.cat([-turned, turned], -1).argmax(-1)

    @mistake("The rounds stand in the last axis. They come first: (rounds, n).")
    def rounds_last(x, R):
        turned = x @ R
        return torch.cat([turned, -turned], -1).argmax(-1).T
