import torch

from attention_course.checks.problem import Problem, mistake


class ErrorRate(Problem):
    """AER over a corpus, from sets of links."""

    hints = (
        "Which links do the predicted ones meet, sentence by sentence, and how many are there of each kind? Divide at the very end.",
        "a & s holds the links of two sets, a | b those of either. A sure link is possible as well, so P is sure | possible.",
        "Walk through zip(predicted, sure, possible) and add up: hits += len(a & s) + len(a & (s | p)), links += len(a) + len(s). Then "
        "1 - hits / links.",
    )
    praise = "One number for a whole corpus, and the lower the better. Nothing in it asks whether the translations are right."

    def inputs(self, generator):
        true = {(0, 0), (2, 1), (1, 2), (3, 2), (2, 3), (4, 4)}
        found = {(0, 0), (1, 1), (3, 2), (2, 3), (4, 4)}
        short, another = {(0, 0), (1, 1)}, {(0, 0), (1, 2), (2, 1)}
        yield "eight sentences", drawn(generator, 8, none=False)
        yield "a long sentence and a short one", ([found, {(1, 0)}], [true, short], [true | {(1, 1)}, {(1, 0), (0, 1)}])
        yield "one sentence in which every link is sure", ([found], [true], [true])
        yield "a predicted link that is only possible", ([found], [true], [true | {(1, 1)}])
        yield "possible links among which the sure ones are not listed again", ([found], [true], [{(1, 1), (4, 2)}])
        yield (
            "a sentence without predicted links",
            ([found, set(), {(0, 0), (1, 2)}], [true, short, another], [set(), set(), {(3, 3)}]),
        )
        yield (
            "a sentence without sure links",
            ([found, {(0, 1), (1, 1)}, {(0, 0), (1, 2)}], [true, set(), another], [true, {(0, 1)}, set()]),
        )
        yield "a sentence without any links", ([found, set()], [true, set()], [set(), {(0, 1)}])
        yield "links that are all right", ([true], [true], [true])

    def admissible(self, generator):
        arguments = [set()], [set()], [set()]
        while not any(arguments[0]) and not any(arguments[1]):  # there is no rate of nothing
            arguments = drawn(generator, int(torch.randint(1, 6, (), generator=generator)))
        return arguments

    def answer(predicted, sure, possible):
        hits = links = 0
        for a, s, p in zip(predicted, sure, possible, strict=True):
            hits += len(a & s) + len(a & (s | p))
            links += len(a) + len(s)
        return 1 - hits / links

    @mistake("That is the agreement. The error rate is one minus it, so that a perfect alignment has none.")
    def not_from_one(predicted, sure, possible):
        return 1 - ErrorRate.answer(predicted, sure, possible)

    @mistake("That is the rate in per cent. Asked for is a number from 0 to 1.")
    def per_cent(predicted, sure, possible):
        return 100 * ErrorRate.answer(predicted, sure, possible)

    @mistake("The number was rounded. Return it as it is; it can be rounded where it is printed.")
    def rounded(predicted, sure, possible):
        return round(ErrorRate.answer(predicted, sure, possible), 2)

    @mistake("There is a rate for each sentence. Asked for is one number: add up over the corpus, and divide once.")
    def rate_of_each_sentence(predicted, sure, possible):
        return [ErrorRate.answer([a], [s], [p]) for a, s, p in zip(predicted, sure, possible, strict=True)]

    @mistake(
        "The two intersections are to be added before anything is divided or taken off: as it stands, the first is taken off whole, and the second, "
        "divided, is added again. Put their sum in brackets."
    )
    def without_brackets(predicted, sure, possible):
        P = [s | p for s, p in zip(sure, possible, strict=True)]
        links = sum(len(a) + len(s) for a, s in zip(predicted, sure, strict=True))
        met = [sum(len(a & b) for a, b in zip(predicted, other, strict=True)) for other in (sure, P)]
        return 1 - met[0] + met[1] / links

    mean_of_rates = (
        "That is the mean of the sentences' own rates, in which a link of a short sentence counts more than one of a long sentence. Add up "
        "numerators and denominators over the corpus, and divide once."
    )

    @mistake(mean_of_rates)
    def averaged_over_sentences(predicted, sure, possible):
        rates = ErrorRate.rate_of_each_sentence(predicted, sure, possible)
        return sum(rates) / len(rates)

    @mistake(mean_of_rates)
    def averaged_over_sentences_with_links(predicted, sure, possible):
        rates = [ErrorRate.answer([a], [s], [p]) for a, s, p in zip(predicted, sure, possible, strict=True) if a or s]
        return sum(rates) / len(rates)

    @mistake(
        "Sure links were not taken for possible where `possible` does not list them again. P includes S: use the sure ones and the possible "
        "ones together."
    )
    def sure_not_possible(predicted, sure, possible):
        hits = sum(len(a & s) + len(a & p) for a, s, p in zip(predicted, sure, possible, strict=True))
        return 1 - hits / sum(len(a) + len(s) for a, s in zip(predicted, sure, strict=True))

    below = "The possible links stand in the denominator. They need not be found, so they may not cost anything when they are not: it is |A| + |S|."

    @mistake(below)
    def possible_as_listed_below(predicted, sure, possible):
        hits = sum(len(a & s) + len(a & (s | p)) for a, s, p in zip(predicted, sure, possible, strict=True))
        return 1 - hits / sum(map(len, [*predicted, *possible]))

    @mistake(below)
    def possible_below(predicted, sure, possible):
        P = [s | p for s, p in zip(sure, possible, strict=True)]
        hits = sum(len(a & s) + len(a & p) for a, s, p in zip(predicted, sure, P, strict=True))
        return 1 - hits / sum(len(a) + len(p) for a, p in zip(predicted, P, strict=True))

    @mistake(below)
    def all_three_below(predicted, sure, possible):
        hits = sum(len(a & s) + len(a & (s | p)) for a, s, p in zip(predicted, sure, possible, strict=True))
        return 1 - hits / sum(map(len, [*predicted, *sure, *possible]))

    @mistake(
        "Possible links stand everywhere in the place of the sure ones. Those have to be found, and are counted twice where they are: "
        "1 − (|A ∩ S| + |A ∩ P|) / (|A| + |S|)."
    )
    def possible_for_sure(predicted, sure, possible):
        P = [s | p for s, p in zip(sure, possible, strict=True)]
        return ErrorRate.answer(predicted, P, P)

    @mistake(
        "The possible links have not been used. A predicted link that is possible and not sure counts as well, once, in |A ∩ P|."
    )
    def possible_ignored(predicted, sure, possible):
        return ErrorRate.answer(predicted, sure, sure)

    @mistake(
        "Possible links were counted as fully as sure ones. A link that is only possible meets P and not S, and so counts once; a sure one "
        "meets both and counts twice."
    )
    def possible_as_sure(predicted, sure, possible):
        hits = sum(2 * len(a & (s | p)) for a, s, p in zip(predicted, sure, possible, strict=True))
        return 1 - hits / sum(len(a) + len(s) for a, s in zip(predicted, sure, strict=True))

    @mistake(
        "A sure link was counted once. It is possible, too, so it stands in both terms, |A ∩ S| and |A ∩ P|; otherwise a perfect alignment "
        "would have an error rate of a half."
    )
    def sure_counted_once(predicted, sure, possible):
        hits = sum(len(a & (s | p)) for a, s, p in zip(predicted, sure, possible, strict=True))
        return 1 - hits / sum(len(a) + len(s) for a, s in zip(predicted, sure, strict=True))

    @mistake(
        "A sure link that stands among the possible ones as well was counted three times. A set holds it once: P is sure | possible, the union."
    )
    def sure_counted_thrice(predicted, sure, possible):
        hits = sum(2 * len(a & s) + len(a & p) for a, s, p in zip(predicted, sure, possible, strict=True))
        return 1 - hits / sum(len(a) + len(s) for a, s in zip(predicted, sure, strict=True))

    @mistake(
        "Precision and recall were taken apart and put together again. AER is close to that, but it adds up all numerators and all denominators first: "
        "(|A ∩ S| + |A ∩ P|) / (|A| + |S|)."
    )
    def f_measure(predicted, sure, possible):
        precision = 1 - ErrorRate.predicted_links_alone(predicted, sure, possible)
        recall = 1 - ErrorRate.sure_links_alone(predicted, sure, possible)
        return 1 - 2 * precision * recall / (precision + recall)

    left_out = (
        "Sentences in which a set is empty were left out. Their links count like all others: the sure ones have been missed, and the predicted ones "
        "are wrong."
    )

    @mistake(left_out)
    def without_predicted_left_out(predicted, sure, possible):
        return rate_where(lambda a, s, p: a, predicted, sure, possible)

    @mistake(left_out)
    def without_sure_left_out(predicted, sure, possible):
        return rate_where(lambda a, s, p: s, predicted, sure, possible)

    @mistake(left_out)
    def without_either_left_out(predicted, sure, possible):
        return rate_where(lambda a, s, p: a and s, predicted, sure, possible)

    @mistake(
        "That is the share of predicted links that are wrong. Links that should have been there and are not cost nothing in it, and a model "
        "that draws a single good link would be perfect."
    )
    def predicted_links_alone(predicted, sure, possible):
        hits = sum(len(a & (s | p)) for a, s, p in zip(predicted, sure, possible, strict=True))
        return 1 - hits / sum(map(len, predicted))

    @mistake(
        "That is the share of predicted links that are not sure. A possible link is no error, and a sure link that was missed is one: "
        "1 − (|A ∩ S| + |A ∩ P|) / (|A| + |S|)."
    )
    def predicted_and_not_sure(predicted, sure, possible):
        return 1 - sum(len(a & s) for a, s in zip(predicted, sure, strict=True)) / sum(map(len, predicted))

    @mistake(
        "That is the share of sure links that were missed. Wrong links cost nothing in it, and whoever links every word to every other "
        "would be perfect."
    )
    def sure_links_alone(predicted, sure, possible):
        return 1 - sum(len(a & s) for a, s in zip(predicted, sure, strict=True)) / sum(map(len, sure))

    @mistake(
        "The denominator is the number of links in the union of A and S, where a link of both counts once. Add the two sizes: |A| + |S|."
    )
    def union_below(predicted, sure, possible):
        hits = sum(len(a & s) + len(a & (s | p)) for a, s, p in zip(predicted, sure, possible, strict=True))
        return 1 - hits / sum(len(a | s) for a, s in zip(predicted, sure, strict=True))

    @mistake(
        "All sentences were thrown into one set, where (0, 0) of the first and (0, 0) of the second are one link. Intersect sentence by "
        "sentence, then add the numbers."
    )
    def one_set_for_all(predicted, sure, possible):
        return ErrorRate.answer(*([set().union(*links)] for links in (predicted, sure, possible)))

    @mistake(
        "Predicted and sure links have changed places. It is the predicted ones that are looked for among the possible ones."
    )
    def predicted_and_sure_swapped(predicted, sure, possible):
        return ErrorRate.answer(sure, predicted, possible)

    @mistake("Sure and possible links have changed places: the arguments are predicted, sure, possible.")
    def sure_and_possible_swapped(predicted, sure, possible):
        return ErrorRate.answer(predicted, possible, sure)

    @mistake("Only the first sentence was counted: the function returns from inside the loop.")
    def first_sentence_alone(predicted, sure, possible):
        return ErrorRate.answer(predicted[:1], sure[:1], possible[:1])

    @mistake(
        "Only the last sentence was counted: the sums are set to zero inside the loop. Set them to zero before it."
    )
    def last_sentence_alone(predicted, sure, possible):
        return ErrorRate.answer(predicted[-1:], sure[-1:], possible[-1:])


def rate_where(wanted, *links) -> float:
    """The rate of the sentences whose three sets are wanted."""
    sentences = [sets for sets in zip(*links, strict=True) if wanted(*sets)]
    return ErrorRate.answer(*zip(*sentences, strict=True)) if sentences else 1.0


def drawn(generator, sentences: int, none: bool = True) -> tuple[list[set], list[set], list[set]]:
    """Links of so many sentences, at times with the sure ones among the possible. none: in some sentences none of a kind."""

    def number(n):
        return int(torch.randint(n, (), generator=generator))

    predicted, sure, possible = [], [], []
    listed_again, least = number(3), int(not none)
    for _ in range(sentences):
        english, french = 2 + number(3), 2 + number(3)
        order = torch.randperm(english * french, generator=generator).tolist()
        links = [(place // french, place % french) for place in order]
        s, p = set(links[: least + number(4)]), set(links[4 : 4 + number(4)])
        predicted.append(
            {link for link in links[least:] if number(3) == 0} | set(links[:least]) if number(5) + least else set()
        )
        sure.append(s)
        possible.append([p, p | s, p | set(sorted(s)[:1])][listed_again])
    return predicted, sure, possible
