import torch

from attention_course.checks.problem import Problem, mistake


class PytorchMask(Problem):
    """A mask of ours for `nn.MultiheadAttention`: turned round, and one for each head of each sentence."""

    hints = (
        "Two things have to be done, one to what True means and one to the shape.",
        "~mask says who may not. In (B·H, L, S) all heads of the first sentence come first, then those of the second: each sentence's mask H times in a row.",
        "(~mask).repeat_interleave(H, dim=0) repeats each of them H times before it goes on to the next; repeat would go through all sentences, H times.",
    )
    praise = (
        "Try it on nn.MultiheadAttention with batch_first=True: it gives what MultiHeadAttention gives with the mask as it was, wherever a query may look "
        "at something."
    )

    def inputs(self, generator):
        yield "a single sentence and a single head", (torch.tensor([[[True, False]]]), 1)
        yield "a single sentence and two heads", (torch.tensor([[[True, False, False], [True, True, False]]]), 2)
        yield "a query that may look at nothing", (torch.tensor([[[False, False], [True, False]]]), 1)
        yield "two sentences and two heads", (torch.tensor([[[False, True, True]], [[True, True, False]]]), 2)
        yield "three sentences and two heads", (torch.rand(3, 2, 4, generator=generator) < 0.5, 2)
        yield "two sentences and five heads", (torch.rand(2, 4, 3, generator=generator) < 0.5, 5)

    def admissible(self, generator):
        B, L, S, H = (int(n) for n in torch.randint(1, 5, (4,), generator=generator))
        share = torch.rand(B, L, 1, generator=generator)  # in some rows nothing is allowed, in others everything
        return torch.rand(B, L, S, generator=generator) < 1.5 * share - 0.25, H

    def answer(mask, H):
        return (~mask).repeat_interleave(H, dim=0)

    own_axis = "The heads have an axis of their own. PyTorch wants sentences and heads in one: (B·H, L, S)."
    to_be_added = (
        "That is a mask of numbers, to be added to the scores. nn.MultiheadAttention would take one, too; asked for is the Boolean one, in which True means "
        "may not."
    )
    one_each = "There is one mask for each sentence only, where PyTorch wants one for each head of each: (B·H, L, S)."
    rows_mixed = (
        "The rows got mixed: single queries or keys were repeated. Repeat whole sentences, along the first axis."
    )

    @mistake("The mask still says who may attend. nn.MultiheadAttention reads True as may not.")
    def not_turned_round(mask, H):
        return mask.repeat_interleave(H, dim=0)

    @mistake(
        "Sentences and heads are in the wrong order: all sentences for the first head, then all for the second. PyTorch counts the heads of the first sentence first, so with "
        "your mask a sentence would be masked like another one. It is repeat_interleave, and not repeat."
    )
    def heads_outside(mask, H):
        return (~mask).repeat(H, 1, 1)

    @mistake("Wrong in both ways: True still means may, and the sentences come inside the heads.")
    def heads_outside_and_not_turned(mask, H):
        return mask.repeat(H, 1, 1)

    @mistake(own_axis)
    def axis_for_the_heads(mask, H):
        return (~mask)[:, None].expand(-1, H, -1, -1)

    @mistake(own_axis)
    def axis_for_the_heads_and_not_turned(mask, H):
        return mask[:, None].expand(-1, H, -1, -1)

    @mistake(own_axis)
    def axis_of_one(mask, H):
        return (~mask)[:, None]

    @mistake(own_axis)
    def axis_in_front(mask, H):
        return (~mask).expand(H, -1, -1, -1)

    @mistake(one_each)
    def one_a_sentence(mask, H):
        return ~mask

    @mistake(one_each)
    def one_a_sentence_and_not_turned(mask, H):
        return mask

    @mistake(to_be_added)
    def infinity_to_be_added(mask, H):
        return torch.zeros(mask.shape).masked_fill(~mask, -torch.inf).repeat_interleave(H, dim=0)

    @mistake(to_be_added)
    def infinity_to_be_added_where_allowed(mask, H):
        return torch.zeros(mask.shape).masked_fill(mask, -torch.inf).repeat_interleave(H, dim=0)

    @mistake(to_be_added)
    def low_number_to_be_added(mask, H):
        return -1e9 * (~mask).repeat_interleave(H, dim=0)

    @mistake(to_be_added)
    def infinity_to_be_added_heads_outside(mask, H):
        return torch.zeros(mask.shape).masked_fill(~mask, -torch.inf).repeat(H, 1, 1)

    @mistake(rows_mixed)
    def rows_repeated(mask, H):
        return (~mask).repeat(1, H, 1)

    @mistake(rows_mixed)
    def each_row_repeated(mask, H):
        return (~mask).repeat_interleave(H, dim=1)

    @mistake(rows_mixed)
    def each_row_repeated_and_cut(mask, H):
        return (~mask).repeat_interleave(H, dim=1).view(-1, *mask.shape[1:])

    @mistake(
        "Single truth values were repeated, in one long row: without dim, repeat_interleave flattens. Say dim=0, and sentences are repeated."
    )
    def flattened(mask, H):
        return (~mask).repeat_interleave(H)

    @mistake("Queries and keys have changed places: PyTorch's mask is (B·H, L, S), as yours is (B, L, S).")
    def queries_and_keys_swapped(mask, H):
        return (~mask).repeat_interleave(H, dim=0).mT

    @mistake("The first sentence's mask was used for all sentences.")
    def first_sentence_for_all(mask, H):
        return ~mask[:1].expand_as(mask).repeat_interleave(H, dim=0)

    @mistake("Only the first head of each sentence was masked. All heads get the same mask.")
    def first_head_alone(mask, H):
        return (torch.arange(len(mask) * H) % H == 0)[:, None, None] & (~mask).repeat_interleave(H, dim=0)

    @mistake("Queries that may look at nothing may look everywhere in your mask. Leave their rows as they are.")
    def empty_rows_opened(mask, H):
        return (~mask & mask.any(-1, keepdim=True)).repeat_interleave(H, dim=0)

    @mistake(
        "On whole numbers ~ turns 1 into −2 and 0 into −1. Turn the Boolean mask round, before it becomes numbers."
    )
    def whole_numbers_turned(mask, H):
        return ~mask.int().repeat_interleave(H, dim=0)
