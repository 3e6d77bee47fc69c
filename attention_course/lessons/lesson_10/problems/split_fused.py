import torch

from attention_course.checks.problem import Problem, mistake


class SplitFused(Problem):
    """(B, S, 3 E), head by head its query, key and value, cut into three times (B, H, S, D)."""

    hints = (
        "Write down what stands in the last axis, from the outside in: first which head, then which of the three, then which number. Cut it in that order.",
        "unflatten(-1, (H, 3, -1)) gives (B, S, H, 3, D). Which axis has to go, and which two have to change places? A reshape moves nothing.",
        "Q, K, V = x.unflatten(-1, (H, 3, -1)).unbind(3), each (B, S, H, D); then .transpose(1, 2) brings the heads of each in front of the words.",
    )
    praise = (
        "Two models of the same shapes can lay out this axis in different ways; who loads weights has to know which."
    )

    def inputs(self, generator):
        def numbered(*sizes):
            return torch.arange(1.0, 1 + torch.Size(sizes).numel()).reshape(sizes)

        yield "a single word and a single head of two numbers", (numbered(1, 1, 6), 1)
        yield "a single word and two heads of two numbers", (numbered(1, 1, 12), 2)
        yield "three words and two heads", (numbered(1, 3, 12), 2)
        yield "as many words as heads", (numbered(1, 2, 12), 2)
        yield "three sentences of four words, two heads of three numbers", (numbered(3, 4, 18), 2)
        yield "three sentences of four words, three heads", (torch.randn(3, 4, 18, generator=generator), 3)

    def admissible(self, generator):
        B, S, H, D = (int(n) for n in torch.randint(1, 5, (4,), generator=generator))
        return torch.randn(B, S, H * 3 * D, generator=generator), H

    def answer(x, H):
        three = x.unflatten(-1, (H, 3, -1)).unbind(3)  # each (B, S, H, D)
        return tuple(y.transpose(1, 2) for y in three)

    outer_thirds = (
        "The axis was cut into thirds first, and then into heads. That is right where all queries stand in front of all keys, as in GPT-2; here each head "
        "has its three side by side, so the heads are the outer cut."
    )
    reshaped = (
        "The right shape, and the wrong numbers: a reshape reads the numbers in the order in which they lie, so it cannot bring heads in front of words, and tears "
        "the words apart. Cut the last axis alone, then transpose."
    )
    inner_heads = "Numbers side by side were given to different heads. The heads are the outer cut: each has its 3·D numbers side by side."
    other_order = "Queries, keys and values have changed places: of each head the query comes first, then the key, then the value, and they are to be returned in this order."
    without_heads = (
        "There is no axis for the heads: each of the three should be (B, H, S, D), one head after the other."
    )
    in_one = "The three came back in one. Cut them apart, and return Q, K and V, each (B, H, S, D)."

    @mistake(outer_thirds)
    def thirds_first(x, H):
        return tuple(cut(y, H) for y in x.chunk(3, -1))

    @mistake(outer_thirds)
    def thirds_first_and_not_transposed(x, H):
        return x.unflatten(-1, (3, H, -1)).unbind(2)

    @mistake(reshaped)
    def reshaped_at_once(x, H):
        return x.reshape(len(x), H, x.shape[1], -1).chunk(3, -1)

    @mistake(reshaped)
    def reshaped_with_three_first(x, H):
        return x.reshape(3, len(x), H, x.shape[1], -1).unbind(0)

    @mistake(reshaped)
    def reshaped_with_three_before_heads(x, H):
        return x.reshape(len(x), 3, H, x.shape[1], -1).unbind(1)

    @mistake(reshaped)
    def reshaped_with_three_behind_heads(x, H):
        return x.reshape(len(x), H, 3, x.shape[1], -1).unbind(2)

    @mistake(reshaped)
    def thirds_reshaped(x, H):
        return tuple(y.reshape(len(x), H, x.shape[1], -1) for y in x.chunk(3, -1))

    @mistake(
        "The words are still in front of the heads: (B, S, H, D). Attention would then compare the heads of one word with each other."
    )
    def not_transposed(x, H):
        return x.unflatten(-1, (H, 3, -1)).unbind(3)

    @mistake(
        "Every third number was taken. The numbers of a query lie together, then those of the key: cut into (3, D) and not into (D, 3)."
    )
    def every_third_number(x, H):
        return tuple(y.transpose(1, 2) for y in x.unflatten(-1, (H, -1, 3)).unbind(-1))

    @mistake(inner_heads)
    def heads_inside_thirds(x, H):
        return tuple(y.permute(0, 3, 1, 2) for y in x.unflatten(-1, (3, -1, H)).unbind(2))

    @mistake(inner_heads)
    def heads_inside_numbers(x, H):
        return tuple(y.permute(0, 3, 1, 2) for y in x.unflatten(-1, (-1, 3, H)).unbind(3))

    @mistake(inner_heads)
    def heads_between(x, H):
        return tuple(y.permute(0, 3, 1, 2) for y in x.unflatten(-1, (-1, H, 3)).unbind(-1))

    @mistake(other_order)
    def values_before_keys(x, H):
        Q, K, V = cut(x, H).chunk(3, -1)
        return Q, V, K

    @mistake(other_order)
    def keys_first(x, H):
        Q, K, V = cut(x, H).chunk(3, -1)
        return K, Q, V

    @mistake(other_order)
    def values_first(x, H):
        Q, K, V = cut(x, H).chunk(3, -1)
        return V, K, Q

    @mistake(other_order)
    def queries_last(x, H):
        Q, K, V = cut(x, H).chunk(3, -1)
        return K, V, Q

    @mistake(other_order)
    def keys_last(x, H):
        Q, K, V = cut(x, H).chunk(3, -1)
        return V, Q, K

    @mistake("The heads came in front of the sentences. The batch stays first: (B, H, S, D).")
    def heads_first(x, H):
        return tuple(y.permute(2, 0, 1, 3) for y in x.unflatten(-1, (H, 3, -1)).unbind(3))

    @mistake("Words and numbers have changed places within each head. A head's words stand in its rows: (B, H, S, D).")
    def words_last(x, H):
        return tuple(y.mT for y in cut(x, H).chunk(3, -1))

    @mistake(
        "Only the keys are turned round: all three are (B, H, S, D). It is the product with the queries that turns K."
    )
    def keys_turned_round(x, H):
        Q, K, V = cut(x, H).chunk(3, -1)
        return Q, K.mT, V

    @mistake(in_one)
    def not_cut_in_three(x, H):
        return cut(x, H)

    @mistake(in_one)
    def three_behind_the_sentences(x, H):
        return torch.stack(cut(x, H).chunk(3, -1), 1)

    @mistake(without_heads)
    def heads_side_by_side(x, H):
        return tuple(y.flatten(2) for y in x.unflatten(-1, (H, 3, -1)).unbind(3))

    @mistake(without_heads)
    def only_thirds(x, H):
        return x.chunk(3, -1)

    @mistake("Sentences and heads were joined in one axis, (B·H, S, D). Keep both: (B, H, S, D).")
    def heads_joined_with_sentences(x, H):
        return tuple(y.flatten(0, 1) for y in cut(x, H).chunk(3, -1))


def cut(x, H):
    """The last axis cut into heads, which come in front of the words."""
    return x.unflatten(-1, (H, -1)).transpose(1, 2)
