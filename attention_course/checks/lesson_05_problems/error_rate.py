import torch

from ..problem import Problem, mistake


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
        def some(n, english, french):
            places = torch.randperm(english * french, generator=generator)[:n].tolist()
            return {(place // french, place % french) for place in places}

        true = {(0, 0), (2, 1), (1, 2), (3, 2), (2, 3), (4, 4)}
        found = {(0, 0), (1, 1), (3, 2), (2, 3), (4, 4)}
        yield "one sentence in which every link is sure", ([found], [true], [true])
        yield "a predicted link that is only possible", ([found], [true], [true | {(1, 1)}])
        yield "possible links among which the sure ones are not listed again", ([found], [true], [{(1, 1), (4, 2)}])
        short = {(0, 0), (1, 1)}
        yield "a long sentence and a short one", ([found, {(0, 0)}], [true, short], [true, short | {(1, 0)}])
        yield "a sentence without predicted links", ([found, set()], [true, short], [set(), {(0, 1)}])
        sizes = [(3 + i % 4, 2 + i % 5) for i in range(8)]
        sure = [some(3, *size) for size in sizes]
        possible = [some(4, *size) for size in sizes]
        mixed = [sorted(s | p)[::2] for s, p in zip(sure, possible, strict=True)]
        predicted = [set(m) | some(2, *size) for m, size in zip(mixed, sizes, strict=True)]
        yield "eight sentences", (predicted, sure, possible)

    def answer(predicted, sure, possible):
        hits = links = 0
        for a, s, p in zip(predicted, sure, possible, strict=True):
            hits += len(a & s) + len(a & (s | p))
            links += len(a) + len(s)
        return 1 - hits / links

    @mistake("That is the agreement. The error rate is one minus it, so that a perfect alignment has none.")
    def not_from_one(predicted, sure, possible):
        return 1 - ErrorRate.answer(predicted, sure, possible)

    @mistake(
        "The two intersections are to be added before anything is divided or taken off: as it stands, the first is taken off whole, and the second, "
        "divided, is added again. Put their sum in brackets."
    )
    def without_brackets(predicted, sure, possible):
        P = [s | p for s, p in zip(sure, possible, strict=True)]
        links = sum(len(a) + len(s) for a, s in zip(predicted, sure, strict=True))
        met = [sum(len(a & b) for a, b in zip(predicted, other, strict=True)) for other in (sure, P)]
        return 1 - met[0] + met[1] / links

    @mistake(
        "That is the mean of the sentences' own rates, in which a link of a short sentence counts more than one of a long sentence. Add up "
        "numerators and denominators over the corpus, and divide once."
    )
    def averaged_over_sentences(predicted, sure, possible):
        rates = [ErrorRate.answer([a], [s], [p]) for a, s, p in zip(predicted, sure, possible, strict=True)]
        return sum(rates) / len(rates)

    @mistake(
        "Sure links were not taken for possible where `possible` does not list them again. P includes S: use the sure ones and the possible "
        "ones together."
    )
    def sure_not_possible(predicted, sure, possible):
        hits = sum(len(a & s) + len(a & p) for a, s, p in zip(predicted, sure, possible, strict=True))
        return 1 - hits / sum(len(a) + len(s) for a, s in zip(predicted, sure, strict=True))

    @mistake(
        "The possible links stand in the denominator. They need not be found, so they may not cost anything when they are not: it is |A| + |S|."
    )
    def possible_below(predicted, sure, possible):
        P = [s | p for s, p in zip(sure, possible, strict=True)]
        hits = sum(len(a & s) + len(a & p) for a, s, p in zip(predicted, sure, P, strict=True))
        return 1 - hits / sum(len(a) + len(p) for a, p in zip(predicted, P, strict=True))

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
        "That is the share of predicted links that are wrong. Links that should have been there and are not cost nothing in it, and a model "
        "that draws a single good link would be perfect."
    )
    def predicted_links_alone(predicted, sure, possible):
        hits = sum(len(a & (s | p)) for a, s, p in zip(predicted, sure, possible, strict=True))
        return 1 - hits / sum(map(len, predicted))

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
