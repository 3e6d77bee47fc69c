import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.checks.watching import watch

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

        one, none = torch.ones(3), torch.zeros(3)
        yield "a word of three numbers", (torch.tensor([[[5.0, 1.0, 3.5]]]) + randn(1, 1, 3) / 8, one, none)
        yield "a word whose numbers are small", (torch.tensor([[[0.004, -0.003, 0.002]]]), one, none)
        yield "a word whose numbers are all the same", (torch.full((1, 1, 3), 4.0), one, none)
        yield "a gain", (torch.tensor([[[5.0, 1.0, 3.5]]]), torch.tensor([2.0, 0.5, -3.0]), none)
        yield "a bias", (torch.tensor([[[5.0, 1.0, 3.5]]]), one, torch.tensor([7.0, 0.5, -3.0]))
        yield "a gain and a bias", (torch.tensor([[[5.0, 1.0]]]), torch.tensor([2.0, 3.0]), torch.tensor([0.7, 0.2]))
        yield "two words", (torch.tensor([[[3.0, 1.0], [10.0, 24.0]]]), one[:2], none[:2])
        yield "two sentences of a word", (torch.tensor([[[3.0, 1.0]], [[10.0, 24.0]]]), one[:2], none[:2])
        yield "as many sentences as words and numbers", (3 * randn(3, 3, 3) + 1, randn(3), randn(3))
        yield "two sentences of three words of five numbers", (3 * randn(2, 3, 5) + 1, randn(5), randn(5))

    def admissible(self, generator):
        B, L, E = (int(n) for n in torch.randint(1, 5, (3,), generator=generator))

        def drawn(*sizes):
            return torch.randn(sizes, generator=generator)

        size = 10.0 ** torch.randint(-3, 2, (B, L, 1), generator=generator)
        x = size * (drawn(B, L, E) + drawn(B, L, 1))
        same = torch.rand(B, L, 1, generator=generator) < 0.2
        return torch.where(same, (4 * x[..., :1]).round() / 4, x), drawn(E), drawn(E)

    def answer(x, gain, bias):
        centred = x - x.mean(-1, keepdim=True)
        variance = centred.square().mean(-1, keepdim=True)
        return centred / (variance + 1e-5).sqrt() * gain + bias

    def disobeys(self, answer):
        called = watch(answer, (torch.tensor([[[5.0, 1.0]]]), torch.ones(2), torch.zeros(2))).called
        if any("layer_norm" in name for name in called):
            return "But your code has PyTorch's layer_norm do the work. Write it out: a mean, a variance, a root."
        return None

    other_axes = (
        "Mean and deviation were taken over the words, so that each word depends on the others of its sentence, its padding included. A layer norm treats "
        "every word by itself: the axis is the last."
    )
    over_sentences = "Mean and deviation were taken over the sentences of the batch as well, so that they depend on who else is in it. Each word has a mean and a deviation of its own."
    other_epsilon = "Another number than 1e-5 was added to the variance. Where a word's numbers are small, it shows."
    before_the_root = "The 1e-5 was not added under the root but to the standard deviation, or put in its place where that is small. Where a word's numbers are small, it shows: add it to the variance, before the root."
    without_one = "The 1e-5 is missing: where all numbers of a word are the same, 0 is divided by 0, and where they are nearly the same, what is left is blown up. Add it to the variance, before the root."
    other_deviation = "The numbers were divided by another measure of their spread than the standard deviation, the root of the mean squared deviation."
    estimated = (
        "The variance was divided by E − 1, as in statistics, where a mean is estimated from a sample; x.std() does so unless told unbiased=False. Here the "
        "E numbers are all there are."
    )
    still_there = (
        "The numbers were divided by their standard deviation, and their mean is still there. Subtract it first."
    )

    @mistake(other_axes)
    def over_the_words(x, gain, bias):
        return norm(x, axes=(1,)) * gain + bias

    @mistake(
        "Mean and deviation were taken over the whole sentence at once. Each word has a mean and a deviation of its own."
    )
    def over_the_sentence(x, gain, bias):
        return norm(x, axes=(1, 2)) * gain + bias

    @mistake(over_sentences)
    def over_the_batch(x, gain, bias):
        return norm(x, axes=(0,)) * gain + bias

    @mistake(over_sentences)
    def as_batch_norm(x, gain, bias):
        return norm(x, axes=(0, 1)) * gain + bias

    @mistake(over_sentences)
    def over_everything(x, gain, bias):
        return norm(x, axes=(0, 1, 2)) * gain + bias

    @mistake(
        "The mean was taken over the words, and the deviation of each word. Both belong to the numbers of one word: the last axis."
    )
    def mean_over_the_words(x, gain, bias):
        centred = x - x.mean(1, keepdim=True)
        return centred / (x.var(-1, correction=0, keepdim=True) + EPSILON).sqrt() * gain + bias

    @mistake(
        "The axis that was averaged over is gone, and each word met the mean of another one. Keep it: keepdim=True."
    )
    def axis_lost(x, gain, bias):
        return (x - x.mean(-1)) / (x.var(-1, correction=0) + EPSILON).sqrt() * gain + bias

    @mistake(estimated)
    def one_less(x, gain, bias):
        return norm(x, by=lambda centred: (one_fewer(centred) + EPSILON).sqrt()) * gain + bias

    @mistake(
        "The variance was divided by E − 1, as x.std() does unless told unbiased=False, and 1e-5 was added behind the root. The E numbers are all there are, and it is added to the variance."
    )
    def one_less_and_late(x, gain, bias):
        return norm(x, by=lambda centred: one_fewer(centred).sqrt() + EPSILON) * gain + bias

    @mistake(
        "The variance was divided by E − 1, as x.std() does unless told unbiased=False, and 1e-5 was not added. The E numbers are all there are, and a word of equal ones may do no harm."
    )
    def one_less_alone(x, gain, bias):
        return norm(x, by=lambda centred: one_fewer(centred).sqrt()) * gain + bias

    @mistake("The squared deviations were added up. The variance is their mean: divide by E.")
    def sum_of_squares(x, gain, bias):
        return norm(x, by=lambda centred: (centred.square().sum(-1, keepdim=True) + EPSILON).sqrt()) * gain + bias

    @mistake("It was divided by the variance. Take the root: only the standard deviation brings the numbers to size 1.")
    def without_the_root(x, gain, bias):
        return norm(x, by=lambda centred: variance(centred) + EPSILON) * gain + bias

    @mistake(without_one)
    def without_epsilon(x, gain, bias):
        return norm(x, by=lambda centred: variance(centred).sqrt()) * gain + bias

    @mistake(
        "Where the numbers of a word are nearly the same, what is left of them is blown up: 1e-5 was not added to the variance, before the root."
    )
    def nan_to_zero(x, gain, bias):
        return torch.nan_to_num(norm(x, by=lambda centred: variance(centred).sqrt())) * gain + bias

    @mistake(before_the_root)
    def epsilon_outside(x, gain, bias):
        return norm(x, by=lambda centred: variance(centred).sqrt() + EPSILON) * gain + bias

    @mistake(before_the_root)
    def epsilon_at_least(x, gain, bias):
        return norm(x, by=lambda centred: variance(centred).clamp(min=EPSILON).sqrt()) * gain + bias

    @mistake(other_epsilon)
    def smaller_epsilon(x, gain, bias):
        return norm(x, by=lambda centred: (variance(centred) + 1e-6).sqrt()) * gain + bias

    @mistake(other_epsilon)
    def tiny_epsilon(x, gain, bias):
        return norm(x, by=lambda centred: (variance(centred) + 1e-8).sqrt()) * gain + bias

    @mistake(other_epsilon)
    def larger_epsilon(x, gain, bias):
        return norm(x, by=lambda centred: (variance(centred) + 1e-3).sqrt()) * gain + bias

    @mistake(other_deviation)
    def mean_deviation(x, gain, bias):
        return norm(x, by=lambda centred: centred.abs().mean(-1, keepdim=True) + EPSILON) * gain + bias

    @mistake(other_deviation)
    def range_of_numbers(x, gain, bias):
        return norm(x, by=lambda centred: centred.amax(-1, True) - centred.amin(-1, True) + EPSILON) * gain + bias

    @mistake(
        "The root of the mean square was taken of x itself. The variance is the mean square of what is left when the mean has been subtracted."
    )
    def squares_of_x(x, gain, bias):
        return (x - x.mean(-1, True)) / (variance(x) + EPSILON).sqrt() * gain + bias

    @mistake("The numbers were only moved to mean 0. Divide by their standard deviation as well.")
    def only_centred(x, gain, bias):
        return norm(x, by=lambda centred: 1) * gain + bias

    @mistake("Gain and bias have not been used.")
    def without_gain_and_bias(x, gain, bias):
        return norm(x)

    @mistake("The gain has not been used.")
    def without_gain(x, gain, bias):
        return norm(x) + bias

    @mistake("The bias has not been used.")
    def without_bias(x, gain, bias):
        return norm(x) * gain

    @mistake("Gain and bias have changed places: the gain multiplies, the bias is added.")
    def exchanged(x, gain, bias):
        return norm(x) * bias + gain

    @mistake("One was added to the gain. It multiplies as it is.")
    def one_more_gain(x, gain, bias):
        return norm(x) * (1 + gain) + bias

    @mistake("The bias was added before the gain was multiplied. It is norm · gain + bias.")
    def bias_first(x, gain, bias):
        return (norm(x) + bias) * gain

    @mistake("Gain and bias came before the norm, which undoes part of what they do. They come last.")
    def gain_and_bias_before(x, gain, bias):
        return norm(x * gain + bias)

    @mistake("The gain came before the norm, which undoes part of what it does. It comes after.")
    def gain_before(x, gain, bias):
        return norm(x * gain) + bias

    @mistake("The mean has not been taken away. What divides by the size alone is another norm, called RMSNorm.")
    def mean_left_in(x, gain, bias):
        return x / (variance(x) + EPSILON).sqrt() * gain + bias

    @mistake(still_there)
    def mean_left_above(x, gain, bias):
        return x / (x.var(-1, correction=0, keepdim=True) + EPSILON).sqrt() * gain + bias


def variance(centred):
    return centred.square().mean(-1, keepdim=True)


def one_fewer(centred):
    """The variance as it is estimated from a sample; NaN where there is a single number."""
    return centred.square().sum(-1, keepdim=True) / (centred.shape[-1] - 1)


def norm(x, axes=(-1,), by=None):
    """Mean 0 and standard deviation 1 over the given axes; or mean 0, and divided by something else."""
    centred = x - x.mean(axes, keepdim=True)
    return centred / ((centred.square().mean(axes, keepdim=True) + EPSILON).sqrt() if by is None else by(centred))
