"""Lesson 05: alignment."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from .problem import Choice, Problem, mistake


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


@dataclass(frozen=True)
class StandIn:
    """A small function in the place of a trained part. It equals its copies, and shows as its formula."""

    formula: str
    function: Callable

    def __call__(self, *arguments, **named):
        return self.function(*arguments, **named)

    def __repr__(self):
        return self.formula


CELL = StandIn("hidden / 2 + word - attentional", lambda word, attentional, hidden: hidden / 2 + word - attentional)
SCORE = StandIn(
    "(hidden[:, None] * annotations).sum(-1)", lambda hidden, annotations: (hidden[:, None] * annotations).sum(-1)
)


class LuongDecoder(Problem):
    """Luong's decoder over the words of a sentence: the order of cell, look and readout, and what is fed on."""

    hints = (
        "Three things have to be ready before a_t: the new state, then the weights that this state asks for, then the context. Two things are "
        "carried to the next word.",
        "Before the first word attentional is torch.zeros_like(hidden). In the loop: hidden = cell(word, attentional, hidden), a softmax of "
        "score(hidden, annotations) over the source, and the context in one product: (weights.unsqueeze(1) @ annotations).squeeze(1).",
        "for word in words.unbind(1): after these lines attentional = torch.tanh(torch.cat([hidden, context], -1) @ W.mT), where hidden is the "
        "new one, with weights = score(hidden, annotations).softmax(-1). Keep every attentional in a list, and torch.stack them, 1.",
    )
    praise = "Give it a real cell and a real score, read words off its vectors, and it is the translator of the lesson."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        def drawn(sentences, words, source, size):
            W = randn(size, 2 * size) / (2 * size) ** 0.5
            return (
                randn(sentences, words, size),
                randn(sentences, size),
                2 * randn(sentences, source, size),
                CELL,
                SCORE,
                W,
            )

        yield "one word to write and one annotation, so that the weight is 1", drawn(1, 1, 1, 2)
        yield "one word to write and three annotations", drawn(1, 1, 3, 2)
        yield "two words to write", drawn(1, 2, 3, 2)
        yield "five words to write", drawn(1, 5, 4, 3)
        yield "three sentences of four words", drawn(3, 4, 5, 3)

    def answer(words, hidden, annotations, cell, score, W):
        attentional = torch.zeros_like(hidden)
        written = []
        for word in words.unbind(1):
            hidden = cell(word, attentional, hidden)  # s_t
            weights = score(hidden, annotations).softmax(-1)  # (B, S)
            context = (weights.unsqueeze(1) @ annotations).squeeze(1)
            attentional = torch.tanh(torch.cat([hidden, context], -1) @ W.mT)  # a_t
            written.append(attentional)
        return torch.stack(written, 1)

    @mistake(
        "The old state asked. That is Bahdanau's order; in Luong's the cell comes first, and the new state s_t, which has taken in the last "
        "word, is the query."
    )
    def old_state_asks(*arguments):
        return decode(*arguments, asks=lambda old, new: old)

    @mistake(
        "That is Bahdanau's order: look with the old state, give the cell the context. In Luong's the cell comes first and is given the last "
        "attentional vector, and it is the new state that looks."
    )
    def bahdanau(words, hidden, annotations, cell, score, W):
        written = []
        for word in words.unbind(1):
            context = (score(hidden, annotations).softmax(-1).unsqueeze(1) @ annotations).squeeze(1)
            hidden = cell(word, context, hidden)
            written.append(torch.tanh(torch.cat([hidden, context], -1) @ W.mT))
        return torch.stack(written, 1)

    @mistake(
        "State and attentional vector have changed places in the call of the cell: cell(word, attentional, hidden)."
    )
    def cell_turned_round(words, hidden, annotations, cell, score, W):
        return decode(words, hidden, annotations, lambda word, fed, state: cell(word, state, fed), score, W)

    @mistake(
        "The loop runs over the first axis of `words`, which is that of the sentences. All sentences are written at once, one word after the "
        "other: words.unbind(1)."
    )
    def loop_over_sentences(words, *others):
        return decode(words.transpose(0, 1), *others)

    @mistake("Context and state were joined the wrong way round. The first columns of W are for the state: [s_t, c_t].")
    def context_first(*arguments):
        return decode(*arguments, join=lambda state, context: torch.cat([context, state], -1))

    @mistake(
        "The tanh is missing. Without it a_t is not kept between −1 and 1, and it goes back into the cell at every word."
    )
    def without_tanh(*arguments):
        return decode(*arguments, bend=lambda x: x)

    @mistake(
        "The context was fed to the cell. That is what Bahdanau's cell is told; Luong feeds the whole attentional vector, in which context and "
        "state are joined."
    )
    def context_fed(*arguments):
        return decode(*arguments, feeds=lambda state, context, attentional: context)

    @mistake(
        "The cell is given zeros at every word. Only the first has no attentional vector before it; the others are fed the one of the word "
        "before, or the decoder does not know where it has looked."
    )
    def nothing_fed(*arguments):
        return decode(*arguments, feeds=lambda state, context, attentional: torch.zeros_like(attentional))

    @mistake(
        "The state was fed in the place of the attentional vector. The cell has the state already, as its third argument; what it needs to be "
        "told is a_t, which knows of the context."
    )
    def state_fed(*arguments):
        return decode(*arguments, feeds=lambda state, context, attentional: state)

    @mistake(
        "The attentional vector took the place of the state. Both go on to the next word, each in its own place: cell(word, attentional, hidden)."
    )
    def attentional_becomes_the_state(*arguments):
        return decode(*arguments, keeps=lambda first, state, attentional: attentional)

    @mistake(
        "Every word started from the first state. s_t is made from s_{t-1}: keep what the cell returned for the next word."
    )
    def state_not_kept(*arguments):
        return decode(*arguments, keeps=lambda first, state, attentional: first)

    @mistake(
        "The softmax runs over the sentences of the batch. The weights of one sentence sum to one over its annotations: take the last axis."
    )
    def softmax_over_the_batch(*arguments):
        return decode(*arguments, weigh=lambda energies: energies.softmax(0))

    @mistake("The energies mixed the annotations as they are. Softmax makes weights of them first, Eq. (2).")
    def without_softmax(*arguments):
        return decode(*arguments, weigh=lambda energies: energies)

    @mistake("The annotations were averaged evenly: the energies have not been used.")
    def even_weights(*arguments):
        return decode(*arguments, weigh=lambda energies: torch.ones_like(energies) / energies.shape[-1])

    @mistake(
        "These are the contexts. Asked for is what they are made into together with the states: a_t = tanh(W [s_t, c_t])."
    )
    def contexts_returned(*arguments):
        return decode(*arguments, gives=lambda state, context, attentional: context)

    @mistake("These are the states. Asked for is a_t = tanh(W [s_t, c_t]), in which the state has met the context.")
    def states_returned(*arguments):
        return decode(*arguments, gives=lambda state, context, attentional: state)

    @mistake("That is the last attentional vector alone. Each word is read off its own: stack all of them, (B, T, E).")
    def last_word_alone(*arguments):
        return decode(*arguments)[:, -1]

    @mistake(
        "Sentences and words have changed places: stacked along axis 0, the result is (T, B, E). Stack along axis 1."
    )
    def words_first(*arguments):
        return decode(*arguments).transpose(0, 1)


