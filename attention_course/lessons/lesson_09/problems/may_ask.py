import torch

from attention_course.checks.problem import Problem, mistake


class MayAsk(Problem):
    """A mask that joins three rules: real words, not oneself, and only the neighbourhood."""

    hints = (
        "There are three rules, and a pair of words must meet all of them. Write each as a Boolean table that broadcasts to (B, L, L), and join them with &.",
        "With places = torch.arange(longest), the distance of word i and word j is (places[:, None] - places).abs(). Word j is real where j < length, and "
        "this is about the word that is asked, so it belongs to the last axis.",
        "real = places < lengths[:, None, None] and distance = (places[:, None] - places).abs(); then real & (distance > 0) & (distance <= reach), with "
        "longest places from torch.arange(longest).",
    )
    praise = "Fixed windows like this one come back in lesson 17, where they save work instead of only hiding it."

    def inputs(self, generator):
        yield "two words, and a reach of 1", (torch.tensor([2]), 2, 1)
        yield "six words, and a reach of 2", (torch.tensor([6]), 6, 2)
        yield "two words, two of padding, and a reach of 1", (torch.tensor([2]), 4, 1)
        yield "three words, two of padding, and a reach over all of it", (torch.tensor([3]), 5, 5)
        lengths = 1 + torch.randperm(6, generator=generator)[:4]
        yield "four sentences of several lengths", (lengths, 7, 2)

    def admissible(self, generator):
        sentences, longest = (int(n) for n in torch.randint(1, 7, (2,), generator=generator))
        lengths = torch.randint(1, longest + 1, (sentences,), generator=generator)
        return lengths, longest, int(torch.randint(1, longest + 1, (), generator=generator))

    def answer(lengths, longest, reach):
        places = torch.arange(longest)
        distance = (places[:, None] - places).abs()  # (L, L)
        real = places < lengths[:, None, None]  # (B, 1, L)
        return real & (distance > 0) & (distance <= reach)

    to_be_added = (
        "That is a mask of numbers, to be added to the scores. Asked for is a Boolean one, in which True allows."
    )
    with_or = "The rules have been joined with “or”, so that a pair need meet only one of them. Use &."
    far_ones = "The window is the wrong way round: words at most `reach` away may be asked, and no others."
    signed = "The distance has a sign in your mask, so that the window has no end on one side. Take its absolute value."
    one_length = "All sentences got the same length. Sentence b has lengths[b] words."
    opened = "Rows that are all False have been filled. Leave them: by the three rules such a word finds nobody, and may ask nobody."

    @mistake("A word may ask itself in your mask. Its own place is at distance 0, and is to be left out.")
    def itself_allowed(lengths, longest, reach):
        _, distance, real = rules(lengths, longest)
        return real & (distance <= reach)

    @mistake("The mask is the wrong way round. True means: may attend.")
    def turned_round(lengths, longest, reach):
        return ~MayAsk.answer(lengths, longest, reach)

    @mistake(to_be_added)
    def to_be_added_with_infinity(lengths, longest, reach):
        return torch.zeros(1).masked_fill(~MayAsk.answer(lengths, longest, reach), -torch.inf)

    @mistake(to_be_added)
    def to_be_added_with_a_low_number(lengths, longest, reach):
        return -1e9 * ~MayAsk.answer(lengths, longest, reach)

    @mistake("Padding may be asked in your mask. Word j is there only where j is less than the sentence's length.")
    def padding_asked(lengths, longest, reach):
        return MayAsk.answer(torch.full_like(lengths, longest), longest, reach)

    @mistake("Only padding may be asked in your mask. Word j is there where j is less than the sentence's length.")
    def only_padding_asked(lengths, longest, reach):
        _, distance, real = rules(lengths, longest)
        return ~real & (distance > 0) & (distance <= reach)

    @mistake(
        "The lengths were applied to the words that ask. Padding may ask, for nobody listens; what matters is that it is not asked, on the last axis."
    )
    def rows_instead_of_columns(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, reach).mT

    @mistake(
        "Padding asks nobody in your mask. The statement lets it follow the same three rules: the lengths count for the word that is asked alone."
    )
    def padding_may_not_ask(lengths, longest, reach):
        _, _, real = rules(lengths, longest)
        return MayAsk.answer(lengths, longest, reach) & real.mT

    @mistake("The window reaches one word less than it should: a word exactly `reach` away may be asked.")
    def one_too_narrow(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, reach - 1)

    @mistake("The window reaches one word further than it should: the last that may be asked is `reach` away.")
    def one_too_wide(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, reach + 1)

    @mistake(
        "After the word that asks, the window ends one word early; a range does not include its end. A word exactly `reach` away may be asked, on either side."
    )
    def one_too_narrow_behind(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, reach).tril(reach - 1)

    @mistake("The window is half as wide as it should be: `reach` counts on either side of the word that asks.")
    def half_the_window(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, reach // 2)

    @mistake(
        "Near the beginning i − reach is negative, and an index below zero counts from the end. Let the window start at max(0, i − reach)."
    )
    def start_below_zero(lengths, longest, reach):
        places = torch.arange(longest)
        starts = (places - reach) % longest * (places < reach) + (places - reach).clamp(min=0)
        return MayAsk.answer(lengths, longest, reach) & (places >= starts[:, None])

    @mistake("The window looks back only. Words after the one that asks, up to `reach` away, may be asked as well.")
    def backwards_only(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, reach).tril()

    @mistake("The window looks ahead only. Words before the one that asks, up to `reach` away, may be asked as well.")
    def forwards_only(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, reach).triu()

    @mistake(signed)
    def no_end_behind(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, longest).tril(reach)

    @mistake(signed)
    def no_end_ahead(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, longest).triu(-reach)

    @mistake("Nothing was done with `reach`: every other word of the sentence may be asked, however far.")
    def without_reach(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, longest)

    @mistake(
        "Only words exactly `reach` away may be asked in your mask. Those nearer may be asked as well: it is “<=”, not “==”."
    )
    def exactly_at_reach(lengths, longest, reach):
        _, distance, real = rules(lengths, longest)
        return real & (distance == reach)

    @mistake(far_ones)
    def beyond_reach(lengths, longest, reach):
        _, distance, real = rules(lengths, longest)
        return real & (distance > reach)

    @mistake(far_ones)
    def from_reach_on(lengths, longest, reach):
        _, distance, real = rules(lengths, longest)
        return real & (distance >= reach)

    @mistake(with_or)
    def real_or_near(lengths, longest, reach):
        _, distance, real = rules(lengths, longest)
        return real | (distance > 0) & (distance <= reach)

    @mistake(with_or)
    def near_or_another(lengths, longest, reach):
        _, distance, real = rules(lengths, longest)
        return real & (distance > 0) | (distance <= reach)

    @mistake(
        "Each sentence's length is off by one: with a length of 3 the words 0, 1 and 2 are there, so it is “<” and not “<=”."
    )
    def one_word_too_many(lengths, longest, reach):
        return MayAsk.answer(lengths + 1, longest, reach)

    @mistake("Each sentence's length is off by one: the last word, at length − 1, is there too, and may be asked.")
    def one_word_too_few(lengths, longest, reach):
        return MayAsk.answer(lengths - 1, longest, reach)

    @mistake(one_length)
    def length_of_the_first(lengths, longest, reach):
        return MayAsk.answer(lengths[:1].expand_as(lengths), longest, reach)

    @mistake(one_length)
    def length_of_the_longest(lengths, longest, reach):
        return MayAsk.answer(lengths.max().expand_as(lengths), longest, reach)

    @mistake("Padding was taken to stand in front. The words come first, at the places 0 to length − 1.")
    def padding_in_front(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, reach).flip(1, 2)

    @mistake("The mask is as wide as the longest sentence. All are padded to `longest`, which may be more.")
    def cut_to_the_longest(lengths, longest, reach):
        return MayAsk.answer(lengths, int(lengths.max()), reach)

    @mistake("There is one table for all sentences, (L, L). Their lengths differ: make one for each, (B, L, L).")
    def one_table(lengths, longest, reach):
        return MayAsk.answer(lengths[:1], longest, reach)[0]

    @mistake("The mask has four axes. Asked for is (B, L, L), without one for heads.")
    def axis_for_heads(lengths, longest, reach):
        return MayAsk.answer(lengths, longest, reach)[:, None]

    @mistake(opened)
    def empty_rows_ask_themselves(lengths, longest, reach):
        mask = MayAsk.answer(lengths, longest, reach)
        return mask | ~mask.any(-1, keepdim=True) & torch.eye(longest, dtype=torch.bool)

    @mistake(opened)
    def empty_rows_ask_all(lengths, longest, reach):
        mask = MayAsk.answer(lengths, longest, reach)
        return mask | ~mask.any(-1, keepdim=True)


def rules(lengths, longest):
    """The places (L,), the distances (L, L), and the words that are there, (B, 1, L)."""
    places = torch.arange(longest)
    return places, (places[:, None] - places).abs(), places < lengths[:, None, None]
