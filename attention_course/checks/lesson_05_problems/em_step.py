import torch

from ..problem import Problem, mistake


class EmStep(Problem):
    """One iteration of IBM Model 1 on a table of numbers."""

    hints = (
        "Count first, divide later. For one French word of one pair: which numbers of the table say how likely each English word is to have made "
        "it, and what makes shares of them that sum to one?",
        "t[english, f] has one number for each English word of the pair; divided by their sum they are the shares. Add each to counts[e, f], and when "
        "all pairs are done, make every row of the counts sum to one.",
        "counts = torch.zeros_like(t); for english, french in pairs: for f in french: shares = t[english, f] / t[english, f].sum(), and "
        "for e, share in zip(english, shares): counts[e, f] += share. At the end counts / counts.sum(1, keepdim=True).",
    )
    praise = "Expectation and maximisation, in two divisions: one over the English words of a sentence, one over the French words of the table."

    def inputs(self, generator):
        def table(english, french):
            return torch.randn(english, french, generator=generator).mul(1.5).softmax(1)

        def some(n, words):
            return torch.randint(words, (n,), generator=generator).tolist()

        yield "one pair, of an English word and two French ones", (torch.tensor([[0.8, 0.2]]), [([0], [0, 1])])
        house = [([0, 1], [0, 1]), ([0, 2], [0, 2])]
        yield (
            "the lesson's two pairs, the house and the flower, and a uniform table",
            (torch.full((3, 3), 1 / 3), house),
        )
        yield "the same two pairs with a table that is no longer uniform", (table(3, 3), house)
        yield "a French word that stands in its sentence twice", (table(2, 2), [([0, 1], [0, 1, 0]), ([1], [1])])
        yield "an English word that stands in its sentence twice", (table(2, 2), [([0, 1, 0], [0, 1]), ([1], [1])])
        yield (
            "an English word and a French one in many pairs",
            (table(3, 3), [*house, ([0], [0]), ([0, 1, 2], [2, 0, 1, 2])]),
        )
        pairs = [(some(4, 5), some(3 + i % 3, 6)) for i in range(7)]
        yield "nine pairs", (table(5, 6), [*pairs, ([0, 1, 2], [3, 1, 4]), ([3, 4, 3], [5, 2])])

    def answer(t, pairs):
        counts = torch.zeros_like(t)
        for english, french in pairs:
            for f in french:
                shares = t[english, f] / t[english, f].sum()
                for e, share in zip(english, shares, strict=True):
                    counts[e, f] += share
        return counts / counts.sum(1, keepdim=True)

    @mistake(
        "The shares were taken along the French sentence, as if an English word had to divide itself among its makings. It is each French word "
        "that is divided among the English ones: divide by the sum over e."
    )
    def shares_along_the_french(t, pairs):
        counts = torch.zeros_like(t)
        for english, french in pairs:
            for e in english:
                for f in french:
                    counts[e, f] += t[e, f] / t[e, french].sum()
        return counts / counts.sum(1, keepdim=True)

    @mistake(
        "The likeliest English word was given the whole count. That ends at the first guess, for what starts a little behind never gets "
        "anything again. Expectation counts shares."
    )
    def hard_counts(t, pairs):
        def winner(column):
            return torch.eye(len(column))[column.argmax()].to(column)

        return iterate(t, pairs, winner)

    @mistake(
        "The probabilities were counted as they stand in the table. In each sentence somebody made this French word for certain: its shares have "
        "to sum to one, so divide by the sum over the English words of the pair."
    )
    def shares_not_divided(t, pairs):
        return iterate(t, pairs, lambda column: column)

    @mistake(
        "Each number was divided by the sum over the whole column of the table. Only the English words of this pair can have made the French "
        "word; those of other sentences take no share."
    )
    def shares_of_the_whole_table(t, pairs):
        counts = torch.zeros_like(t)
        for english, french in pairs:
            for f in french:
                for e in english:
                    counts[e, f] += t[e, f] / t[:, f].sum()
        return counts / counts.sum(1, keepdim=True)

    @mistake(
        "The shares are a softmax of the probabilities. They are a softmax of their logarithms, which is the plain quotient: exp(log t) is t."
    )
    def softmax_of_probabilities(t, pairs):
        return iterate(t, pairs, lambda column: column.softmax(0))

    @mistake(
        "The old table has not been used: every English word of a pair got the same share. That is right for a uniform table, in the first iteration, "
        "and every further one would repeat it."
    )
    def table_not_used(t, pairs):
        return iterate(t, pairs, lambda column: torch.full_like(column, 1 / len(column)))

    @mistake(
        "The counts were divided by the sum for each French word, which makes t(e | f). The table holds t(f | e): for each English word, a row that sums "
        "to one."
    )
    def totals_of_the_french(t, pairs):
        counts = iterate(t, pairs, finish=lambda counts: counts)
        return counts / counts.sum(0)

    @mistake("The counts were divided by the sum of all of them. Each English word has its own: every row sums to one.")
    def one_total(t, pairs):
        return iterate(t, pairs, finish=lambda counts: counts / counts.sum())

    @mistake("These are the counts. Maximisation is still to come: divide each row by its sum.")
    def counts_returned(t, pairs):
        return iterate(t, pairs, finish=lambda counts: counts)

    @mistake(
        "A French word that stands in its sentence twice was counted once. It was made twice: walk over the words, and not over a set of them."
    )
    def french_words_once(t, pairs):
        return EmStep.answer(t, [(english, list(dict.fromkeys(french))) for english, french in pairs])

    @mistake(
        "An English word that stands in its sentence twice was counted once. There are two who can have made the French word, and each of them has "
        "a share."
    )
    def english_words_once(t, pairs):
        return EmStep.answer(t, [(list(dict.fromkeys(english)), french) for english, french in pairs])

    lost = (
        "Shares were lost at words that stand in their sentence twice: counts[...] += shares with a list of places adds only once at each place. Add "
        "the shares one by one, or with index_put_ and accumulate=True (np.add.at in NumPy)."
    )

    @mistake(lost)
    def repeated_index(t, pairs):
        counts = torch.zeros_like(t)
        for english, french in pairs:
            for f in french:
                counts[english, f] += t[english, f] / t[english, f].sum()
        return counts / counts.sum(1, keepdim=True)

    @mistake(lost)
    def repeated_indices(t, pairs):
        counts = torch.zeros_like(t)
        for english, french in pairs:
            places = torch.tensor(english)[:, None], torch.tensor(french)
            counts[places] += t[places] / t[places].sum(0)
        return counts / counts.sum(1, keepdim=True)

    @mistake(
        "The shares were written into the table that they are made from, so every further pair meets numbers that have changed already. Keep "
        "the old table until all pairs are counted, and add the shares up in a matrix of zeros."
    )
    def table_overwritten(t, pairs):
        t = t.clone()
        for english, french in pairs:
            for f in french:
                t[english, f] = t[english, f] / t[english, f].sum()
        return t / t.sum(1, keepdim=True)

    @mistake(
        "The sums of the rows have lost their axis, and broadcasting lays them along the columns. Say keepdim=True, so that every row is divided by "
        "its own sum."
    )
    def axis_lost(t, pairs):
        return iterate(t, pairs, finish=lambda counts: counts / counts.sum(1))

    @mistake(
        "Only the last pair was counted: the counts are set to zero inside the loop over the pairs. They are for the whole corpus; set them to zero before it."
    )
    def last_pair_alone(t, pairs):
        counts = iterate(t, pairs[-1:], finish=lambda counts: counts)
        return counts / counts.sum(1, keepdim=True)

    @mistake(
        "The counts were added to the old table. It has had its say in the shares; the new table is made of the counts alone."
    )
    def old_table_kept(t, pairs):
        counts = t + iterate(t, pairs, finish=lambda counts: counts)
        return counts / counts.sum(1, keepdim=True)


def iterate(
    t,
    pairs,
    share=lambda column: column / column.sum(),
    finish=lambda counts: counts / counts.sum(1, keepdim=True),
):
    """One iteration of Model 1, with one place for a mistake in each of its steps."""
    counts = torch.zeros_like(t)
    for english, french in pairs:
        for f in french:
            for e, made in zip(english, share(t[english, f]), strict=True):
                counts[e, f] += made
    return finish(counts)
