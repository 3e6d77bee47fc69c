import torch

from ..problem import Problem, mistake


class PytorchMask(Problem):
    """A mask of ours for `nn.MultiheadAttention`: turned round, and one for each head of each sentence."""

    hints = (
        "Two things have to be done, one to what True means and one to the shape.",
        "~mask says who may not. In (B·H, L, S) all heads of the first sentence come first, then those of the second: each sentence's mask H times in a row.",
        "(~mask).repeat_interleave(H, dim=0) repeats each of them H times before it goes on to the next; repeat would go through all sentences, H times.",
    )
    praise = "Try it on nn.MultiheadAttention with batch_first=True: it gives what MultiHeadAttention gives with the mask as it was."

    def inputs(self, generator):
        yield "a single sentence and a single head", (torch.tensor([[[True, False]]]), 1)
        yield "a single sentence and two heads", (torch.tensor([[[True, False, False], [True, True, False]]]), 2)
        yield "two sentences and two heads", (torch.tensor([[[True, False, False]], [[True, True, False]]]), 2)
        yield "three sentences and two heads", (torch.rand(3, 2, 4, generator=generator) < 0.5, 2)
        yield "two sentences and five heads", (torch.rand(2, 4, 3, generator=generator) < 0.5, 5)

    def answer(mask, H):
        return (~mask).repeat_interleave(H, dim=0)

    @mistake("The mask still says who may attend. nn.MultiheadAttention reads True as may not.")
    def not_turned_round(mask, H):
        return mask.repeat_interleave(H, dim=0)

    @mistake(
        "Sentences and heads are in the wrong order: all sentences for head 0, then all for head 1. PyTorch counts the heads of sentence 0 first, so with "
        "your mask a sentence would be masked like another one. It is repeat_interleave, and not repeat."
    )
    def heads_outside(mask, H):
        return (~mask).repeat(H, 1, 1)

    @mistake(
        "The heads have an axis of their own, (B, H, L, S). PyTorch wants sentences and heads in one: (B·H, L, S)."
    )
    def axis_for_the_heads(mask, H):
        return (~mask)[:, None].expand(-1, H, -1, -1)

    @mistake(
        "The mask is turned round, but there is one for each sentence only, where PyTorch wants one for each head of each: (B·H, L, S)."
    )
    def one_a_sentence(mask, H):
        return ~mask

    @mistake("Wrong in both ways: True still means may, and the sentences come inside the heads.")
    def heads_outside_and_not_turned(mask, H):
        return mask.repeat(H, 1, 1)
