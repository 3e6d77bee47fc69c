import torch

from ..problem import Problem, mistake


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

        yield "one hop over two words", (drawn(1, 1, 2),)
        yield "two hops over two words", (drawn(1, 2, 2),)
        yield "two hops over five words", (drawn(1, 2, 5),)
        yield "two hops, each on a word of its own", (torch.eye(4)[:2].unsqueeze(0),)
        yield "four sentences", (drawn(4, 3, 6),)

    def answer(A):
        gram = A @ A.mT  # (B, r, r)
        identity = torch.eye(A.shape[-2], dtype=A.dtype)
        return ((gram - identity) ** 2).sum((-2, -1))

    @mistake("The identity has not been taken off, so that a hop is punished for being sharp: it is ‖A Aᵀ − I‖².")
    def without_identity(A):
        return (A @ A.mT).square().sum((-2, -1))

    @mistake("A root was taken. The penalty is the square of the Frobenius norm: the plain sum of the squares.")
    def not_squared(A):
        return Penalty.answer(A).sqrt()

    @mistake("Aᵀ A compares words with words, (T, T). The penalty compares hops with hops: A Aᵀ.")
    def words_compared(A):
        return (A.mT @ A - torch.eye(A.shape[-1])).square().sum((-2, -1))

    @mistake(
        "Only what two hops share has been punished. The diagonal counts, too: a row of A times itself is one for a sharp hop alone."
    )
    def diagonal_dropped(A):
        return (A @ A.mT * (1 - torch.eye(A.shape[-2]))).square().sum((-2, -1))

    @mistake("That is one number for the whole batch. Each sentence has a penalty of its own, (B,).")
    def batch_summed(A):
        return Penalty.answer(A).sum()

    @mistake("The mean of the squares was taken, so that more hops cost no more. The norm adds them up.")
    def averaged(A):
        return (A @ A.mT - torch.eye(A.shape[-2])).square().mean((-2, -1))

    @mistake(
        "The differences were added up without their squares, so that too much here makes up for too little there."
    )
    def differences_added(A):
        return (A @ A.mT - torch.eye(A.shape[-2])).sum((-2, -1))
