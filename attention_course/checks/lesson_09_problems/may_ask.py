import torch

from ..problem import Problem, mistake


class MayAsk(Problem):
    """A mask that joins three rules: real words, not oneself, and only the neighbourhood."""

    hints = (
        "There are three rules, and a pair of words must meet all of them. Write each as a Boolean table that broadcasts to (B, T, T), and join them with &.",
        "With places = torch.arange(longest), the distance of word i and word j is (places[:, None] - places).abs(). Word j is real where j < length, and "
        "this is about the word that is asked, so it belongs to the last axis.",
        "real = places < lengths[:, None, None] and distance = (places[:, None] - places).abs(); then real & (distance > 0) & (distance <= reach), with "
        "longest places from torch.arange(longest).",
    )
    praise = "Fixed windows like this one come back in lesson 17, where they save work instead of only hiding it."

    def inputs(self, generator):
        def lengths(count, longest):
            return torch.randint(1, longest + 1, (count,), generator=generator)

        longest = 3 + int(torch.randint(0, 3, (1,), generator=generator))
        yield "one sentence without padding, and a reach over all of it", (torch.tensor([longest]), longest, longest)
        yield "one sentence without padding and a reach of 1", (torch.tensor([longest]), longest, 1)
        yield "one sentence with two words of padding", (torch.tensor([longest]), longest + 2, longest + 2)
        yield "four sentences of several lengths", (lengths(4, 7), 7, 2)

    def answer(lengths, longest, reach):
        places = torch.arange(longest)
        distance = (places[:, None] - places).abs()  # (T, T)
        real = places < lengths[:, None, None]  # (B, 1, T)
        return real & (distance > 0) & (distance <= reach)

    @mistake("A word may ask itself in your mask. Its own place is at distance 0, and is to be left out.")
    def itself_allowed(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, reach) | (torch.eye(longest).bool() & masked(lengths, longest))

    @mistake("The mask is the wrong way round. True means: may attend.")
    def turned_round(lengths, longest, reach):
        return ~MayAsk.answer(lengths, longest, reach)

    @mistake("Padding may be asked in your mask. Word j is there only where j is less than the sentence's length.")
    def padding_asked(lengths, longest, reach):
        return MayAsk.answer(torch.full_like(lengths, longest), longest, reach)

    @mistake(
        "The lengths were applied to the words that ask. Padding may ask, for nobody listens; what matters is that it is not asked, on the last axis."
    )
    def rows_instead_of_columns(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, reach).mT

    @mistake("The window reaches one word less than it should: a word exactly `reach` away may be asked.")
    def one_too_narrow(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, reach - 1)

    @mistake("The window looks back only. Words after the one that asks, up to `reach` away, may be asked as well.")
    def backwards_only(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, reach).tril()

    @mistake("The rules have been joined with “or”, so that a pair need meet only one of them. Use &.")
    def joined_with_or(lengths, longest, reach):
        places = torch.arange(longest)
        distance = (places[:, None] - places).abs()
        return masked(lengths, longest) | (distance > 0) & (distance <= reach)

    @mistake(
        "One sentence's length is off by one: with a length of 3 the words 0, 1 and 2 are there, so it is “<” and not “<=”."
    )
    def one_word_too_many(lengths, longest, reach):
        return MayAsk.answer(lengths + 1, longest, reach)


def masked(lengths, longest):
    """The words that are there, (B, 1, T)."""
    return torch.arange(longest) < lengths[:, None, None]
