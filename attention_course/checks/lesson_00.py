"""Lesson 00: reading an attention map."""

import torch

from .problem import Choice, Problem, mistake


class MostAttended(Problem):
    """For each French word (a row of weights), the English word it looks at most."""

    hints = (
        "Each row of the map belongs to one French word. In which direction do you walk to compare English words?",
        "argmax(axis) gives the place of the largest number along that axis: 0 walks down a column, 1 along a row.",
        "Take weights.argmax(1), then look each place up in english.",
    )
    praise = "That is how you read every attention map of this course: row by row."

    def inputs(self, generator):
        words = ["the", "cat", "sat", "on", "a", "mat"]
        two, three = torch.tensor([[0.9, 0.1], [0.8, 0.2]]), torch.tensor([[0.2, 0.7, 0.1], [0.1, 0.3, 0.6]])
        yield "a map of two French words and two English ones", (two, words[:2])
        yield "a map of two French words and three English ones", (three, words[:3])
        weights = torch.stack([torch.randperm(6, generator=generator) for _ in range(9)]).softmax(-1, torch.float)
        yield "a map of nine French words", (weights, words)

    def answer(weights, english):
        return [english[i] for i in weights.argmax(1)]

    @mistake(
        "You took the largest weight of each column: for each English word, the French word that looks at it most. "
        "A query's attention is a row, so walk along the row."
    )
    def down_the_columns(weights, english):
        return [english[i] for i in weights.argmax(0)]

    @mistake("These are the places of the words. The question was for the words themselves: look them up in english.")
    def places_not_words(weights, english):
        return weights.argmax(1)

    @mistake("That is the word each row looks at least: argmin where argmax was meant.")
    def smallest(weights, english):
        return [english[i] for i in weights.argmin(1)]

    @mistake("That is one word for the whole map. Each French word has a row, and so an answer, of its own.")
    def one_for_all(weights, english):
        return english[weights.sum(0).argmax()]


