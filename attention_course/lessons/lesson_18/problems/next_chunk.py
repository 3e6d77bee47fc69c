import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.checks.watching import watch


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

        yield "three words, with four before the chunk", drawn(3, 4, 2, before=4)
        yield "two words of a single number, with three before the chunk", drawn(2, 1, 1, before=3)
        yield "one word, with four before the chunk", drawn(1, 2, 1, before=4)
        yield "five words, with seven before the chunk", drawn(5, 3, 4, before=7)
        yield "as many words as features and numbers in a value", drawn(3, 3, 3, before=2)
        yield "a first chunk of a single word: S and z are zero", drawn(1, 2, 1)
        yield "a first chunk of three words: S and z are zero", drawn(3, 2, 2)

    def admissible(self, generator):
        words, features, size = (int(torch.randint(1, most, (1,), generator=generator)) for most in (7, 5, 5))
        before = int(torch.randint(0, 5, (1,), generator=generator))
        q, k = (torch.rand(words + before, features, generator=generator) + 0.1 for _ in range(2))
        k = k * 4.0 ** torch.randint(-1, 2, (1,), generator=generator)
        v = torch.randn(words + before, size, generator=generator)
        return k[:before].mT @ v[:before], k[:before].sum(0), q[before:], k[before:], v[before:]

    def run(self, answer, S, z, q, k, v):
        """The three of them, whether in a tuple or in a list."""
        found = answer(S, z, q, k, v)
        return tuple(found) if isinstance(found, list) else found

    def disobeys(self, answer):
        def steps(words):
            return watch(
                answer, (torch.ones(2, 3), torch.ones(2), *torch.ones(2, words, 2), torch.ones(words, 3))
            ).steps

        if steps(32) >= steps(4) + 20:
            return "But there is a loop over words, and the statement asks for none: compare all pairs of the chunk, and keep the lower triangle."
        return None

    def answer(S, z, q, k, v):
        inside = (q @ k.mT).tril()  # (c, c)
        outputs = (q @ S + inside @ v) / (q @ z + inside.sum(-1)).unsqueeze(-1)
        return outputs, S + k.mT @ v, z + k.sum(0)

    future = (
        "Within the chunk a word sees those that come after it, be it that all pairs were compared, or that the chunk was added to the state before the state was "
        "read. Compare pairs, and keep the lower triangle, (q @ k.mT).tril()."
    )
    not_updated = "The outputs are right, and S or z is handed on as it came: the next chunk would not know of this one. Add k.mT @ v to S, and the sum of the keys to z."
    only_this_chunk = (
        "What is handed on holds only this chunk. It has to hold all that came before, too: add to S and z."
    )
    sum_of_keys = "The outputs are right, and z is not: it is the sum of all keys, over words, (F). Add k.sum(0)."
    divisor = "The divisor is another: each output is divided by the sum of its own products, q @ z for the words before the chunk and the row sums of the lower triangle for those in it."
    order = "Returned are to be three things in this order: the outputs, S and z."
    two_averages = "The two parts were divided each by its own sum, and then put together. There is one average, over all words, with one divisor."
    one_divided = (
        "Only one of the two parts was divided. Add them first, and divide what is then the whole sum of values."
    )
    keys = "What is handed on was made of the queries. S and z are sums over keys: k.mT @ v and k.sum(0)."

    @mistake(future)
    def future_in_the_chunk(*arguments):
        return chunk(*arguments, keep=lambda pairs: pairs)

    @mistake(
        "The triangle is the wrong one: a word sees itself and those *after* it in the chunk. Rows are queries: tril, not triu."
    )
    def upper_triangle(*arguments):
        return chunk(*arguments, keep=torch.triu)

    @mistake(
        "A word does not see itself: the triangle leaves out its diagonal. Words up to its own are averaged, its own included."
    )
    def itself_left_out(*arguments):
        return chunk(*arguments, keep=lambda pairs: pairs.tril(-1))

    @mistake(
        "A word sees the one after it: the triangle reaches one too far. tril() without a number keeps the diagonal and what is below."
    )
    def one_ahead(*arguments):
        return chunk(*arguments, keep=lambda pairs: pairs.tril(1))

    @mistake(
        "The softmax was taken of the products within the chunk. Here the features' products themselves are the weights, as they are in S and z."
    )
    def softmax_inside(*arguments):
        forbidden = lambda pairs: torch.ones_like(pairs).triu(1).bool()
        return chunk(*arguments, keep=lambda pairs: pairs.masked_fill(forbidden(pairs), -torch.inf).softmax(-1))

    @mistake(
        "The products within the chunk were divided by their own sum before they met those of the past. There is one average, over all words, with one divisor."
    )
    def normalised_inside(*arguments):
        return chunk(*arguments, keep=lambda pairs: pairs.tril() / pairs.tril().sum(-1, keepdim=True))

    @mistake(
        "The products within the chunk were divided by the root of F. What is in S and z was not: use them as they are."
    )
    def scaled_inside(S, z, q, k, v):
        return chunk(S, z, q, k, v, keep=lambda pairs: pairs.tril() / k.shape[1] ** 0.5)

    @mistake(
        "The chunk's own words count twice: they were added to S and z before these were read, and then compared in pairs as well. Read the state as it came "
        "in, and bring it up to date for the next chunk."
    )
    def counted_twice(S, z, q, k, v):
        return chunk(S + k.mT @ v, z + k.sum(0), q, k, v)[0], S + k.mT @ v, z + k.sum(0)

    @mistake(
        "The chunk was added twice to what is handed on, and read twice, too. Read the state as it came in, and then add the chunk once."
    )
    def counted_twice_and_handed_on(S, z, q, k, v):
        return chunk(S + k.mT @ v, z + k.sum(0), q, k, v)

    @mistake(
        "What came before the chunk does not count: each query sees only its own chunk. Add q @ S to the sum of values, and q @ z to the divisor."
    )
    def past_forgotten(*arguments):
        return chunk(*arguments, values=lambda q, S, inside, v: inside @ v, sums=lambda q, z, inside: inside.sum(-1))

    @mistake(
        "The chunk itself does not count: each query sees only what came before it. The words of the chunk up to its own belong to the average, too."
    )
    def chunk_forgotten(*arguments):
        return chunk(*arguments, values=lambda q, S, inside, v: q @ S, sums=lambda q, z, inside: q @ z)

    @mistake(
        "The past, z, is missing in the divisor: the values of what came before the chunk are in the sum, and their weights are not. Add q @ z to the sums of the triangle's rows."
    )
    def past_missing_in_the_divisor(*arguments):
        return chunk(*arguments, sums=lambda q, z, inside: inside.sum(-1))

    @mistake(
        "The chunk's own words are missing in the divisor: their values are in the sum, and their weights are not. Add the sums of the triangle's rows to q @ z."
    )
    def chunk_missing_in_the_divisor(*arguments):
        return chunk(*arguments, sums=lambda q, z, inside: q @ z)

    @mistake(
        "The values of what came before the chunk are missing, while z stands in the divisor. Add q @ S to the sum of values."
    )
    def past_values_missing(*arguments):
        return chunk(*arguments, values=lambda q, S, inside, v: inside @ v)

    @mistake(
        "The chunk's own values are missing, while its keys stand in the divisor. Add the triangle times v to q @ S."
    )
    def own_values_missing(*arguments):
        return chunk(*arguments, values=lambda q, S, inside, v: q @ S)

    @mistake("The divisor is missing. These are sums, and averages are asked for.")
    def without_divisor(*arguments):
        return chunk(*arguments, sums=lambda q, z, inside: torch.ones(len(q)))

    @mistake("The sums were multiplied by the divisor.")
    def multiplied(*arguments):
        return chunk(*arguments, sums=lambda q, z, inside: 1 / (q @ z + inside.sum(-1)))

    @mistake(divisor)
    def divided_by_columns(*arguments):
        return chunk(*arguments, sums=lambda q, z, inside: q @ z + inside.sum(0))

    @mistake(divisor)
    def divided_by_the_whole_chunk(S, z, q, k, v):
        return chunk(S, z, q, k, v, sums=lambda q, z, inside: q @ (z + k.sum(0)))

    @mistake(divisor)
    def divided_by_the_number_of_words(*arguments):
        return chunk(*arguments, sums=lambda q, z, inside: torch.arange(1, len(q) + 1))

    @mistake(divisor)
    def divided_by_the_sum_of_z(S, z, q, k, v):
        return chunk(S, z, q, k, v, sums=lambda q, z, inside: (z + k.cumsum(0)).sum(1))

    @mistake(two_averages)
    def two_divisors(S, z, q, k, v):
        inside, past = (q @ k.mT).tril(), (q @ z)[:, None]
        outputs = q @ S / past.masked_fill(past == 0, 1) + inside @ v / inside.sum(-1, keepdim=True)
        return outputs, S + k.mT @ v, z + k.sum(0)

    @mistake(two_averages)
    def mean_of_two_averages(S, z, q, k, v):
        outputs, S, z = NextChunk.two_divisors(S, z, q, k, v)
        return outputs / 2, S, z

    @mistake(one_divided)
    def only_the_chunk_divided(S, z, q, k, v):
        inside = (q @ k.mT).tril()
        return q @ S + inside @ v / inside.sum(-1, keepdim=True), S + k.mT @ v, z + k.sum(0)

    @mistake(one_divided)
    def only_the_chunk_divided_by_all(S, z, q, k, v):
        inside = (q @ k.mT).tril()
        return q @ S + inside @ v / (q @ z + inside.sum(-1))[:, None], S + k.mT @ v, z + k.sum(0)

    @mistake(
        "The weights within the chunk were used the wrong way round: their rows are queries, so they are multiplied by v as they are."
    )
    def weights_transposed(*arguments):
        return chunk(*arguments, values=lambda q, S, inside, v: q @ S + inside.mT @ v)

    @mistake(not_updated)
    def state_as_it_came(S, z, q, k, v):
        return chunk(S, z, q, k, v)[0], S, z

    @mistake(not_updated)
    def matrix_as_it_came(S, z, q, k, v):
        return chunk(S, z, q, k, v)[0], S, z + k.sum(0)

    @mistake(not_updated)
    def vector_as_it_came(S, z, q, k, v):
        return chunk(S, z, q, k, v)[0], S + k.mT @ v, z

    @mistake(only_this_chunk)
    def state_of_this_chunk(S, z, q, k, v):
        return chunk(S, z, q, k, v)[0], k.mT @ v, k.sum(0)

    @mistake(only_this_chunk)
    def matrix_of_this_chunk(S, z, q, k, v):
        return chunk(S, z, q, k, v)[0], k.mT @ v, z + k.sum(0)

    @mistake(only_this_chunk)
    def vector_of_this_chunk(S, z, q, k, v):
        return chunk(S, z, q, k, v)[0], S + k.mT @ v, k.sum(0)

    @mistake(sum_of_keys)
    def mean_of_keys(S, z, q, k, v):
        return *chunk(S, z, q, k, v)[:2], z + k.mean(0)

    @mistake(sum_of_keys)
    def sum_of_all_numbers(S, z, q, k, v):
        return *chunk(S, z, q, k, v)[:2], z + k.sum()

    @mistake(sum_of_keys)
    def last_key(S, z, q, k, v):
        return *chunk(S, z, q, k, v)[:2], z + k[-1]

    @mistake("S was brought up to date with the last word alone. Add the products of all words of the chunk, k.mT @ v.")
    def last_product(S, z, q, k, v):
        return chunk(S, z, q, k, v)[0], S + torch.outer(k[-1], v[-1]), z + k.sum(0)

    @mistake("S and z were brought up to date with the last word alone. Add those of all words of the chunk.")
    def last_word(S, z, q, k, v):
        return chunk(S, z, q, k, v)[0], S + torch.outer(k[-1], v[-1]), z + k[-1]

    @mistake(keys)
    def queries_in_the_matrix(S, z, q, k, v):
        return chunk(S, z, q, k, v)[0], S + q.mT @ v, z + k.sum(0)

    @mistake(keys)
    def queries_in_both(S, z, q, k, v):
        return chunk(S, z, q, k, v)[0], S + q.mT @ v, z + q.sum(0)

    @mistake("S and z were divided by the number of words. They are sums, over all words so far.")
    def state_divided(S, z, q, k, v):
        return chunk(S, z, q, k, v)[0], (S + k.mT @ v) / len(k), (z + k.sum(0)) / len(k)

    @mistake("S was handed on transposed. It is (F, D_v).")
    def matrix_transposed(S, z, q, k, v):
        return chunk(S, z, q, k, v)[0], (S + k.mT @ v).mT, z + k.sum(0)

    @mistake("These are the outputs alone. The next chunk needs S and z, too: return three things.")
    def outputs_alone(S, z, q, k, v):
        return chunk(S, z, q, k, v)[0]

    @mistake(order)
    def outputs_last(S, z, q, k, v):
        outputs, S, z = chunk(S, z, q, k, v)
        return S, z, outputs

    @mistake(order)
    def vector_before_matrix(S, z, q, k, v):
        outputs, S, z = chunk(S, z, q, k, v)
        return outputs, z, S


def chunk(
    S,
    z,
    q,
    k,
    v,
    keep=torch.tril,
    values=lambda q, S, inside, v: q @ S + inside @ v,
    sums=lambda q, z, inside: q @ z + inside.sum(-1),
):
    """The chunk, with a place for each mistake in its outputs."""
    inside = keep(q @ k.mT)
    return values(q, S, inside, v) / sums(q, z, inside)[:, None], S + k.mT @ v, z + k.sum(0)
