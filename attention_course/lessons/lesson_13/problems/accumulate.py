import torch

from attention_course.checks.problem import Problem, mistake


class Accumulate(Problem):
    """Gradient accumulation: the gradients of the parts of a batch become the gradient of the whole."""

    hints = (
        "The mean loss of the whole batch is the sum of the losses of all its words, divided by the number of all its words. How do you get from a part's mean back to its sum?",
        "Multiply each row by the number of its words: that is the gradient of the part's summed loss. Add these up, then divide by the number of words of all parts.",
        "total = (words[:, None] * gradients).sum(0); return total / words.sum().",
    )
    praise = "Every word of the batch counts alike, whichever part it came in. The plain mean of the rows gives the same only where all parts have as many words."

    def inputs(self, generator):
        def drawn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "a single part", (torch.tensor([[0.7, -3.0]]), torch.tensor([5]))
        yield "two parts with as many words each", (torch.tensor([[2.0], [7.0]]), torch.tensor([3, 3]))
        yield "a large and a small part", (torch.tensor([[2.0], [7.0]]), torch.tensor([4, 1]))
        yield "a small and a large part", (torch.tensor([[2.0, -5.0], [7.0, 0.5]]), torch.tensor([2, 6]))
        yield "a part without words", (torch.tensor([[3.0, 0.4], [0.0, 0.0]]), torch.tensor([5, 0]))
        yield (
            "three parts, the second without words",
            (
                torch.tensor([[3.0], [0.0], [-2.0]]),
                torch.tensor([5, 0, 2]),
            ),
        )
        yield "as many parts as numbers", (drawn(3, 3), torch.tensor([7, 2, 4]))
        yield "parts of hundreds of words", (drawn(3, 4), torch.tensor([310, 295, 120]))
        yield "four parts", (drawn(4, 3), torch.tensor([9, 1, 4, 12]))

    def admissible(self, generator):
        def whole(least, most, *sizes):
            return torch.randint(least, most, sizes, generator=generator)

        n, P = whole(1, 6, 2).tolist()
        words = whole(0, 9, n) * whole(1, 30, 1)
        words[int(whole(0, n))] += 1  # there is at least one word
        return torch.randn(n, P, generator=generator) * (words > 0)[:, None], words

    def answer(gradients, words):
        total = (words[:, None] * gradients).sum(0)
        return total / words.sum()

    plain = "That is the plain mean of the rows: a word in a small part counts for more than a word in a large part. Weight each row by the number of its words."
    divided_first = "The rows were divided by the number of their words, which has been done already: they are gradients of a mean. Multiply by it."
    many_divided = "You have divided once too often. After the weighted sum, divide by the number of words of all parts, and by nothing else."
    one_part = "Only one part was used. All of them belong to the batch."
    other_shares = "The shares of the parts do not follow the number of their words. A part with twice as many words counts twice as much."

    @mistake(
        "The rows were added up. Each is a gradient of a mean, so that the sum is too large: weight each row by its share of the words."
    )
    def added_up(gradients, words):
        return gradients.sum(0)

    @mistake(plain)
    def plain_mean(gradients, words):
        return gradients.mean(0)

    @mistake(
        "That is the plain mean of the parts that have words. A word in a small part counts for more than a word in a large part. Weight each row by the number of its words."
    )
    def mean_of_those_with_words(gradients, words):
        return gradients.sum(0) / (words > 0).sum()

    @mistake(
        "The rows were added up, and the sum was divided by the number of all words. Each row is a gradient of a mean: multiply it by the number of its words first."
    )
    def sum_over_all_words(gradients, words):
        return gradients.sum(0) / words.sum()

    @mistake(
        "The rows were averaged, and the mean was divided by the number of all words. Multiply each row by the number of its words first, and add up."
    )
    def mean_over_all_words(gradients, words):
        return gradients.mean(0) / words.sum()

    @mistake(
        "The rows were multiplied by the number of their words and added up. That is the gradient of the summed loss: divide by the number of all words."
    )
    def not_divided(gradients, words):
        return weighted(gradients, words)

    @mistake("The weighted sum was divided by the number of parts. Divide by the number of words of all parts.")
    def divided_by_the_parts(gradients, words):
        return weighted(gradients, words) / len(words)

    @mistake(many_divided)
    def divided_by_both(gradients, words):
        return weighted(gradients, words) / words.sum() / len(words)

    @mistake(
        "The weighted sum was divided by the words of the largest part. Divide by the number of words of all parts."
    )
    def divided_by_the_largest(gradients, words):
        return weighted(gradients, words) / words.max()

    @mistake(divided_first)
    def over_their_words(gradients, words):
        return (gradients / words[:, None].clamp(min=1)).sum(0)

    @mistake(divided_first)
    def over_their_words_without_care(gradients, words):
        return (gradients / words[:, None]).sum(0)

    @mistake(divided_first)
    def mean_over_their_words(gradients, words):
        return (gradients / words[:, None]).mean(0)

    @mistake("The weights are the wrong way round: parts with few words count for more than parts with many.")
    def few_words_count_more(gradients, words):
        shares = 1 / words.clamp(min=1)
        return weighted(gradients, shares / shares.sum())

    @mistake(
        "The weights are a softmax of the numbers of words, so that nearly all weight goes to the largest part. A part's weight is its share: words / words.sum()."
    )
    def softmax_of_words(gradients, words):
        return weighted(gradients, words.float().softmax(0))

    @mistake(other_shares)
    def roots_of_words(gradients, words):
        return weighted(gradients, words**0.5) / (words**0.5).sum()

    @mistake(other_shares)
    def squares_of_words(gradients, words):
        return weighted(gradients, words**2) / (words**2).sum()

    @mistake(
        "Nearly all shares have become 0: they were rounded. words // words.sum() drops what is behind the point; divide with /."
    )
    def whole_division(gradients, words):
        return weighted(gradients, words // words.sum())

    @mistake(one_part)
    def last_alone(gradients, words):
        return gradients[-1]

    @mistake(one_part)
    def first_alone(gradients, words):
        return gradients[0]

    @mistake("Only the part with the most words was used. All of them belong to the batch.")
    def largest_alone(gradients, words):
        return gradients[words.argmax()]

    @mistake(
        "The rows were weighted and not added up: one row for each part is left. The gradient of the batch is one vector, (P)."
    )
    def not_added_up(gradients, words):
        return words[:, None] * gradients / words.sum()

    @mistake(
        "That is one number: you have added up over the parameters as well. Add up over the parts only, axis 0. The gradient has P numbers."
    )
    def added_up_to_a_number(gradients, words):
        return weighted(gradients, words).sum() / words.sum()

    @mistake("The sum ran over the numbers of each row, axis 1. Add up over the parts, axis 0.")
    def over_the_numbers(gradients, words):
        return (words[:, None] * gradients).sum(1) / words.sum()

    @mistake(
        "The words met the columns and not the rows: broadcasting begins at the last axis. Give words an axis of one, words[:, None]."
    )
    def words_on_the_columns(gradients, words):
        return (words * gradients).sum(0) / words.sum()


def weighted(gradients, weights):
    """The sum of the rows, each multiplied by its weight."""
    return (weights[:, None] * gradients).sum(0)
