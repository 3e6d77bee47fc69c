import torch

from attention_course.checks.problem import Problem, mistake


class WhoMeets(Problem):
    """Whom each word may see in one round: the last `window` before it in its bucket, itself where there are none."""

    hints = (
        "Which words are in the same bucket and earlier? Of those, which are the last few? Count backwards.",
        "How many of its bucket stand before each word? Call it the word's rank. Word j is among the last `window` before word i where their ranks differ by no more.",
        "earlier = (buckets[:, None] == buckets).tril(-1); rank = earlier.sum(1); mask = earlier & (rank[:, None] - rank <= window); then add the diagonal where "
        "mask.any(1) is False: mask | torch.diag(~mask.any(1)).",
    )
    praise = "No word that comes later can change a row of this mask, which is why a cache may be trusted."

    def inputs(self, generator):
        def drawn(n, buckets):
            return torch.randint(0, buckets, (n,), generator=generator)

        yield "two words in one bucket", (torch.tensor([3, 3]), 1)
        yield "two words apart", (torch.tensor([2, 5]), 1)
        yield "a single word", (torch.tensor([4]), 2)
        yield "three words in one bucket, a window of one", (torch.tensor([1, 1, 1]), 1)
        yield "three words in one bucket, a window of two", (torch.tensor([1, 1, 1]), 2)
        yield "two of one bucket, and another between them", (torch.tensor([4, 2, 4]), 1)
        yield "four words in one bucket, a window of two", (torch.tensor([1, 1, 1, 1]), 2)
        yield "two buckets in turns, a window of one", (torch.tensor([1, 0, 1, 0, 1, 0]), 1)
        yield "two buckets in turns, a window of two", (torch.tensor([5, 2, 5, 2, 5, 2, 5]), 2)
        yield "twelve words in three buckets, a window of two", (drawn(12, 3), 2)
        yield "twenty words in three buckets, a window of four", (drawn(20, 3), 4)

    def admissible(self, generator):
        n, different, window = (int(i) for i in torch.randint(1, 9, (3,), generator=generator))
        weights = torch.rand(different, generator=generator).square() + 0.01  # crowded buckets and lonely ones
        return 2 * torch.multinomial(weights, n, replacement=True, generator=generator), min(window, 5)

    def answer(buckets, window):
        earlier = (buckets[:, None] == buckets).tril(-1)
        rank = earlier.sum(1)  # how many of its bucket stand before each word
        mask = earlier & (rank[:, None] - rank <= window)
        return mask | torch.diag(~mask.any(1))

    ahead = "Words look ahead as well. Only earlier ones may be seen."
    to_be_added = (
        "That is a mask of numbers, to be added to the scores. Asked for is a Boolean one, in which True lets through."
    )
    cut = (
        "The members of a bucket, or the sorted words, were cut into blocks, and each word sees its own block alone. The first of a block has members before it, "
        "too: count back from each word."
    )
    lonely = "Who has no other before it in its bucket sees more than itself: it should see itself, and nothing else."
    no_buckets = "The buckets have not been used: a word sees only those that share its bucket."

    @mistake(
        "The window was counted in the sentence. It counts members of the bucket: the one before may stand far away, and finding it there is the point."
    )
    def window_in_the_sentence(buckets, window):
        i = torch.arange(len(buckets))
        mask = earlier_in(buckets) & (i[:, None] - i <= window)
        return with_itself_if_alone(mask)

    @mistake(
        "There is no window: a word sees all before it in its bucket, and one large bucket costs the square again."
    )
    def without_window(buckets, window):
        return with_itself_if_alone(earlier_in(buckets))

    @mistake(
        "A word always sees itself. No other key can score higher than it, so that it would leave little to the others: only who sees no other sees itself."
    )
    def always_itself(buckets, window):
        return look_back(buckets, window) | itself(buckets)

    @mistake(
        "A word counts as a member of its own window, and takes the place of one of the others. The window holds earlier words; itself is seen only where there is none."
    )
    def itself_in_the_window(buckets, window):
        return look_back(buckets, window - 1) | itself(buckets)

    @mistake(
        "A word with fewer than `window` others before it sees itself as well. Itself it sees only where there is no other at all."
    )
    def itself_in_a_free_place(buckets, window):
        few = earlier_in(buckets).sum(-1, keepdim=True) < window
        return look_back(buckets, window) | (itself(buckets) & few)

    @mistake("Who has no other before it in its bucket sees nothing at all. Give it itself.")
    def alone_with_nothing(buckets, window):
        return look_back(buckets, window)

    @mistake(
        "Only who is alone in its bucket has been given itself. The first of several has none before it either, and sees nothing."
    )
    def alone_in_the_whole_bucket(buckets, window):
        alone = (buckets[:, None] == buckets).sum(-1, keepdim=True) == 1
        return look_back(buckets, window) | (itself(buckets) & alone)

    @mistake("Only the very first word has been given itself. Every bucket has a first one.")
    def only_the_first_word(buckets, window):
        mask = look_back(buckets, window)
        mask[0, 0] = True
        return mask

    @mistake(
        "Whether there is someone to see was asked of the whole mask. It is a question for each row: mask.any(-1)."
    )
    def asked_of_the_whole_mask(buckets, window):
        mask = look_back(buckets, window)
        return mask if mask.any() else mask | itself(buckets)

    @mistake("Whether there is someone to see was asked of the columns. Row i says whom word i sees: mask.any(-1).")
    def asked_of_the_columns(buckets, window):
        mask = look_back(buckets, window)
        return mask | (itself(buckets) & ~mask.any(0, keepdim=True))

    @mistake(lonely)
    def alone_sees_everything(buckets, window):
        mask = look_back(buckets, window)
        return mask | ~mask.any(-1, keepdim=True)

    @mistake(lonely)
    def alone_sees_all_before(buckets, window):
        mask = look_back(buckets, window)
        return mask | (~mask.any(-1, keepdim=True) & torch.ones_like(mask).tril())

    @mistake(
        "Every word sees itself alone. If you collect places by bucket in a dictionary, take int(bucket) as its key: two tensors are two keys, even of one number."
    )
    def itself_alone(buckets, window):
        return itself(buckets)

    @mistake(ahead)
    def ahead_too(buckets, window):
        mask = look_back(buckets, window)
        return with_itself_if_alone(mask | mask.T)

    @mistake(ahead)
    def the_whole_bucket(buckets, window):
        return buckets[:, None] == buckets

    @mistake(ahead)
    def all_others_in_the_bucket(buckets, window):
        return with_itself_if_alone((buckets[:, None] == buckets) & ~itself(buckets))

    @mistake(
        "The window holds the last of the bucket in the whole sentence, later ones among them. Row i holds the last before word i."
    )
    def last_of_the_sentence(buckets, window):
        same = buckets[:, None] == buckets
        return same & (same.flip(-1).cumsum(-1).flip(-1) <= window)

    @mistake("Words look ahead in the place of back: only earlier ones may be seen.")
    def ahead_only(buckets, window):
        later = (buckets[:, None] == buckets).triu(1)
        return with_itself_if_alone(later & (later.cumsum(-1) <= window))

    @mistake("Rows and columns are exchanged: row i says whom word i sees.")
    def transposed(buckets, window):
        return WhoMeets.answer(buckets, window).T

    @mistake("The mask is the wrong way round: True stands where a word is seen.")
    def turned_round(buckets, window):
        return ~WhoMeets.answer(buckets, window)

    @mistake("These are the first members of the bucket. The window holds the last ones before the word.")
    def the_oldest(buckets, window):
        earlier = earlier_in(buckets)
        return with_itself_if_alone(earlier & (earlier.cumsum(-1) <= window))

    @mistake("Those in the window are left out, and those before it are seen. It is the other way round.")
    def beyond_the_window(buckets, window):
        return with_itself_if_alone(earlier_in(buckets) & ~look_back(buckets, window))

    @mistake("The window is one too small. A window of 1 is the one member just before.")
    def one_too_few(buckets, window):
        return with_itself_if_alone(look_back(buckets, window - 1))

    @mistake("The window is one too large. A window of 1 is the one member just before, and no more.")
    def one_too_many(buckets, window):
        return with_itself_if_alone(look_back(buckets, window + 1))

    @mistake(
        "A slice begins in the wrong place: members[-window + 1:] are one too few, and with a window of 1 all of them. It is members[-window:]."
    )
    def slice_from_the_wrong_place(buckets, window):
        return with_itself_if_alone(look_back(buckets, window - 1 if window > 1 else len(buckets)))

    @mistake("Only the member just before is seen. The window holds `window` of them.")
    def the_nearest_alone(buckets, window):
        return with_itself_if_alone(look_back(buckets, 1))

    @mistake("Only the member exactly `window` places back in the bucket is seen. All from there on are.")
    def exactly_so_far_back(buckets, window):
        return with_itself_if_alone(look_back(buckets, window) & ~look_back(buckets, window - 1))

    @mistake("The members were counted down the columns. Row i counts back from word i along the row: the last axis.")
    def counted_down_the_columns(buckets, window):
        earlier = earlier_in(buckets)
        return with_itself_if_alone(earlier & (earlier.flip(0).cumsum(0).flip(0) <= window))

    @mistake("Words see those of other buckets. They see those that share their own.")
    def other_buckets(buckets, window):
        others = (buckets[:, None] != buckets).tril(-1)
        return with_itself_if_alone(others & (others.flip(-1).cumsum(-1).flip(-1) <= window))

    @mistake(no_buckets)
    def last_of_any_bucket(buckets, window):
        return WhoMeets.answer(torch.zeros_like(buckets), window)

    @mistake(no_buckets)
    def all_before(buckets, window):
        return torch.ones(len(buckets), len(buckets), dtype=torch.bool).tril()

    @mistake(to_be_added)
    def infinity_to_be_added(buckets, window):
        return torch.zeros(len(buckets), len(buckets)).masked_fill(~WhoMeets.answer(buckets, window), -torch.inf)

    @mistake(to_be_added)
    def low_number_to_be_added(buckets, window):
        return -1e9 * ~WhoMeets.answer(buckets, window)

    @mistake("These are the places that each word sees. Asked for is the mask: (n, n), True at those places.")
    def places(buckets, window):
        return [row.nonzero().flatten().tolist() for row in WhoMeets.answer(buckets, window)]

    @mistake(
        "The words stand in the order of their buckets, as they were sorted. Put rows and columns back into the order of the sentence."
    )
    def left_sorted(buckets, window):
        return WhoMeets.answer(buckets.sort().values, window)

    @mistake(cut)
    def blocks_of_a_bucket(buckets, window):
        earlier = earlier_in(buckets)
        block = earlier.sum(-1) // window
        return with_itself_if_alone(earlier & (block[:, None] == block))

    @mistake(cut)
    def own_chunk_alone(buckets, window):
        chunk = buckets.argsort(stable=True).argsort() // window
        return with_itself_if_alone(earlier_in(buckets) & (chunk[:, None] == chunk))

    @mistake(
        "The sorted words were cut into chunks, and each sees its own chunk and the one before, as in the paper. There the cuts depend on words to come; "
        "count back from each word instead."
    )
    def by_chunks(buckets, window):
        chunk = buckets.argsort(stable=True).argsort() // window
        back = chunk[:, None] - chunk
        return with_itself_if_alone(earlier_in(buckets) & (back <= 1))


def earlier_in(buckets):
    return (buckets[:, None] == buckets).tril(-1)


def look_back(buckets, window):
    earlier = earlier_in(buckets)
    return earlier & (earlier.flip(-1).cumsum(-1).flip(-1) <= window)


def itself(buckets):
    return torch.eye(len(buckets), dtype=torch.bool)


def with_itself_if_alone(mask):
    return mask | (torch.eye(len(mask), dtype=torch.bool) & ~mask.any(-1, keepdim=True))
