import torch

from ..problem import Problem, mistake


class NextChunk(Problem):
    """Causal linear attention for one chunk, given the state of what came before it."""

    hints = (
        "Each query sees two groups of words: those before the chunk, which are only there as S and z, and those of the chunk up to itself, for which "
        "nothing speaks against comparing all pairs.",
        "Numerator and divisor are sums over both groups: q @ S + (q @ k.mT).tril() @ v, and q @ z + (q @ k.mT).tril().sum(-1). What must the next chunk get?",
        "inside = (q @ k.mT).tril(); outputs = (q @ S + inside @ v) / (q @ z + inside.sum(-1)).unsqueeze(-1); return outputs, S + k.mT @ v, z + k.sum(0).",
    )
    praise = "Called chunk by chunk it is the form in which such models are trained; called with one word at a time it is the recurrent network."

    def inputs(self, generator):
        def drawn(words, features, size, before=0):
            q, k = (torch.rand(words + before, features, generator=generator) + 0.1 for _ in range(2))
            v = torch.randn(words + before, size, generator=generator)
            S, z = k[:before].mT @ v[:before], k[:before].sum(0)
            return S, z, q[before:], k[before:], v[before:]

        yield "a first chunk of a single word: S and z are zero", drawn(1, 2, 2)
        yield "a first chunk of three words: S and z are zero", drawn(3, 2, 2)
        yield "one word, with four before the chunk", drawn(1, 2, 3, before=4)
        yield "three words, with four before the chunk", drawn(3, 3, 2, before=4)
        yield "five words, with seven before the chunk", drawn(5, 4, 4, before=7)

    def answer(S, z, q, k, v):
        inside = (q @ k.mT).tril()  # (c, c)
        outputs = (q @ S + inside @ v) / (q @ z + inside.sum(-1)).unsqueeze(-1)
        return outputs, S + k.mT @ v, z + k.sum(0)

    @mistake(
        "Within the chunk a word sees those that come after it, be it that all pairs were compared, or that the chunk was added to the state before the state was "
        "read. Compare pairs, and keep the lower triangle, (q @ k.mT).tril()."
    )
    def future_in_the_chunk(S, z, q, k, v):
        inside = q @ k.mT
        return (q @ S + inside @ v) / (q @ z + inside.sum(-1))[:, None], S + k.mT @ v, z + k.sum(0)

    @mistake(
        "The chunk's own words count twice: they were added to S and z before these were read, and then compared in pairs as well. Read the state as it came "
        "in, and bring it up to date for the next chunk."
    )
    def counted_twice(S, z, q, k, v):
        S, z, inside = S + k.mT @ v, z + k.sum(0), (q @ k.mT).tril()
        return (q @ S + inside @ v) / (q @ z + inside.sum(-1))[:, None], S, z

    @mistake(
        "What came before the chunk does not count: each query sees only its own chunk. Add q @ S to the sum of values, and q @ z to the divisor."
    )
    def past_forgotten(S, z, q, k, v):
        inside = (q @ k.mT).tril()
        return inside @ v / inside.sum(-1, keepdim=True), S + k.mT @ v, z + k.sum(0)

    @mistake(
        "The two parts were divided each by its own sum, and then added. That is a sum of two averages; there is one average, over all words, with one divisor."
    )
    def two_divisors(S, z, q, k, v):
        inside, past = (q @ k.mT).tril(), (q @ z)[:, None]
        outputs = q @ S / past.masked_fill(past == 0, 1) + inside @ v / inside.sum(-1, keepdim=True)
        return outputs, S + k.mT @ v, z + k.sum(0)

    @mistake(
        "The outputs are right, and the state is handed on as it came: the next chunk would not know of this one. Add k.mT @ v to S, and the sum of the keys to z."
    )
    def state_as_it_came(S, z, q, k, v):
        inside = (q @ k.mT).tril()
        return (q @ S + inside @ v) / (q @ z + inside.sum(-1))[:, None], S, z

    @mistake(
        "The state that is handed on holds only this chunk. It has to hold all that came before, too: add to S and z."
    )
    def state_of_this_chunk(S, z, q, k, v):
        inside = (q @ k.mT).tril()
        return (q @ S + inside @ v) / (q @ z + inside.sum(-1))[:, None], k.mT @ v, k.sum(0)
