import torch

from attention_course.checks.problem import Problem, mistake


class AverageHeads(Problem):
    """The matrix of the keys of fewer heads, by averaging."""

    hints = (
        "Which rows of W_K make the keys of the first head, and which those of the second? The heads of a group are neighbours.",
        "With D = len(W_K) // H, cut the rows into (G, H // G, D, E): groups, heads in a group, numbers of a head. Over which of these axes is the mean?",
        "D = len(W_K) // H; return W_K.reshape(G, H // G, D, W_K.shape[1]).mean(1).flatten(0, 1).",
    )
    praise = "For W_V it is the same, and W_Q and W_O stay. What is lost is made up for by a little more training."

    def inputs(self, generator):
        def drawn(heads, head_size, size, groups):
            return torch.randn(heads * head_size, size, generator=generator), heads, groups

        yield "two heads of one number, one group", drawn(2, 1, 3, 1)
        yield "two heads of three numbers, one group", drawn(2, 3, 1, 1)
        yield "four heads of one number, two groups", drawn(4, 1, 1, 2)
        yield "six heads of one number, two groups", drawn(6, 1, 1, 2)
        yield "six heads of two numbers, two groups", drawn(6, 2, 5, 2)
        yield "six heads of two numbers, three groups", drawn(6, 2, 5, 3)
        yield "as many groups as heads", drawn(3, 2, 4, 3)
        yield "eight heads of four numbers, two groups", drawn(8, 4, 5, 2)
        yield "as many rows as columns", drawn(6, 2, 12, 2)

    def admissible(self, generator):
        groups, each, head_size, size = (int(n) for n in torch.randint(1, 5, (4,), generator=generator))
        return torch.randn(groups * each * head_size, size, generator=generator), groups * each, groups

    def answer(W_K, H, G):
        D = len(W_K) // H
        return W_K.reshape(G, H // G, D, W_K.shape[1]).mean(1).flatten(0, 1)

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

    divisor = "The sum was divided by the wrong number. A group has H / G heads, and their mean is their sum divided by that, once."
    rows_lost = "The numbers of a head, its rows, were averaged as well. A head of keys has D of them, and they stay apart: G·D rows."
    no_mean = "Asked for is the mean of a group, with all its heads counted alike."
    columns = "The columns were averaged, or cut. They are the numbers that go in, and stay as they are: (G·D, E)."
    wrong_groups = "The groups are wrong. There are G of them, each of H / G neighbouring heads, and no head is in two."
    shape = "The right means, and not in one matrix. It is (G·D, E), the rows of the first group on top."
    size = "The size of a head is wrong. It is D = len(W_K) / H: the rows are those of H heads, and E says nothing about them."

    @mistake("The last head of each group was taken, and the others dropped. Asked for is the mean.")
    def last_of_each(W_K, H, G):
        return W_K.reshape(G, H // G, len(W_K) // H, -1)[:, -1].flatten(0, 1)

    @mistake("The first G heads were taken, and the others dropped. Asked for is the mean of each group.")
    def first_heads(W_K, H, G):
        return W_K[: G * (len(W_K) // H)]

    @mistake(divisor)
    def divided_by_the_heads(W_K, H, G):
        return AverageHeads.summed(W_K, H, G) / H

    @mistake(divisor)
    def divided_by_the_groups(W_K, H, G):
        return AverageHeads.summed(W_K, H, G) / G

    @mistake(divisor)
    def divided_twice(W_K, H, G):
        return AverageHeads.answer(W_K, H, G) / (H // G)

    @mistake(divisor)
    def divided_by_the_root(W_K, H, G):
        return AverageHeads.answer(W_K, H, G) * (H // G) ** 0.5

    @mistake(no_mean)
    def largest(W_K, H, G):
        return in_groups(W_K, H, G).amax(1).flatten(0, 1)

    @mistake(no_mean)
    def median(W_K, H, G):
        return in_groups(W_K, H, G).median(1).values.flatten(0, 1)

    @mistake(no_mean)
    def mean_of_a_mean(W_K, H, G):
        heads = in_groups(W_K, H, G)
        mean = heads[:, 0]
        for h in range(1, H // G):
            mean = (mean + heads[:, h]) / 2
        return mean.flatten(0, 1)

    @mistake(no_mean)
    def ends_of_a_group(W_K, H, G):
        heads = in_groups(W_K, H, G)
        return ((heads[:, 0] + heads[:, -1]) / 2).flatten(0, 1)

    @mistake("The last head of each group was left out of the mean. A slice ends before its second number.")
    def one_too_few(W_K, H, G):
        return in_groups(W_K, H, G)[:, :-1].mean(1).flatten(0, 1)

    @mistake(rows_lost)
    def one_row_a_group(W_K, H, G):
        return W_K.reshape(G, -1, W_K.shape[1]).mean(1)

    @mistake(rows_lost)
    def one_row_a_group_repeated(W_K, H, G):
        return W_K.reshape(G, -1, W_K.shape[1]).mean(1).repeat_interleave(len(W_K) // H, 0)

    @mistake(rows_lost)
    def one_row_a_head(W_K, H, G):
        return W_K.reshape(H, -1, W_K.shape[1]).mean(1)

    @mistake(rows_lost)
    def one_number_a_group(W_K, H, G):
        return W_K.reshape(G, -1).mean(1)[:, None].expand(-1, len(W_K) // H * W_K.shape[1]).reshape(-1, W_K.shape[1])

    @mistake(columns)
    def one_number_a_row(W_K, H, G):
        return in_groups(W_K, H, G).mean(-1)

    @mistake(columns)
    def pairs_of_columns(W_K, H, G):
        return W_K.T.reshape(-1, H // G, len(W_K)).mean(1).T

    @mistake(columns)
    def groups_of_columns(W_K, H, G):
        return W_K.reshape(len(W_K), G, -1).mean(2)

    @mistake("All heads became one mean, and there is one of it. Each group has its own: G·D rows.")
    def a_single_mean(W_K, H, G):
        return W_K.reshape(H, -1, W_K.shape[1]).mean(0)

    @mistake(wrong_groups)
    def as_many_groups_as_heads_in_one(W_K, H, G):
        return in_groups(W_K, H, H // G).mean(1).flatten(0, 1)

    @mistake(wrong_groups)
    def pairs(W_K, H, G):
        return torch.cat([W_K.reshape(H, -1, W_K.shape[1])[i : i + 2].mean(0) for i in range(0, H, 2)])

    @mistake(wrong_groups)
    def overlapping(W_K, H, G):
        return torch.cat([W_K.reshape(H, -1, W_K.shape[1])[i : i + H // G].mean(0) for i in range(G)])

    @mistake("The mean was taken over the groups. Each group keeps a mean of its own heads.")
    def over_the_groups(W_K, H, G):
        return in_groups(W_K, H, G).mean(0).flatten(0, 1)

    @mistake(shape)
    def groups_apart(W_K, H, G):
        return in_groups(W_K, H, G).mean(1)

    @mistake(shape)
    def transposed(W_K, H, G):
        return AverageHeads.answer(W_K, H, G).T

    @mistake(shape)
    def flat(W_K, H, G):
        return AverageHeads.answer(W_K, H, G).flatten()

    @mistake(
        "The rows stand in the wrong order: those of the first group come first, all D of them, and then those of the second."
    )
    def rows_in_turns(W_K, H, G):
        return in_groups(W_K, H, G).mean(1).transpose(0, 1).flatten(0, 1)

    @mistake("The groups stand in the wrong order: that of the first heads comes first.")
    def last_group_first(W_K, H, G):
        return in_groups(W_K, H, G).mean(1).flip(0).flatten(0, 1)

    @mistake("These are all heads, as they were. Make one of each group.")
    def unchanged(W_K, H, G):
        return W_K

    @mistake(size)
    def size_from_the_columns(W_K, H, G):
        D = W_K.shape[1] // H
        return W_K.reshape(G, H // G, D, -1).mean(1).reshape(G * D, -1)

    @mistake("The rows were brought to length one. Asked for is the mean as it is.")
    def length_of_one(W_K, H, G):
        return torch.nn.functional.normalize(AverageHeads.answer(W_K, H, G), dim=-1)


def in_groups(W_K, H, G):
    """(G, H / G, D, E)."""
    return W_K.reshape(G, H // G, len(W_K) // H, -1)
