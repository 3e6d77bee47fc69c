import torch

from attention_course.checks.problem import Problem, mistake


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

    def admissible(self, generator):
        french, english = (int(n) for n in torch.randint(1, 6, (2,), generator=generator))
        linked = torch.rand(english, french, generator=generator) < 0.4
        links = {(int(e), int(f)) for e, f in linked.nonzero()} | {(0, 0)}  # a sentence without a link is not one
        return (2 * torch.randn(french, english, generator=generator)).softmax(-1), links

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
