import torch

from ..problem import Problem, mistake


class AverageHeads(Problem):
    """The matrix of the keys of fewer heads, by averaging."""

    hints = (
        "Which rows of W_K make the keys of the first head, and which those of the second? The heads of a group are neighbours.",
        "With D = len(W_K) // H, cut the rows into (G, H // G, D, E): groups, heads in a group, numbers of a head. Over which of these axes is the mean?",
        "return W_K.reshape(G, H // G, len(W_K) // H, -1).mean(1).reshape(G * (len(W_K) // H), -1).",
    )
    praise = "For W_V it is the same, and W_Q and W_O stay. What is lost is made up for by a little more training."

    def inputs(self, generator):
        def drawn(heads, head_size, size, groups):
            return torch.randn(heads * head_size, size, generator=generator), heads, groups

        yield "two heads of one number, one group", drawn(2, 1, 2, 1)
        yield "two heads of three numbers, one group", drawn(2, 3, 2, 1)
        yield "four heads of one number, two groups", drawn(4, 1, 3, 2)
        yield "as many groups as heads", drawn(3, 2, 3, 3)
        yield "eight heads of four numbers, two groups", drawn(8, 4, 5, 2)

    def answer(W_K, H, G):
        D = len(W_K) // H
        return W_K.reshape(G, H // G, D, -1).mean(1).reshape(G * D, -1)

    @mistake(
        "These are sums. Keys that are so much larger make scores so much larger, and weights too sharp: take the mean."
    )
    def summed(W_K, H, G):
        return AverageHeads.answer(W_K, H, G) * (H // G)

    @mistake(
        "The first head of each group was taken, and the others dropped. It is another way, and the worse one in Ainslie's comparison; asked for is the mean."
    )
    def first_of_each(W_K, H, G):
        return W_K.reshape(G, H // G, len(W_K) // H, -1)[:, 0].reshape(G * (len(W_K) // H), -1)

    @mistake(
        "The mean was taken over heads that stand G apart. The heads of a group are neighbours: with four heads and two groups the first two, and the last two."
    )
    def heads_apart(W_K, H, G):
        D = len(W_K) // H
        return W_K.reshape(H // G, G, D, -1).mean(0).reshape(G * D, -1)

    @mistake(
        "The mean was taken over the numbers within the heads. They are different numbers of one key; number d of one head goes with number d of its neighbours."
    )
    def within_heads(W_K, H, G):
        D = len(W_K) // H
        return W_K.reshape(G, D, H // G, -1).mean(2).reshape(G * D, -1)

    @mistake("All heads became the same one mean. Each group has its own.")
    def one_mean_for_all(W_K, H, G):
        D = len(W_K) // H
        return W_K.reshape(H, D, -1).mean(0).repeat(G, 1)

    @mistake(
        "Every head has been given the mean of its group, and all are still there: the layer is as large as it was. Keep one copy for each group."
    )
    def as_many_as_before(W_K, H, G):
        D = len(W_K) // H
        return AverageHeads.answer(W_K, H, G).reshape(G, D, -1).repeat_interleave(H // G, 0).reshape(H * D, -1)
