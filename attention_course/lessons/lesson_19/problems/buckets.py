import torch

from attention_course.checks.problem import Problem, mistake


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

        axes = torch.tensor([[[1.0, 0.5], [-0.2, 1.5]]])
        yield "one round, one axis, a vector at each end", (torch.tensor([[2.0], [-2.0]]), torch.ones(1, 1, 1))
        yield "one round, two axes, a vector nearest to the end of the second", (torch.tensor([[-1.0, -3.0]]), axes)
        yield "one round, two axes, a vector that lies far along both", (torch.tensor([[1.0, -3.0]]), axes)
        plane = torch.tensor([[1.0, 0.2], [0.1, 2.0], [-3.0, 1.0], [0.2, -0.5], [-2.0, 0.1]])
        yield "one round, the two axes of the plane", (plane, torch.eye(2)[None])
        yield (
            "three rounds, the second with its axes turned",
            (plane, torch.tensor([[[1.0, 0], [0, 1]], [[0, 1], [1, 0]], [[1, 1], [0.5, -1]]])),
        )
        yield "five vectors of three numbers, two rounds, eight buckets", (randn(5, 3), randn(2, 3, 4))
        yield "as many rounds as vectors", (randn(4, 6), randn(4, 6, 3))
        yield "as many axes as numbers", (randn(6, 3), randn(2, 3, 3))

    def admissible(self, generator):
        rounds, n, D, half = (int(i) for i in torch.randint(1, 6, (4,), generator=generator))
        size = 10.0 ** torch.randint(-1, 2, (n, 1), generator=generator)
        x = size * torch.randn(n, D, generator=generator)
        x[-1] = x[0]  # two that agree, where there are two
        return x, torch.randn(rounds, D, half, generator=generator)

    def answer(x, R):
        turned = x @ R  # (rounds, n, b / 2)
        return torch.cat([turned, -turned], -1).argmax(-1)

    other_axis = (
        "The negative, -xR, was put behind xR along the wrong axis, of vectors or of rounds. The ends lie in the last one, so the two belong side by side there: "
        "torch.cat([turned, -turned], -1), or np.concatenate with axis=-1."
    )
    sought_elsewhere = "The largest was sought among the vectors, or the rounds. Each vector looks for the nearest end among all axes, in each round: the last axis."
    too_much = "There are b numbers for each vector. Asked for is the place of the largest alone: argmax."
    one_round = "That is one round. Each of them has axes of its own, and a bucket for each vector: (rounds, n)."
    joined = "The rounds were put together before the largest was sought. Each has a bucket of its own for every vector: (rounds, n)."

    @mistake(
        "Only one end of each axis was considered: a vector that points away from all of them lands with the least bad. Put -xR beside xR."
    )
    def one_end_only(x, R):
        return (x @ R).argmax(-1)

    @mistake(
        "The opposite ends were asked only where no product is positive. All b ends compete at once: -3 on one axis beats 1 on another."
    )
    def other_ends_in_need_only(x, R):
        turned = x @ R
        return torch.where(turned.amax(-1) > 0, turned.argmax(-1), turned.argmin(-1) + R.shape[-1])

    @mistake(
        "Opposite vectors share a bucket, as where absolute values are taken. Their product is the smallest there is, and they should never meet."
    )
    def opposite_together(x, R):
        return (x @ R).abs().argmax(-1)

    @mistake(sought_elsewhere)
    def over_the_vectors(x, R):
        return both_ends(x, R).argmax(-2)

    @mistake(sought_elsewhere)
    def over_the_rounds(x, R):
        return both_ends(x, R).argmax(0)

    @mistake(other_axis)
    def behind_the_vectors(x, R):
        return torch.cat([x @ R, -(x @ R)], 1).argmax(-1)

    @mistake(other_axis)
    def behind_the_rounds(x, R):
        return torch.cat([x @ R, -(x @ R)], 0).argmax(-1)

    @mistake(
        "Each axis has the numbers of its two ends exchanged, as where -xR comes first or the smallest is sought. The same vectors meet, but the problem asks for "
        "[xR, -xR] in this order."
    )
    def negative_ends_first(x, R):
        return (-both_ends(x, R)).argmax(-1)

    @mistake(
        "The two ends of an axis stand side by side. The same vectors meet, but the problem asks for [xR, -xR]: first all ends of xR, then all of -xR."
    )
    def ends_in_turns(x, R):
        return torch.stack([x @ R, -(x @ R)], -1).flatten(-2).argmax(-1)

    @mistake("The ends of -xR stand in the opposite order. End k of an axis and its other end are b / 2 places apart.")
    def ends_mirrored(x, R):
        return torch.cat([x @ R, -(x @ R).flip(-1)], -1).argmax(-1)

    @mistake("The opposite end of axis k got the number -k. In [xR, -xR] its place is b / 2 + k; and -0 is 0.")
    def minus_k(x, R):
        turned = x @ R
        axis = turned.abs().argmax(-1)
        return torch.where(turned.gather(-1, axis[..., None])[..., 0] > 0, axis, -axis)

    @mistake("The rounds stand in the last axis. They come first: (rounds, n).")
    def rounds_last(x, R):
        return both_ends(x, R).argmax(-1).T

    @mistake("These are the largest numbers themselves. Asked for are their places: argmax.")
    def the_largest_itself(x, R):
        return both_ends(x, R).amax(-1)

    @mistake("Places are counted from 0; yours begin with 1.")
    def counted_from_one(x, R):
        return both_ends(x, R).argmax(-1) + 1

    @mistake(
        "The buckets of each round are numbered on from those of the round before. Reformer's code does so; here each round counts from 0."
    )
    def numbered_on(x, R):
        return both_ends(x, R).argmax(-1) + 2 * R.shape[-1] * torch.arange(len(R))[:, None]

    @mistake(one_round)
    def first_round_alone(x, R):
        return both_ends(x, R[0]).argmax(-1)

    @mistake(one_round)
    def first_round_with_its_axis(x, R):
        return both_ends(x, R[:1]).argmax(-1)

    @mistake(one_round)
    def last_round_alone(x, R):
        return both_ends(x, R[-1]).argmax(-1)

    @mistake(joined)
    def axes_averaged(x, R):
        return both_ends(x, R.mean(0)).argmax(-1)

    @mistake(joined)
    def over_all_rounds(x, R):
        return both_ends(x, R).transpose(0, 1).flatten(1).argmax(-1)

    @mistake("One place came back for all vectors together. Each has its own: argmax(-1).")
    def flattened(x, R):
        return both_ends(x, R).argmax()

    @mistake("One place came back for each round, that of all vectors together. Each vector has its own: argmax(-1).")
    def one_a_round(x, R):
        return both_ends(x, R).flatten(1).argmax(-1)

    @mistake(too_much)
    def one_hot(x, R):
        return torch.nn.functional.one_hot(both_ends(x, R).argmax(-1), 2 * R.shape[-1])

    @mistake(too_much)
    def softmax(x, R):
        return both_ends(x, R).softmax(-1)

    @mistake(too_much)
    def products(x, R):
        return both_ends(x, R)

    @mistake(
        "The signs of the products were read as binary digits. It is another hash, in which the axes are normals of planes; asked for is the nearest of the b ends."
    )
    def binary_digits(x, R):
        return ((x @ R > 0) * 2 ** torch.arange(R.shape[-1])).sum(-1)

    @mistake(
        "Only the signs of the products were compared, and the first positive one won. The largest product belongs to the nearest end."
    )
    def signs(x, R):
        return both_ends(x, R).sign().argmax(-1)

    @mistake(
        "The mean of the vectors was taken off first. A bucket depends on its vector alone, or others would change it."
    )
    def centred(x, R):
        return both_ends(x - x.mean(0), R).argmax(-1)

    @mistake(
        "The axes were brought to length one first. They stay as they are: of [xR, -xR] the place of the largest is asked for."
    )
    def axes_of_length_one(x, R):
        return both_ends(x, R / R.norm(dim=1, keepdim=True)).argmax(-1)

    @mistake("The matrices of axes were applied the wrong way round. Each axis is a column of D numbers: x @ R.")
    def axes_in_rows(x, R):
        return both_ends(x, R.mT).argmax(-1)

    @mistake("The axes of the rounds were mixed by a reshape. It moves no number; x @ R does all rounds at once.")
    def torn(x, R):
        turned = x @ R.reshape(R.shape[1], -1)
        return both_ends(turned.reshape(len(x), len(R), -1).transpose(0, 1)).argmax(-1)

    @mistake("These are the vectors in the order of their buckets. That is the next step; asked for are the buckets.")
    def sorted_by_bucket(x, R):
        return both_ends(x, R).argmax(-1).argsort(-1, stable=True)


def both_ends(x, R=None):
    """[xR, -xR], or [x, -x]."""
    turned = x if R is None else x @ R
    return torch.cat([turned, -turned], -1)
