import torch

from ..problem import Problem, mistake

EPSILON = 1e-5


class LayerNorm(Problem):
    """Mean 0 and standard deviation 1 for the numbers of each word, then a gain and a bias for each number."""

    hints = (
        "Each word is treated by itself: which axis holds the numbers of one word, and which axes must not be mixed?",
        "Subtract the mean over the last axis (keepdim=True), divide by the root of the variance + 1e-5, multiply by the gain, add the bias. The variance is "
        "the mean of the squares of what is left after subtracting: divide by E, and not by E − 1.",
        "centred = x - x.mean(-1, keepdim=True); variance = centred.square().mean(-1, keepdim=True); return centred / (variance + 1e-5).sqrt() * gain + bias.",
    )
    praise = "Nothing here mixes words or sentences, so that padding and the rest of the batch are of no matter; batch normalisation would mix them."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        one, none = torch.ones(2), torch.zeros(2)
        yield "the word of the lesson, (3, 1)", (torch.tensor([[[3.0, 1.0]]]), one, none)
        yield "two words", (torch.tensor([[[3.0, 1.0], [10.0, 20.0]]]), one, none)
        yield "a gain and a bias", (torch.tensor([[[3.0, 1.0]]]), torch.tensor([2.0, 3.0]), torch.tensor([10.0, 20.0]))
        yield "a word whose numbers are all the same", (torch.full((1, 1, 3), 4.0), torch.ones(3), torch.zeros(3))
        yield "two sentences of three words of five numbers", (3 * randn(2, 3, 5) + 1, randn(5), randn(5))

    def answer(x, gain, bias):
        centred = x - x.mean(-1, keepdim=True)
        variance = centred.square().mean(-1, keepdim=True)
        return centred / (variance + 1e-5).sqrt() * gain + bias

    @mistake(
        "Mean and deviation were taken over the words, so that each word depends on the others of its sentence, its padding included. A layer norm treats "
        "every word by itself: the axis is the last."
    )
    def over_the_words(x, gain, bias):
        return norm(x, axes=(1,)) * gain + bias

    @mistake(
        "Mean and deviation were taken over the whole sentence at once. Each word has a mean and a deviation of its own."
    )
    def over_the_sentence(x, gain, bias):
        return norm(x, axes=(1, 2)) * gain + bias

    @mistake(
        "The variance was divided by E − 1, as in statistics, where a mean is estimated from a sample; x.std() does so unless told unbiased=False. Here the "
        "E numbers are all there are."
    )
    def one_less(x, gain, bias):
        centred = x - x.mean(-1, keepdim=True)
        variance = centred.square().sum(-1, keepdim=True) / (x.shape[-1] - 1)
        return centred / (variance + EPSILON).sqrt() * gain + bias

    @mistake("It was divided by the variance. Take the root: only the standard deviation brings the numbers to size 1.")
    def without_the_root(x, gain, bias):
        centred = x - x.mean(-1, keepdim=True)
        return centred / (centred.square().mean(-1, keepdim=True) + EPSILON) * gain + bias

    @mistake(
        "The 1e-5 is missing: where all numbers of a word are the same, 0 is divided by 0, and the NaN goes through the whole network."
    )
    def without_epsilon(x, gain, bias):
        centred = x - x.mean(-1, keepdim=True)
        return centred / centred.square().mean(-1, keepdim=True).sqrt() * gain + bias

    @mistake("Gain and bias have not been used.")
    def without_gain_and_bias(x, gain, bias):
        return norm(x)

    @mistake("The bias was added before the gain was multiplied. It is norm · gain + bias.")
    def bias_first(x, gain, bias):
        return (norm(x) + bias) * gain

    @mistake("The mean has not been taken away. What divides by the size alone is another norm, called RMSNorm.")
    def mean_left_in(x, gain, bias):
        return x / (x.square().mean(-1, keepdim=True) + EPSILON).sqrt() * gain + bias


def norm(x, axes=(-1,)):
    """Mean 0 and standard deviation 1 over the given axes."""
    centred = x - x.mean(axes, keepdim=True)
    return centred / (centred.square().mean(axes, keepdim=True) + EPSILON).sqrt()
