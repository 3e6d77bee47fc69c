import torch

from attention_course.checks.problem import Problem, mistake


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
        yield "a caption of one word over two regions", drawn(generator, 1, 2, [1])
        yield "a caption of three words over two regions", drawn(generator, 3, 2, [3])
        yield "a caption of two words and two of padding", drawn(generator, 4, 3, [2])
        yield "two captions of the same length and no padding", drawn(generator, 3, 3, [3, 3])
        yield "two captions of one word and of two", drawn(generator, 2, 2, [1, 2])
        yield "three captions of different lengths, all with padding", drawn(generator, 6, 4, [3, 1, 5])
        yield "four captions of different lengths", drawn(generator, 5, 6, [5, 2, 1, 4])

    def admissible(self, generator):
        pictures, words, regions = (int(n) for n in torch.randint(1, 6, (3,), generator=generator))
        return drawn(generator, words, regions, torch.randint(1, words + 1, (pictures,), generator=generator).tolist())

    def answer(weights, lengths):
        counts = torch.arange(weights.shape[1]) < lengths.unsqueeze(1)  # (B, L)
        totals = (weights * counts.unsqueeze(-1)).sum(1)  # (B, S)
        return (1 - totals).square().mean().item()

    one_number = (
        "Nothing was averaged at the end, or not everything. Return one number, the mean over pictures and regions."
    )
    divided_otherwise = (
        "The sum of squares was divided by another number. The mean over pictures and regions divides by B · S."
    )
    one_length = "All captions were cut at the same length. Caption b has lengths[b] words."
    low_number = "Padding was filled with a number that went into the totals. No softmax follows here: fill with 0."
    squared_too_early = (
        "Each weight was compared with one before the sum. It is a region's total over the caption that should be one."
    )

    @mistake(
        "The weights of a word were summed over the regions. That is one by definition, so there was nothing to penalise but padding: the sum is over the words."
    )
    def summed_over_regions(weights, lengths):
        return penalised(weights, lengths, total=lambda weights, lengths: weights.sum(2))

    @mistake(
        "The weights of a word were summed over the regions. That is one by definition, so there is nothing to penalise: the sum is over the words."
    )
    def summed_over_regions_of_words(weights, lengths):
        return mean([(1 - of.sum(1)).square().mean() for of in words(weights, lengths)])

    @mistake(
        "The weights were summed over the pictures. Each picture has totals of its own, over the words of its caption."
    )
    def summed_over_pictures(weights, lengths):
        return penalised(weights, lengths, total=lambda weights, lengths: weights.sum(0))

    @mistake("All weights of a caption were added up to one total. Each region has a total of its own.")
    def one_total(weights, lengths):
        return penalised(weights, lengths, total=lambda weights, lengths: weights.sum((1, 2)))

    @mistake(
        "Padding was counted. What stands behind the end of a caption looks somewhere, too, and must be left out of the totals."
    )
    def padding_counted(weights, lengths):
        return (1 - weights.sum(1)).square().mean()

    @mistake("Only padding was counted: the mask is the wrong way round.")
    def only_padding_counted(weights, lengths):
        return (1 - (weights - counted(weights, lengths)).sum(1)).square().mean()

    @mistake("One word too many was counted. Words are numbered from 0, so that those of the caption are t < length.")
    def one_word_too_many(weights, lengths):
        return penalised(weights, lengths + 1)

    @mistake("The last word was left out. Words are numbered from 0, so that those of the caption are t < length.")
    def one_word_too_few(weights, lengths):
        return penalised(weights, lengths - 1)

    @mistake("The last words were counted and the first left out. Padding stands behind the words.")
    def last_words(weights, lengths):
        return penalised(weights.flip(1), lengths)

    @mistake("The lengths were applied to the regions. They say how many words count, which is the second axis.")
    def lengths_of_regions(weights, lengths):
        return (1 - counted(weights.mT, lengths).mT.sum(1)).square().mean()

    @mistake(one_length)
    def longest(weights, lengths):
        return penalised(weights, lengths.amax().expand_as(lengths))

    @mistake(one_length)
    def shortest(weights, lengths):
        return penalised(weights, lengths.amin().expand_as(lengths))

    @mistake(one_length)
    def first_length(weights, lengths):
        return penalised(weights, lengths[:1].expand_as(lengths))

    @mistake(squared_too_early)
    def squared_before_the_sum(weights, lengths):
        return counted(1 - weights, lengths).square().sum(1).mean()

    @mistake(squared_too_early)
    def weights_compared(weights, lengths):
        return mean([(1 - of).square().mean() for of in words(weights, lengths)])

    @mistake(squared_too_early)
    def padding_compared_as_well(weights, lengths):
        return (1 - counted(weights, lengths)).square().sum(1).mean()

    @mistake(squared_too_early)
    def everything_compared(weights, lengths):
        return (1 - counted(weights, lengths)).square().mean()

    @mistake(
        "The weights were squared before they were summed. It is the difference of a region's total from one that is squared."
    )
    def weights_squared(weights, lengths):
        return penalised(weights.square(), lengths)

    @mistake("The total was squared, and not its difference from one.")
    def total_squared(weights, lengths):
        return penalised(weights, lengths, lambda totals: 1 - totals.square())

    @mistake("One was added. It is the difference from one that is squared: 1 − the total.")
    def added(weights, lengths):
        return penalised(weights, lengths, lambda totals: (1 + totals).square())

    @mistake("The one is missing: the totals themselves were squared, and not their differences from it.")
    def without_the_one(weights, lengths):
        return penalised(weights, lengths, torch.square)

    averaged = "The words were averaged instead of summed. The total of a region grows with the caption, and the paper asks that it be about one."

    @mistake(averaged)
    def averaged_over_words(weights, lengths):
        return penalised(weights, lengths, total=lambda weights, lengths: weights.sum(1) / lengths.unsqueeze(1))

    @mistake(averaged)
    def averaged_over_all_places(weights, lengths):
        return penalised(weights, lengths, total=lambda weights, lengths: weights.mean(1))

    @mistake("The largest weight of each region was taken. It is the total over the words that should be one.")
    def largest(weights, lengths):
        return penalised(weights, lengths, total=lambda weights, lengths: weights.amax(1))

    @mistake(
        "The differences were not squared. Those of regions with too much then pay for those with too little, and their mean depends on nothing but the number of words."
    )
    def not_squared(weights, lengths):
        return penalised(weights, lengths, lambda totals: 1 - totals)

    @mistake("The absolute value was taken in the place of the square.")
    def absolute(weights, lengths):
        return penalised(weights, lengths, lambda totals: (1 - totals).abs())

    @mistake("Only regions that got too much pay here. The square counts what is missing as well.")
    def too_much_alone(weights, lengths):
        return penalised(weights, lengths, lambda totals: (totals - 1).clamp(min=0).square())

    @mistake("A root was taken at the end. The penalty is the mean of the squares itself.")
    def root(weights, lengths):
        return penalised(weights, lengths).sqrt()

    @mistake(
        "The sign is turned round. A penalty is added to the loss: it is larger the further the totals are from one."
    )
    def negative(weights, lengths):
        return -penalised(weights, lengths)

    @mistake("The penalty was halved. Nothing stands before the mean.")
    def halved(weights, lengths):
        return penalised(weights, lengths) / 2

    @mistake(
        "The mean was taken before the square. Then regions with too much pay for those with too little: square each difference first."
    )
    def mean_squared(weights, lengths):
        return penalised(weights, lengths, lambda totals: 1 - totals).square()

    @mistake(
        "The mean over a picture's regions was taken before the square. Then regions with too much pay for those with too little: square each difference first."
    )
    def mean_of_a_picture_squared(weights, lengths):
        return penalised(weights, lengths, lambda totals: (1 - totals).mean(1).square())

    @mistake(
        "That is the variance of the totals. Their distance from one is asked for, and not that from their own mean."
    )
    def variance(weights, lengths):
        return counted(weights, lengths).sum(1).var(unbiased=False)

    @mistake(
        "The target is one for each region here, as in the paper, and not the L / S that a caption of L words could reach."
    )
    def reachable_target(weights, lengths):
        return penalised(weights, lengths, lambda totals: (lengths.unsqueeze(1) / weights.shape[2] - totals).square())

    @mistake("The target is one for each region, and not 1 / S.")
    def even_share(weights, lengths):
        return penalised(weights, lengths, lambda totals: (1 / weights.shape[2] - totals).square())

    @mistake("The regions were summed. Asked for is the mean over pictures and over regions.")
    def regions_summed(weights, lengths):
        return penalised(weights, lengths, lambda totals: (1 - totals).square().sum(1))

    @mistake("The pictures were summed. Asked for is the mean over pictures and over regions.")
    def pictures_summed(weights, lengths):
        return penalised(weights, lengths, lambda totals: (1 - totals).square().sum(0))

    @mistake("Everything was summed. Asked for is the mean over pictures and over regions.")
    def everything_summed(weights, lengths):
        return penalised(weights, lengths, lambda totals: (1 - totals).square().sum())

    @mistake(divided_otherwise)
    def divided_by_the_words(weights, lengths):
        return penalised(weights, lengths, lambda totals: (1 - totals).square().sum() / lengths.sum())

    @mistake(divided_otherwise)
    def divided_by_the_places(weights, lengths):
        return penalised(weights, lengths, lambda totals: (1 - totals).square().sum(1) / weights.shape[1])

    @mistake(divided_otherwise)
    def divided_by_words_and_regions(weights, lengths):
        return penalised(weights, lengths, lambda totals: (1 - totals).square().sum() / lengths.sum() / totals.shape[1])

    @mistake(divided_otherwise)
    def each_by_its_length(weights, lengths):
        return penalised(weights, lengths, lambda totals: (1 - totals).square() / lengths.unsqueeze(1))

    @mistake("Long captions were given more weight. Every picture counts the same in the mean.")
    def weighted_by_length(weights, lengths):
        return penalised(
            weights, lengths, lambda totals: (1 - totals).square().mean(1) @ lengths.to(totals) / lengths.sum()
        )

    @mistake(one_number)
    def one_a_picture(weights, lengths):
        return (1 - counted(weights, lengths).sum(1)).square().mean(1)

    @mistake(one_number)
    def one_a_region(weights, lengths):
        return (1 - counted(weights, lengths).sum(1)).square()

    @mistake(low_number)
    def filled_with_a_low_number(weights, lengths):
        return penalised(weights, lengths, padding=-1e9)

    @mistake(low_number)
    def filled_with_infinity(weights, lengths):
        return penalised(weights, lengths, padding=-torch.inf)

    @mistake(low_number)
    def filled_with_ones(weights, lengths):
        return penalised(weights, lengths, padding=1.0)

    @mistake("A softmax was taken once more. `weights` are the maps: they have been through it.")
    def softmax_of_the_weights(weights, lengths):
        return penalised(weights.softmax(-1), lengths)


def penalised(
    weights,
    lengths,
    cost=lambda totals: (1 - totals).square(),
    total=lambda weights, lengths: weights.sum(1),
    padding=0.0,
):
    """The penalty, with a place for each mistake."""
    there = torch.arange(weights.shape[1]) < lengths.unsqueeze(1)
    return cost(total(weights.masked_fill(~there.unsqueeze(-1), padding), lengths)).mean()


def counted(weights, lengths):
    return weights * (torch.arange(weights.shape[1]) < lengths.unsqueeze(1)).unsqueeze(-1)


def words(weights, lengths):
    """The weights of each caption without padding."""
    return [of[:length] for of, length in zip(weights, lengths, strict=True)]


def mean(numbers):
    return sum(numbers) / len(numbers)


def drawn(generator, words, regions, lengths):
    """Maps, some of them sharp and some nearly flat; in padding stands something, too."""
    size = (len(lengths), words, 1)
    sharpness = 0.5 + 3 * torch.rand(size, generator=generator)
    weights = (sharpness * torch.randn(len(lengths), words, regions, generator=generator)).softmax(-1)
    return weights, torch.tensor(lengths)
