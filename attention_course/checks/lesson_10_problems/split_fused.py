import torch

from ..problem import Problem, mistake


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
            return torch.arange(torch.Size(sizes).numel(), dtype=torch.float32).reshape(sizes)

        yield "a single word and a single head of two numbers", (numbered(1, 1, 6), 1)
        yield "a single word and two heads of two numbers", (numbered(1, 1, 12), 2)
        yield "three words and two heads", (numbered(1, 3, 12), 2)
        yield "as many words as heads", (numbered(1, 2, 12), 2)
        yield "three sentences of four words, three heads", (torch.randn(3, 4, 18, generator=generator), 3)

    def answer(x, H):
        three = x.unflatten(-1, (H, 3, -1)).unbind(3)  # each (B, S, H, D)
        return tuple(y.transpose(1, 2) for y in three)

    @mistake(
        "The axis was cut into thirds first, and then into heads. That is right where all queries stand in front of all keys, as in GPT-2; here each head "
        "has its three side by side, so the heads are the outer cut."
    )
    def thirds_first(x, H):
        return tuple(cut(y, H) for y in x.chunk(3, -1))

    @mistake(
        "The right shape, and the wrong numbers: a reshape straight to (B, H, S, 3 D) reads the numbers in the order in which they lie, and tears the "
        "words apart. Cut the last axis alone, then transpose."
    )
    def reshaped_at_once(x, H):
        B, S, E = x.shape
        return x.reshape(B, H, S, E // H).chunk(3, -1)

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

    @mistake("Keys and values have changed places: of each head the query comes first, then the key, then the value.")
    def values_before_keys(x, H):
        Q, K, V = cut(x, H).chunk(3, -1)
        return Q, V, K

    @mistake("The heads came in front of the sentences: (H, B, S, D). The batch stays first.")
    def heads_first(x, H):
        return tuple(y.permute(2, 0, 1, 3) for y in x.unflatten(-1, (H, 3, -1)).unbind(3))

    @mistake("Words and numbers have changed places within each head. A head's words stand in its rows: (B, H, S, D).")
    def words_last(x, H):
        return tuple(y.mT for y in cut(x, H).chunk(3, -1))


def cut(x, H):
    """The last axis cut into heads, which come in front of the words."""
    return x.unflatten(-1, (H, -1)).transpose(1, 2)
