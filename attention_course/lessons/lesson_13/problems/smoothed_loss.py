import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.checks.watching import watch


class SmoothedLoss(Problem):
    """The cross-entropy with label smoothing, over the real words."""

    hints = (
        "For one word, two numbers count: the log-probability of the right word, and the mean of the log-probabilities of all words. Which share has each of the two?",
        "logits.log_softmax(-1) gives log-probabilities that stay finite where logits are large; gather picks the right words'. Minus (1 − smoothing) times the first and smoothing "
        "times the second is a word's loss. At the end take the mean over the places where target is not 0.",
        "logs = logits.log_softmax(-1); right = logs.gather(-1, target[..., None])[..., 0]; losses = -(1 - smoothing) * right - smoothing * logs.mean(-1); "
        "return losses[target != 0].mean().",
    )
    praise = "The lowest loss is no longer at a probability of 1: a model that is too sure of itself pays for every other word."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        one = torch.tensor([[[2.0, -1.0, 0.5]]])
        yield "one word, without smoothing", (one, torch.tensor([[2]]), 0.0)
        yield "one word", (one, torch.tensor([[1]]), 0.3)
        yield "one word, with much smoothing", (one, torch.tensor([[2]]), 0.75)
        yield "one word, where all words are equally likely", (torch.zeros(1, 1, 3), torch.tensor([[1]]), 0.4)
        yield "one word of a larger vocabulary", (2 * randn(1, 1, 5), torch.tensor([[3]]), 0.2)
        yield "two words", (2 * randn(1, 2, 3), torch.tensor([[2, 1]]), 0.2)
        yield "a word and padding", (2 * randn(1, 2, 3), torch.tensor([[2, 0]]), 0.2)
        yield "two sentences, the second shorter", (2 * randn(2, 3, 3), torch.tensor([[1, 2, 2], [1, 0, 0]]), 0.2)
        yield "large logits", (torch.tensor([[[300.0, -200.0, 100.0]]]), torch.tensor([[2]]), 0.2)
        yield "logits that are all large", (torch.tensor([[[120.0, 118.0, 119.5]]]), torch.tensor([[1]]), 0.2)
        yield "large logits without smoothing", (torch.tensor([[[200.0, -200.0, 150.0]]]), torch.tensor([[2]]), 0.0)
        yield (
            "a sentence of nothing but padding, beside another",
            (2 * randn(2, 2, 3), torch.tensor([[2, 1], [0, 0]]), 0.2),
        )
        yield "as many sentences as words, and as words in the vocabulary", (
            2 * randn(3, 3, 3), torch.tensor([[1, 2, 1], [2, 0, 0], [1, 1, 0]]), 0.1,
        )  # fmt: skip
        target = torch.randint(1, 6, (2, 4), generator=generator)
        target[1, 2:] = 0
        yield "two sentences of four and of two words", (2 * randn(2, 4, 6), target, 0.1)

    def admissible(self, generator):
        def whole(least, most, *sizes):
            return torch.randint(least, most, sizes, generator=generator)

        B, L = whole(1, 5, 2).tolist()
        V = int(whole(3, 8))
        lengths = whole(0, L + 1, B)
        lengths[int(whole(0, B))] = L  # at least one real word
        target = whole(1, V, B, L) * (torch.arange(L) < lengths[:, None])
        size = (0.5, 3.0, 80.0)[int(whole(0, 3))]
        return size * torch.randn(B, L, V, generator=generator), target, (0.0, 0.1, 0.35)[int(whole(0, 3))]

    def answer(logits, target, smoothing):
        logs = logits.log_softmax(-1)  # (B, L, V)
        right = logs.gather(-1, target[..., None])[..., 0]  # (B, L)
        losses = -(1 - smoothing) * right - smoothing * logs.mean(-1)
        return losses[target != 0].mean()

    def disobeys(self, answer):
        arguments = torch.tensor([[[2.0, -1.0, 0.5], [0.3, 0.1, 0.7]]]), torch.tensor([[2, 0]]), 0.2
        if any("cross_entropy" in name for name in watch(answer, arguments).called):
            return "But PyTorch's cross_entropy did the work. Write it out: a log-softmax, two shares, a mean over the real words."
        return None

    padding = "Padding is counted. Only places where target is not 0 are real words: leave out the others before you take the mean."
    not_finite = "Where logits are large, a softmax rounds to 0, or an exponential becomes infinite, and the logarithm has nothing to work with. log_softmax does both at once, and stays finite."
    floor = (
        "A small number keeps the logarithm finite: it was added to the probabilities, or put in their place where they are smaller. So the loss of a word stays too small "
        "where its probability is tiny. log_softmax needs no such number."
    )
    other_words = "The smoothing was not spread over the whole vocabulary. Every word gets smoothing / V, the right word and padding's number among them."
    wrong_axis = "The softmax ran over another axis. It is over the vocabulary, the last axis."
    other_mean = "The sum of the losses was divided by something else than the number of real words."
    shares = "The right word and the vocabulary have other shares: 1 − smoothing of the weight goes to the right word, and smoothing is spread over all words."

    @mistake(padding)
    def padding_counted(logits, target, smoothing):
        return word_losses(logits, target, smoothing).mean()

    @mistake(
        "The losses at padding were set to 0, and they still count in the mean: it was divided by all places. Divide by the number of real words."
    )
    def divided_by_all_places(logits, target, smoothing):
        return (word_losses(logits, target, smoothing) * (target != 0)).mean()

    @mistake(
        "The losses at padding are in the sum. Only the number by which it was divided is right, the number of real words: leave padding out of the sum, too."
    )
    def padding_in_the_sum(logits, target, smoothing):
        return word_losses(logits, target, smoothing).sum() / (target != 0).sum()

    @mistake("Only padding was counted. Real words are where target is not 0.")
    def only_padding(logits, target, smoothing):
        return word_losses(logits, target, smoothing)[target == 0].mean()

    @mistake(
        "Padding was left out of the first share only. A place with padding has no loss at all, and no share of the smoothing."
    )
    def smoothed_at_padding(logits, target, smoothing):
        logs, right = logs_and_right(logits, target)
        real = target != 0
        return (-(1 - smoothing) * right * real - smoothing * logs.mean(-1)).sum() / real.sum()

    @mistake(
        "The smoothing went to the other words only, smoothing / (V − 1) to each. Here every word gets smoothing / V, the right one as well, as in PyTorch."
    )
    def others_alone(logits, target, smoothing):
        logs, right = logs_and_right(logits, target)
        others = (logs.sum(-1) - right) / (logits.shape[-1] - 1)
        return (-(1 - smoothing) * right - smoothing * others)[target != 0].mean()

    @mistake(other_words)
    def none_for_padding_s_word(logits, target, smoothing):
        logs, right = logs_and_right(logits, target)
        return (-(1 - smoothing) * right - smoothing * logs[..., 1:].mean(-1))[target != 0].mean()

    @mistake(
        "Padding's number 0 got no share of the smoothing, and the others got smoothing / (V − 2), as in some programs. Here every word of the vocabulary gets smoothing / V."
    )
    def others_but_padding_s_word(logits, target, smoothing):
        logs, right = logs_and_right(logits, target)
        others = (logs[..., 1:].sum(-1) - right) / (logits.shape[-1] - 2)
        return (-(1 - smoothing) * right - smoothing * others)[target != 0].mean()

    @mistake(
        "Every word got smoothing / (V − 1), the right one as well: the weights add up to more than 1. There are V words to share it."
    )
    def spread_too_much(logits, target, smoothing):
        logs, right = logs_and_right(logits, target)
        return (-(1 - smoothing) * right - smoothing * logs.sum(-1) / (logits.shape[-1] - 1))[target != 0].mean()

    @mistake(other_words)
    def lost_for_padding_s_word(logits, target, smoothing):
        logs, right = logs_and_right(logits, target)
        return (-(1 - smoothing) * right - smoothing * logs[..., 1:].sum(-1) / logits.shape[-1])[target != 0].mean()

    @mistake(
        "The right word got 1 − smoothing, and no share of what is spread: the weights do not add up to 1. Every word gets smoothing / V, the right one as well."
    )
    def share_of_the_right_word_missing(logits, target, smoothing):
        logs, right = logs_and_right(logits, target)
        others = (logs.sum(-1) - right) / logits.shape[-1]
        return (-(1 - smoothing) * right - smoothing * others)[target != 0].mean()

    @mistake(
        "The smoothing is not used: the whole weight is on the right word. It gets 1 − smoothing, and every word gets smoothing / V."
    )
    def not_smoothed(logits, target, smoothing):
        return word_losses(logits, target, 0)[target != 0].mean()

    @mistake(
        "The two shares have changed places. The right word gets 1 − smoothing, and smoothing is spread over all words."
    )
    def exchanged(logits, target, smoothing):
        return word_losses(logits, target, 1 - smoothing)[target != 0].mean()

    @mistake(
        "The smoothing was spread over all words, but not taken from the right one, which still has 1. The weights have to add up to 1: the right word gets 1 − smoothing."
    )
    def not_taken(logits, target, smoothing):
        logs, right = logs_and_right(logits, target)
        return (-right - smoothing * logs.mean(-1))[target != 0].mean()

    @mistake(
        "The right word got 1 − smoothing, and nothing was spread over the vocabulary. Every word gets smoothing / V."
    )
    def nothing_spread(logits, target, smoothing):
        _, right = logs_and_right(logits, target)
        return (-(1 - smoothing) * right)[target != 0].mean()

    @mistake("Only the part that is spread over all words is there. The right word gets 1 − smoothing besides.")
    def spread_alone(logits, target, smoothing):
        logs, _ = logs_and_right(logits, target)
        return -logs.mean(-1)[target != 0].mean()

    @mistake(
        "Only the part that is spread over all words is there. The right word gets the weight 1 − smoothing besides."
    )
    def spread_alone_with_its_share(logits, target, smoothing):
        logs, _ = logs_and_right(logits, target)
        return -smoothing * logs.mean(-1)[target != 0].mean()

    @mistake(
        "Every word got the whole smoothing. It is spread over the V words: smoothing / V for each, the mean and not the sum."
    )
    def not_divided_by_the_vocabulary(logits, target, smoothing):
        logs, right = logs_and_right(logits, target)
        return (-(1 - smoothing) * right - smoothing * logs.sum(-1))[target != 0].mean()

    @mistake(shares)
    def smoothing_for_each_other_word(logits, target, smoothing):
        logs, right = logs_and_right(logits, target)
        share = smoothing / logits.shape[-1]
        return (-(1 - share) * right - share * (logs.sum(-1) - right))[target != 0].mean()

    @mistake(
        "The probabilities were weighted and added up, and the logarithm was taken of the sum. The logarithm comes first, for each word by itself."
    )
    def log_of_the_mixture(logits, target, smoothing):
        p = logits.softmax(-1)
        right = p.gather(-1, target[..., None])[..., 0]
        return -((1 - smoothing) * right + smoothing * p.mean(-1)).log()[target != 0].mean()

    @mistake(wrong_axis)
    def softmax_over_the_places(logits, target, smoothing):
        return word_losses(logits, target, smoothing, logs=logits.log_softmax(1))[target != 0].mean()

    @mistake(wrong_axis)
    def softmax_over_the_sentences(logits, target, smoothing):
        return word_losses(logits, target, smoothing, logs=logits.log_softmax(0))[target != 0].mean()

    @mistake("The logarithm is missing: probabilities were added up. The loss is minus the logarithm of a probability.")
    def without_the_log(logits, target, smoothing):
        return word_losses(logits, target, smoothing, logs=logits.softmax(-1))[target != 0].mean()

    @mistake(
        "The logits were taken for log-probabilities. They become log-probabilities by log_softmax over the vocabulary."
    )
    def without_softmax(logits, target, smoothing):
        return word_losses(logits, target, smoothing, logs=logits)[target != 0].mean()

    @mistake(
        "The softmax was taken twice: of logits, and of what came out of it. log_softmax takes the logits themselves."
    )
    def softmax_twice(logits, target, smoothing):
        return word_losses(logits, target, smoothing, logs=logits.softmax(-1).log_softmax(-1))[target != 0].mean()

    @mistake(not_finite)
    def log_of_softmax(logits, target, smoothing):
        return word_losses(logits, target, smoothing, logs=logits.softmax(-1).log())[target != 0].mean()

    @mistake(not_finite)
    def log_of_exponentials(logits, target, smoothing):
        logs = (logits.exp() / logits.exp().sum(-1, keepdim=True)).log()
        return word_losses(logits, target, smoothing, logs=logs)[target != 0].mean()

    @mistake(not_finite)
    def log_of_a_sum(logits, target, smoothing):
        logs = logits - logits.exp().sum(-1, keepdim=True).log()
        return word_losses(logits, target, smoothing, logs=logs)[target != 0].mean()

    @mistake(floor)
    def log_with_a_floor(logits, target, smoothing):
        logs = (logits.softmax(-1) + 1e-9).log()
        return word_losses(logits, target, smoothing, logs=logs)[target != 0].mean()

    @mistake(floor)
    def log_with_a_higher_floor(logits, target, smoothing):
        logs = (logits.softmax(-1) + 1e-8).log()
        return word_losses(logits, target, smoothing, logs=logs)[target != 0].mean()

    @mistake(floor)
    def log_with_a_high_floor(logits, target, smoothing):
        logs = (logits.softmax(-1) + 1e-6).log()
        return word_losses(logits, target, smoothing, logs=logs)[target != 0].mean()

    @mistake(floor)
    def log_with_a_low_floor(logits, target, smoothing):
        logs = (logits.softmax(-1) + 1e-12).log()
        return word_losses(logits, target, smoothing, logs=logs)[target != 0].mean()

    @mistake(floor)
    def log_with_a_lower_floor(logits, target, smoothing):
        logs = (logits.softmax(-1) + 1e-10).log()
        return word_losses(logits, target, smoothing, logs=logs)[target != 0].mean()

    @mistake("That is the sum over the real words. Asked for is their mean.")
    def summed(logits, target, smoothing):
        return word_losses(logits, target, smoothing)[target != 0].sum()

    @mistake(
        "A mean was taken for each sentence, and then the mean of these: words in short sentences count for more. Take one mean over all real words."
    )
    def mean_of_means(logits, target, smoothing):
        real = target != 0
        return ((word_losses(logits, target, smoothing) * real).sum(1) / real.sum(1)).mean()

    @mistake(
        "A mean was taken for each sentence, and then the mean of these: words in short sentences count for more. Take one mean over all real words, in all sentences."
    )
    def mean_of_means_with_care(logits, target, smoothing):
        real = target != 0
        return ((word_losses(logits, target, smoothing) * real).sum(1) / real.sum(1).clamp(min=1)).mean()

    @mistake(other_mean)
    def divided_by_the_sentences(logits, target, smoothing):
        return word_losses(logits, target, smoothing)[target != 0].sum() / len(target)

    @mistake(
        "The mean was taken over the vocabulary as well. Over the vocabulary, weight times log-probability is added up; the mean is over the real words."
    )
    def divided_by_the_vocabulary_too(logits, target, smoothing):
        return word_losses(logits, target, smoothing)[target != 0].mean() / logits.shape[-1]

    @mistake(other_mean)
    def divided_by_the_length(logits, target, smoothing):
        return word_losses(logits, target, smoothing)[target != 0].sum() / target.shape[1]

    @mistake("That is one loss for each place. Asked for is one number, the mean over the real words.")
    def not_averaged(logits, target, smoothing):
        return word_losses(logits, target, smoothing)

    @mistake("That is one loss for each real word. Asked for is one number, their mean.")
    def one_for_each_word(logits, target, smoothing):
        return word_losses(logits, target, smoothing)[target != 0]

    @mistake("The sign is missing: logarithms of probabilities are below 0, and the loss is minus their mean.")
    def without_the_sign(logits, target, smoothing):
        return -word_losses(logits, target, smoothing)[target != 0].mean()

    @mistake("The smoothed part has the other sign. Both parts are minus a share of log-probabilities.")
    def one_sign_missing(logits, target, smoothing):
        logs, right = logs_and_right(logits, target)
        return (-(1 - smoothing) * right + smoothing * logs.mean(-1))[target != 0].mean()

    @mistake("That is the exponential of the loss, the perplexity. Asked for is the loss itself.")
    def perplexity(logits, target, smoothing):
        return SmoothedLoss.answer(logits, target, smoothing).exp()

    @mistake("The logarithm has base 2. Cross-entropies are computed with the natural one, log.")
    def in_bits(logits, target, smoothing):
        return SmoothedLoss.answer(logits, target, smoothing) / torch.tensor(2.0).log()

    @mistake(
        "That is the KL divergence: the cross-entropy less the entropy of the smoothed target. Its gradients are the same, its value is not. Asked for is the cross-entropy."
    )
    def divergence(logits, target, smoothing):
        V = logits.shape[-1]
        q = torch.full((V,), smoothing / V)
        q[0] += 1 - smoothing
        return SmoothedLoss.answer(logits, target, smoothing) + torch.special.xlogy(q, q).sum()


def logs_and_right(logits, target, logs=None):
    logs = logits.log_softmax(-1) if logs is None else logs
    return logs, logs.gather(-1, target[..., None])[..., 0]


def word_losses(logits, target, smoothing, logs=None):
    """The loss at each place, (B, L)."""
    logs, right = logs_and_right(logits, target, logs)
    return -(1 - smoothing) * right - smoothing * logs.mean(-1)
