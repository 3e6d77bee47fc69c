"""Lesson 03: the bottleneck."""

import torch

from .problem import Choice, Problem, mistake


class Shift(Problem):
    """Teacher forcing: what the decoder is given, and what it has to say at each place."""

    hints = (
        "At every place the decoder is given the word before and says the word. Write a sentence of two words in two rows, one below the other.",
        "Joining a column of BOS to the left of the sentences gives previous. For the target a column of PAD joins on the right; then EOS "
        "goes to a place of its own in every row. Where? Count the words.",
        "previous = torch.cat([begin, sentences], 1), with begin = torch.full_like(sentences[:, :1], BOS). For the target, "
        "lengths = (sentences != PAD).sum(1, keepdim=True) and target.scatter(1, lengths, EOS).",
    )
    praise = "All places can now be trained at once, for the true word before each of them is known."

    def inputs(self, generator):
        def words(*sizes):
            return torch.randint(4, 40, sizes, generator=generator)

        yield "one sentence of two words", (torch.tensor([[7, 5]]),)
        yield "two sentences of three words", (words(2, 3),)
        yield "a sentence of two words and two places of padding", (torch.tensor([[8, 6, 0, 0]]),)
        yield "sentences of one, three and two words", (torch.tensor([[9, 0, 0], [4, 8, 5], [6, 6, 0]]),)
        yield "a row that is nothing but padding", (torch.tensor([[0, 0], [5, 4]]),)
        lengths = torch.tensor([[4], [6], [1], [5]])
        yield "four sentences of up to six words", (words(4, 6) * (torch.arange(6) < lengths),)

    def answer(sentences):
        PAD, BOS, EOS = 0, 1, 2
        begin = torch.full_like(sentences[:, :1], BOS)
        previous = torch.cat([begin, sentences], 1)
        target = torch.cat([sentences, torch.full_like(begin, PAD)], 1)
        lengths = (sentences != PAD).sum(1, keepdim=True)
        return previous, target.scatter(1, lengths, EOS)

    leak = (
        "Nothing has been shifted: at each place the decoder is shown the very word it has to say. In training it learns to copy, the loss "
        "goes to zero, and when it translates there is nothing to copy from."
    )

    @mistake(leak)
    def not_shifted(sentences):
        target = Shift.answer(sentences)[1]
        return torch.cat([sentences, torch.zeros_like(sentences[:, :1])], 1), target

    @mistake(leak)
    def target_twice(sentences):
        target = Shift.answer(sentences)[1]
        return target, target

    @mistake(
        "The target begins with BOS, and so stands at the same places as previous: at each of them the decoder is shown the word it has to "
        "say. BOS is given, it is never to be said."
    )
    def begin_in_target(sentences):
        previous = Shift.answer(sentences)[0]
        return previous, previous

    @mistake(
        "Both hold BOS and EOS, in L + 2 places, and so one is not shifted against the other. previous does without the end, the target "
        "without the beginning."
    )
    def both_marks_in_both(sentences):
        previous, target = Shift.answer(sentences)
        whole = torch.cat([previous[:, :1], target], 1)
        return whole, whole

    @mistake(
        "EOS stands behind the padding. The decoder would learn to end a sentence after PAD, which it is never given when it translates. "
        "EOS goes directly behind the last word, at another place in every row."
    )
    def end_behind_padding(sentences):
        previous = Shift.answer(sentences)[0]
        return previous, torch.cat([sentences, torch.full_like(sentences[:, :1], 2)], 1)

    @mistake("There is no EOS in the target, so the decoder never learns to stop.")
    def without_end(sentences):
        previous = Shift.answer(sentences)[0]
        return previous, torch.cat([sentences, torch.zeros_like(sentences[:, :1])], 1)

    @mistake(
        "EOS stands where the last word should be. Counting begins at zero: of a sentence of two words the last is at place 1, and EOS "
        "goes to place 2."
    )
    def last_word_overwritten(sentences):
        previous = Shift.answer(sentences)[0]
        last = ((sentences != 0).sum(1, keepdim=True) - 1).clamp(min=0)
        return previous, torch.cat([sentences, torch.zeros_like(sentences[:, :1])], 1).scatter(1, last, 2)

    @mistake(
        "All the padding of the target has become EOS. One is enough: the loss skips PAD, but it would count every EOS, and a short "
        "sentence would be mostly these."
    )
    def end_for_all_padding(sentences):
        previous, target = Shift.answer(sentences)
        return previous, target.masked_fill(target == 0, 2)

    @mistake(
        "In the shorter sentences previous holds EOS. That does no harm, for the target there is PAD, which the loss skips, and the "
        "package's own batches look like that. Asked for here is BOS, the words, and then PAD."
    )
    def end_in_previous(sentences):
        previous, target = Shift.answer(sentences)
        return torch.cat([previous[:, :1], target[:, :-1]], 1), target

    @mistake(
        "The last word of the longest sentence has been lost. L words and a mark take L + 1 places, in both: previous has BOS in front of "
        "all its words, the target EOS behind them."
    )
    def no_room_for_the_mark(sentences):
        previous, target = Shift.answer(sentences)
        return previous[:, :-1], target[:, :-1]

    @mistake("The two have changed places: previous first, then the target.")
    def changed_places(sentences):
        return Shift.answer(sentences)[::-1]


