import torch

from ..problem import Problem, mistake


class OneSoftmax(Problem):
    """Outputs of several rounds put together, as if all keys had stood in one softmax."""

    hints = (
        "Round r's output is its weighted values divided by exp(sums[r]). What would you multiply by to have them undivided again, and divide by then?",
        "The share of round r is exp(sums[r]) / Σ exp(sums). Which function gives that, without exponentials that overflow?",
        "shares = sums.softmax(0); return (shares[..., None] * outputs).sum(0).",
    )
    praise = "FlashAttention joins its tiles by the same two numbers, an output and the logarithm of a sum."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "a single round", (torch.tensor([[[3.0]]]), torch.tensor([[2.0]]))
        yield "two rounds of equal sums", (torch.tensor([[[1.0]], [[3.0]]]), torch.zeros(2, 1))
        yield (
            "two rounds, the second with three times the sum",
            (torch.tensor([[[0.0]], [[4.0]]]), torch.tensor([[1.0], [3.0]]).log()),
        )
        yield "a round that found nothing", (torch.tensor([[[2.0]], [[0.0]]]), torch.tensor([[0.5], [-torch.inf]]))
        yield "three rounds, four queries, values of two numbers", (randn(3, 4, 2), randn(3, 4))
        yield "scores of several hundred", (randn(2, 3, 2), 300 + randn(2, 3))

    def answer(outputs, sums):
        shares = sums.softmax(0)  # (rounds, n)
        return (shares[..., None] * outputs).sum(0)

    @mistake(
        "The rounds were averaged. One that found a key with a large score should count for more than one that found none."
    )
    def averaged(outputs, sums):
        return outputs.mean(0)

    @mistake(
        "The shares were taken in proportion to `sums`. These are logarithms, which may be negative: take their exponentials first."
    )
    def in_proportion_to_logarithms(outputs, sums):
        return ((sums / sums.sum(0))[..., None] * outputs).sum(0)

    @mistake("The softmax runs over the queries. The shares of the rounds sum to one for each query: the first axis.")
    def over_the_queries(outputs, sums):
        return (sums.softmax(1)[..., None] * outputs).sum(0)

    @mistake("The outputs were weighted by the exponentials and not divided by their sum.")
    def not_divided(outputs, sums):
        return (sums.exp()[..., None] * outputs).sum(0)

    @mistake(
        "Right, until scores are large: exp(300) is infinite in float32, and infinity over infinity is NaN. Take the largest off before the exponential, "
        "as softmax does."
    )
    def overflows(outputs, sums):
        exponentials = sums.exp()
        return ((exponentials / exponentials.sum(0))[..., None] * outputs).sum(0)

    @mistake("The best round alone was kept. The keys of the others belong to the softmax, too.")
    def best_round_only(outputs, sums):
        best = sums.argmax(0)  # (n,)
        return outputs[best, torch.arange(outputs.shape[1])]
