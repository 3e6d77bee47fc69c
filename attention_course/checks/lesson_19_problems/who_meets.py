import torch

from ..problem import Problem, mistake


class WhoMeets(Problem):
    """Whom each word may see in one round: the last `window` before it in its bucket, itself where there are none."""

    hints = (
        "Which words are in the same bucket and earlier? Of those, which are the last few? Count backwards.",
        "For row i, together[i, j] says that j is earlier and in i's bucket. The sum of together[i, j:] is how many members one passes going back to j.",
        "earlier = (buckets[:, None] == buckets).tril(-1); back = earlier.flip(-1).cumsum(-1).flip(-1); mask = earlier & (back <= window); then add the "
        "diagonal where mask.any(-1) is False.",
    )
    praise = "No word that comes later can change a row of this mask, which is why a cache may be trusted."

    def inputs(self, generator):
        def drawn(n, buckets):
            return torch.randint(0, buckets, (n,), generator=generator)

        yield "two words in one bucket", (torch.tensor([0, 0]), 1)
        yield "two words apart", (torch.tensor([0, 1]), 1)
        yield "four words in one bucket, a window of two", (torch.tensor([1, 1, 1, 1]), 2)
        yield "two buckets in turns, a window of one", (torch.tensor([0, 1, 0, 1, 0, 1]), 1)
        yield "twelve words in three buckets, a window of two", (drawn(12, 3), 2)
        yield "twenty words in three buckets, a window of four", (drawn(20, 3), 4)

    def answer(buckets, window):
        earlier = (buckets[:, None] == buckets).tril(-1)
        back = earlier.flip(-1).cumsum(-1).flip(-1)  # 1 at the member just before
        mask = earlier & (back <= window)
        alone = ~mask.any(-1, keepdim=True)
        return mask | (torch.eye(len(buckets), dtype=torch.bool) & alone)

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
        return look_back(buckets, window) | torch.eye(len(buckets), dtype=torch.bool)

    @mistake("Who has no other in its bucket sees nothing at all. Give it itself.")
    def alone_with_nothing(buckets, window):
        return look_back(buckets, window)

    @mistake("Words look ahead as well. Only earlier ones may be seen.")
    def ahead_too(buckets, window):
        mask = look_back(buckets, window)
        return with_itself_if_alone(mask | mask.T)

    @mistake("These are the first members of the bucket. The window holds the last ones before the word.")
    def the_oldest(buckets, window):
        earlier = earlier_in(buckets)
        return with_itself_if_alone(earlier & (earlier.cumsum(-1) <= window))

    @mistake("The window is one too small. A window of 1 is the one member just before.")
    def one_too_few(buckets, window):
        return with_itself_if_alone(look_back(buckets, window - 1))

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


def with_itself_if_alone(mask):
    return mask | (torch.eye(len(mask), dtype=torch.bool) & ~mask.any(-1, keepdim=True))
