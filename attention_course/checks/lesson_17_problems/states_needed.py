import torch

from ..problem import Problem, mistake


class StatesNeeded(Problem):
    """Which vectors of a stack have to be computed, if only the last word's answer is wanted."""

    hints = (
        "Hearsay goes up, need goes down. On top only the last word is needed. Whose vectors from the layer below go into it?",
        "Into a word's vector go those of the words that it sees, and, past the attention, its own. So j is needed below a layer if it is needed above, or if some i that is needed above may see j: of each needed row of the pattern, all that is True.",
        "needed = [torch.arange(n) == n - 1]; for each pattern from the top down: needed.insert(0, needed[0] | pattern[needed[0]].any(0)); at last torch.stack(needed).",
    )
    praise = "Row 0 is what the last word has heard of. Each row above it says what a program that answers only once may leave out: in the fixed pattern, most of the lower layer."

    def inputs(self, generator):
        chain = torch.eye(4).bool() | torch.eye(4).bool().roll(-1, 1).tril()  # itself and the word before
        chain[0, -1] = False
        to_first = torch.eye(4).bool()
        to_first[:, 0] = True
        step = torch.zeros(4, 4).bool()
        step[3, 1] = step[1, 2] = True
        some = torch.rand(3, 7, 7, generator=generator) < 0.25
        some[-1, -1, 2] = True  # or the last word might see nobody
        yield "one layer that looks at the word before", ([chain],)
        yield "two such layers", ([chain, chain],)
        yield "two layers in which one word asks another, and none asks itself", ([step, step],)
        yield "first all ask the first word, then the word before", ([to_first, chain],)
        yield "first the word before, then all the first", ([chain, to_first],)
        yield "three layers with patterns of no order", (list(some),)

    def answer(patterns):
        n = len(patterns[0])
        needed = [torch.arange(n) == n - 1]  # on top, the last word alone
        for pattern in reversed(patterns):  # then down
            needed.insert(0, needed[0] | pattern[needed[0]].any(0))
        return torch.stack(needed)

    @mistake(
        "The layers were gone through from the lowest up. Need is passed down: the last word's row of the highest pattern says whom it needs first."
    )
    def lowest_first(patterns):
        return StatesNeeded.answer(patterns[::-1])

    @mistake(
        "The rows stand on their heads: row 0 is to be what goes into the lowest layer, the last row what comes out on top."
    )
    def upside_down(patterns):
        return StatesNeeded.answer(patterns).flip(0)

    @mistake(
        "A word that is needed above a layer is needed below it, too, even where it does not see itself: a residual connection leads around each attention."
    )
    def nothing_kept(patterns):
        needed = [torch.arange(len(patterns[0])) == len(patterns[0]) - 1]
        for pattern in reversed(patterns):
            needed.insert(0, pattern[needed[0]].any(0))
        return torch.stack(needed)

    @mistake(
        "Only what the last word sees itself was asked for in each layer. Those it sees on top have to be computed as well, and see others below."
    )
    def last_row_only(patterns):
        last = torch.arange(len(patterns[0])) == len(patterns[0]) - 1
        return torch.stack([*(last | pattern[-1] for pattern in patterns), last])

    @mistake(
        "Rows and columns have changed places. Row i says whom i sees, and those are needed; column i says who sees i."
    )
    def transposed(patterns):
        return StatesNeeded.answer([pattern.mT for pattern in patterns])

    @mistake("These are numbers of ways. Asked for is only whether there is one: > 0.")
    def numbers_of_ways(patterns):
        needed = [(torch.arange(len(patterns[0])) == len(patterns[0]) - 1).float()]
        for pattern in reversed(patterns):
            needed.insert(0, needed[0] + needed[0] @ pattern.float())
        return torch.stack(needed)

    @mistake("Row 0 is missing, the vectors that go into the lowest layer: for two layers there are three rows.")
    def without_what_goes_in(patterns):
        return StatesNeeded.answer(patterns)[1:]
