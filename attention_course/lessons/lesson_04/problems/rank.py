import math

import torch

from attention_course.checks.problem import Problem, mistake


class Rank(Problem):
    """The sentences of a beam, the best first, by log probability over a power of the length."""

    hints = (
        "What is the score of a sentence with power 0, and with power 1?",
        "The score is log_probability / len(words) ** power. Log probabilities are negative: which end of the sorted list is the best?",
        "ranked = sorted(hypotheses, key=lambda pair: pair[1] / len(pair[0]) ** power, reverse=True), and of each pair only the words.",
    )
    praise = (
        "Which power is best is found out by trying, on sentences that are neither trained on nor kept for the test."
    )

    def inputs(self, generator):
        def given(lengths, logs):
            return list(zip(drawn(lengths, generator), logs, strict=True))

        many = given([2, 10, 11, 6, 8, 4], [-1.9, -2.8, -4.7, -4.8, -3.4, -3.6])
        yield "six sentences and a power of one half", (many, 0.5)
        yield "a power of 0, which leaves the sums as they are", (given([7, 3], [-3.0, -2.4]), 0.0)
        yield "a power of 1, and a long sentence whose mean is better", (given([3, 7], [-2.4, -3.0]), 1.0)
        yield "a power of 1, and a long sentence whose sum is better, too", (given([3, 7], [-2.4, -2.0]), 1.0)
        yield "a power of 1, and a short sentence whose mean is better", (given([7, 3], [-4.2, -1.5]), 1.0)
        yield "an empty translation, which is nothing but <eos>", (given([4, 1], [-3.2, -1.1]), 1.0)
        yield "two sentences of one length", (given([4, 4], [-3.0, -2.0]), 1.0)
        short_words, long_words = (
            ["il", "y", "a", "un", "chat", "<eos>"],
            ["des", "enfants", "jouent", "dehors", "<eos>"],
        )
        yield "short words and long ones", ([(long_words, -3.1), (short_words, -3.0)], 1.0)
        once, again = ["un", "chien", "court", "<eos>"], ["un", "un", "un", "<eos>"]
        yield "a sentence that says one word again and again", ([(once, -2.4), (again, -2.0)], 1.0)
        yield "two sentences that are equally good, and a better one", (given([3, 5, 3], [-2.0, -2.1, -2.0]), 1.0)

    def admissible(self, generator):
        number = int(torch.randint(2, 7, (), generator=generator))
        lengths = torch.randint(2, 10, (number,), generator=generator).tolist()
        if torch.rand((), generator=generator) < 0.3:  # nothing but <eos>
            lengths[1] = 1
        power = [0, 0.0, 0.3, 0.6, 1.0, torch.rand((), generator=generator).item()]
        power = power[int(torch.randint(len(power), (), generator=generator))]
        means = 0.1 + 0.8 * torch.rand(number, generator=generator)
        logs = [round(-length * mean - 0.5, 1) for length, mean in zip(lengths, means.tolist(), strict=True)]
        if torch.rand((), generator=generator) < 0.3:  # two that are equally good
            lengths.append(lengths[0])
            logs.append(logs[0])
        return list(zip(drawn(lengths, generator), logs, strict=True)), power

    def answer(hypotheses, power):
        def score(hypothesis):
            words, log_probability = hypothesis
            return log_probability / len(words) ** power

        ranked = sorted(hypotheses, key=score, reverse=True)
        return [words for words, _ in ranked]

    def run(self, answer, hypotheses, power):
        """The sentences; of those that are equally good, which may stand in any order, first the one that came first."""
        known = [list(words) for words, _ in hypotheses]
        scores = [round(log / len(words) ** power, 6) for words, log in hypotheses]
        ranked = answer(hypotheses, power)
        if not isinstance(ranked, (list, tuple)) or any(
            not isinstance(words, (list, tuple)) or list(words) not in known for words in ranked
        ):
            return ranked
        found = [known.index(list(words)) for words in ranked]
        for score in set(scores):
            places = [place for place, i in enumerate(found) if scores[i] == score]
            for place, i in zip(places, sorted(found[place] for place in places), strict=True):
                found[place] = i
        return [known[i] for i in found]

    @mistake(
        "The worst comes first. Log probabilities are negative, and the best is the largest, the one nearest to zero."
    )
    def worst_first(hypotheses, power):
        return Rank.answer(hypotheses, power)[::-1]

    @mistake(
        "The sentences were sorted by the sum of log probabilities alone. Every further word makes the sum smaller, so the short ones win. "
        "Divide by the length to the given power."
    )
    def power_ignored(hypotheses, power):
        return Rank.answer(hypotheses, 0)

    @mistake("The sum was divided by the length itself, whatever the power: len(words) ** power.")
    def always_the_mean(hypotheses, power):
        return Rank.answer(hypotheses, 1)

    @mistake("The sum was multiplied by the length. It is negative, and that makes long sentences worse still.")
    def multiplied(hypotheses, power):
        return Rank.answer(hypotheses, -power)

    times_the_power = (
        "The length was multiplied by the power, and then every power but 0 ranks the sentences by their mean. The power is an exponent: "
        "len(words) ** power."
    )

    @mistake(times_the_power)
    def factor(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / (len(words) * power))

    @mistake(times_the_power)
    def factor_but_for_zero(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / (len(words) * power or 1))

    misplaced = (
        "The power was put on the log probability, or on the whole quotient. It belongs to the length alone, log_probability / len(words) ** power: a "
        "negative number has no root, and without its sign a quotient keeps its order whatever the power."
    )

    @mistake(misplaced)
    def quotient_raised_without_its_sign(hypotheses, power):
        return in_order(hypotheses, lambda words, log: -((abs(log) / len(words)) ** power))

    @mistake(misplaced)
    def quotient_raised(hypotheses, power):
        return in_order(hypotheses, lambda words, log: (log / len(words)) ** power)

    @mistake(
        "That is the length penalty of Google's translator (Wu and others 2016), ((5 + length) / 6) ** power. Asked for is the plain one, "
        "length ** power."
    )
    def five_more(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / ((5 + len(words)) / 6) ** power)

    @mistake(
        "A reward was added for every word. That is another cure for short sentences, and a usual one. Here the sum is to be divided by the "
        "length to the given power."
    )
    def reward(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log + len(words) * power)

    @mistake(
        "A penalty was taken off for every word. The sum gets smaller with every word as it is, and that makes long sentences worse still: "
        "log_probability / len(words) ** power."
    )
    def penalty(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log - len(words) * power)

    @mistake("Base and exponent have changed places. It is len(words) ** power, the length raised to the power.")
    def power_raised(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / power ** len(words))

    not_counted = (
        "The word <eos> was not counted. Its log probability is in the sum like the others, and a translation that is nothing else would have "
        "the length zero."
    )

    @mistake(not_counted)
    def end_not_counted(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / (len(words) - 1) ** power)

    @mistake(not_counted)
    def end_not_counted_but_alone(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / max(1, len(words) - 1) ** power)

    @mistake("One word too many was counted. <eos> is among the words already.")
    def end_counted_twice(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / (len(words) + 1) ** power)

    letters = "The letters were counted. The length of a sentence is the number of its words: len(words)."

    @mistake(letters)
    def letters_counted(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / len("".join(words)) ** power)

    @mistake(letters)
    def letters_and_spaces_counted(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / len(" ".join(words)) ** power)

    @mistake(
        "Each word was counted once, as in a set. One that stands in its sentence twice adds to the sum twice: len(words)."
    )
    def different_words_counted(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / len(set(words)) ** power)

    @mistake(
        "This ranks by the probability over a power of the length, which is the same as taking power · log(len(words)) off its logarithm. It is the log "
        "probability itself that is to be divided: log_probability / len(words) ** power."
    )
    def probability_divided(hypotheses, power):
        return in_order(hypotheses, lambda words, log: math.exp(log) / len(words) ** power)

    length_alone = "The sentences were sorted by their length alone. It is their log probability that has to be divided by a power of it."

    @mistake(length_alone)
    def shortest_first(hypotheses, power):
        return in_order(hypotheses, lambda words, log: -len(words))

    @mistake(length_alone)
    def longest_first(hypotheses, power):
        return in_order(hypotheses, lambda words, log: len(words))

    alphabet = "The pairs were sorted as they are, by the alphabet: a pair is compared by its first part, and here that is the words. Give sorted a key."

    @mistake(alphabet)
    def by_the_alphabet(hypotheses, power):
        return [words for words, _ in sorted(hypotheses)]

    @mistake(alphabet)
    def by_the_alphabet_from_z(hypotheses, power):
        return [words for words, _ in sorted(hypotheses, reverse=True)]

    @mistake("The sentences are as they came. Beam search had sorted them by another score.")
    def as_they_came(hypotheses, power):
        return [words for words, _ in hypotheses]

    @mistake(
        "A sentence was lost: of two with the same score, a dictionary with the scores for its keys keeps one. Sort the pairs themselves."
    )
    def lost_in_a_dictionary(hypotheses, power):
        by_score = {log / len(words) ** power: words for words, log in hypotheses}
        return [by_score[score] for score in sorted(by_score, reverse=True)]

    still_pairs = "The order is right, but each sentence still has a number with it. Return the words alone."

    @mistake(still_pairs)
    def pairs_returned(hypotheses, power):
        ranked = Rank.answer(hypotheses, power)
        return sorted(hypotheses, key=lambda pair: ranked.index(pair[0]))

    @mistake(still_pairs)
    def pairs_with_scores_returned(hypotheses, power):
        return [(words, log / len(words) ** power) for words, log in Rank.pairs_returned(hypotheses, power)]

    @mistake(still_pairs)
    def scores_and_words_returned(hypotheses, power):
        return [(score, words) for words, score in Rank.pairs_with_scores_returned(hypotheses, power)]

    @mistake("The order is right, but these are places in the list `hypotheses`. Return the words that stand there.")
    def places_returned(hypotheses, power):
        ranked = Rank.answer(hypotheses, power)
        return sorted(range(len(hypotheses)), key=lambda i: ranked.index(hypotheses[i][0]))

    numbers = "These are numbers. Sort the pairs by them, and return the words of each."

    @mistake(numbers)
    def scores_returned(hypotheses, power):
        return sorted((log / len(words) ** power for words, log in hypotheses), reverse=True)

    @mistake(numbers)
    def logs_returned(hypotheses, power):
        ranked = Rank.pairs_returned(hypotheses, power)
        return [log for _, log in ranked]

    @mistake("The order is right, but the words are joined into one text. Return each sentence as the list it came as.")
    def joined(hypotheses, power):
        return [" ".join(words) for words in Rank.answer(hypotheses, power)]

    @mistake("The order is right, but <eos> is missing from the sentences. Return the lists as they came.")
    def end_taken_off(hypotheses, power):
        return [words[:-1] for words in Rank.answer(hypotheses, power)]

    best_alone = "That is the best sentence. Asked for are all of them, the best first."

    @mistake(best_alone)
    def only_the_best(hypotheses, power):
        return Rank.answer(hypotheses, power)[0]

    @mistake(best_alone)
    def list_of_the_best(hypotheses, power):
        return Rank.answer(hypotheses, power)[:1]


def drawn(lengths, generator) -> list[list[str]]:
    """Different sentences of these lengths, <eos> among their words."""
    found = []
    for length in lengths:
        words = None
        while words is None or words in found:
            numbers = torch.randint(8, (length - 1,), generator=generator).tolist()
            words = [*(["un", "deux", "homme", "chien", "qui", "court", "dans", "la"][i] for i in numbers), "<eos>"]
        found.append(words)
    return found


def in_order(hypotheses, score) -> list[list[str]]:
    """The sentences by a score (words, log probability) -> number, the largest first."""
    return [words for words, _ in sorted(hypotheses, key=lambda pair: score(*pair), reverse=True)]
