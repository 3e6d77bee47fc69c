import torch
import torch.nn.functional as F

from attention_course.checks.problem import Problem, mistake


class CosineScores(Problem):
    """A score within fixed bounds at any size: the cosine, divided by a temperature."""

    hints = (
        "The cosine of two vectors is their dot product divided by both lengths. What is left to do for a vector of length zero?",
        "Divide queries and keys by their lengths first, along the last axis with keepdim=True, then take all dot products. clamp(min=...) "
        "keeps a length of zero from being divided by.",
        "queries / queries.norm(dim=-1, keepdim=True).clamp(min=1e-12), the same for keys, then queries @ keys.mT / temperature.",
    )
    praise = (
        "Between −1/temperature and 1/temperature, whatever the vectors are. The spread still depends on D: cosines of random vectors have a "
        "standard deviation of 1/√D, so for large D a temperature of 1 leaves all weights nearly equal, and it has to be lowered or learned."
    )

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "one query of length one and two keys", (torch.tensor([[0.0, 1.0]]), randn(2, 2), 1.0)
        yield "one query and two keys", (2 * randn(1, 3), 3 * randn(2, 3), 1.0)
        yield "a temperature of a tenth", (randn(2, 3), randn(3, 3), 0.1)
        yield "a key of zeros", (randn(1, 2), torch.tensor([[0.0, 0.0], [1.0, 2.0]]), 0.5)
        yield "a query of zeros", (torch.tensor([[0.0, 0.0], [3.0, 1.0]]), randn(2, 2), 0.5)
        yield "three queries and five keys of size 64", (randn(3, 64), randn(5, 64), 0.2)

    def admissible(self, generator):
        length, keys, size = torch.randint(1, 6, (3,), generator=generator).tolist()
        temperature = 0.05 + 2 * torch.rand(1, generator=generator).item()

        def vectors(n):  # of all lengths, and some of them zero
            lengths = 10.0 ** torch.randint(-3, 4, (n, 1), generator=generator)
            zero = torch.rand(n, 1, generator=generator) < 0.15
            return (lengths * torch.randn(n, size, generator=generator)).masked_fill(zero, 0)

        return vectors(length), vectors(keys), temperature

    def answer(queries, keys, temperature):
        queries = queries / queries.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        keys = keys / keys.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        return queries @ keys.mT / temperature

    @mistake("The dot products were not divided by the lengths. Only the directions are to count.")
    def lengths_left(queries, keys, temperature):
        return queries @ keys.mT / temperature

    @mistake("Only the keys were divided by their lengths. A query twice as long would still double its scores.")
    def keys_only(queries, keys, temperature):
        return queries @ (keys / keys.norm(dim=-1, keepdim=True).clamp(min=1e-12)).mT / temperature

    @mistake("Only the queries were divided by their lengths, so that long keys are still preferred.")
    def queries_only(queries, keys, temperature):
        return queries / queries.norm(dim=-1, keepdim=True).clamp(min=1e-12) @ keys.mT / temperature

    @mistake(
        "The vectors were divided by their squared lengths, which makes long ones shorter than short ones. Take the root, as norm does."
    )
    def squared_lengths(queries, keys, temperature):
        queries = queries / queries.square().sum(-1, keepdim=True).clamp(min=1e-12)
        keys = keys / keys.square().sum(-1, keepdim=True).clamp(min=1e-12)
        return queries @ keys.mT / temperature

    @mistake("The temperature was multiplied. A low temperature makes attention sharper: divide by it.")
    def temperature_multiplied(queries, keys, temperature):
        queries = queries / queries.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        keys = keys / keys.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        return queries @ keys.mT * temperature

    @mistake("The temperature has not been used.")
    def temperature_forgotten(queries, keys, temperature):
        queries = queries / queries.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        keys = keys / keys.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        return queries @ keys.mT

    @mistake(
        "A vector of zeros has length zero, and zero divided by zero is not a number. Padding is often just that. Keep the length from "
        "being zero, with clamp."
    )
    def nan_for_zeros(queries, keys, temperature):
        queries, keys = queries / queries.norm(dim=-1, keepdim=True), keys / keys.norm(dim=-1, keepdim=True)
        return queries @ keys.mT / temperature

    @mistake(
        "One length was taken of all queries together, and one of all keys. Each vector has its own, along the last axis."
    )
    def one_length_for_all(queries, keys, temperature):
        return queries @ keys.mT / (queries.norm() * keys.norm()).clamp(min=1e-12) / temperature

    @mistake(
        "The lengths have lost their axis: norm(dim=-1) gives one number a vector, and broadcasting lays them along the columns instead "
        "of the rows. Say keepdim=True."
    )
    def axis_lost(queries, keys, temperature):
        queries = queries / queries.norm(dim=-1).clamp(min=1e-12)
        keys = keys / keys.norm(dim=-1).clamp(min=1e-12)
        return queries @ keys.mT / temperature

    @mistake(
        "The lengths were taken down the columns, over all vectors at once. Each vector has its own, along the last axis."
    )
    def wrong_axis(queries, keys, temperature):
        queries = queries / queries.norm(dim=0, keepdim=True).clamp(min=1e-12)
        keys = keys / keys.norm(dim=0, keepdim=True).clamp(min=1e-12)
        return queries @ keys.mT / temperature

    @mistake("These are weights. Asked for are the scores, before the softmax.")
    def weights_returned(queries, keys, temperature):
        return (F.normalize(queries, dim=-1) @ F.normalize(keys, dim=-1).mT / temperature).softmax(-1)

    @mistake("Vectors shorter than 1 have kept their length. Every vector but zero is to be brought to length 1.")
    def short_ones_kept(queries, keys, temperature):
        queries, keys = (x / x.norm(dim=-1, keepdim=True).clamp(min=1) for x in (queries, keys))
        return queries @ keys.mT / temperature

    @mistake("What was added to the lengths is too large: the cosine of a vector with itself is no longer 1.")
    def large_epsilon(queries, keys, temperature):
        queries, keys = (x / (x.norm(dim=-1, keepdim=True) + 0.1) for x in (queries, keys))
        return queries @ keys.mT / temperature
