import torch

from attention_course.checks.problem import Problem, mistake


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
    any_kind = True

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

    def admissible(self, generator):
        length, bits = torch.randint(1, 12, (2,), generator=generator).tolist()
        sentence = torch.randint(2, (length,), generator=generator).tolist()
        return read(sentence, bits), read(sentence[::-1], bits), length, bits

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

    @mistake(
        "A number of exactly 1 was read as the word 0. A 1 with nothing but zeros behind it is 1 and no more: ask for >= 1."
    )
    def greater_than_one(left, right, length, bits):
        known = min(bits, length)
        first, last = (
            recall(h, known, word=lambda h: int(h > 1), back=lambda h, x: 2 * (h % 1)) for h in (right, left)
        )
        return put_together(first, last, length)

    @mistake("The digit before the point was left out. It is the word that was read last.")
    def digit_before_the_point(left, right, length, bits):
        known = min(bits, length)
        first, last = (recall(2 * (h % 1), known) for h in (right, left))
        return put_together(first, last, length)


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
