import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.checks.watching import watch


class Running(Problem):
    """Causal linear attention with a gate, as a recurrent network."""

    hints = (
        "Two things are kept from word to word: a matrix and a vector. What happens to both when a word comes, and what does the query do with them?",
        "S starts as zeros (F, D_v) and z as zeros (F). At word t first fade, then add: S = g[t] * S + k[t, :, None] * v[t], and z alike. Then read.",
        "for t in range(len(q)): S = g[t] * S + k[t, :, None] * v[t]; z = g[t] * z + k[t]; outputs.append((q[t] @ S) / (q[t] @ z)). At the end return torch.stack(outputs).",
    )
    praise = "As a recurrent network it has to keep F times D_v numbers, and F for the divisor, after a thousand words as after one."

    def inputs(self, generator):
        def drawn(words, features, size, lowest=0.3):
            q, k = (torch.rand(words, features, generator=generator) + 0.1 for _ in range(2))
            g = lowest + (0.9 - lowest) * torch.rand(words, generator=generator)
            v = (1 + torch.rand(words, size, generator=generator)) * (-1.0) ** torch.arange(words)[:, None]
            return q, k, v, g if lowest < 1 else torch.ones(words)

        yield "four words, two features", drawn(4, 2, 3)
        yield "three words and a single feature", drawn(3, 1, 1)
        yield "two words and a single feature", drawn(2, 1, 1)
        yield "a single word, whose output is its own value", drawn(1, 2, 1)
        yield "two words, and gates of 1: nothing fades", drawn(2, 1, 1, lowest=1)
        yield "seven words, three features, values of two numbers", drawn(7, 3, 2)
        yield "five words, as many features as numbers in a value", drawn(5, 4, 4)

    def admissible(self, generator):
        words, features, size = (int(torch.randint(1, most, (1,), generator=generator)) for most in (9, 5, 5))
        q, k = (torch.rand(words, features, generator=generator) + 0.1 for _ in range(2))
        q = q * 4.0 ** torch.randint(-1, 2, (1,), generator=generator)
        k = k * 4.0 ** torch.randint(-1, 2, (1,), generator=generator)
        g = (0.05 + torch.rand(words, generator=generator)).clamp(max=1)
        return q, k, torch.randn(words, size, generator=generator), g

    def disobeys(self, answer):
        def watched(words, size):
            return watch(answer, (*torch.ones(2, words, size), torch.ones(words, size), torch.full((words,), 0.5)))

        if watched(64, 2).steps > 16 * watched(8, 2).steps:  # first, since such a loop takes long
            return "But for every word there is a loop over all that came before it. A matrix and a vector, carried along, hold what is needed of them."
        if watched(320, 1).largest >= 4 * 320**2 or watched(64, 64).largest >= 4 * 64**3:
            return (
                "But an array was made with a number for every pair of words, or with a matrix for every word. A matrix and a vector, carried along, are "
                "enough."
            )
        return None

    def answer(q, k, v, g):
        S, z, outputs = torch.zeros(k.shape[1], v.shape[1]), torch.zeros(k.shape[1]), []
        for t in range(len(q)):
            S = g[t] * S + k[t, :, None] * v[t]
            z = g[t] * z + k[t]
            outputs.append((q[t] @ S) / (q[t] @ z))
        return torch.stack(outputs)

    divisor = "The divisor is another: it is q · z, the sum of the same products, faded alike, that weigh the values. Then the weights sum to one."
    begins = (
        "The state does not begin with zeros. Before the first word there is nothing, and its output is its own value."
    )
    gate_for_the_rest = "The past was multiplied by 1 - g[t], and the new word perhaps by g[t]. The gate is what *stays* of the past: g[t] · S, and the new word as it is."
    early = "A word is read before it has been added, so it does not see itself, and the first has nothing to see. Add first, then read."
    other_gates = "The gates of the words in between are to be multiplied: a word s weighs g[s + 1] · … · g[t] at word t. Here it fades by something else."

    @mistake(
        "The divisor is missing. Without it these are sums and no averages: divide by q · z, where z is the sum of the keys, faded like S."
    )
    def without_divisor(q, k, v, g):
        return faded(q, k, g) @ v

    @mistake(
        "Nothing fades: words of long ago count as much as the last. Multiply S and z by g[t] before word t is added, and leave the query and the new word alone."
    )
    def without_gate(q, k, v, g):
        return averaged((q @ k.mT).tril(), v)

    @mistake(
        "S fades and z does not. The weights of a word sum to one only if both hold the same words by the same shares: multiply z by g[t], too."
    )
    def only_the_matrix_fades(q, k, v, g):
        return faded(q, k, g) @ v / (q @ k.mT).tril().sum(-1, keepdim=True)

    @mistake("The vector z fades and S does not. Both hold the same words by the same shares: multiply S by g[t], too.")
    def only_the_vector_fades(q, k, v, g):
        return (q @ k.mT).tril() @ v / faded(q, k, g).sum(-1, keepdim=True)

    @mistake(
        "A word is faded by its own gate, be it that g[t] came after the adding, or one word late. What g[t] fades is what came before word t: first fade, then add."
    )
    def faded_after_adding(q, k, v, g):
        return averaged(faded(q, k, g) * g, v)

    @mistake(
        "The gates are one word early: word t was faded into with the gate of the next. It is g[t] that fades what came before word t."
    )
    def gate_of_the_next_word(q, k, v, g):
        return averaged(faded(q, k, torch.cat([g[1:], torch.ones(1)])), v)

    @mistake(
        "The gate went to the word that comes in, and what came before it does not fade. It is the other way round: g[t] * S, and the new word as it is."
    )
    def gate_on_the_new_word(q, k, v, g):
        return averaged((q @ k.mT).tril() * g, v)

    @mistake("The new word was multiplied by 1 - g[t]. Here it comes in whole; only what came before it fades.")
    def the_rest_for_the_new_word(q, k, v, g):
        return step_by_step(q, k, v, g, lambda S, new, g: g * S + (1 - g) * new)

    @mistake("The new product went into S by 1 - g[t], and the new key into z whole. Both come in whole.")
    def the_rest_for_the_new_product(q, k, v, g):
        return step_by_step(q, k, v, g, lambda S, new, g: g * S + (1 - g) * new, lambda z, new, g: g * z + new)

    @mistake(gate_for_the_rest)
    def gate_turned_round(q, k, v, g):
        return step_by_step(q, k, v, g, lambda S, new, g: (1 - g) * S + new)

    @mistake(gate_for_the_rest)
    def gate_and_rest_turned_round(q, k, v, g):
        return step_by_step(q, k, v, g, lambda S, new, g: (1 - g) * S + g * new)

    @mistake("The gates were added to the state. They multiply it.")
    def gate_added(q, k, v, g):
        return step_by_step(q, k, v, g, lambda S, new, g: g + S + new)

    @mistake(other_gates)
    def powers_of_the_last_gate(q, k, v, g):
        behind = torch.arange(len(g))[:, None] - torch.arange(len(g))
        return averaged(((q @ k.mT) * g[:, None] ** behind.clamp(min=0)).tril(), v)

    @mistake(other_gates)
    def last_gate_only(q, k, v, g):
        n = torch.arange(len(g))
        return averaged(((q @ k.mT) * torch.where(n[:, None] == n, 1, g[:, None])).tril(), v)

    @mistake(other_gates)
    def sums_of_gates(q, k, v, g):
        sums = g.cumsum(0)[:, None] - g.cumsum(0)
        return averaged(((q @ k.mT) * (sums + torch.eye(len(g)))).tril(), v)

    @mistake(other_gates)
    def mean_gate(q, k, v, g):
        return averaged(faded(q, k, g.mean().expand(len(g))), v)

    @mistake(other_gates)
    def first_gate_for_all(q, k, v, g):
        return averaged(faded(q, k, g[:1].expand(len(g))), v)

    @mistake(
        "Every word sees the future: the sums run over all words. At word t only what has come up to t may be in S and z."
    )
    def not_causal(q, k, v, g):
        return averaged(q @ k.mT, v)

    @mistake("The words were gone through from the last to the first. Word t averages those up to t.")
    def backwards(q, k, v, g):
        return averaged(faded(q.flip(0), k.flip(0), g.flip(0)), v.flip(0))

    @mistake("The words were gone through from the last to the first. Word t averages those up to t.")
    def later_words(q, k, v, g):
        return averaged(faded(q.flip(0), k.flip(0), g.flip(0)), v.flip(0)).flip(0)

    @mistake(early)
    def read_before_adding(q, k, v, g):
        products = faded(q, k, g).tril(-1)
        sums = products.sum(-1, keepdim=True)
        return products @ v / sums.masked_fill(sums == 0, 1)

    @mistake(early)
    def nothing_read_at_first(q, k, v, g):
        return averaged(faded(q, k, g).tril(-1), v)

    @mistake(
        "S holds only the last word: it was replaced, where the new product should be added to what was there before."
    )
    def only_the_last_word(q, k, v, g):
        return v.clone()

    @mistake(divisor)
    def divided_by_the_number_of_words(q, k, v, g):
        return faded(q, k, g) @ v / torch.arange(1, len(g) + 1)[:, None]

    @mistake(divisor)
    def divided_by_faded_counts(q, k, v, g):
        return faded(q, k, g) @ v / faded(torch.ones(len(g), 1), torch.ones(len(g), 1), g).sum(1, keepdim=True)

    @mistake(divisor)
    def divided_by_the_sum_of_z(q, k, v, g):
        return faded(q, k, g) @ v / faded(torch.ones_like(q), k, g).sum(1, keepdim=True)

    @mistake(divisor)
    def divided_by_one_more(q, k, v, g):
        return faded(q, k, g) @ v / (1 + faded(q, k, g).sum(1, keepdim=True))

    @mistake(divisor)
    def divided_by_the_last_product(q, k, v, g):
        return faded(q, k, g) @ v / (q * k).sum(1, keepdim=True)

    @mistake(divisor)
    def divided_by_columns(q, k, v, g):
        return faded(q, k, g) / faded(q, k, g).sum(0) @ v

    @mistake("The sum was multiplied by q · z. It is to be divided by it.")
    def multiplied_by_the_divisor(q, k, v, g):
        return faded(q, k, g) @ v * faded(q, k, g).sum(1, keepdim=True)

    @mistake(begins)
    def vector_begins_with_ones(q, k, v, g):
        return faded(q, k, g) @ v / (faded(q, k, g).sum(1) + g.cumprod(0) * q.sum(1))[:, None]

    @mistake(begins)
    def matrix_begins_with_ones(q, k, v, g):
        more = (g.cumprod(0) * q.sum(1))[:, None]
        return (faded(q, k, g) @ v + more) / faded(q, k, g).sum(1, keepdim=True)

    @mistake(
        "The softmax was taken of the products. The features are positive already: the products themselves are the weights, divided by their sum."
    )
    def softmax(q, k, v, g):
        products = faded(q, k, g)
        return products.masked_fill(products == 0, -torch.inf).softmax(1) @ v

    @mistake(
        "This is a softmax without gates. The features are positive already: the faded products are the weights, divided by their sum."
    )
    def softmax_without_gates(q, k, v, g):
        return (q @ k.mT).masked_fill(torch.ones(len(g), len(g)).triu(1).bool(), -torch.inf).softmax(1) @ v

    @mistake("The features elu + 1 were taken of q and k. They are features already.")
    def features_taken_again(q, k, v, g):
        return averaged(faded(q + 1, k + 1, g), v)

    @mistake("Queries and keys have changed places: keys go into S and z, and queries read.")
    def queries_and_keys_swapped(q, k, v, g):
        return averaged(faded(k, q, g), v)

    @mistake("That is the last word's output alone. Every word has one: (n, D_v).")
    def last_output_only(q, k, v, g):
        return averaged(faded(q, k, g), v)[-1]

    @mistake("The state came back with the outputs. Return the outputs alone, (n, D_v).")
    def state_as_well(q, k, v, g):
        S, z = (step_by_step(torch.eye(k.shape[1]), k, x, g, read=None) for x in (v, torch.ones(len(g), 1)))
        return averaged(faded(q, k, g), v), S, z[:, 0]


def faded(q, k, g):
    """All products of a query and a key, in row t and column s times g_{s+1} ... g_t; zero for the future."""
    left = torch.tensor([[g[s + 1 : t + 1].prod().item() for s in range(len(g))] for t in range(len(g))])
    return (q @ k.mT * left).tril()


def averaged(products, v):
    """The values by weights in proportion to `products`."""
    return products / products.sum(-1, keepdim=True) @ v


def step_by_step(q, k, v, g, matrix=lambda S, new, g: g * S + new, vector=None, read=lambda q, S, z: q @ S / (q @ z)):
    """Word by word, with other steps for S and for z (that of S, if none is given); without `read` the last S."""
    S, z, outputs = torch.zeros(k.shape[1], v.shape[1]), torch.zeros(k.shape[1]), []
    for t in range(len(k)):
        S, z = matrix(S, k[t, :, None] * v[t], g[t]), (vector or matrix)(z, k[t], g[t])
        if read:
            outputs.append(read(q[t], S, z))
    return torch.stack(outputs) if read else S
