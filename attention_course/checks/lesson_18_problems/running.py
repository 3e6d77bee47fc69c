import torch

from ..problem import Problem, mistake


class Running(Problem):
    """Causal linear attention with a gate, as a recurrent network."""

    hints = (
        "Two things are kept from word to word: a matrix and a vector. What happens to both when a word comes, and what does the query do with them?",
        "S starts as zeros (F, D_v) and z as zeros (F). At word t first fade, then add: S = g[t] * S + k[t, :, None] * v[t], and z alike. Then read.",
        "for t in range(len(q)): S = g[t] * S + k[t, :, None] * v[t]; z = g[t] * z + k[t]; outputs.append((q[t] @ S) / (q[t] @ z)). At the end return torch.stack(outputs).",
    )
    praise = "What is kept after a thousand words is as large as after one: F times D_v numbers, and F for the divisor."

    def inputs(self, generator):
        def drawn(words, features, size, lowest=0.3):
            q, k = (torch.rand(words, features, generator=generator) + 0.1 for _ in range(2))
            g = lowest + (1 - lowest) * torch.rand(words, generator=generator)
            return q, k, torch.randn(words, size, generator=generator), g

        yield "a single word, whose output is its own value", drawn(1, 2, 2)
        yield "two words, two features, gates of 1: nothing fades", drawn(2, 2, 3, lowest=1)
        yield "two words and a single feature", drawn(2, 1, 2)
        yield "three words, two features", drawn(3, 2, 3)
        yield "seven words, three features, values of two numbers", drawn(7, 3, 2)
        yield "five words, as many features as numbers in a value", drawn(5, 4, 4)

    def answer(q, k, v, g):
        S, z, outputs = torch.zeros(k.shape[1], v.shape[1]), torch.zeros(k.shape[1]), []
        for t in range(len(q)):
            S = g[t] * S + k[t, :, None] * v[t]
            z = g[t] * z + k[t]
            outputs.append((q[t] @ S) / (q[t] @ z))
        return torch.stack(outputs)

    @mistake(
        "The divisor is missing. Without it these are sums and no averages: divide by q · z, where z is the sum of the keys, faded like S."
    )
    def without_divisor(q, k, v, g):
        return faded(q, k, g) @ v

    @mistake("Nothing fades: the gate was not used. Multiply S and z by g[t] before word t is added.")
    def without_gate(q, k, v, g):
        return averaged((q @ k.mT).tril(), v)

    @mistake(
        "S fades and z does not. The weights of a word sum to one only if both hold the same words by the same shares: multiply z by g[t], too."
    )
    def only_the_matrix_fades(q, k, v, g):
        return faded(q, k, g) @ v / (q @ k.mT).tril().sum(-1, keepdim=True)

    @mistake(
        "A word was faded by its own gate: it was added first, and then all was multiplied by g[t]. What g[t] fades is what came before word t."
    )
    def faded_after_adding(q, k, v, g):
        return averaged(faded(q, k, g) * g, v)

    @mistake(
        "The gate went to the word that comes in, and what came before it does not fade. It is the other way round: g[t] * S, and the new word as it is."
    )
    def gate_on_the_new_word(q, k, v, g):
        return averaged((q @ k.mT).tril() * g, v)

    @mistake(
        "Every word sees the future: the sums run over all words. At word t only what has come up to t may be in S and z."
    )
    def not_causal(q, k, v, g):
        return averaged(q @ k.mT, v)

    @mistake(
        "A word is read before it has been added, so it does not see itself, and the first has nothing to see. Add first, then read."
    )
    def read_before_adding(q, k, v, g):
        products = faded(q, k, g).tril(-1)
        sums = products.sum(-1, keepdim=True)
        return products @ v / sums.masked_fill(sums == 0, 1)

    @mistake(
        "S holds only the last word: it was replaced, where the new product should be added to what was there before."
    )
    def only_the_last_word(q, k, v, g):
        return v.clone()


def faded(q, k, g):
    """All products of a query and a key, in row t and column s times g_{s+1} ... g_t; zero for the future."""
    left = torch.tensor([[g[s + 1 : t + 1].prod().item() for s in range(len(g))] for t in range(len(g))])
    return (q @ k.mT * left).tril()


def averaged(products, v):
    """The values by weights in proportion to `products`."""
    return products / products.sum(-1, keepdim=True) @ v
