import torch

from ..problem import Problem, mistake


class HeardOf(Problem):
    """Who has heard of whom after a stack of layers with patterns of their own."""

    hints = (
        "Before the first layer every word has heard of itself alone. Then go up, one layer at a time: what does i know after a layer, if it knows whom it asks, and what those knew?",
        "i has heard of j if some k exists that i may ask in this layer and that had heard of j below: that is a matrix product of pattern and knowledge, of which only “more than zero” matters. What i knew before, it keeps.",
        "known = torch.eye(n).bool(); for each pattern: known = known | (pattern.float() @ known.float() > 0)",
    )
    praise = "The order of the factors is the order of the layers, and only where all layers are alike it is a power."

    def inputs(self, generator):
        chain = torch.eye(4).bool() | torch.eye(4).bool().roll(-1, 1).tril()  # itself and the word before
        chain[0, -1] = False
        to_first = torch.eye(4).bool()
        to_first[:, 0] = True
        step = torch.zeros(4, 4).bool()
        step[3, 1] = True
        some = torch.rand(3, 7, 7, generator=generator) < 0.25
        yield "one layer that looks at the word before", ([chain],)
        yield "two such layers", ([chain, chain],)
        yield "a layer in which one word asks another, and none asks itself", ([step],)
        yield "first all ask the first word, then the word before", ([to_first, chain],)
        yield "first the word before, then all the first", ([chain, to_first],)
        yield "three layers with patterns of no order", (list(some),)

    def answer(patterns):
        known = torch.eye(len(patterns[0])).bool()
        for pattern in patterns:  # the lowest layer first
            known = known | (pattern.float() @ known.float() > 0)
        return known

    @mistake(
        "The layers were gone through from the top down, or the factors are the other way round. The lowest pattern acts first: pattern @ known, with the lowest layer's the first to be multiplied."
    )
    def wrong_order(patterns):
        return HeardOf.answer(patterns[::-1])

    @mistake(
        "What a word knew already was dropped. A residual connection leads past every attention: what is known stays known."
    )
    def nothing_kept(patterns):
        known = torch.eye(len(patterns[0])).bool()
        for pattern in patterns:
            known = pattern.float() @ known.float() > 0
        return known

    @mistake(
        "The patterns were united. That is what one layer with all of them would do; a second layer asks those who have asked already."
    )
    def united(patterns):
        return torch.stack([torch.eye(len(patterns[0])).bool(), *patterns]).any(0)

    @mistake("The product was taken place by place. Rows must meet columns: a matrix product, @.")
    def place_by_place(patterns):
        known = torch.eye(len(patterns[0])).bool()
        for pattern in patterns:
            known = known | (pattern & known)
        return known

    @mistake("These are numbers of paths. Asked for is only whether there is one: > 0.")
    def numbers_of_paths(patterns):
        paths = torch.eye(len(patterns[0]))
        for pattern in patterns:
            paths = paths + pattern.float() @ paths
        return paths

    @mistake("Only the first layer's pattern was used, again and again. Each layer has its own.")
    def first_again(patterns):
        return HeardOf.answer([patterns[0]] * len(patterns))

    @mistake("Rows and columns have changed places: row i is to say of whom word i has heard.")
    def transposed(patterns):
        return HeardOf.answer(patterns).mT
