import torch

from attention_course.checks.problem import Problem, mistake


class ExactByLength(Problem):
    """The share of sentences translated exactly, by the length of the source sentence."""

    hints = (
        "First decide for every sentence whether it is right as a whole. Then collect, for every bin, the sentences that fall into it.",
        "Two lists are equal if all their words are: t == r. For a bin (a, b) keep those with a <= n <= b, and think of a bin that stays "
        "empty before you divide.",
        "right = [t == r for t, r in zip(translations, references)]; then for each (a, b) in bins: "
        "inside = [good for good, n in zip(right, lengths) if a <= n <= b], and shares.append(sum(inside) / len(inside) if inside else None).",
    )
    praise = "One wrong word spoils a sentence, so long ones have more ways to fail, with or without a bottleneck. Keep that in mind when you read the curve."

    def inputs(self, generator):
        def chance(share):
            return torch.rand((), generator=generator).item() < share

        def some(n, most):
            return torch.randint(1, most + 1, (n,), generator=generator).tolist()

        cat, dogs = ["le", "chat", "dort"], ["les", "chiens", "dorment"]
        yield "two sentences, of which one is right", ([cat, ["les", "chiens"]], [cat, dogs], [3, 3], [(1, 5)])
        yield (
            "one sentence with one wrong word",
            ([cat, ["les", "chats", "dorment"]], [cat, dogs], [3, 3], [(1, 5)]),
        )
        yield "the right words in disorder", ([cat[::-1], dogs], [cat, dogs], [3, 3], [(1, 5)])
        yield (
            "two bins, and a length at the end of a bin",
            ([cat, cat, dogs, cat], [cat, dogs, dogs, dogs], [2, 4, 5, 6], [(1, 4), (5, 8)]),
        )
        yield (
            "sentences whose English is not as long as their French",
            ([cat, dogs + dogs], [cat, dogs], [5, 3], [(1, 3), (4, 6)]),
        )
        yield "a bin without any sentence", ([cat, cat], [cat, dogs], [3, 3], [(1, 2), (3, 4)])
        yield "sentences that fall into no bin", ([cat, dogs, cat], [cat, dogs, dogs], [3, 9, 4], [(3, 4)])
        references = [[f"mot{i}" for i in some(n, 20)] for n in some(30, 9)]
        translations = [r if chance(0.6) else [*r[:-1], *(["faux"] * chance(0.7))] for r in references]
        lengths = [len(r) + extra for r, extra in zip(references, some(30, 3), strict=True)]
        yield "thirty sentences", (translations, references, lengths, [(1, 3), (4, 6), (7, 9), (20, 22)])

    def admissible(self, generator):
        def some(n, least, most):
            return torch.randint(least, most + 1, (n,), generator=generator).tolist()

        [n, bins] = some(2, 1, 5)
        references = [[f"mot{i}" for i in some(length, 1, 3)] for length in some(n, 1, 4)]  # words may repeat
        kinds = some(n, 0, 5)
        changed = {1: lambda r: r[:-1], 2: lambda r: [*r, "faux"], 3: lambda r: r[::-1]}
        translations = [changed.get(kind, list)(r) for kind, r in zip(kinds, references, strict=True)]
        return (
            translations,
            references,
            some(n, 1, 8),
            [(a, a + b) for a, b in zip(some(bins, 1, 7), some(bins, 0, 3), strict=False)],
        )

    def answer(translations, references, lengths, bins):
        right = [t == r for t, r in zip(translations, references, strict=True)]
        shares = []
        for a, b in bins:
            inside = [good for good, n in zip(right, lengths, strict=True) if a <= n <= b]
            shares.append(sum(inside) / len(inside) if inside else None)
        return shares

    @mistake(
        "That is the share of words that are right. Asked for are sentences: one is right if every word is, and nothing is missing or too much."
    )
    def words_right(translations, references, lengths, bins):
        shares = []
        for a, b in bins:
            inside = [(t, r) for t, r, n in zip(translations, references, lengths, strict=True) if a <= n <= b]
            hits = sum(x == y for t, r in inside for x, y in zip(t, r, strict=False))
            shares.append(hits / sum(len(r) for _, r in inside) if inside else None)
        return shares

    @mistake(
        "A translation that stops too early was counted as right: word for word it agrees with the reference as far as it goes, and zip "
        "goes no further than the shorter of the two."
    )
    def beginnings_right(translations, references, lengths, bins):
        cut = [r[: len(t)] for t, r in zip(translations, references, strict=True)]
        return ExactByLength.answer(translations, cut, lengths, bins)

    @mistake(
        "The right words in the wrong order were counted as right. A set or a sorted list forgets the order; compare the lists."
    )
    def order_ignored(translations, references, lengths, bins):
        return ExactByLength.answer([sorted(t) for t in translations], [sorted(r) for r in references], lengths, bins)

    @mistake(
        "The sentences were sorted by the length of the French reference. The bins are for the source sentence, whose words have to fit "
        "into the vector: use lengths."
    )
    def by_reference_length(translations, references, lengths, bins):
        return ExactByLength.answer(translations, references, [len(r) for r in references], bins)

    @mistake(
        "The sentences were sorted by the length of the translation, so that one which stopped too early counts among the short ones. Use lengths."
    )
    def by_translation_length(translations, references, lengths, bins):
        return ExactByLength.answer(translations, references, [len(t) for t in translations], bins)

    @mistake("The upper end of a bin belongs to it: (4, 6) holds the lengths 4, 5 and 6. range(4, 6) ends before 6.")
    def upper_end_left_out(translations, references, lengths, bins):
        return ExactByLength.answer(translations, references, lengths, [(a, b - 1) for a, b in bins])

    @mistake("The lower end of a bin belongs to it: (4, 6) holds the lengths 4, 5 and 6.")
    def lower_end_left_out(translations, references, lengths, bins):
        return ExactByLength.answer(translations, references, lengths, [(a + 1, b) for a, b in bins])

    @mistake(
        "An empty bin came out as 0. No sentence is not the same as no sentence right: in a figure the curve would fall to the ground where "
        "nothing was measured. Give None."
    )
    def zero_for_an_empty_bin(translations, references, lengths, bins):
        return [share or 0.0 for share in ExactByLength.answer(translations, references, lengths, bins)]

    @mistake("An empty bin came out as NaN, as a mean of nothing does in NumPy and PyTorch. Asked for is None.")
    def nan_for_an_empty_bin(translations, references, lengths, bins):
        shares = ExactByLength.answer(translations, references, lengths, bins)
        return [float("nan") if share is None else share for share in shares]

    @mistake(
        "An empty bin was left out. The list then no longer goes with the bins, one share for each; put None there."
    )
    def empty_bin_left_out(translations, references, lengths, bins):
        return [s for s in ExactByLength.answer(translations, references, lengths, bins) if s is not None]

    @mistake(
        "Each bin was divided by the number of all sentences. Its share is among its own: otherwise a bin with few sentences looks like a "
        "bin with bad ones."
    )
    def divided_by_all(translations, references, lengths, bins):
        right = [t == r for t, r in zip(translations, references, strict=True)]
        inside = [[good for good, n in zip(right, lengths, strict=True) if a <= n <= b] for a, b in bins]
        return [sum(some) / len(right) if some else None for some in inside]

    @mistake("That is how many are right. Asked for is the share: divide by how many sentences the bin holds.")
    def counted(translations, references, lengths, bins):
        right = [t == r for t, r in zip(translations, references, strict=True)]
        inside = [[good for good, n in zip(right, lengths, strict=True) if a <= n <= b] for a, b in bins]
        return [sum(some) if some else None for some in inside]
