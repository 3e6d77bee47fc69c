import torch

from attention_course.checks.problem import Problem, mistake


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

    def admissible(self, generator):
        rows, columns = (int(n) for n in torch.randint(1, 7, (2,), generator=generator))
        words = ["the", "cat", "sat", "on", "the", "mat"][:columns]  # a word may stand in a sentence twice
        order = torch.stack([torch.randperm(columns, generator=generator) for _ in range(rows)])
        return order.softmax(-1, torch.float), words  # no two weights of a row are equal

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
