import torch

from attention_course.checks.problem import Problem, mistake


class Penalty(Problem):
    """The penalty of Lin et al. (2017) for hops that look at the same words."""

    hints = (
        "Which product of A with itself has one number for each pair of hops? A has a hop a row.",
        "A @ A.mT is (B, r, r). Take the identity off, square every element, and add up over the last two axes; the batch axis stays.",
        "gram = A @ A.mT and identity = torch.eye(A.shape[-2]); then ((gram - identity) ** 2).sum((-2, -1)).",
    )
    praise = "Zero needs hops that are sharp and differ. With more hops than words it cannot be zero at all."

    def inputs(self, generator):
        def drawn(sentences, hops, words):
            return (torch.randn(sentences, hops, words, generator=generator) * 2).softmax(-1)

        yield "three hops over three words", (drawn(1, 3, 3),)
        yield "two hops over three words", (drawn(1, 2, 3),)
        yield "three hops over two words", (drawn(1, 3, 2),)
        yield "two sentences", (drawn(2, 2, 2),)
        yield "one hop over two words", (drawn(1, 1, 2),)
        yield "two hops, each on a word of its own", (torch.eye(4)[:2].unsqueeze(0),)
        yield "two hops on one word", (torch.eye(4)[[1, 1]].unsqueeze(0),)
        yield "four sentences", (drawn(4, 3, 6),)

    def admissible(self, generator):
        sentences, hops, words = (int(n) for n in torch.randint(1, 6, (3,), generator=generator))
        sharp = 10.0 ** torch.randint(-1, 2, (sentences, hops, 1), generator=generator)  # from even to a single word
        A = (sharp * torch.randn(sentences, hops, words, generator=generator)).softmax(-1)
        A[0, -1] = A[0, 0]  # two that agree, where there are two
        return (A,)

    def answer(A):
        gram = A @ A.mT  # (B, r, r)
        identity = torch.eye(A.shape[-2])
        return ((gram - identity) ** 2).sum((-2, -1))

    for_the_batch = "A single number came back. Each sentence of the batch has a penalty of its own, (B,)."
    not_added_up = "The squares were not added up over both axes, hops and hops: each sentence has one number, (B,)."
    wrong_size = "The product and the identity are not of one size. Both should be (r, r), with a row for each hop."
    divided = "The sum was divided by the number of hops, or of pairs of them, so that more hops cost no more. The norm adds the squares up, and divides by nothing."
    dropped = "Only what two hops share has been punished. The diagonal counts, too: a row of A times itself is one for a sharp hop alone."

    @mistake("The identity has not been taken off, so that a hop is punished for being sharp: it is ‖A Aᵀ − I‖².")
    def without_identity(A):
        return (A @ A.mT).square().sum((-2, -1))

    @mistake("A root was taken. The penalty is the square of the Frobenius norm: the plain sum of the squares.")
    def not_squared(A):
        return Penalty.answer(A).sqrt()

    @mistake(
        "The square was taken twice. The penalty is the square of the norm, and so the plain sum of the squared elements."
    )
    def squared_twice(A):
        return Penalty.answer(A).square()

    @mistake("Absolute values were added up. The norm adds squares, for which small differences hardly count.")
    def absolute(A):
        return off(A).abs().sum((-2, -1))

    @mistake(
        "The differences were added up without their squares, so that too much here makes up for too little there."
    )
    def differences_added(A):
        return off(A).sum((-2, -1))

    @mistake(
        "The differences were added up first, and then squared, so that too much here makes up for too little there. Square each, then add."
    )
    def sum_squared(A):
        return off(A).sum((-2, -1)).square()

    @mistake("The matrix was multiplied with itself. The norm squares every element, as ** 2 does.")
    def matrix_squared(A):
        return (off(A) @ off(A)).sum((-2, -1))

    @mistake("Aᵀ A compares words with words, (L, L). The penalty compares hops with hops: A Aᵀ.")
    def words_compared(A):
        return (A.mT @ A - torch.eye(A.shape[-1])).square().sum((-2, -1))

    @mistake(dropped)
    def diagonal_dropped(A):
        return (off(A) * (1 - torch.eye(A.shape[-2]))).square().sum((-2, -1))

    @mistake(dropped)
    def diagonal_dropped_and_pairs_once(A):
        return off(A).triu(1).square().sum((-2, -1))

    @mistake(
        "Only the diagonal was looked at: how sharp each hop is. What two hops share stands off it, and counts too."
    )
    def diagonal_alone(A):
        return off(A).diagonal(dim1=-2, dim2=-1).square().sum(-1)

    @mistake("Every pair of hops was counted once. The norm adds up all elements, those below the diagonal too.")
    def pairs_once(A):
        return off(A).triu().square().sum((-2, -1))

    @mistake("A one was taken off every element. The identity has ones on its diagonal alone: off it, zero is the aim.")
    def ones_taken_off(A):
        return (A @ A.mT - 1).square().sum((-2, -1))

    @mistake("The identity was added. The difference from it is asked for: A Aᵀ − I.")
    def identity_added(A):
        return (A @ A.mT + torch.eye(A.shape[-2])).square().sum((-2, -1))

    @mistake("The identity was taken off after squaring. Take it off A Aᵀ, then square.")
    def identity_taken_off_the_squares(A):
        return ((A @ A.mT).square() - torch.eye(A.shape[-2])).sum((-2, -1))

    @mistake("The identity was taken off A. It belongs to A Aᵀ, the products of hops with hops.")
    def identity_taken_off_the_hops(A):
        return (A - torch.eye(A.shape[-2], A.shape[-1])).square().sum((-2, -1))

    @mistake(wrong_size)
    def identity_of_words(A):
        return (A @ A.mT - torch.eye(A.shape[-1])).square().sum((-2, -1))

    @mistake(wrong_size)
    def identity_of_sentences(A):
        return (A @ A.mT - torch.eye(len(A))).square().sum((-2, -1))

    @mistake("That is another norm, of the largest singular value. Frobenius's adds up the squares of all elements.")
    def spectral(A):
        return torch.linalg.matrix_norm(off(A), ord=2) ** 2

    @mistake(
        "The rows were brought to length one first. Then a hop that is not sharp costs nothing by itself; use A as it is."
    )
    def rows_of_length_one(A):
        return Penalty.answer(torch.nn.functional.normalize(A, dim=-1))

    @mistake(for_the_batch)
    def batch_summed(A):
        return Penalty.answer(A).sum()

    @mistake(for_the_batch)
    def batch_averaged(A):
        return Penalty.answer(A).mean()

    @mistake(for_the_batch)
    def norm_of_the_batch(A):
        return Penalty.answer(A).sum().sqrt()

    @mistake(for_the_batch)
    def mean_of_the_batch(A):
        return off(A).square().mean()

    @mistake(divided)
    def averaged(A):
        return off(A).square().mean((-2, -1))

    @mistake(divided)
    def divided_by_hops(A):
        return Penalty.answer(A) / A.shape[-2]

    @mistake(not_added_up)
    def one_axis_summed(A):
        return off(A).square().sum(-1)

    @mistake(not_added_up)
    def nothing_summed(A):
        return off(A).square()

    @mistake("The values are right, but stand in (B, 1, 1). One number for each sentence is (B,): drop the other axes.")
    def axes_kept(A):
        return Penalty.answer(A)[:, None, None]


def off(A):
    """A Aᵀ − I."""
    return A @ A.mT - torch.eye(A.shape[-2])
