import math
from collections import Counter
from itertools import chain

import torch

from ..problem import Problem, mistake
from .counting import brevity, division_by_zero, grams, mean, shares


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
        def below(n):
            return int(torch.randint(n, (), generator=generator))

        words = str.split

        def sentence(length):
            return [["a", "man", "dog", "in", "the", "red", "and", "runs"][below(8)] for _ in range(length)]

        def spoilt(right):
            """With one word dropped, doubled or replaced, and at times without its end."""
            i = below(len(right))
            instead = [[], [right[i], right[i]], sentence(1), sentence(1)][below(4)]
            return right[:i] + instead + right[i + 1 : len(right) - (below(5) == 0)]

        reference = words("a man in a red shirt runs in the park")
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
        yield (
            "two translations, one of them good",
            ([["two", "dogs", "run"], reference[:9]], [words("two small dogs are in the snow"), reference]),
        )
        yield "two translations, one of them empty", ([[], reference], [["a", "dog"], reference])
        references = [sentence(6 + below(8)) for _ in range(12)]
        yield "twelve sentences", ([spoilt(spoilt(r)) for r in references], references)
        shorter = [spoilt(r[1:]) for r in references]
        yield "twelve sentences whose first word is missing", (shorter, references)

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
        return mean(shares(translations, references, hits=hits)) * brevity(translations, references)

    @mistake(
        "Each n-gram was counted once, as in a set. One that is written twice, and stands in the reference twice, is right twice."
    )
    def sets(translations, references):
        distinct = lambda words, n: Counter(set(grams(words, n)))
        return mean(shares(translations, references, of=distinct)) * brevity(translations, references)

    @mistake(
        "Every sentence got a BLEU of its own, and these were averaged. A sentence without four right words in a row is then worth 0, "
        "however good the rest of it. Count over the whole corpus, and divide afterwards."
    )
    def averaged_over_sentences(translations, references):
        each = [Bleu.answer([t], [r]) for t, r in zip(translations, references, strict=True)]
        return sum(each) / len(each)

    @mistake(
        "The shares were taken in each sentence and then averaged, so that an n-gram of a short sentence counts for more than one of a long "
        "sentence. Count over the whole corpus, and divide afterwards."
    )
    def shares_averaged_over_sentences(translations, references):
        each = [shares([t], [r]) for t, r in zip(translations, references, strict=True)]
        return mean([sum(column) / len(each) for column in zip(*each, strict=True)]) * brevity(translations, references)

    @mistake(
        "The sentences were joined, and some n-grams begin in one sentence and end in the next. Cut each sentence into n-grams for itself."
    )
    def across_sentences(translations, references):
        return Bleu.answer([list(chain(*translations))], [list(chain(*references))])

    @mistake(
        "The n-grams of all sentences were put together before they were compared, so that a word may find its match in the reference of "
        "another sentence. Compare sentence by sentence, and add up what matches."
    )
    def compared_as_one(translations, references):
        together = lambda sentences, n: sum((grams(words, n) for words in sentences), Counter())
        return mean(shares([translations], [references], of=together)) * brevity(translations, references)

    @mistake(
        "That is the arithmetic mean of the four shares. BLEU takes the geometric one, the fourth root of their product: what is bad at one n "
        "is not made good by another."
    )
    def arithmetic_mean(translations, references):
        each = shares(translations, references)
        return 100 * sum(each) / 4 * brevity(translations, references) * (min(each) > 0)

    @mistake("The four shares were multiplied, and the fourth root left out.")
    def without_the_root(translations, references):
        return 100 * math.prod(shares(translations, references)) * brevity(translations, references)

    @mistake("Only single words were counted, so the words might stand in any order.")
    def words_only(translations, references):
        return mean(shares(translations, references, orders=(1,))) * brevity(translations, references)

    @mistake("The n-grams end at three words. BLEU goes up to four, and range(1, 4) does not reach it.")
    def up_to_three(translations, references):
        return mean(shares(translations, references, orders=(1, 2, 3))) * brevity(translations, references)

    @mistake(
        "The last n-gram of every sentence is missing. A sentence of L words has L − n + 1 of them, and range(L - n) gives one fewer."
    )
    def last_one_missing(translations, references):
        all_but_one = lambda words, n: Counter(tuple(words[i : i + n]) for i in range(len(words) - n))
        return mean(shares(translations, references, of=all_but_one)) * brevity(translations, references)

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

    @mistake(
        "The penalty was not held at 1, so that translations gain by being too long. exp(1 − wanted / written) counts only "
        "where it is below 1."
    )
    def bonus_for_long_ones(translations, references):
        written, wanted = sum(map(len, translations)), sum(map(len, references))
        return mean(shares(translations, references)) * (math.exp(1 - wanted / written) if written else 0)

    @mistake(
        "The penalty was the ratio of the lengths itself. Papineni and his colleagues take exp(1 − wanted / written)."
    )
    def ratio_for_penalty(translations, references):
        written, wanted = sum(map(len, translations)), sum(map(len, references))
        return mean(shares(translations, references)) * min(1, written / wanted)

    @mistake(
        "The penalty was taken of every sentence by itself. A sentence may be short if others make up for it: compare the lengths of the "
        "whole corpus."
    )
    def penalty_by_sentence(translations, references):
        each = [brevity([t], [r]) for t, r in zip(translations, references, strict=True)]
        return mean(shares(translations, references)) * sum(each) / len(each)

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

    @mistake(
        "Where no four words in a row are right, that share was left out, and the mean taken of the others. That rewards the worst "
        "translations. With a share of 0 the product is 0."
    )
    def zeros_left_out(translations, references):
        return mean([s for s in shares(translations, references) if s]) * brevity(translations, references)

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