class PointsRight(Problem):
    """The share of French words whose largest weight falls on an English word they are linked to."""

    hints = (
        "For the French word in row f, the place of the largest weight is weights[f].argmax().",
        "Ask for each row whether the pair (place of the English word, f) is among the links; the English place is first.",
        "Make the place a plain number before you look for it: (int(weights[f].argmax()), f) in links. Then count.",
    )
    praise = "The lesson's figure for chat and cat is this one, taken over those two words alone."

    def inputs(self, generator):
        yield "one French word that looks at the right one", (torch.tensor([[0.2, 0.8]]), {(1, 0)})
        yield (
            "two French words, of which the second looks at a wrong one",
            (torch.tensor([[0.9, 0.1, 0.0], [0.6, 0.3, 0.1]]), {(0, 0), (2, 1)}),
        )
        yield (
            "two French words linked to one English word",
            (torch.tensor([[0.1, 0.5, 0.4], [0.3, 0.4, 0.3], [0.0, 0.1, 0.9]]), {(1, 0), (1, 1), (0, 2)}),
        )
        yield (
            "two French words, each linked to both English words",
            (torch.tensor([[0.7, 0.3], [0.4, 0.6]]), {(0, 0), (1, 0), (0, 1), (1, 1)}),
        )
        yield (
            "three French words, of which the last is linked to nothing",
            (torch.tensor([[0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]), {(0, 0), (1, 1)}),
        )
        weights = (3 * torch.randn(6, 5, generator=generator)).softmax(-1)
        chosen = torch.randint(5, (6,), generator=generator).tolist()
        extra = {(int(weights[0].argmax()), 0), (0, 3), (4, 3)}
        yield "six French words", (weights, {(e, f) for f, e in enumerate(chosen)} | extra)

    def answer(weights, links):
        right = [(int(row.argmax()), f) in links for f, row in enumerate(weights)]
        return sum(right) / len(right)

    @mistake(
        "The two places of a link have changed places: links hold (English, French), and the French word is the row. "
        "On a short sentence in the same order this error hides well."
    )
    def links_turned_round(weights, links):
        right = [(f, int(row.argmax())) in links for f, row in enumerate(weights)]
        return sum(right) / len(right)

    @mistake(
        "You divided by the number of links. A word may have several links, or none; the share asked for is of French words."
    )
    def share_of_links(weights, links):
        right = [(int(row.argmax()), f) in links for f, row in enumerate(weights)]
        return sum(right) / len(links)

    @mistake("You counted the words that look right. The share is that count divided by the number of rows.")
    def count_not_share(weights, links):
        return sum((int(row.argmax()), f) in links for f, row in enumerate(weights))

    @mistake(
        "You added up the weight that falls on linked words. That is a fine measure too, but it is another one: here a "
        "word counts fully when its largest weight falls right, and not at all otherwise."
    )
    def mass_not_largest(weights, links):
        return sum(weights[f, e] for e, f in links) / len(weights)

    @mistake(
        "For each English word you took the French word that looks at it most. A French word is a row: walk along it."
    )
    def down_the_columns(weights, links):
        right = [(e, int(column.argmax())) in links for e, column in enumerate(weights.T)]
        return sum(right) / len(right)

    @mistake(
        "Some links have been lost: a French word may be linked to several English words, and a dictionary from French to "
        "English keeps only one of them."
    )
    def one_link_a_word(weights, links):
        linked = {f: e for e, f in sorted(links)}
        return sum(linked.get(f) == int(row.argmax()) for f, row in enumerate(weights)) / len(weights)

    @mistake(
        "Only French words with a link were counted. One that is linked to nothing can't look right, but it is a word."
    )
    def linked_words_only(weights, links):
        linked = {f for _, f in links}
        return sum((int(weights[f].argmax()), f) in links for f in linked) / len(linked)

    @mistake(
        "No pair was found among the links. Is the place of the largest weight still a tensor? The links hold numbers, and "
        "no tensor is found among them, whatever its value: int(...) makes a number of it."
    )
    def tensor_among_numbers(weights, links):
        return sum((row.argmax(), f) in links for f, row in enumerate(weights)) / len(weights)


class HowMany(Problem):
    """For each row, the number of words it looks at: the exponential of its entropy."""

    hints = (
        "Take it in steps, for all rows at once: w log w for each weight, the sum along each row, the sign, exp.",
        "What is 0 * log 0 on a computer, and what should it be here?",
        "torch.special.xlogy(weights, weights) is w log w, and 0 where w is 0. Sum it along each row, change the sign, take exp: "
        "(-torch.special.xlogy(weights, weights).sum(-1)).exp().",
    )
    praise = "The number is called the perplexity of the row. One is as sharp as a row can be."

    def inputs(self, generator):
        yield "a row that looks at two words alike", (torch.tensor([[0.5, 0.5]]),)
        yield (
            "two rows, of which one looks at all words alike",
            (torch.tensor([[0.25] * 4, [0.4, 0.4, 0.1, 0.1]]),),
        )
        yield "a row with all its weight on one word", (torch.tensor([[0.0, 1.0, 0.0]]),)
        yield "five rows of six weights", (torch.randn(5, 6, generator=generator).softmax(-1),)

    def answer(weights):
        entropy = -torch.special.xlogy(weights, weights).sum(-1)
        return entropy.exp()

    @mistake(
        "A weight of exactly zero gives 0 * log 0, which is NaN on a computer. What is not looked at should count for "
        "nothing: torch.special.xlogy sees to that; a tiny number added inside the logarithm helps as well."
    )
    def nan_at_zero(weights):
        return (-(weights * weights.log()).sum(-1)).exp()

    @mistake(
        "That is the entropy itself. Two words looked at alike have the entropy log 2 = 0.69; exp of it gives the 2."
    )
    def entropy_not_number(weights):
        return -torch.special.xlogy(weights, weights).sum(-1)

    @mistake(
        "Logarithm and exponential do not fit: with log2 the entropy is in bits, and the way back is 2 ** entropy, not exp."
    )
    def bits_and_exp(weights):
        return (-torch.special.xlogy(weights, weights).sum(-1) / torch.log(torch.tensor(2.0))).exp()

    @mistake(
        "Summed down the columns: that is one number for each English word. A row is a French word, and the last axis."
    )
    def down_the_columns(weights):
        return (-torch.special.xlogy(weights, weights).sum(0)).exp()

    @mistake(
        "That is one number for the whole map. Each row is a distribution of its own, and gets a number of its own."
    )
    def whole_map(weights):
        return (-torch.special.xlogy(weights, weights).sum()).exp()

    @mistake("The sign is missing: w log w is never positive, so entropy is minus the sum.")
    def sign_missing(weights):
        return torch.special.xlogy(weights, weights).sum(-1).exp()


class WhatItProves(Choice):
    """What a dark square in an attention map proves."""

    hints = (
        "What exactly is drawn: what the model did with a word, or how much of it entered an average?",
        "The annotation of “sat” was made by a network that had read the whole sentence.",
    )
    right = "C"
    praise = (
        "The map shows how the average was mixed, no more. What the model makes of it, and whether it would "
        "write the same without it, has to be tested: lesson 28 does."
    )
    replies = {
        "A": "The model was never told which words belong together, and it could have learned to write est from the "
        "French words before it. A weight says what was mixed into the average, not what it was used for.",
        "B": "It does depend on the sentence: give the model another one and the map changes. What is in doubt is "
        "something else, namely what a large weight lets you conclude.",
        "D": "A row sums to one, so its weights are shares: shares of the average that was handed to the decoder. How much "
        "of the decision is owed to a word is another question.",
    }


most_attended = MostAttended()
points_right = PointsRight()
how_many = HowMany()
what_it_proves = WhatItProves()
