import torch

from attention_course.checks.problem import Problem, mistake


class StatesNeeded(Problem):
    """Which vectors of a stack have to be computed, if only the last word's answer is wanted."""

    hints = (
        "Hearsay goes up, need goes down. On top only the last word is needed. Whose vectors from the layer below go into it?",
        "Into a word's vector go those of the words that it sees, and, past the attention, its own. So j is needed below a layer if it is needed above, or if some i that is needed above may see j: of each needed row of the pattern, all that is True.",
        "needed = [torch.arange(n) == n - 1]; for each pattern from the top down: needed.insert(0, needed[0] | pattern[needed[0]].any(0)); at last torch.stack(needed).",
    )
    praise = "Row 0 is what the last word has heard of. Each row above it says what a program that answers only once may leave out: in the fixed pattern, most of the lower layer."

    def inputs(self, generator):
        def table(n, *pairs):
            made = torch.zeros(n, n).bool()
            for i, j in pairs:
                made[i, j] = True
            return made

        chain = table(4, *[(i, i) for i in range(4)], *[(i, i - 1) for i in range(1, 4)])
        to_first = table(4, *[(i, i) for i in range(4)], *[(i, 0) for i in range(4)])
        some = torch.rand(3, 7, 7, generator=generator) < 0.25
        some[-1, -1] = torch.arange(7) % 4 == 2  # or the last word might see nobody
        yield "one layer of four words, in which each sees one", ([table(4, (3, 1), (2, 0), (1, 3), (0, 2))],)
        yield "one layer of three words, in which the last sees the first", ([table(3, (1, 1), (2, 0), (0, 1))],)
        yield "one layer, in which the second of two words sees both", ([table(2, (0, 0), (1, 0), (1, 1))],)
        yield "one layer, in which the second of two words sees only the first", ([table(2, (1, 0))],)
        yield (
            "one layer, in which the second of two words sees itself and the first sees it",
            ([table(2, (0, 1), (1, 1))],),
        )
        yield "two layers that look at the word before", ([chain, chain],)
        yield "two layers in which one word asks another, and none asks itself", ([table(4, (3, 1), (1, 2))] * 2,)
        yield "a word that sees one after it", ([table(3, (1, 0)), table(3, (2, 0), (0, 1))],)
        yield "first all ask the first word, then the word before", ([to_first, chain],)
        yield "first the word before, then all the first", ([chain, to_first],)
        yield "three layers with patterns of no order", (list(some),)

    def admissible(self, generator):
        n, layers = (int(torch.randint(1, most, (1,), generator=generator)) for most in (8, 5))
        share = 0.6 * torch.rand(layers, 1, 1, generator=generator)
        return (list(torch.rand(layers, n, n, generator=generator) < share),)

    def answer(patterns):
        n = len(patterns[0])
        needed = [torch.arange(n) == n - 1]  # on top, the last word alone
        for pattern in reversed(patterns):  # then down
            needed.insert(0, needed[0] | pattern[needed[0]].any(0))
        return torch.stack(needed)

    residual = (
        "A word that is needed above a layer is needed below it, too, even where it does not see itself: a residual connection leads around each "
        "attention."
    )
    last_row = "Only what the last word sees itself was asked for in each layer. Those it sees on top have to be computed as well, and see others below."
    from_below = (
        "A row says what the last word hears through the layers *below*. Whether a vector is needed is up to the layers above it, and the lowest layer "
        "has all of them above."
    )
    another_layer = "A layer was given the pattern of another. Row l lies below patterns[l], and above patterns[l - 1]; each layer has its own."

    @mistake(
        "The layers were gone through from the lowest up. Need is passed down: the last word's row of the highest pattern says whom it needs first."
    )
    def lowest_first(patterns):
        return needed(patterns[::-1])

    @mistake(
        "The rows stand on their heads: row 0 is to be what goes into the lowest layer, the last row what comes out on top."
    )
    def upside_down(patterns):
        return needed(patterns).flip(0)

    @mistake(
        "The layers were gone through from the lowest up, and the last word stands in row 0. Begin on top, where only the last word is needed, and go down; its row is the last."
    )
    def from_the_lowest_row_up(patterns):
        return needed(patterns[::-1]).flip(0)

    @mistake(residual)
    def nothing_kept(patterns):
        return needed(patterns, lambda above, pattern: pattern[above].any(0))

    @mistake(residual)
    def only_the_last_word_kept(patterns):
        return needed(patterns, lambda above, pattern: last(patterns) | pattern[above].any(0))

    @mistake(residual)
    def only_words_not_yet_needed(patterns):
        return needed(patterns, lambda above, pattern: pattern[above].any(0) & ~above)

    @mistake(
        "What is needed above and what is seen were joined so that one cancels the other (^, or a product). Either of the two is enough: |."
    )
    def exclusive_or(patterns):
        return needed(patterns, lambda above, pattern: pattern[above].any(0) ^ above)

    @mistake("Only words that are needed above *and* seen were taken. Either is enough: |.")
    def both_asked_for(patterns):
        return needed(patterns, lambda above, pattern: pattern[above].any(0) & above)

    @mistake(last_row)
    def last_row_only(patterns):
        return torch.stack([*(last(patterns) | pattern[-1] for pattern in patterns), last(patterns)])

    @mistake(last_row)
    def last_row_alone(patterns):
        return torch.stack([*(pattern[-1] for pattern in patterns), last(patterns)])

    @mistake(last_row)
    def last_row_joined(patterns):
        return needed(patterns, lambda above, pattern: above | pattern[-1])

    @mistake("A word was taken as needed only where *all* needed words see it. One that does is enough: any.")
    def seen_by_all(patterns):
        return needed(patterns, lambda above, pattern: above | pattern[above].all(0))

    @mistake(
        "Rows and columns have changed places. Row i says whom i sees, and those are needed; column i says who sees i."
    )
    def transposed(patterns):
        return needed([pattern.mT for pattern in patterns])

    @mistake(
        "Rows and columns have changed places, and the residual connection is missing: of the needed rows i take all j, and those that were needed above."
    )
    def transposed_and_nothing_kept(patterns):
        return needed(patterns, lambda above, pattern: pattern[:, above].any(1))

    @mistake(from_below)
    def heard_so_far(patterns):
        return torch.stack([needed(patterns[:layer])[0] if layer else last(patterns) for layer in numbers(patterns)])

    @mistake(from_below)
    def heard_so_far_upside_down(patterns):
        return StatesNeeded.heard_so_far(patterns).flip(0)

    @mistake("Of the layers above a row, the lowest was taken for the highest. Need comes from the top down.")
    def layers_above_in_the_wrong_order(patterns):
        above = [patterns[layer:][::-1] for layer in numbers(patterns)]
        return torch.stack([needed(some)[0] if some else last(patterns) for some in above])

    @mistake(another_layer)
    def lowest_pattern_everywhere(patterns):
        return needed(patterns[:1] * len(patterns))

    @mistake(another_layer)
    def highest_pattern_everywhere(patterns):
        return needed(patterns[-1:] * len(patterns))

    @mistake(another_layer)
    def one_layer_off(patterns):
        return needed([*patterns[-1:], *patterns[:-1]])

    @mistake(another_layer)
    def lowest_pattern_twice(patterns):
        return needed([*patterns[:1], *patterns[:-1]])

    @mistake("It is the first word whose answer is read here. On top only the last is needed.")
    def first_word(patterns):
        return needed(patterns, start=last(patterns).flip(0))

    all_words = "Other answers than the last word's count here. On top only the last word is needed, and a row holds what goes into that one."

    @mistake(all_words)
    def all_words_on_top(patterns):
        return needed(patterns, start=last(patterns) | True)

    @mistake(all_words)
    def seen_by_any_word(patterns):
        return needed(patterns, lambda above, pattern: above | pattern.any(0))

    @mistake(
        "Words to come were left out. The patterns say who sees whom, be it ahead: nothing says that this is a decoder."
    )
    def ahead_left_out(patterns):
        return needed([pattern.tril() for pattern in patterns])

    @mistake("These are numbers of ways. Asked for is only whether there is one: > 0.")
    def numbers_of_ways(patterns):
        return needed(patterns, lambda above, pattern: above + above @ pattern.float(), last(patterns).float())

    @mistake("Row 0 is missing, the vectors that go into the lowest layer: for two layers there are three rows.")
    def without_what_goes_in(patterns):
        return needed(patterns)[1:]

    @mistake("The last row is missing, where only the last word is needed: for two layers there are three rows.")
    def without_what_comes_out(patterns):
        return needed(patterns)[:-1]

    @mistake("This is row 0 alone. Asked for is a row for every layer, and one for what goes in.")
    def row_0_alone(patterns):
        return needed(patterns)[0]

    @mistake("These are lists of the words that are needed. Asked for is a table (L + 1, n) of True and False.")
    def words_listed(patterns):
        return [row.nonzero().flatten().tolist() for row in needed(patterns)]


def last(patterns):
    """The row in which only the last word is True."""
    n = len(patterns[0])
    return torch.arange(n) == n - 1


def numbers(patterns):
    """Those of the rows."""
    return range(len(patterns) + 1)


def needed(patterns, below=lambda above, pattern: above | pattern[above].any(0), start=None):
    """The table, with another step from the row above a layer to the one below it, or another row on top."""
    rows = [last(patterns) if start is None else start]
    for pattern in patterns[::-1]:
        rows.insert(0, below(rows[0], pattern))
    return torch.stack(rows)