def decode(
    words,
    hidden,
    annotations,
    cell,
    score,
    W,
    asks=lambda old, new: new,
    weigh=lambda energies: energies.softmax(-1),
    join=lambda state, context: torch.cat([state, context], -1),
    bend=torch.tanh,
    feeds=lambda state, context, attentional: attentional,
    keeps=lambda first, state, attentional: state,
    gives=lambda state, context, attentional: attentional,
):
    """Luong's decoder, with one place for each mistake."""
    first, fed, written = hidden, torch.zeros_like(hidden), []
    for word in words.unbind(1):
        state = cell(word, fed, hidden)
        weights = weigh(score(asks(hidden, state), annotations))
        context = (weights.unsqueeze(1) @ annotations).squeeze(1)
        attentional = bend(join(state, context) @ W.mT)
        fed, hidden = feeds(state, context, attentional), keeps(first, state, attentional)
        written.append(gives(state, context, attentional))
    return torch.stack(written, 1)


class WindowWeights(Problem):
    """local-p: softmax inside a window, times a curve around its centre."""

    hints = (
        "Two steps, in this order: a softmax that knows only the words inside the window, then the curve. How far is each word from the centre?",
        "distance = torch.arange(len(energies)) - centre. A word is inside if distance.abs() <= reach; give the others an energy of minus "
        "infinity before the softmax. The curve multiplies what comes out, and sigma is reach / 2.",
        "weights = energies.masked_fill(~inside, -torch.inf).softmax(0), with inside = distance.abs() <= reach; then "
        "weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2)).",
    )
    praise = "A weight changes smoothly when the centre moves, and so the centre has a gradient. The edges of the window have none."

    def inputs(self, generator):
        def number(low, high):
            return low + (high - low) * torch.rand((), generator=generator).item()

        yield "equal energies in a window that holds every word", (torch.zeros(3), 1.0, 2)
        yield "different energies in a window that holds every word", (torch.tensor([1.0, 0.0, 2.0]), 1.0, 2)
        yield "words outside the window", (torch.tensor([0.5, 1.0, 0.0, 2.0, 1.5]), 2.0, 1)
        yield (
            "an energy outside the window that is above all others",
            (torch.tensor([9.0, 1.0, -2.0, -1.0, 0.0]), 3.0, 2),
        )
        yield "a centre between two words", (torch.tensor([0.5, 1.0, 0.0, 2.0, 1.5, 1.0]), 2.4, 1)
        yield "a window that begins before the first word", (torch.tensor([0.5, 1.0, -1.0, 2.0, 1.5]), 0.8, 2)
        yield "nine words", (torch.randn(9, generator=generator), number(4.0, 7.0), 3)

    def answer(energies, centre, reach):
        distance = torch.arange(len(energies)) - centre
        inside = distance.abs() <= reach
        weights = energies.masked_fill(~inside, -torch.inf).softmax(0)
        return weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake(
        "The weights sum to one: they were divided by their sum after the curve. (A curve taken off the energies as distance² / 2σ² comes to the "
        "same.) Luong leaves them as they are, and a centre far from all words with high energies is handed a smaller context."
    )
    def normalised_again(energies, centre, reach):
        weights = WindowWeights.answer(energies, centre, reach)
        return weights / weights.sum()

    @mistake(
        "The curve multiplied the energies, before the softmax. A negative energy would then rise towards the edge of the window. It is the "
        "weights that it multiplies."
    )
    def curve_on_the_energies(energies, centre, reach):
        distance = torch.arange(len(energies)) - centre
        energies = energies * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))
        return energies.masked_fill(distance.abs() > reach, -torch.inf).softmax(0)

    @mistake("The window lacks its ends. A word that is exactly `reach` away from the centre is still inside: <=.")
    def ends_left_out(energies, centre, reach):
        distance = torch.arange(len(energies)) - centre
        weights = energies.masked_fill(distance.abs() >= reach, -torch.inf).softmax(0)
        return weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake(
        "The softmax ran over all words, and those outside the window were set to zero afterwards. They had already taken their share, and what "
        "is left inside can be next to nothing. Mask first, then softmax."
    )
    def masked_afterwards(energies, centre, reach):
        distance = torch.arange(len(energies)) - centre
        weights = energies.softmax(0) * (distance.abs() <= reach)
        return weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake(
        "The window is the wrong way round: it is the words further than `reach` from the centre that get no weight."
    )
    def window_inverted(energies, centre, reach):
        distance = torch.arange(len(energies)) - centre
        weights = energies.masked_fill(distance.abs() <= reach, torch.finfo(energies.dtype).min).softmax(0)
        return weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake("The words were counted from 1. Here the first word is at place 0, and a centre of 0.0 lies on it.")
    def counted_from_one(energies, centre, reach):
        return WindowWeights.answer(energies, centre - 1, reach)

    @mistake(
        "There is no window: every word has a weight. Those that are further than `reach` from the centre have none."
    )
    def without_window(energies, centre, reach):
        distance = torch.arange(len(energies)) - centre
        return energies.softmax(0) * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake(
        "Energies outside the window were set to zero. Zero is an energy like any other, and exp(0) is 1; only minus infinity gives a weight of "
        "zero."
    )
    def energy_zero_outside(energies, centre, reach):
        distance = torch.arange(len(energies)) - centre
        weights = (energies * (distance.abs() <= reach)).softmax(0)
        return weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake(
        "The curve is too wide: sigma is half the reach, so that at the ends of the window the curve has come down to exp(−2), about a seventh."
    )
    def sigma_is_reach(energies, centre, reach):
        return scaled(energies, centre, reach, lambda d: torch.exp(-(d**2) / (2 * reach**2)))

    @mistake("A factor of two is missing below: the exponent is −(i − p)² / (2σ²).")
    def two_forgotten(energies, centre, reach):
        return scaled(energies, centre, reach, lambda d: torch.exp(-(d**2) / (reach / 2) ** 2))

    @mistake("Sigma has not been squared: the exponent is −(i − p)² / (2σ²).")
    def sigma_not_squared(energies, centre, reach):
        return scaled(energies, centre, reach, lambda d: torch.exp(-(d**2) / (2 * (reach / 2))))

    @mistake("The distance has not been squared: the exponent is −(i − p)² / (2σ²).")
    def distance_not_squared(energies, centre, reach):
        return scaled(energies, centre, reach, lambda d: torch.exp(-d.abs() / (2 * (reach / 2) ** 2)))

    @mistake(
        "The curve was divided by σ√(2π), as the density of a normal distribution is. Here it is no density: at the centre it is 1, and leaves the "
        "weight as it was."
    )
    def density(energies, centre, reach):
        sigma = reach / 2
        return scaled(
            energies, centre, reach, lambda d: torch.exp(-(d**2) / (2 * sigma**2)) / (sigma * (2 * torch.pi) ** 0.5)
        )

    @mistake(
        "The curve is missing. So it is local-m: inside the window nothing says where the centre is, and no gradient reaches it."
    )
    def without_curve(energies, centre, reach):
        return scaled(energies, centre, reach, torch.ones_like)

    @mistake(
        "The centre was rounded to the nearest word. It may lie between two words; rounding has no gradient, and the curve is there so that the "
        "centre can be learned."
    )
    def centre_rounded(energies, centre, reach):
        return WindowWeights.answer(energies, round(centre), reach)

    @mistake(
        "The window was cut off at the first word's side: where centre − reach is negative, Python counts it from the end of the row. Begin the "
        "slice at max(0, …), or compare distances and slice nothing."
    )
    def negative_slice(energies, centre, reach):
        first, last = math.ceil(centre - reach), math.floor(centre + reach)
        weights = torch.zeros_like(energies)
        weights[first : last + 1] = energies[first : last + 1].softmax(0)
        distance = torch.arange(len(energies)) - centre
        return weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2))

    @mistake(
        "These are the words of the window alone. Every word of the sentence has its place, with a weight of zero outside: (S,)."
    )
    def window_alone(energies, centre, reach):
        inside = (torch.arange(len(energies)) - centre).abs() <= reach
        return WindowWeights.answer(energies, centre, reach)[inside]