class Summary(Problem):
    """Eq. (4) for a padded batch: the last state of each of two readers."""

    hints = (
        "Which place of from_left has read all the words and no padding? Which place of from_right?",
        "The first place of from_right serves all sentences. From from_left each sentence needs another place: index it with two vectors of "
        "length B, the row and the place.",
        "last = from_left[torch.arange(len(lengths)), lengths - 1], and then torch.cat([last, from_right[:, 0]], -1).",
    )
    praise = "This is the whole of what the decoder will ever know of the sentence, however long it was."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "one sentence of one word", (randn(1, 1, 2), randn(1, 1, 2), torch.tensor([1]))
        yield "one sentence of three words", (randn(1, 3, 2), randn(1, 3, 2), torch.tensor([3]))
        yield "two sentences of three words", (randn(2, 3, 2), randn(2, 3, 2), torch.tensor([3, 3]))
        yield "a sentence of two words and two places of padding", (randn(1, 4, 2), randn(1, 4, 2), torch.tensor([2]))
        yield "a sentence of two words and one of three", (randn(2, 3, 2), randn(2, 3, 2), torch.tensor([2, 3]))
        yield (
            "four sentences of one to five words in six places",
            (randn(4, 6, 3), randn(4, 6, 3), torch.tensor([4, 1, 5, 2])),
        )

    def answer(from_left, from_right, lengths):
        last = from_left[torch.arange(len(lengths)), lengths - 1]  # (B, H)
        return torch.cat([last, from_right[:, 0]], -1)

    @mistake(
        "The left reader was asked at the last place of the row. In a shorter sentence that is padding, which it has read as if it were "
        "words, and c then depends on how long the other sentences of the batch are."
    )
    def last_place_of_the_row(from_left, from_right, lengths):
        return torch.cat([from_left[:, -1], from_right[:, 0]], -1)

    @mistake(
        "The right reader was asked at the last place. It began there: at that place it has read one word, or padding. It has read the "
        "whole sentence when it comes to the first."
    )
    def right_reader_at_the_end(from_left, from_right, lengths):
        rows = torch.arange(len(lengths))
        return torch.cat([from_left[rows, lengths - 1], from_right[:, -1]], -1)

    @mistake(
        "The right reader was asked at the last word. It began there and has read nothing else. It has read the whole sentence when it "
        "comes to the first."
    )
    def right_reader_at_the_last_word(from_left, from_right, lengths):
        rows = torch.arange(len(lengths))
        return torch.cat([from_left[rows, lengths - 1], from_right[rows, lengths - 1]], -1)

    @mistake(
        "Both readers were asked at the place where they began. Each of them has read one word there; take the place where it ends."
    )
    def both_where_they_begin(from_left, from_right, lengths):
        return torch.cat([from_left[:, 0], from_right[torch.arange(len(lengths)), lengths - 1]], -1)

    @mistake("The halves have changed places: the left reader's state comes first.")
    def halves_swapped(from_left, from_right, lengths):
        return Summary.answer(from_left, from_right, lengths).roll(from_left.shape[-1], -1)

    @mistake(
        "That is one place too far. Counting begins at zero: the last of n words stands at place n − 1, and behind it is padding, or the "
        "end of the row."
    )
    def one_too_far(from_left, from_right, lengths):
        return torch.cat([from_left[torch.arange(len(lengths)), lengths], from_right[:, 0]], -1)

    one_for_all = "One place was taken for all sentences. Each has its own last word: index with two vectors, the rows and the places."

    @mistake(one_for_all)
    def place_of_the_first_sentence(from_left, from_right, lengths):
        return torch.cat([from_left[:, lengths[0] - 1], from_right[:, 0]], -1)

    @mistake(one_for_all)
    def place_of_the_longest_sentence(from_left, from_right, lengths):
        return torch.cat([from_left[:, lengths.max() - 1], from_right[:, 0]], -1)

    @mistake(
        "That is the mean over all places, padding among them. Asked for is the usual q of Eq. (4): the state in which each reader ends."
    )
    def mean_of_all_places(from_left, from_right, lengths):
        return torch.cat([from_left, from_right], -1).mean(1)

    @mistake(
        "That is the mean over the words. It is a q, too, but asked for is the usual one of Eq. (4): the state in which each reader ends."
    )
    def mean_of_the_words(from_left, from_right, lengths):
        real = torch.arange(from_left.shape[1]) < lengths[:, None]
        return (torch.cat([from_left, from_right], -1) * real[..., None]).sum(1) / lengths[:, None]

    @mistake("The two states were added. Joined, each keeps its own H numbers: c has the shape (B, 2H).")
    def added(from_left, from_right, lengths):
        return from_left[torch.arange(len(lengths)), lengths - 1] + from_right[:, 0]

    @mistake("Only the left reader was asked. Behind its state comes the right reader's: c has the shape (B, 2H).")
    def left_reader_alone(from_left, from_right, lengths):
        return from_left[torch.arange(len(lengths)), lengths - 1]


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


