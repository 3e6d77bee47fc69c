import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ..problem import Problem, mistake


class SquareSeen(TorchDispatchMode):
    """Notes whether a tensor with two axes of `length` or more is made."""

    def __init__(self, length):
        super().__init__()
        self.length, self.seen = length, False

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        if isinstance(result, torch.Tensor):
            self.seen |= sum(side >= self.length for side in result.shape) > 1
        return result


class LocalBothSides(Problem):
    """A window to both sides, computed in chunks."""

    hints = (
        "Cut the text into chunks of w. Which chunks can a query of one chunk see into, at most? Put their keys side by side, and only then make scores.",
        "Pad K and V with w zeros in front and behind; K.unfold(0, 3 * w, w).mT of the padded K is (n / w, 3 w, D), the chunk before, the own and the one after. Query a of a chunk and key b of its span are b - w - a places apart, and a key is real where its place, chunk * w + b - w, is in the text.",
        "pad = torch.nn.functional.pad; K, V = (pad(x, (0, 0, w, w)).unfold(0, 3 * w, w).mT for x in (K, V)); place = torch.arange(0, n, w)[:, None] + torch.arange(-w, 2 * w); apart = place[:, None] - torch.arange(n).view(-1, w, 1); allowed = (apart.abs() < w) & ((place >= 0) & (place < n))[:, None]; then scores (n / w, w, 3 w), masked, and back by flatten(0, 1).",
    )
    praise = "Three chunks of keys for one of queries, of which the window covers about two thirds: chunks longer than the window would waste less, and gather more."

    def inputs(self, generator):
        def some(n, size=3):
            return [torch.randn(n, size, generator=generator) for _ in range(3)]

        yield "a window of 1, in which each word sees itself", (*some(4), 1)
        yield "one chunk, which sees itself", (*some(3), 3)
        yield "two chunks of two", (*some(4), 2)
        yield (
            "queries and keys all alike, so that only counting matters",
            (torch.zeros(6, 2), torch.zeros(6, 2), torch.arange(12.0).view(6, 2), 2),
        )
        yield "twelve words and a window of 3", (*some(12), 3)
        yield (
            "scores so small that a zero would count",
            (torch.full((8, 2), 3.0), torch.full((8, 2), -3.0), *some(8)[:1], 4),
        )

    def run(self, answer, Q, K, V, w):
        with SquareSeen(len(Q)) as mode:
            output = answer(Q, K, V, w)
        square = mode.seen and len(Q) > 3 * w  # shorter texts have squares of their own right
        return (output, square) if square else output

    def answer(Q, K, V, w):
        n, D = Q.shape
        pad = torch.nn.functional.pad
        K, V = (pad(x, (0, 0, w, w)).unfold(0, 3 * w, w).mT for x in (K, V))  # (n / w, 3 w, D)
        place = torch.arange(0, n, w)[:, None] + torch.arange(-w, 2 * w)  # of each key of each span
        apart = place[:, None] - torch.arange(n).view(-1, w, 1)  # (n / w, w, 3 w)
        allowed = (apart.abs() < w) & ((place >= 0) & (place < n))[:, None]
        scores = Q.view(-1, w, D) @ K.mT / D**0.5
        return (scores.masked_fill(~allowed, -torch.inf).softmax(-1) @ V).flatten(0, 1)

    @mistake(
        "The right numbers, but an n × n tensor is made on the way: full attention under a mask. The mask hides scores that have been computed and paid for. Cut into chunks first, and never make the others."
    )
    def the_whole_square(Q, K, V, w):
        i = torch.arange(len(Q))
        scores = (Q @ K.mT / Q.shape[-1] ** 0.5).masked_fill((i - i[:, None]).abs() >= w, -torch.inf)
        return scores.softmax(-1) @ V

    @mistake(
        "The window looks back only. Words up to w - 1 places ahead are seen as well, so the next chunk is needed, too."
    )
    def backwards_only(Q, K, V, w):
        return one_by_one(Q, K, V, lambda i, j: (j <= i) & (i - j < w))

    @mistake(
        "Every chunk stays by itself. A window does not end where a chunk does: the first word of a chunk looks into the one before."
    )
    def chunk_by_chunk(Q, K, V, w):
        return one_by_one(Q, K, V, lambda i, j: i // w == j // w)

    @mistake(
        "Each query sees all of its three chunks. They are where its keys are fetched, and not its window: mask those that are w or more places away."
    )
    def three_whole_chunks(Q, K, V, w):
        return one_by_one(Q, K, V, lambda i, j: (i // w - j // w).abs() <= 1)

    @mistake("The window is one word too wide on each side: |i - j| < w leaves out those w places away.")
    def one_too_wide(Q, K, V, w):
        return one_by_one(Q, K, V, lambda i, j: (i - j).abs() <= w)

    @mistake(
        "The zeros in front of the text and behind it are counted as words. A score of zero is a score: mask the places that are not there."
    )
    def padding_seen(Q, K, V, w):
        K, V = (torch.nn.functional.pad(x, (0, 0, w, w)) for x in (K, V))
        return one_by_one(Q, K, V, lambda i, j: (i - (j - w)).abs() < w)

    @mistake("The scores are not divided by √D.")
    def not_scaled(Q, K, V, w):
        return one_by_one(Q * Q.shape[-1] ** 0.5, K, V, lambda i, j: (i - j).abs() < w)


def one_by_one(Q, K, V, sees):
    """Attention of each query to the keys j with `sees(i, j)`, without a square."""
    j = torch.arange(len(K))
    rows = [(q, sees(torch.tensor(i), j)) for i, q in enumerate(Q)]
    return torch.stack([(K[row] @ q / len(q) ** 0.5).softmax(0) @ V[row] for q, row in rows])
