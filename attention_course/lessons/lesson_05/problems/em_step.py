import torch

from attention_course.checks.problem import Problem, mistake


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

        house = [([0, 1], [0, 1]), ([0, 2], [0, 2])]
        yield "three pairs of different lengths", (table(3, 4), [([0, 1], [0, 1, 3]), ([2, 0, 1], [2, 0]), ([2], [3])])
        yield "one pair, of an English word and two French ones", (torch.tensor([[0.8, 0.2]]), [([0], [0, 1])])
        yield "the lesson's two pairs, the house and the flower, and a table of its own", (table(3, 3), house)
        yield (
            "the lesson's two pairs, the house and the flower, and a uniform table",
            (torch.full((3, 3), 1 / 3), house),
        )
        yield "a French word that stands in its sentence twice", (table(2, 2), [([0, 1], [0, 1, 0]), ([1], [1])])
        yield "an English word that stands in its sentence twice", (table(2, 2), [([0, 1, 0], [0, 1]), ([1], [1])])
        yield "a pair that comes twice", (table(2, 3), [([0, 1], [0, 2]), ([0, 1], [0, 2]), ([1], [1])])
        yield (
            "an English word and a French one in many pairs",
            (table(3, 3), [*house, ([0], [0]), ([0, 1, 2], [2, 0, 1, 2])]),
        )
        pairs = [(some(4, 5), some(3 + i % 3, 6)) for i in range(7)]
        yield "nine pairs", (table(5, 6), [*pairs, ([0, 1, 2], [3, 1, 4]), ([3, 4, 3], [5, 2])])

    def admissible(self, generator):
        def number(low, high):
            return int(torch.randint(low, high, (), generator=generator))

        english, french = number(1, 6), number(1, 6)
        pairs = [
            tuple(torch.randint(words, (number(1, 5),), generator=generator).tolist() for words in (english, french))
            for _ in range(number(1, 5))
        ]
        pairs += pairs[: number(0, 2)]  # one that comes twice
        missing = sorted(set(range(english)) - {e for sentence, _ in pairs for e in sentence})
        pairs += [(missing, [number(0, french)])] * bool(missing)
        t = torch.randn(english, french, generator=generator).mul(number(0, 3)).softmax(1)
        return (t if number(0, 2) else EmStep.answer(t, pairs)), pairs  # after an iteration it holds zeros

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
        "The shares of the whole pair were made to sum to one. Each French word was made for certain: for every one of them, the shares of the English "
        "words sum to one."
    )
    def shares_of_the_pair(t, pairs):
        def of_the_pair(english, french):
            together = t[english][:, french].sum()
            return lambda column: column / together

        counts = sum(iterate(t, [pair], of_the_pair(*pair), finish=lambda counts: counts) for pair in pairs)
        return counts / counts.sum(1, keepdim=True)

    other_shares = "The shares of a French word were divided by something else than their sum. In every sentence they sum to one over the English words of the pair."

    @mistake(other_shares)
    def shares_of_the_largest(t, pairs):
        return iterate(t, pairs, lambda column: column / column.max())

    @mistake(other_shares)
    def shares_of_the_mean(t, pairs):
        return iterate(t, pairs, lambda column: column / column.mean())

    @mistake(other_shares)
    def shares_of_the_number(t, pairs):
        return iterate(t, pairs, lambda column: column / len(column))

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
        "Pairs of words were counted: each English word of a sentence got every French word whole. It gets the share that the old table gives it."
    )
    def pairs_of_words_counted(t, pairs):
        return iterate(t, pairs, torch.ones_like)

    @mistake(
        "The counts were divided by the sum for each French word, which makes t(e | f). The table holds t(f | e): for each English word, a row that sums "
        "to one."
    )
    def totals_of_the_french(t, pairs):
        counts = iterate(t, pairs, finish=lambda counts: counts)
        return counts / counts.sum(0)

    other_quotient = "The counts were divided by something else than their sum. Each English word has its own: every row sums to one."

    @mistake(other_quotient)
    def divided_by_the_pairs(t, pairs):
        return iterate(t, pairs, finish=lambda counts: counts / len(pairs))

    @mistake(other_quotient)
    def divided_by_occurrences(t, pairs):
        often = torch.bincount(torch.tensor([e for english, _ in pairs for e in english]), minlength=len(t))
        return iterate(t, pairs, finish=lambda counts: counts / often[:, None])

    @mistake(other_quotient)
    def divided_by_the_mean(t, pairs):
        return iterate(t, pairs, finish=lambda counts: counts / counts.mean(1, keepdim=True))

    @mistake(other_quotient)
    def divided_by_the_largest(t, pairs):
        return iterate(t, pairs, finish=lambda counts: counts / counts.amax(1, keepdim=True))

    @mistake(
        "The rows went through a softmax. Counts are positive already: divide each row by its sum, so that what was never counted stays at zero."
    )
    def softmax_of_counts(t, pairs):
        return iterate(t, pairs, finish=lambda counts: counts.softmax(1))

    @mistake("The counts were divided by the sum of all of them. Each English word has its own: every row sums to one.")
    def one_total(t, pairs):
        return iterate(t, pairs, finish=lambda counts: counts / counts.sum())

    @mistake("These are the counts. Maximisation is still to come: divide each row by its sum.")
    def counts_returned(t, pairs):
        return iterate(t, pairs, finish=lambda counts: counts)

    @mistake(
        "A French word that stands in its sentence twice was counted once. It was made twice: walk over the words, and not over a set of them. "
        "With a list of places, counts[e, french] += … also adds only once at each."
    )
    def french_words_once(t, pairs):
        return EmStep.answer(t, [(english, list(dict.fromkeys(french))) for english, french in pairs])

    english_once = (
        "An English word that stands in its sentence twice was counted once. There are two who can have made the French word, and each of them has "
        "a share."
    )

    @mistake(english_once)
    def english_words_once(t, pairs):
        return EmStep.answer(t, [(list(dict.fromkeys(english)), french) for english, french in pairs])

    @mistake(
        "Of an English word that stands in its sentence twice, one share was lost. Each of the two has a share; but with a list of places, "
        "counts[english, f] += … adds only once at each. Add the shares one by one, or with index_put_ and accumulate=True (np.add.at in NumPy)."
    )
    def one_share_lost(t, pairs):
        return counted(t, pairs, lambda english: dict.fromkeys(english), lambda english: english)

    @mistake(english_once)
    def english_words_once_below(t, pairs):
        return counted(t, pairs, lambda english: english, lambda english: list(dict.fromkeys(english)))

    @mistake(
        "A word that stands in its sentence twice was counted once. Walk over the words of a sentence, and not over a set of them."
    )
    def both_once(t, pairs):
        return EmStep.answer(t, [tuple(list(dict.fromkeys(words)) for words in pair) for pair in pairs])

    @mistake("A pair of sentences that comes twice was counted once. It has been seen twice, and says so much more.")
    def pairs_once(t, pairs):
        return EmStep.answer(t, [pair for i, pair in enumerate(pairs) if pair not in pairs[:i]])

    @mistake(
        "Shares were lost at words that stand in their sentence twice: counts[...] += shares with lists of places adds only once at each place. Add "
        "the shares one by one, or with index_put_ and accumulate=True (np.add.at in NumPy)."
    )
    def repeated_indices(t, pairs):
        counts = torch.zeros_like(t)
        for english, french in pairs:
            places = torch.tensor(english)[:, None], torch.tensor(french)
            counts[places] += t[places] / t[places].sum(0)
        return counts / counts.sum(1, keepdim=True)

    @mistake(
        "A share took the place of the ones that had been counted before it: counts[e, f] = … forgets them. Add it, +=."
    )
    def last_share_alone(t, pairs):
        counts = torch.zeros_like(t)
        for english, french in pairs:
            for f in french:
                for e in english:
                    counts[e, f] = t[e, f] / t[english, f].sum()
        return counts / counts.sum(1, keepdim=True)

    changed_on_the_way = (
        "The table changed while it was being used, so every further pair meets other numbers. Keep the old table until all pairs are counted, and add "
        "the shares up in a matrix of zeros."
    )

    @mistake(changed_on_the_way)
    def table_overwritten(t, pairs):
        t = t.clone()
        for english, french in pairs:
            for f in french:
                t[english, f] = t[english, f] / t[english, f].sum()
        return t / t.sum(1, keepdim=True)

    @mistake(changed_on_the_way)
    def renewed_after_every_pair(t, pairs):
        t = t.clone()
        for english, french in pairs:
            counts, rows = iterate(t, [(english, french)], finish=lambda counts: counts), sorted(set(english))
            t[rows] = counts[rows] / counts[rows].sum(1, keepdim=True)
        return t

    @mistake(
        "A table of the sentence was made for every pair, and these were averaged. Count over all pairs, then divide once."
    )
    def averaged_over_pairs(t, pairs):
        each = [iterate(t, [pair]).nan_to_num() for pair in pairs]
        return sum(each) / len(each)

    @mistake(
        "The sentences of a pair have changed places: it is (english, french), and the rows of the table are the English words."
    )
    def sentences_swapped(t, pairs):
        return EmStep.answer(t, [(french, english) for english, french in pairs])

    @mistake("The table is turned round: row e, column f holds t(f | e), so it has a row for every English word.")
    def transposed(t, pairs):
        return EmStep.answer(t, pairs).T

    @mistake("That is the table after two iterations. One is asked for.")
    def two_iterations(t, pairs):
        return EmStep.answer(EmStep.answer(t, pairs), pairs)

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
        "Only the first pair was counted: the function returns from inside the loop. The counts are for the whole corpus."
    )
    def first_pair_alone(t, pairs):
        return EmStep.answer(t, pairs[:1])

    @mistake("The counts did not begin at zero. What no pair has shown is not to be counted: torch.zeros_like(t).")
    def begun_at_one(t, pairs):
        counts = 1 + iterate(t, pairs, finish=lambda counts: counts)
        return counts / counts.sum(1, keepdim=True)

    mixed_in = "The old table was mixed into the new one. It has had its say in the shares; the new table is made of the counts alone."

    @mistake(mixed_in)
    def between_old_and_new(t, pairs):
        return (t + EmStep.answer(t, pairs)) / 2

    @mistake(mixed_in)
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


def counted(t, pairs, above, below):
    """The same, with other words above (who gets a share) and below (whose shares sum to one)."""
    counts = torch.zeros_like(t)
    for english, french in pairs:
        for f in french:
            for e in above(english):
                counts[e, f] += t[e, f] / t[below(english), f].sum()
    return counts / counts.sum(1, keepdim=True)