class TwoReaders(Problem):
    """What two one-number readers, one from each end, still know of a sentence of zeros and ones."""

    hints = (
        "Take the lesson's recall. Which words does it give back rightly, and how many? In which order does the other reader give its words?",
        "Start with a list of 0.5. The right reader's newest word is the first of the sentence, so it fills the list from the front; the left "
        "reader fills it from the back, and each fills no more than `bits` places.",
        "sentence = [0.5] * length; then for i in range(min(bits, length)): sentence[i] = int(right >= 1) and "
        "right = 2 * (right - sentence[i]), and the same for left with sentence[-1 - i].",
    )
    praise = "Both ends come back whole and the middle not at all. With this rule the line of the lesson's figure would not sag, it would drop."

    def inputs(self, generator):
        def both(sentence, bits):
            return read(sentence, bits), read(sentence[::-1], bits), len(sentence), bits

        def random(length):
            return torch.randint(2, (length,), generator=generator).tolist()

        yield "a sentence of one word", both([1], 1)
        yield "a sentence of three words, and digits to spare", both([1, 1, 0], 6)
        yield "a sentence of five words, of which each reader holds four", both([0, 1, 0, 1, 1], 4)
        yield "a sentence of which each reader holds one half", both([0, 1, 1, 1, 0, 0, 1, 0], 4)
        yield "a sentence whose middle both have forgotten", both([1, 0, 1, 1, 1, 1, 1, 0, 0], 3)
        yield "readers with a single digit", both([1, 1, 1, 0], 1)
        yield "eleven words and eight digits", both(random(11), 8)
        yield "twenty words and seven digits", both(random(20), 7)

    def answer(left, right, length, bits):
        sentence = [0.5] * length
        for i in range(min(bits, length)):
            sentence[i] = int(right >= 1)
            right = 2 * (right - sentence[i])
            sentence[-1 - i] = int(left >= 1)
            left = 2 * (left - sentence[-1 - i])
        return sentence

    @mistake(
        "The readers have changed places. What a reader remembers is what it read last: for the one that comes from the left that is the end "
        "of the sentence, for the other the beginning."
    )
    def readers_swapped(left, right, length, bits):
        return TwoReaders.answer(right, left, length, bits)

    @mistake(
        "The left reader's words stand in the order in which they were recalled, the last word first. Turn them round, as the lesson's recall "
        "does at its end."
    )
    def left_not_turned_round(left, right, length, bits):
        known = min(bits, length)
        return put_together(recall(right, known), recall(left, known)[::-1], length)

    @mistake(
        "The right reader's words were turned round, as the lesson's recall does for a reader from the left. This one read the first word "
        "last and gives it back first: its words are in order already."
    )
    def right_turned_round(left, right, length, bits):
        known = min(bits, length)
        return put_together(recall(right, known)[::-1], recall(left, known), length)

    @mistake(
        "Words that both readers have forgotten came out as 0. That is what is left in a number when its digits are used up, and it says "
        "nothing about the sentence. Stop after `bits` words, and give 0.5."
    )
    def zeros_for_the_forgotten(left, right, length, bits):
        return put_together(recall(right, length // 2), recall(left, length - length // 2), length)

    @mistake("Only the left reader was asked. The other one knows the beginning.")
    def left_alone(left, right, length, bits):
        return put_together([], recall(left, min(bits, length)), length)

    @mistake("Only the right reader was asked. The other one knows the end.")
    def right_alone(left, right, length, bits):
        return put_together(recall(right, min(bits, length)), [], length)

    @mistake(
        "The number was not doubled after its word had been taken away. Reading halves what was there before, so going back doubles it."
    )
    def not_doubled(left, right, length, bits):
        known = min(bits, length)
        first, last = (recall(h, known, back=lambda h, x: h - x) for h in (right, left))
        return put_together(first, last, length)

    @mistake(
        "The number was doubled, but its word not taken away first: once there was a 1, all further words look like 1."
    )
    def not_taken_away(left, right, length, bits):
        known = min(bits, length)
        first, last = (recall(h, known, back=lambda h, x: 2 * h) for h in (right, left))
        return put_together(first, last, length)

    @mistake(
        "The number was rounded to the nearest word. It is what stands before the point that counts: all older words together add less than 1, "
        "so 0.75 says that the word was 0."
    )
    def rounded(left, right, length, bits):
        known = min(bits, length)
        first, last = (recall(h, known, word=lambda h: int(h + 0.5)) for h in (right, left))
        return put_together(first, last, length)

    @mistake(
        "That is one word too few of each reader. One of its digits stands before the point, and holds a word like the others."
    )
    def one_too_few(left, right, length, bits):
        return TwoReaders.answer(left, right, length, bits - 1)

    @mistake(
        "That is one word too many of each reader. It has `bits` digits, and after so many words what comes is a 0 that nobody said."
    )
    def one_too_many(left, right, length, bits):
        return TwoReaders.answer(left, right, length, bits + 1)


class ReversedSource(Choice):
    """Where the line of the lesson's figure lies if one reader, from right to left, has all the numbers."""

    hints = (
        "The lesson's h / 2 + x forgets at a fixed pace. A GRU has an update gate; who decides what it keeps?",
        "The loss counts every French word, those that translate the end of the sentence too. And now only this reader can have kept them.",
        "Suppose that a vector told you all the words of a sentence and nothing about their order. Which places would be hardest to fill?",
    )
    right = "C"
    praise = (
        "One reader does nearly what two did. Before any training its line does fall, as recency would have it; trained, it has learned to "
        "keep the end of the sentence as well. The cells below show both."
    )
    replies = {
        "A": "So it lies before training, and so it would lie for a reader that forgets at a fixed pace, as h / 2 + x does. But the loss asks "
        "for the end of the sentence too, nobody else has read it, and a GRU can learn to keep what is old. The cells below show both lines.",
        "B": "That would suit an untrained reader that goes from left to right. This one has read the first word last, and its first words "
        "are among the best.",
        "D": "Even a vector that told all the words of a sentence, and nothing about their order, would give no flat line: the first and the "
        "last places can be guessed from the words better than those between.",
    }


def read(sentence: list[int], bits: int) -> float:
    """The reader h = h / 2 + x with `bits` binary digits, one of them before the point; what does not fit is cut off."""
    h = 0.0
    for x in sentence:
        h = int((h / 2 + x) * 2 ** (bits - 1)) / 2 ** (bits - 1)
    return h


def recall(h: float, words: int, word=lambda h: int(h >= 1), back=lambda h, x: 2 * (h - x)) -> list[int]:
    """The words read last, the last one first; `word` and `back` are there for mistakes."""
    found = []
    for _ in range(words):
        found.append(word(h))
        h = back(h, found[-1])
    return found


def put_together(first: list[int], last: list[int], length: int) -> list:
    """A sentence from its first words and from its last ones, the latter from the end backwards; 0.5 elsewhere."""
    sentence = first + [0.5] * (length - len(first))
    return sentence[: length - len(last)] + last[::-1]


shift = Shift()
summary = Summary()
exact_by_length = ExactByLength()
two_readers = TwoReaders()
reversed_source = ReversedSource()