def scaled(energies, centre, reach, curve):
    """The weights inside the window, times another curve."""
    distance = torch.arange(len(energies)) - centre
    return energies.masked_fill(distance.abs() > reach, -torch.inf).softmax(0) * curve(distance)


class EmStep(Problem):
    """One iteration of IBM Model 1 on a table of numbers."""

    hints = (
        "Count first, divide later. For one French word of one pair: which numbers of the table say how likely each English word is to have made "
        "it, and what makes shares of them that sum to one?",
        "t[english, f] has one number for each English word of the pair; divided by their sum they are the shares. Add each to counts[e, f], and when "
        "all pairs are done, make every row of the counts sum to one.",
        "counts = torch.zeros_like(t); for english, french in pairs: for f in french: shares = t[english, f] / t[english, f].sum(), and "
        "for e, share in zip(english, shares): counts[e, f] += share. At the end counts / counts.sum(1, keepdim=True).",
    )
    praise = "Expectation and maximisation, in two divisions: one over the English words of a sentence, one over the French words of the table."

    def inputs(self, generator):
        def table(english, french):
            return torch.randn(english, french, generator=generator).mul(1.5).softmax(1)

        def some(n, words):
            return torch.randint(words, (n,), generator=generator).tolist()

        yield "one pair, of an English word and two French ones", (torch.tensor([[0.8, 0.2]]), [([0], [0, 1])])
        house = [([0, 1], [0, 1]), ([0, 2], [0, 2])]
        yield (
            "the lesson's two pairs, the house and the flower, and a uniform table",
            (torch.full((3, 3), 1 / 3), house),
        )
        yield "the same two pairs with a table that is no longer uniform", (table(3, 3), house)
        yield "a French word that stands in its sentence twice", (table(2, 2), [([0, 1], [0, 1, 0]), ([1], [1])])
        yield "an English word that stands in its sentence twice", (table(2, 2), [([0, 1, 0], [0, 1]), ([1], [1])])
        yield (
            "an English word and a French one in many pairs",
            (table(3, 3), [*house, ([0], [0]), ([0, 1, 2], [2, 0, 1, 2])]),
        )
        pairs = [(some(4, 5), some(3 + i % 3, 6)) for i in range(7)]
        yield "nine pairs", (table(5, 6), [*pairs, ([0, 1, 2], [3, 1, 4]), ([3, 4, 3], [5, 2])])

    def answer(t, pairs):
        counts = torch.zeros_like(t)
        for english, french in pairs:
            for f in french:
                shares = t[english, f] / t[english, f].sum()
                for e, share in zip(english, shares, strict=True):
                    counts[e, f] += share
        return counts / counts.sum(1, keepdim=True)

    @mistake(
        "The shares were taken along the French sentence, as if an English word had to divide itself among its makings. It is each French word "
        "that is divided among the English ones: divide by the sum over e."
    )
    def shares_along_the_french(t, pairs):
        counts = torch.zeros_like(t)
        for english, french in pairs:
            for e in english:
                for f in french:
                    counts[e, f] += t[e, f] / t[e, french].sum()
        return counts / counts.sum(1, keepdim=True)

    @mistake(
        "The likeliest English word was given the whole count. That ends at the first guess, for what starts a little behind never gets "
        "anything again. Expectation counts shares."
    )
    def hard_counts(t, pairs):
        def winner(column):
            return torch.eye(len(column))[column.argmax()].to(column)

        return iterate(t, pairs, winner)

    @mistake(
        "The probabilities were counted as they stand in the table. In each sentence somebody made this French word for certain: its shares have "
        "to sum to one, so divide by the sum over the English words of the pair."
    )
    def shares_not_divided(t, pairs):
        return iterate(t, pairs, lambda column: column)

    @mistake(
        "Each number was divided by the sum over the whole column of the table. Only the English words of this pair can have made the French "
        "word; those of other sentences take no share."
    )
    def shares_of_the_whole_table(t, pairs):
        counts = torch.zeros_like(t)
        for english, french in pairs:
            for f in french:
                for e in english:
                    counts[e, f] += t[e, f] / t[:, f].sum()
        return counts / counts.sum(1, keepdim=True)

    @mistake(
        "The shares are a softmax of the probabilities. They are a softmax of their logarithms, which is the plain quotient: exp(log t) is t."
    )
    def softmax_of_probabilities(t, pairs):
        return iterate(t, pairs, lambda column: column.softmax(0))

    @mistake(
        "The old table has not been used: every English word of a pair got the same share. That is right for a uniform table, in the first iteration, "
        "and every further one would repeat it."
    )
    def table_not_used(t, pairs):
        return iterate(t, pairs, lambda column: torch.full_like(column, 1 / len(column)))

    @mistake(
        "The counts were divided by the sum for each French word, which makes t(e | f). The table holds t(f | e): for each English word, a row that sums "
        "to one."
    )
    def totals_of_the_french(t, pairs):
        counts = iterate(t, pairs, finish=lambda counts: counts)
        return counts / counts.sum(0)

    @mistake("The counts were divided by the sum of all of them. Each English word has its own: every row sums to one.")
    def one_total(t, pairs):
        return iterate(t, pairs, finish=lambda counts: counts / counts.sum())

    @mistake("These are the counts. Maximisation is still to come: divide each row by its sum.")
    def counts_returned(t, pairs):
        return iterate(t, pairs, finish=lambda counts: counts)

    @mistake(
        "A French word that stands in its sentence twice was counted once. It was made twice: walk over the words, and not over a set of them."
    )
    def french_words_once(t, pairs):
        return EmStep.answer(t, [(english, list(dict.fromkeys(french))) for english, french in pairs])

    @mistake(
        "An English word that stands in its sentence twice was counted once. There are two who can have made the French word, and each of them has "
        "a share."
    )
    def english_words_once(t, pairs):
        return EmStep.answer(t, [(list(dict.fromkeys(english)), french) for english, french in pairs])

    lost = (
        "Shares were lost at words that stand in their sentence twice: counts[...] += shares with a list of places adds only once at each place. Add "
        "the shares one by one, or with index_put_ and accumulate=True (np.add.at in NumPy)."
    )

    @mistake(lost)
    def repeated_index(t, pairs):
        counts = torch.zeros_like(t)
        for english, french in pairs:
            for f in french:
                counts[english, f] += t[english, f] / t[english, f].sum()
        return counts / counts.sum(1, keepdim=True)

    @mistake(lost)
    def repeated_indices(t, pairs):
        counts = torch.zeros_like(t)
        for english, french in pairs:
            places = torch.tensor(english)[:, None], torch.tensor(french)
            counts[places] += t[places] / t[places].sum(0)
        return counts / counts.sum(1, keepdim=True)

    @mistake(
        "The shares were written into the table that they are made from, so every further pair meets numbers that have changed already. Keep "
        "the old table until all pairs are counted, and add the shares up in a matrix of zeros."
    )
    def table_overwritten(t, pairs):
        t = t.clone()
        for english, french in pairs:
            for f in french:
                t[english, f] = t[english, f] / t[english, f].sum()
        return t / t.sum(1, keepdim=True)

    @mistake(
        "The sums of the rows have lost their axis, and broadcasting lays them along the columns. Say keepdim=True, so that every row is divided by "
        "its own sum."
    )
    def axis_lost(t, pairs):
        return iterate(t, pairs, finish=lambda counts: counts / counts.sum(1))

    @mistake(
        "Only the last pair was counted: the counts are set to zero inside the loop over the pairs. They are for the whole corpus; set them to zero before it."
    )
    def last_pair_alone(t, pairs):
        counts = iterate(t, pairs[-1:], finish=lambda counts: counts)
        return counts / counts.sum(1, keepdim=True)

    @mistake(
        "The counts were added to the old table. It has had its say in the shares; the new table is made of the counts alone."
    )
    def old_table_kept(t, pairs):
        counts = t + iterate(t, pairs, finish=lambda counts: counts)
        return counts / counts.sum(1, keepdim=True)


