import torch

from ..problem import Problem, mistake


class SplitHeads(Problem):
    """(B, S, E) cut into heads: (B, H, S, D)."""

    hints = (
        "The numbers of one word lie side by side in the last axis, those of head 0 first. Cut that axis, and look at the shape before you go on.",
        "Cutting the last axis gives (B, S, H, D), with the words still in front of the heads. Two axes have to change places, and a reshape moves nothing.",
        "B, S, E = x.shape; then x.reshape(B, S, H, E // H) cuts, and .transpose(1, 2) brings the heads in front of the words.",
    )
    praise = "The way back is the same backwards: transpose first, then join the last two axes."

    def inputs(self, generator):
        def numbered(*sizes):
            return torch.arange(torch.Size(sizes).numel(), dtype=torch.float32).reshape(sizes)

        yield "a single word of four numbers, two heads", (numbered(1, 1, 4), 2)
        yield "three words of four numbers, two heads", (numbered(1, 3, 4), 2)
        yield "three words of six numbers, two heads", (numbered(1, 3, 6), 2)
        yield "as many words as heads", (numbered(1, 2, 4), 2)
        yield "a single head", (numbered(1, 3, 4), 1)
        yield "three sentences of four words, three heads", (torch.randn(3, 4, 6, generator=generator), 3)

    def answer(x, H):
        B, S, E = x.shape
        return x.reshape(B, S, H, E // H).transpose(1, 2)

    @mistake(
        "The right shape, and the wrong numbers: a reshape straight to (B, H, S, D) reads the numbers in the order in which they lie and cuts the "
        "words into pieces, so that a head sees all of some words and nothing of others. Cut the last axis alone, then transpose."
    )
    def reshaped_at_once(x, H):
        B, S, E = x.shape
        return x.reshape(B, H, S, E // H)

    @mistake(
        "The words are still in front of the heads: (B, S, H, D). Attention would then compare the heads of one word with each other."
    )
    def not_transposed(x, H):
        B, S, E = x.shape
        return x.reshape(B, S, H, E // H)

    @mistake(
        "Each head got every H-th number. The rows of its matrix lie together, so the first D numbers belong to head 0: cut into (H, D) and not into "
        "(D, H)."
    )
    def every_hth_number(x, H):
        B, S, E = x.shape
        return x.reshape(B, S, E // H, H).permute(0, 3, 1, 2)

    @mistake("The heads came in front of the sentences: (H, B, S, D). The batch stays first.")
    def heads_first(x, H):
        B, S, E = x.shape
        return x.reshape(B, S, H, E // H).permute(2, 0, 1, 3)

    @mistake("Words and numbers have changed places within each head. A head's words stand in its rows: (B, H, S, D).")
    def words_last(x, H):
        B, S, E = x.shape
        return x.reshape(B, S, H, E // H).permute(0, 2, 3, 1)
