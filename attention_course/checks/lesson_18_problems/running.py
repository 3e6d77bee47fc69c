import torch

from ..problem import Problem, mistake


class Running(Problem):
    """Causal linear attention as a recurrent network."""

    hints = (
        "Two things are kept from word to word: a matrix and a vector. What is added to each when a word comes, and what does the query do with them?",
        "S starts as zeros (F, D_v) and z as zeros (F). At word t first add: S = S + k[t, :, None] * v[t], and z = z + k[t]. Then read.",
        "for t in range(len(q)): add to S and z, then outputs.append((q[t] @ S) / (q[t] @ z)). At the end return torch.stack(outputs).",
    )
    praise = "What is kept after a thousand words is as large as after one: F times D_v numbers, and F for the divisor."

    def inputs(self, generator):
        def drawn(words, features, size):
            q, k = (torch.rand(words, features, generator=generator) + 0.1 for _ in range(2))
            return q, k, torch.randn(words, size, generator=generator)

        yield "a single word, whose output is its own value", drawn(1, 2, 2)
        yield "two words and a single feature", drawn(2, 1, 2)
        yield "two words, two features", drawn(2, 2, 3)
        yield "seven words, three features, values of two numbers", drawn(7, 3, 2)
        yield "five words, as many features as numbers in a value", drawn(5, 4, 4)

    def answer(q, k, v):
        S, z, outputs = torch.zeros(k.shape[1], v.shape[1]), torch.zeros(k.shape[1]), []
        for t in range(len(q)):
            S = S + k[t, :, None] * v[t]
            z = z + k[t]
            outputs.append((q[t] @ S) / (q[t] @ z))
        return torch.stack(outputs)

    @mistake(
        "The divisor is missing. Without it these are sums and no averages, and they grow with every word: divide by q · z, where z is the running sum of "
        "the keys."
    )
    def without_divisor(q, k, v):
        return (q @ k.mT).tril() @ v

    @mistake(
        "Every word sees the future: the sums run over all words. At word t only what has come up to t may be in S and z."
    )
    def not_causal(q, k, v):
        return (q @ (k.mT @ v)) / (q @ k.sum(0))[:, None]

    @mistake(
        "The divisor sums over all keys, those of the future included. z is a running sum like S, and both hold the same words."
    )
    def divisor_of_all_words(q, k, v):
        return ((q @ k.mT).tril() @ v) / (q @ k.sum(0))[:, None]

    @mistake(
        "A word is read before it has been added, so it does not see itself, and the first has nothing to see. Add first, then read."
    )
    def read_before_adding(q, k, v):
        products = (q @ k.mT).tril(-1)
        sums = products.sum(-1, keepdim=True)
        return products @ v / sums.masked_fill(sums == 0, 1)

    @mistake(
        "Divided was by the number of words so far. The weights of a query sum to one when its sum of values is divided by its own sum of products, q · z."
    )
    def divided_by_the_count(q, k, v):
        return (q @ k.mT).tril() @ v / torch.arange(1, len(q) + 1)[:, None]

    @mistake(
        "That is softmax attention. What came in are features already, and a weight is their product, not its exponential."
    )
    def with_softmax(q, k, v):
        future = torch.ones(len(q), len(k)).triu(1).bool()
        return (q @ k.mT).masked_fill(future, -torch.inf).softmax(-1) @ v

    @mistake(
        "S holds only the last word: it was replaced, where the new product should be added to what was there before."
    )
    def only_the_last_word(q, k, v):
        return v.clone()