def iterate(
    t,
    pairs,
    share=lambda column: column / column.sum(),
    finish=lambda counts: counts / counts.sum(1, keepdim=True),
):
    """One iteration of Model 1, with one place for a mistake in each of its steps."""
    counts = torch.zeros_like(t)
    for english, french in pairs:
        for f in french:
            for e, made in zip(english, share(t[english, f]), strict=True):
                counts[e, f] += made
    return finish(counts)


class WhatAerSays(Choice):
    """What follows from a low and a high alignment error rate of two good translators."""

    hints = (
        "The rate compares the largest weights with an annotator's links. What else would one have to measure for each of the statements?",
        "What do the lesson's last figures say of two trainings that differ only in their random start? And what did lesson 00 do to find out whether "
        "le needed cat?",
    )
    right = "C"
    praise = "The cells below do it for ne: they take an annotation out of the average, or a word out of the sentence, and look at what is written."
    replies = {
        "A": "The links are made by someone who thinks of words; a decoder mixes annotations, and each of these has heard the whole sentence. So the largest "
        "weight may lie where no annotator would have drawn a link, and what is needed still be in the average. Nor can unseen sentences have been learned by heart.",
        "B": "A low rate says that the largest weights lie where an annotator would have drawn the links, and nothing about what becomes of the word "
        "without them. It is the answer of lesson 00 once more: le looked at cat, and did not need to.",
        "D": "It may be so, but these two numbers can't tell. Two trainings of the same network that differ in nothing but the random start link some words "
        "differently, as the lesson's last figures show; to blame the architecture one would have to train each of them several times.",
        "E": "The rate is no share of wrong words. It counts the links that were missed, too, and where a French word has two sure links, a single largest weight "
        "always misses one. In the lesson's first example one wrong link in five comes to .27.",
    }


error_rate = ErrorRate()
luong_decoder = LuongDecoder()
window_weights = WindowWeights()
em_step = EmStep()
what_aer_says = WhatAerSays()
