import torch

from ..problem import Problem, mistake


class Penalty(Problem):
    """The doubly stochastic penalty of a batch of captions of different lengths."""

    hints = (
        "Two sums are in it: over words, to see how much attention each region has had, and over regions, of how far each of these totals is from one.",
        "Words behind the end of a caption must not count. torch.arange(L) < lengths.unsqueeze(1) tells which do.",
        "counts = torch.arange(weights.shape[1]) < lengths.unsqueeze(1), then totals = (weights * counts.unsqueeze(-1)).sum(1), which is (B, S), "
        "and (1 - totals).square().mean().",
    )
    praise = "With fewer words than regions it can't be zero: the captions that it likes best spread every look over the whole picture."

    def inputs(self, generator):
        def drawn(pictures, words, regions, lengths):
            weights = (2 * torch.randn(pictures, words, regions, generator=generator)).softmax(-1)
            return weights, torch.tensor(lengths)

        yield "a caption of one word over two regions", drawn(1, 1, 2, [1])
        yield "a caption of three words over two regions", drawn(1, 3, 2, [3])
        yield "a caption of two words and two of padding", drawn(1, 4, 3, [2])
        yield "four captions of different lengths", drawn(4, 5, 6, [5, 2, 1, 4])

    def answer(weights, lengths):
        counts = torch.arange(weights.shape[1]) < lengths.unsqueeze(1)  # (B, L)
        totals = (weights * counts.unsqueeze(-1)).sum(1)  # (B, S)
        return (1 - totals).square().mean().item()

    @mistake(
        "The weights of a word were summed over the regions. That is one by definition, so there was nothing to penalise but padding: the sum is over the words."
    )
    def summed_over_regions(weights, lengths):
        return (1 - counted(weights, lengths).sum(2)).square().mean()

    @mistake(
        "Padding was counted. What stands behind the end of a caption looks somewhere, too, and must be left out of the totals."
    )
    def padding_counted(weights, lengths):
        return (1 - weights.sum(1)).square().mean()

    @mistake(
        "Each weight was compared with one before the sum. It is a region's total over the caption that should be one."
    )
    def squared_before_the_sum(weights, lengths):
        return counted(1 - weights, lengths).square().sum(1).mean()

    @mistake(
        "The words were averaged instead of summed. The total of a region grows with the caption, and the paper asks that it be about one."
    )
    def averaged_over_words(weights, lengths):
        return (1 - counted(weights, lengths).sum(1) / lengths.unsqueeze(1)).square().mean()

    @mistake(
        "The differences were not squared. Those of regions with too much then pay for those with too little, and their mean depends on nothing but the number of words."
    )
    def not_squared(weights, lengths):
        return (1 - counted(weights, lengths).sum(1)).mean()

    @mistake(
        "The target is one for each region here, as in the paper, and not the L / S that a caption of L words could reach."
    )
    def reachable_target(weights, lengths):
        return (lengths.unsqueeze(1) / weights.shape[2] - counted(weights, lengths).sum(1)).square().mean()

    @mistake("The regions were summed. Asked for is the mean over pictures and over regions.")
    def regions_summed(weights, lengths):
        return (1 - counted(weights, lengths).sum(1)).square().sum(1).mean()


def counted(weights, lengths):
    return weights * (torch.arange(weights.shape[1]) < lengths.unsqueeze(1)).unsqueeze(-1)
