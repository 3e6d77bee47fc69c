import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.data.vocabulary import BOS, EOS
from attention_course.masks import PAD


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

    def admissible(self, generator):
        batch, longest = torch.randint(1, 6, (2,), generator=generator).tolist()
        lengths = torch.randint(0, longest + 1, (batch, 1), generator=generator)
        words = torch.randint(3, 40, (batch, longest), generator=generator)
        return (words * (torch.arange(longest) < lengths),)

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

    @mistake("BOS and EOS have changed places: previous begins with BOS, and the target ends with EOS.")
    def beginning_and_end_swapped(sentences):
        previous, target = Shift.answer(sentences)
        return previous.masked_fill(previous == BOS, EOS), target.masked_fill(target == EOS, BOS)

    @mistake("EOS stands at one place in all rows. Each sentence has a length of its own: count its words.")
    def one_length_for_all(sentences):
        previous, _ = Shift.answer(sentences)
        target = torch.cat([sentences, torch.full_like(sentences[:, :1], PAD)], 1)
        target[:, int((sentences[0] != PAD).sum())] = EOS
        return previous, target
