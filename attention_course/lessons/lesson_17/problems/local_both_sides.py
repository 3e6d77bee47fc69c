import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.checks.watching import watch


class LocalBothSides(Problem):
    """A window to both sides, computed in chunks."""

    hints = (
        "Cut the text into chunks of w. Which chunks can a query of one chunk see into, at most? Put their keys side by side, and only then make scores.",
        "Pad K and V with w zeros in front and behind; K.unfold(0, 3 * w, w).mT of the padded K is (n / w, 3 w, D), the chunk before, the own and the one after. Query a of a chunk and key b of its span are b - w - a places apart, and a key is real where its place, chunk * w + b - w, is in the text.",
        "pad = torch.nn.functional.pad; K, V = (pad(x, (0, 0, w, w)).unfold(0, 3 * w, w).mT for x in (K, V)); place = torch.arange(0, n, w)[:, None] + torch.arange(-w, 2 * w); apart = place[:, None] - torch.arange(n).view(-1, w, 1); allowed = (apart.abs() < w) & ((place >= 0) & (place < n))[:, None]; then scores (n / w, w, 3 w), masked, and back by flatten(0, 1).",
    )
    praise = "Three chunks of keys for one of queries would do, of which the window covers about two thirds: chunks longer than the window would waste less, and gather more."

    def inputs(self, generator):
        def some(n, size):
            return [torch.randn(n, size, generator=generator) for _ in range(3)]

        def far_below_zero(n):  # scores from −100 to −80
            Q, K = (8 + 0.4 * torch.rand(n, 2, generator=generator) for _ in range(2))
            return Q, -K, torch.randn(n, 2, generator=generator)

        yield "one chunk, which sees itself", (*some(3, 2), 3)
        yield "two words and a window of 2, so that both see both", (*some(2, 2), 2)
        yield "a window of 1, in which each word sees itself", (*some(3, 1), 1)
        yield "two chunks of two", (*some(4, 1), 2)
        yield "three chunks of two", (*some(6, 3), 2)
        yield "twelve words and a window of 3", (*some(12, 3), 3)
        yield "scores far below zero, and a single chunk", (*far_below_zero(2), 2)
        yield "scores far below zero, and three chunks", (*far_below_zero(9), 3)
        yield "twelve words and a window of 4", (*some(12, 2), 4)

    def admissible(self, generator):
        w, chunks, size = (int(torch.randint(1, most, (1,), generator=generator)) for most in (6, 5, 5))
        drawn = (8 * torch.randn(3, w * chunks, size, generator=generator)).round() / 8  # some words are equal
        return (drawn[0] * 4.0 ** torch.randint(-1, 2, (1,), generator=generator), *drawn[1:], w)

    def disobeys(self, answer):
        n = 640  # many, for a window of 2: the rest takes less than half of n² bytes
        if watch(answer, (*torch.rand(3, n, 1), 2)).largest >= n * n:
            return (
                "But an n × n array is made on the way. A mask hides scores that have been computed and paid for. Cut into chunks first, and never make "
                "the others."
            )
        return None

    def answer(Q, K, V, w):
        n, D = Q.shape
        pad = torch.nn.functional.pad
        K, V = (pad(x, (0, 0, w, w)).unfold(0, 3 * w, w).mT for x in (K, V))  # (n / w, 3 w, D)
        place = torch.arange(0, n, w)[:, None] + torch.arange(-w, 2 * w)  # of each key of each span
        apart = place[:, None] - torch.arange(n).view(-1, w, 1)  # (n / w, w, 3 w)
        allowed = (apart.abs() < w) & ((place >= 0) & (place < n))[:, None]
        scores = Q.view(-1, w, D) @ K.mT / D**0.5
        return (scores.masked_fill(~allowed, -torch.inf).softmax(-1) @ V).flatten(0, 1)

    padding = "The zeros in front of the text or behind it are counted as words. A score of zero is a score: mask the places that are not there."
    too_wide = "The window is one word too wide: |i - j| < w leaves out those w places away, on either side."
    too_narrow = "The window is too narrow: words up to w - 1 places away are seen, on either side."
    not_low_enough = "Forbidden scores were set to zero, or to a number not low enough. Zero or −10 is a score like any other, and those allowed may lie below it; only −inf gives a weight of zero."
    wrong_axis = "The softmax does not run over the keys. Each query has a distribution of its own over the keys of its three chunks: the last axis of (n / w, w, 3 w)."
    scale = "The scores are to be divided by √D: not by D or by the root of another number, and not multiplied."
    round_about = "The text was taken for a ring: the first words see the last ones. Nothing stands before the text or behind it; roll and negative places come in from the other end."

    @mistake(
        "The window looks back only. Words up to w - 1 places ahead are seen as well, so the next chunk is needed, too."
    )
    def backwards_only(*arguments):
        return look(*arguments, sees=lambda i, j, w: (j <= i) & (i - j < w))

    @mistake("The window looks ahead only. Words up to w - 1 places back are seen as well.")
    def forwards_only(*arguments):
        return look(*arguments, sees=lambda i, j, w: (i <= j) & (j - i < w))

    @mistake(
        "The chunk after a query's own is missing. The window looks ahead, too, and the last word of a chunk looks into the next."
    )
    def without_the_next_chunk(*arguments):
        return look(*arguments, sees=lambda i, j, w: ((i - j).abs() < w) & (j // w <= i // w))

    @mistake("The chunk before a query's own is missing. The first word of a chunk looks back into it.")
    def without_the_chunk_before(*arguments):
        return look(*arguments, sees=lambda i, j, w: ((i - j).abs() < w) & (j // w >= i // w))

    @mistake(
        "Every chunk stays by itself. A window does not end where a chunk does: the first word of a chunk looks into the one before."
    )
    def chunk_by_chunk(*arguments):
        return look(*arguments, sees=lambda i, j, w: i // w == j // w)

    @mistake(
        "Each query sees all of its three chunks. They are where its keys are fetched, and not its window: mask those that are w or more places away."
    )
    def three_whole_chunks(*arguments):
        return look(*arguments, sees=lambda i, j, w: (i // w - j // w).abs() <= 1)

    @mistake(
        "Each query sees all of its own chunk and the one before. Its window goes w - 1 places to either side: the next chunk is needed, and a mask."
    )
    def two_whole_chunks(*arguments):
        return look(*arguments, sees=lambda i, j, w: (i // w == j // w) | (i // w - j // w == 1))

    @mistake(
        "Nothing is masked in the three chunks: neither the words that are w or more places away, nor the zeros around the text."
    )
    def no_mask(*arguments):
        return look(*arguments, sees=lambda i, j, w: i == i, there=lambda j, n: j == j)

    @mistake("Every word sees every other. Query i sees key j only where |i - j| < w.")
    def full_attention(*arguments):
        return dense(*arguments, sees=lambda i, j, w: i == i)

    @mistake(too_wide)
    def one_too_wide(*arguments):
        return dense(*arguments, sees=lambda i, j, w: (i - j).abs() <= w)

    @mistake(too_wide)
    def one_too_wide_behind(*arguments):
        return dense(*arguments, sees=lambda i, j, w: (i - j <= w) & (j - i < w))

    @mistake(too_wide)
    def one_too_wide_ahead(*arguments):
        return dense(*arguments, sees=lambda i, j, w: (i - j < w) & (j - i <= w))

    @mistake(too_narrow)
    def one_too_narrow(*arguments):
        return dense(*arguments, sees=lambda i, j, w: (i - j).abs() < max(1, w - 1))

    @mistake(too_narrow)
    def one_too_narrow_ahead(*arguments):
        return dense(*arguments, sees=lambda i, j, w: (i - j < w) & (j - i < max(1, w - 1)))

    @mistake(too_narrow)
    def one_too_narrow_behind(*arguments):
        return dense(*arguments, sees=lambda i, j, w: (j - i < w) & (i - j < max(1, w - 1)))

    @mistake(too_narrow)
    def half_to_either_side(*arguments):
        return dense(*arguments, sees=lambda i, j, w: (i - j).abs() <= w // 2)

    @mistake("No word sees itself. A distance of 0 is below w.")
    def itself_left_out(*arguments):
        return look(*arguments, sees=lambda i, j, w: ((i - j).abs() < w) & (i != j))

    @mistake("Word 0 is masked with the zeros in front. It is there: places from 0 on, place >= 0.")
    def first_word_left_out(*arguments):
        return look(*arguments, there=lambda j, n: (j > 0) & (j < n))

    @mistake(padding)
    def padding_seen(*arguments):
        return look(*arguments, there=lambda j, n: j == j)

    @mistake(padding)
    def padding_seen_behind(*arguments):
        return look(*arguments, there=lambda j, n: j >= 0)

    @mistake(padding)
    def padding_seen_in_front(*arguments):
        return look(*arguments, there=lambda j, n: j < n)

    @mistake(
        "At the edges the first and the last word count several times, where places outside the text were clamped. Mask them."
    )
    def edges_repeated(Q, K, V, w):
        places = torch.arange(len(Q))[:, None] + torch.arange(1 - w, w)
        return one_by_one(Q, K, V, places.clamp(0, len(Q) - 1))

    @mistake(round_about)
    def a_ring(Q, K, V, w):
        return one_by_one(Q, K, V, (torch.arange(len(Q))[:, None] + torch.arange(1 - w, w)) % len(Q))

    @mistake(
        "The first words have lost their keys: i - w + 1 is negative there, and in a slice that counts from the end. Begin at max(0, i - w + 1)."
    )
    def counted_from_the_end(Q, K, V, w):
        places = torch.arange(len(Q))
        return one_by_one(Q, K, V, [places[i - w + 1 : i + w] for i in range(len(Q))])

    @mistake(
        "The three chunks were laid side by side in another order than the mask takes them to have: the one before, the own, the next."
    )
    def chunks_in_another_order(*arguments):
        return look(*arguments, order=(2, 1, 0))

    @mistake("The mask is the wrong way round: what should be seen is hidden. Fill where a key may *not* be seen.")
    def mask_inverted(*arguments):
        return look(*arguments, forbid=lambda scores, allowed: scores.masked_fill(allowed, -torch.inf))

    @mistake(not_low_enough)
    def scores_of_zero(*arguments):
        return look(*arguments, forbid=lambda scores, allowed: scores * allowed)

    @mistake(not_low_enough)
    def scores_of_minus_ten(*arguments):
        return look(*arguments, forbid=lambda scores, allowed: scores.masked_fill(~allowed, -10))

    @mistake(
        "The mask was added to the scores. That lifts what may be seen by one, and leaves all the rest in the game."
    )
    def mask_added(*arguments):
        return look(*arguments, forbid=lambda scores, allowed: scores + allowed)

    @mistake(
        "All keys of the three chunks took their share of the softmax, and some were left out only afterwards, so that the weights no longer sum to one. Mask the scores."
    )
    def masked_after_softmax(*arguments):
        return look(*arguments, forbid=lambda scores, allowed: scores, leave=lambda weights, allowed: weights * allowed)

    @mistake(wrong_axis)
    def softmax_over_queries(*arguments):
        return look(*arguments, share=lambda scores: scores.softmax(1))

    @mistake(wrong_axis)
    def softmax_over_queries_with_low_numbers(*arguments):
        forbid = lambda scores, allowed: scores.masked_fill(~allowed, -1e9)
        return look(*arguments, forbid=forbid, share=lambda scores: scores.softmax(1))

    @mistake(wrong_axis)
    def softmax_over_chunks_with_low_numbers(*arguments):
        forbid = lambda scores, allowed: scores.masked_fill(~allowed, -1e9)
        return look(*arguments, forbid=forbid, share=lambda scores: scores.softmax(0))

    @mistake("The softmax is missing: the scores themselves were taken for weights.")
    def without_softmax(*arguments):
        return look(*arguments, forbid=lambda scores, allowed: scores * allowed, share=lambda scores: scores)

    @mistake("The weights do not sum to one: the exponentials of the scores were not divided by their sum.")
    def not_normalised(*arguments):
        return look(*arguments, share=torch.exp)

    @mistake("All words of the window have the same weight. It is the softmax of their scores that weighs them.")
    def plain_mean(*arguments):
        return look(*arguments, scale=lambda Q, w: torch.inf)

    @mistake("The scores are not divided by √D.")
    def not_scaled(*arguments):
        return look(*arguments, scale=lambda Q, w: 1)

    @mistake(scale)
    def divided_by_the_size(*arguments):
        return look(*arguments, scale=lambda Q, w: Q.shape[-1])

    @mistake(scale)
    def multiplied_by_the_root(*arguments):
        return look(*arguments, scale=lambda Q, w: Q.shape[-1] ** -0.5)

    @mistake(scale)
    def divided_by_the_fourth_root(*arguments):
        return look(*arguments, scale=lambda Q, w: Q.shape[-1] ** 0.25)

    @mistake(scale)
    def divided_by_the_root_of_the_length(*arguments):
        return look(*arguments, scale=lambda Q, w: Q.shape[0] ** 0.5)

    @mistake(scale)
    def divided_by_the_root_of_the_window(*arguments):
        return look(*arguments, scale=lambda Q, w: w**0.5)

    @mistake(
        "Queries and keys have changed places: word i asks with its own row of Q, and words around it answer with theirs of K."
    )
    def queries_and_keys_swapped(Q, K, V, w):
        return look(K, Q, V, w)

    @mistake("The keys were averaged. What the weights average are the values, V.")
    def keys_averaged(Q, K, V, w):
        return look(Q, K, K, w)

    @mistake("The output is still in chunks, (n / w, w, D). Bring it back to (n, D): flatten(0, 1).")
    def left_in_chunks(Q, K, V, w):
        return look(Q, K, V, w).unflatten(0, (-1, w))

    @mistake(
        "The words came back in another order: first the first ones of all chunks, then the second ones. Flatten (n / w, w, D) as it is."
    )
    def out_of_order(Q, K, V, w):
        return look(Q, K, V, w).unflatten(0, (-1, w)).transpose(0, 1).flatten(0, 1)

    @mistake("These are the output and the weights. Return the output alone.")
    def weights_as_well(Q, K, V, w):
        return look(Q, K, V, w), look(Q, K, torch.eye(len(Q)), w)


def window(i, j, w):
    """Which keys j a query i sees."""
    return (i - j).abs() < w


def look(
    Q,
    K,
    V,
    w,
    sees=window,
    there=lambda j, n: (j >= 0) & (j < n),
    order=(0, 1, 2),
    scale=lambda Q, w: Q.shape[-1] ** 0.5,
    forbid=lambda scores, allowed: scores.masked_fill(~allowed, -torch.inf),
    share=lambda scores: scores.softmax(-1),
    leave=lambda weights, allowed: weights,
):
    """Attention in chunks, with a place for each mistake. Scores are (n / w, w, 3 w)."""
    n = len(Q)

    def spans(x):
        chunks = torch.nn.functional.pad(x, (0, 0, w, w)).unflatten(0, (-1, w))
        return torch.cat([chunks[k : n // w + k] for k in order], 1)

    i, j = torch.arange(n).view(-1, w, 1), torch.arange(0, n, w).view(-1, 1, 1) + torch.arange(-w, 2 * w)
    allowed = sees(i, j, w) & there(j, n)
    scores = Q.unflatten(0, (-1, w)) @ spans(K).mT / scale(Q, w)
    return (leave(share(forbid(scores, allowed)), allowed) @ spans(V)).flatten(0, 1)


def dense(Q, K, V, w, sees):
    """Full attention under a mask."""
    i = torch.arange(len(Q))
    return (Q @ K.mT / Q.shape[-1] ** 0.5).masked_fill(~sees(i[:, None], i, w), -torch.inf).softmax(-1) @ V


def one_by_one(Q, K, V, places):
    """Attention of each query to the keys at its places."""
    return torch.stack([(K[j] @ q / len(q) ** 0.5).softmax(0) @ V[j] for q, j in zip(Q, places, strict=True)])
