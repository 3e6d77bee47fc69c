import math
from collections import Counter
from itertools import chain

import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.lessons.lesson_04.problems.counting import brevity, division_by_zero, grams, mean, score, shares

WORDS = ["a", "man", "dog", "in", "the", "The", "red", "and", "runs", "ha", "haha"]


class Bleu(Problem):
    """BLEU of a corpus, with one reference for each sentence and no smoothing."""

    hints = (
        "For n = 1, 2, 3 and 4 you need two numbers of the whole corpus: how many n-grams were written, and how many of these match. "
        "Divide when all sentences have been counted.",
        "Count the n-grams of a sentence with a Counter of tuples. Of two Counters, ours & theirs keeps the smaller count of each n-gram: each "
        "matches as often as it stands in its reference, and no more.",
        "grams = lambda words, n: Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1)). Sum (ours & theirs).total() over the "
        "pairs for `matching`, ours.total() for what was written; return 0.0 if matching is 0. Then "
        "100 * min(1.0, exp(1 - wanted / written)) * product**0.25, where written and wanted are numbers of words.",
    )
    praise = "So you know what it cannot see: a synonym is an error to it, and so is any good translation that the one reference did not choose."

    def inputs(self, generator):
        words = str.split
        reference = words("a man in a red shirt runs in the park")
        yield (
            "two translations, one of them good",
            (
                [["two", "dogs", "run"], [*reference[:8], "red", "park"]],
                [words("two small dogs are in the snow"), reference],
            ),
        )
        yield "a translation that is its reference", ([reference], [reference])
        yield "a translation with one wrong word", ([words("a man in a blue shirt runs in the park")], [reference])
        yield (
            "a translation that says some words too often",
            ([words("a man in a man in a man in the park")], [reference]),
        )
        yield "a translation that is too short", ([words("a man in a red shirt")], [reference])
        yield "a translation that is too long", ([[*reference, "with", "a", "red", "dog"]], [reference])
        yield (
            "a translation in which no four words in a row are right",
            ([words("a man in the red shirt")], [reference]),
        )
        short = [["a", "man"], ["the", "red", "dog"]]
        yield "translations of two and three words, all of them right", (short, short)
        yield "translations that are empty", ([[], []], short)
        yield "two translations, one of them empty", ([[], reference], [["a", "dog"], reference])
        yield "a sentence of one word beside a long one", ([["dogs"], reference], [["dogs"], reference])
        yield (
            "words that look alike when they are joined",
            ([words("ha haha ha a dog runs")], [words("haha ha ha a dog runs")]),
        )
        yield "a capital letter", ([words("The man in the park")], [words("the man in the park")])
        references = [sentence(generator, 6, 14) for _ in range(12)]
        yield "twelve sentences", ([spoilt(generator, spoilt(generator, r)) for r in references], references)
        shorter = [spoilt(generator, r[1:]) for r in references]
        yield "twelve sentences whose first word is missing", (shorter, references)

    def admissible(self, generator):
        number = int(torch.randint(1, 6, (), generator=generator))
        references = [sentence(generator, 1, 11) for _ in range(number)]
        cut = int(torch.randint(3, (), generator=generator))
        return [spoilt(generator, r[cut:]) if r[cut:] else [] for r in references], references

    def answer(translations, references):
        from collections import Counter
        from math import exp

        def grams(words, n):
            return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

        product = 1.0
        for n in (1, 2, 3, 4):
            pairs = [(grams(t, n), grams(r, n)) for t, r in zip(translations, references, strict=True)]
            matching = sum((ours & theirs).total() for ours, theirs in pairs)
            if matching == 0:
                return 0.0
            product *= matching / sum(ours.total() for ours, _ in pairs)
        written, wanted = sum(map(len, translations)), sum(map(len, references))
        return 100 * min(1.0, exp(1 - wanted / written)) * product**0.25

    @mistake(
        "An n-gram was counted as right however often it was written, as long as the reference has it somewhere. “the the the the” would then "
        "be four right words wherever the reference has one “the”. Each counts at most as often as it stands in its reference."
    )
    def not_clipped(translations, references):
        hits = lambda ours, theirs: sum(k for gram, k in ours.items() if gram in theirs)
        return score(translations, references, hits=hits)

    once = "Each n-gram was counted once, as in a set. One that is written twice, and stands in the reference twice, is right twice."

    @mistake(once)
    def sets(translations, references):
        return score(translations, references, of=lambda words, n: Counter(set(grams(words, n))))

    @mistake(once)
    def written_once(translations, references):
        return divided_by(lambda t, n: len(grams(t, n)), translations, references)

    @mistake(
        "An n-gram was counted as right as often as it stands in the reference, even where it has been written less often. It is the smaller of the two "
        "numbers that counts."
    )
    def as_often_as_in_the_reference(translations, references):
        return score(translations, references, hits=lambda ours, theirs: sum(theirs[gram] for gram in ours))

    @mistake(once)
    def right_once(translations, references):
        return score(translations, references, hits=lambda ours, theirs: len(ours.keys() & theirs.keys()))

    @mistake(
        "Every sentence got a BLEU of its own, and these were averaged. A sentence without four right words in a row is then worth 0, "
        "however good the rest of it. Count over the whole corpus, and divide afterwards."
    )
    def averaged_over_sentences(translations, references):
        each = [Bleu.answer([t], [r]) for t, r in zip(translations, references, strict=True)]
        return sum(each) / len(each)

    averaged = (
        "The shares were taken in each sentence and then averaged, so that an n-gram of a short sentence counts for more than one of a long "
        "sentence. Count over the whole corpus, and divide afterwards."
    )

    @mistake(averaged)
    def shares_averaged_over_sentences(translations, references):
        each = [shares([t], [r]) for t, r in zip(translations, references, strict=True)]
        return mean([sum(column) / len(each) for column in zip(*each, strict=True)]) * brevity(translations, references)

    @mistake(averaged)
    def shares_averaged_where_there_are_some(translations, references):
        found = []
        for n in (1, 2, 3, 4):
            long_enough = [(t, r) for t, r in zip(translations, references, strict=True) if len(t) >= n]
            each = [shares([t], [r], orders=(n,))[0] for t, r in long_enough]
            found.append(sum(each) / len(each) if each else 0.0)
        return mean(found) * brevity(translations, references)

    @mistake(
        "The sentences were joined, and some n-grams begin in one sentence and end in the next. Cut each sentence into n-grams for itself."
    )
    def across_sentences(translations, references):
        return Bleu.answer([list(chain(*translations))], [list(chain(*references))])

    other_references = "N-grams have found their match in the references of other sentences. Compare each translation with its own, and add up what matches."

    @mistake(other_references)
    def compared_with_all(translations, references):
        found = []
        for n in (1, 2, 3, 4):
            right = sum((grams(t, n) & grams(r, n)).total() for t in translations for r in references)
            found.append(right / (sum(max(0, len(t) - n + 1) for t in translations) or 1))
        return mean(found) * brevity(translations, references)

    @mistake(other_references)
    def compared_as_one(translations, references):
        together = lambda sentences, n: sum((grams(words, n) for words in sentences), Counter())
        return mean(shares([translations], [references], of=together)) * brevity(translations, references)

    @mistake(
        "Words were compared place by place. An n-gram matches wherever in its reference it stands; after one word too many, all the others are "
        "in another place."
    )
    def place_by_place(translations, references):
        with_places = lambda words, n: Counter((i, *words[i : i + n]) for i in range(len(words) - n + 1))
        return score(translations, references, of=with_places)

    @mistake(
        "That is the arithmetic mean of the four shares. BLEU takes the geometric one, the fourth root of their product: what is bad at one n "
        "is not made good by another."
    )
    def arithmetic_mean(translations, references):
        each = shares(translations, references)
        return 100 * sum(each) / 4 * brevity(translations, references) * (min(each) > 0)

    @mistake(
        "The n-grams of all four lengths were counted together, and divided once. Each n has a share of its own, and of the four shares the "
        "geometric mean is asked for."
    )
    def lengths_counted_together(translations, references):
        all_of = lambda words, _: sum((grams(words, n) for n in (1, 2, 3, 4)), Counter())
        return score(translations, references, of=all_of) * (min(shares(translations, references)) > 0)

    @mistake("The four shares were multiplied, and the fourth root left out.")
    def without_the_root(translations, references):
        return 100 * math.prod(shares(translations, references)) * brevity(translations, references)

    @mistake("That is the square root of the product. Of four shares it is the fourth root.")
    def square_root(translations, references):
        return 100 * math.prod(shares(translations, references)) ** 0.5 * brevity(translations, references)

    @mistake("Only single words were counted, so the words might stand in any order.")
    def words_only(translations, references):
        return score(translations, references, orders=(1,))

    other_lengths = "These are other n-grams than asked for: n goes from 1 to 4, which is range(1, 5)."

    @mistake(other_lengths)
    def up_to_three(translations, references):
        return score(translations, references, orders=(1, 2, 3))

    @mistake(other_lengths)
    def up_to_two(translations, references):
        return score(translations, references, orders=(1, 2))

    @mistake(other_lengths)
    def up_to_five(translations, references):
        return score(translations, references, orders=(1, 2, 3, 4, 5))

    @mistake(other_lengths)
    def from_nought(translations, references):
        return score(translations, references, orders=(0, 1, 2, 3))

    @mistake(other_lengths)
    def from_two(translations, references):
        return score(translations, references, orders=(2, 3, 4))

    @mistake(other_lengths)
    def four_alone(translations, references):
        return score(translations, references, orders=(4,))

    @mistake(
        "The last n-gram of every sentence is missing. A sentence of L words has L − n + 1 of them, and range(L - n) gives one fewer."
    )
    def last_one_missing(translations, references):
        all_but_one = lambda words, n: Counter(tuple(words[i : i + n]) for i in range(len(words) - n))
        return score(translations, references, of=all_but_one)

    @mistake("The n-grams that match were divided by the number of words. A sentence of L words has L − n + 1 n-grams.")
    def divided_by_words(translations, references):
        return divided_by(lambda t, n: len(t), translations, references)

    @mistake(
        "At the end of a sentence, pieces shorter than n were counted as n-grams. A sentence of L words has L − n + 1 of them."
    )
    def ends_counted(translations, references):
        of = lambda words, n: Counter(tuple(words[i : i + n]) for i in range(len(words)))
        return score(translations, references, of=of)

    @mistake("The sentences were cut into pieces that lie side by side. n-grams overlap: another begins at every word.")
    def side_by_side(translations, references):
        of = lambda words, n: Counter(tuple(words[i : i + n]) for i in range(0, len(words) - n + 1, n))
        return score(translations, references, of=of)

    @mistake(
        "The words of an n-gram may stand in any order here. An n-gram is n words in a row, and a tuple keeps their order."
    )
    def any_order(translations, references):
        of = lambda words, n: Counter(tuple(sorted(words[i : i + n])) for i in range(len(words) - n + 1))
        return score(translations, references, of=of)

    @mistake(
        "The words of an n-gram were joined without a space, and so “ha haha” is the same as “haha ha”. Take tuples of words."
    )
    def joined_without_space(translations, references):
        of = lambda words, n: Counter("".join(words[i : i + n]) for i in range(len(words) - n + 1))
        return score(translations, references, of=of)

    @mistake("The words were put into small letters. They are to be compared as they come.")
    def in_small_letters(translations, references):
        return score(translations, references, of=lambda words, n: grams([word.lower() for word in words], n))

    @mistake(
        "A sentence of fewer than n words was counted with L − n + 1 n-grams, a number below zero, and took away from those of the others. "
        "It has none: max(0, …)."
    )
    def fewer_than_none(translations, references):
        return divided_by(lambda t, n: len(t) - n + 1, translations, references)

    @mistake(
        "The penalty is missing. A translator that writes only the few words it is sure of gets nearly all of them right and leaves out the rest."
    )
    def without_penalty(translations, references):
        return mean(shares(translations, references))

    @mistake(
        "The penalty fell on translations that are too long. These are punished already, by the words that do not match. It is there for "
        "the short ones."
    )
    def penalty_for_long_ones(translations, references):
        return mean(shares(translations, references)) * brevity(references, translations)

    bonus = (
        "The penalty was not held at 1, so that translations gain by being too long. exp(1 − wanted / written) counts only "
        "where it is below 1."
    )

    @mistake(bonus)
    def bonus_and_no_penalty(translations, references):
        above = lambda written, wanted: math.exp(1 - wanted / written) if written > wanted else 1.0
        return score(translations, references, penalty=above)

    @mistake(bonus)
    def bonus_for_long_ones(translations, references):
        return score(translations, references, penalty=lambda written, wanted: math.exp(1 - wanted / written))

    @mistake(
        "The ratio stands upside down. In exp(1 − wanted / written) the words of the translations are below, so that short ones lose by it."
    )
    def ratio_upside_down(translations, references):
        turned = lambda written, wanted: math.exp(1 - written / wanted) if written < wanted else 1.0
        return score(translations, references, penalty=turned)

    @mistake("The 1 is missing in exp(1 − wanted / written).")
    def one_missing(translations, references):
        return score(translations, references, penalty=lambda a, b: math.exp(-b / a) if a < b else 1.0)

    @mistake(
        "The penalty was the ratio of the lengths itself. Papineni and his colleagues take exp(1 − wanted / written)."
    )
    def ratio_for_penalty(translations, references):
        return score(translations, references, penalty=lambda written, wanted: min(1, written / wanted))

    by_sentence = (
        "The penalty was taken of every sentence by itself. A sentence may be short if others make up for it: compare the lengths of the "
        "whole corpus."
    )

    @mistake(by_sentence)
    def product_of_penalties(translations, references):
        each = [brevity([t], [r]) for t, r in zip(translations, references, strict=True)]
        return mean(shares(translations, references)) * math.prod(each)

    @mistake(by_sentence)
    def penalty_by_sentence(translations, references):
        each = [brevity([t], [r]) for t, r in zip(translations, references, strict=True)]
        return mean(shares(translations, references)) * sum(each) / len(each)

    @mistake("The penalty compares numbers of letters. It is the numbers of words that are asked for.")
    def letters_compared(translations, references):
        letters = [["".join(chain(*sentences))] for sentences in (translations, references)]
        return mean(shares(translations, references)) * brevity(*letters)

    @mistake(
        "You divided by the n-grams of the references. That asks how much of the reference was found; BLEU asks how much of what was written "
        "is right, and leaves the rest to the penalty."
    )
    def recall(translations, references):
        return mean(shares(references, translations)) * brevity(translations, references)

    @mistake(
        "Translations and references have changed places. It is of the translations' n-grams that the right share is asked for, and it is for short translations that there is a penalty."
    )
    def swapped(translations, references):
        return Bleu.answer(references, translations)

    @mistake("That is BLEU from 0 to 1. Asked for is the usual scale, on which 100 is the reference itself.")
    def from_zero_to_one(translations, references):
        return Bleu.answer(translations, references) / 100

    less_exact = "The number was rounded. Return it as it is; it can be rounded where it is printed."

    @mistake(less_exact)
    def rounded(translations, references):
        return round(Bleu.answer(translations, references), 1)

    @mistake(less_exact)
    def made_whole(translations, references):
        return int(Bleu.answer(translations, references))

    @mistake(
        "Where no four words in a row are right, that share was left out, and the mean taken of the others. That rewards the worst "
        "translations. With a share of 0 the product is 0."
    )
    def zeros_left_out(translations, references):
        return mean([s for s in shares(translations, references) if s] or [0.0]) * brevity(translations, references)

    @mistake(
        "Where no translation has four words, there is no share for n = 4, and the mean was taken of the others. BLEU is 0 then."
    )
    def empty_ones_left_out(translations, references):
        found = shares(translations, references, empty=lambda: None)
        return mean([s for s in found if s is not None] or [0.0]) * brevity(translations, references)

    @mistake(
        "Where no four words in a row are right, a small share was put in the place of the zero, as sacreBLEU does. Here it is to be 0."
    )
    def smoothed(translations, references):
        each, smaller = [], 1
        for n, share in enumerate(shares(translations, references), 1):
            written = sum(max(0, len(t) - n + 1) for t in translations)
            smaller *= 1 if share or not written else 2
            each.append(share or (1 / (smaller * written) if written else 0.0))
        return mean(each) * brevity(translations, references)

    @mistake(
        "One was added above and below in every share. That is a way of smoothing, for single sentences. Here the shares are asked for as they are, "
        "and BLEU is 0 where nothing matches."
    )
    def one_added(translations, references):
        found = []
        for n in (1, 2, 3, 4):
            pairs = [(grams(t, n), grams(r, n)) for t, r in zip(translations, references, strict=True)]
            right = sum((a & b).total() for a, b in pairs)
            found.append((right + 1) / (sum(a.total() for a, _ in pairs) + 1))
        return mean(found) * brevity(translations, references)

    @mistake(
        "Where no four words in a row are right, your code stopped at the logarithm of 0. The geometric mean is 0 then: return that before you "
        "take logarithms, or multiply the shares and take the fourth root."
    )
    def logarithm_of_zero(translations, references):
        logs = [math.log(s) for s in shares(translations, references, empty=division_by_zero)]
        return 100 * math.exp(sum(logs) / 4) * brevity(translations, references)

    @mistake(
        "Sentences of two and three words have no four words in a row, and your code stopped at a division by zero. Where nothing can match, "
        "the answer is 0."
    )
    def stopped_by_short_ones(translations, references):
        return mean(shares(translations, references, empty=division_by_zero)) * brevity(translations, references)

    @mistake(
        "Where no word has been written, your code stopped at a division by zero. There are no n-grams then, and BLEU is 0: return that before you "
        "divide by the number of words."
    )
    def stopped_by_nothing(translations, references):
        penalty = min(1.0, math.exp(1 - sum(map(len, references)) / sum(map(len, translations))))
        return mean(shares(translations, references)) * penalty


def divided_by(number, translations, references) -> float:
    """BLEU where the n-grams that match are divided by the sum of another number of each translation, number(words, n)."""
    found = []
    for n in (1, 2, 3, 4):
        right = sum((grams(t, n) & grams(r, n)).total() for t, r in zip(translations, references, strict=True))
        found.append(right / sum(number(t, n) for t in translations) if right else 0.0)
    return mean(found) * brevity(translations, references)


def sentence(generator, low: int, high: int) -> list[str]:
    """A sentence of as many words."""
    numbers = torch.randint(len(WORDS), (int(torch.randint(low, high, (), generator=generator)),), generator=generator)
    return [WORDS[i] for i in numbers.tolist()]


def spoilt(generator, right: list[str]) -> list[str]:
    """A sentence with one word dropped, doubled or replaced, and at times without its end."""
    place, how, end = (int(torch.randint(n, (), generator=generator)) for n in (len(right), 5, 5))
    instead = [[], [right[place]] * 2, sentence(generator, 1, 2), sentence(generator, 1, 2), [right[place]]][how]
    return right[:place] + instead + right[place + 1 : len(right) - (end == 0)]
